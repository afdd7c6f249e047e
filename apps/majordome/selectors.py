"""Reading the night of a telescope."""

from __future__ import annotations

from dataclasses import dataclass

from apps.devices.models import Device, Telescope
from apps.majordome.models import Control, GoNoGo, Night

STEP_WORDS = {
    "STARTUP": "starting up: devices are being initialised",
    "EVENING_CALIBRATION": "taking biases and darks behind the closed roof",
    "WAIT_FOR_DUSK": "waiting for dusk",
    "OPENING": "opening the roof",
    "FLATS": "taking twilight flats",
    "OBSERVING": "observing",
    "CLOSING": "parking and closing",
    "MORNING_CALIBRATION": "taking the morning's calibrations behind the closed roof",
    "ENDED": "the night is over",
}


def step_words(night: Night | None) -> str:
    """What the night automaton does, in words."""
    return STEP_WORDS.get(night.step, night.step.lower().replace("_", " ")) if night else "no night was prepared yet"


def telescopes() -> list[Telescope]:
    """All telescopes."""
    return list(Telescope.objects.select_related("site__node").order_by("id"))


def current_night(telescope: Telescope) -> Night | None:
    """The newest night of a telescope."""
    return Night.objects.filter(telescope=telescope).order_by("-date").first()


def control(telescope: Telescope) -> Control | None:
    """What operators ordered; None before the first order or the first start of the majordome."""
    return Control.objects.filter(telescope=telescope).first()


@dataclass(frozen=True)
class Poll:
    """A go/no-go poll with its checks as (name, go, sentence)."""

    row: GoNoGo
    checks: list[tuple[str, bool, str]]


def last_poll(night: Night | None) -> Poll | None:
    """The newest go/no-go poll of a night."""
    row = GoNoGo.objects.filter(night=night).order_by("-id").first() if night else None
    if row is None:
        return None
    return Poll(row, [(str(c[0]), bool(c[1]), str(c[2])) for c in row.checks if len(c) == 3])


def hardware(telescope: Telescope) -> list[Device]:
    """What a night depends on: the mount, its cameras, the roof, the controller; others of the site after them."""
    order = {"telescope": 0, "dome": 1, "camera": 2, "plc": 3, "weatherstation": 4, "focuser": 5, "filterwheel": 6}
    rows = Device.objects.filter(site=telescope.site)
    return sorted((d for d in rows if d.kind != "filterwheel"), key=lambda d: (order.get(d.kind, 9), d.name))
