"""What every page needs."""

from typing import Any

from django.http import HttpRequest

from pyros import current


def house(request: HttpRequest) -> dict[str, Any]:
    """The observatory's time and whether the clock is real, for the clock bar."""
    clock = current.clock()
    return {"observatory_time": clock.now(), "clock_speed": clock.speed}
