"""What every page needs: the observatory's clock, the navigation, the theme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

import ephemeris
from apps.devices.models import Site
from pyros import current
from pyros.dashboard.themes import THEMES, theme_of

JD_OF_1970 = 2440587.5


@dataclass(frozen=True)
class Place:
    """An entry of the navigation: what a person wants to do."""

    label: str
    view: str
    icon: str
    prefix: str


NAVIGATION = (
    Place("Tonight", "tonight", "moon", "/"),
    Place("Alerts", "alerts", "burst", "/alerts/"),
    Place("Requests", "requests", "list", "/requests/"),
    Place("Schedule", "schedule", "calendar", "/schedule/"),
    Place("Images", "images", "image", "/images/"),
    Place("Devices", "devices", "telescope", "/devices/"),
    Place("Weather", "weather", "cloud", "/weather/"),
    Place("People", "people", "people", "/people/"),
    Place("System", "system", "system", "/system/"),
)


@dataclass(frozen=True)
class ClockBar:
    """The clock bar at one moment. `lst_deg` is None where there is no site yet."""

    now: datetime
    unix_s: float
    speed: float
    jd: float
    lst_deg: float | None
    is_night: bool

    @property
    def lst(self) -> str:
        """Local sidereal time as hours, minutes, seconds."""
        if self.lst_deg is None:
            return "—"
        seconds = int(self.lst_deg / 15 * 3600)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

    @property
    def speed_words(self) -> str:
        """`×300` while the clock runs faster (or slower) than real time; empty otherwise."""
        return "" if self.speed == 1.0 else f"×{self.speed:g}"


def clock_bar() -> ClockBar:
    """The clock bar now."""
    clock = current.clock()
    now, unix_s = clock.now(), clock.unix_s()
    row = Site.objects.order_by("id").first()
    lst_deg, is_night = None, False
    if row is not None:
        site = row.place()
        lst_deg = float(ephemeris.local_sidereal_time_deg(site, unix_s))
        is_night = float(ephemeris.sun_altitude_deg(site, unix_s)) < 0.0
    return ClockBar(now, unix_s, clock.speed, unix_s / 86400 + JD_OF_1970, lst_deg, is_night)


def house(request: HttpRequest) -> dict[str, Any]:
    """The context of every page."""
    here = request.path
    places = [
        {"place": place, "here": here == place.prefix if place.prefix == "/" else here.startswith(place.prefix)}
        for place in NAVIGATION
    ]
    return {
        "clock": SimpleLazyObject(clock_bar),
        "navigation": places,
        "theme": theme_of(request),
        "themes": THEMES,
    }
