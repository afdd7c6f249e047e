"""One observing night: when the Sun and the Moon rise and set, and how dark it gets between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from .crossings import Curve, negative_runs_of
from .earth_orientation import FloatArray
from .moments import DAY_S, local_mean_noon_s, utc_datetime
from .site import Site
from .sky import EARTH_RATE_RAD_S, STEP_S, Sky

SUN_HORIZON_DEG = -50.0 / 60.0
"""Altitude of the Sun's centre at rise and set: 34′ of refraction and 16′ of radius (USNO)."""

REFRACTION_AT_HORIZON_DEG = 34.0 / 60.0
MOON_RADIUS_AU = 1737.4 / 149_597_870.7

TWILIGHT_DEG = {"civil": -6.0, "nautical": -12.0, "astronomical": -18.0}


@dataclass(frozen=True, slots=True)
class Night:
    """The night that begins on the evening of `date`; moments in UTC, None for what does not happen in it.

    Rise and set are those of the upper limb over a flat horizon with standard refraction; twilights are those of
    the Sun's centre at -6, -12 and -18 degrees. None in a twilight has two opposite reasons, which
    `sun_alt_min_deg` and `sun_alt_max_deg` tell apart: the Sun never sinks so low, or never rises so high.
    """

    date: date
    site: Site
    noon: datetime
    """Local mean solar noon that begins the night; it ends 24 hours later."""
    sun_set: datetime | None
    civil_dusk: datetime | None
    nautical_dusk: datetime | None
    astronomical_dusk: datetime | None
    astronomical_dawn: datetime | None
    nautical_dawn: datetime | None
    civil_dawn: datetime | None
    sun_rise: datetime | None
    sun_alt_min_deg: float
    sun_alt_max_deg: float
    moon_rise: datetime | None
    moon_set: datetime | None
    moon_phase: float
    """Illuminated fraction of the Moon, 0..1, at local mean midnight."""
    moon_waxing: bool


def night(site: Site, date: date) -> Night:
    """The night of a local evening date at a site, pole to pole.

    The Sun is followed from its highest point that day to the next one (apparent noon), the Moon from local mean
    noon to noon; the first rise and the first set of the Moon in it are given, in whatever order they come.
    Raises ValueError for a date outside 1972..2099.
    """
    noon_s = local_mean_noon_s(site, date)
    sky = Sky(site, noon_s - 1200.0, noon_s + DAY_S + 1200.0)
    first_noon_s, next_noon_s = _apparent_noon_s(sky, noon_s), _apparent_noon_s(sky, noon_s + DAY_S)

    def sun_sine(times: FloatArray) -> FloatArray:
        return sky.sun_direction(times)[:, 2]

    def down_and_up(altitude_deg: float) -> tuple[datetime | None, datetime | None]:
        sine = np.sin(np.radians(altitude_deg))
        return _down_and_up(lambda t: sun_sine(t) - sine, first_noon_s, next_noon_s)

    sun_set, sun_rise = down_and_up(SUN_HORIZON_DEG)
    dusk, dawn = {}, {}
    for name, altitude_deg in TWILIGHT_DEG.items():
        dusk[name], dawn[name] = down_and_up(altitude_deg)
    heights_deg = np.degrees(np.arcsin(sun_sine(np.linspace(first_noon_s, next_noon_s, 289))))
    moon_set, moon_rise = _down_and_up(_moon_limb(sky), noon_s, noon_s + DAY_S)
    midnight = np.array([noon_s + DAY_S / 2, noon_s + DAY_S / 2 + 60.0])
    lit_now, lit_soon = sky.illumination(midnight)
    return Night(
        date=date,
        site=site,
        noon=utc_datetime(noon_s),
        sun_set=sun_set,
        civil_dusk=dusk["civil"],
        nautical_dusk=dusk["nautical"],
        astronomical_dusk=dusk["astronomical"],
        astronomical_dawn=dawn["astronomical"],
        nautical_dawn=dawn["nautical"],
        civil_dawn=dawn["civil"],
        sun_rise=sun_rise,
        sun_alt_min_deg=float(heights_deg.min()),
        sun_alt_max_deg=float(heights_deg.max()),
        moon_rise=moon_rise,
        moon_set=moon_set,
        moon_phase=float(lit_now),
        moon_waxing=bool(lit_soon > lit_now),
    )


def _apparent_noon_s(sky: Sky, mean_noon_s: float) -> float:
    """The upper transit of the Sun next to a mean noon (they differ by up to 17 minutes)."""
    east, north, up = sky.sun_direction(np.array([mean_noon_s]))[0]
    latitude = sky.latitude_rad
    hour_angle = np.arctan2(-east, up * np.cos(latitude) - north * np.sin(latitude))
    solar_rate = EARTH_RATE_RAD_S - 2.0 * np.pi / (365.25 * DAY_S)
    return mean_noon_s - float(np.clip(hour_angle / solar_rate, -1200.0, 1200.0))


def _moon_limb(sky: Sky) -> Curve:
    """Height of the Moon's upper limb above the refracted horizon, as a smooth function of time (radians)."""

    def height(times: FloatArray) -> FloatArray:
        radius = np.arcsin(MOON_RADIUS_AU / sky.moon_distance_au(times))
        centre = np.arcsin(np.clip(sky.moon_direction(times)[:, 2], -1.0, 1.0))
        return centre + radius + np.radians(REFRACTION_AT_HORIZON_DEG)  # type: ignore[no-any-return]

    return height


def _down_and_up(height: Curve, first_s: float, last_s: float) -> tuple[datetime | None, datetime | None]:
    """The first descent and the first ascent through zero; the ends of the search are neither."""
    below = negative_runs_of(height, first_s, last_s, STEP_S).pairs()
    descents = [start for start, _ in below if start > first_s]
    ascents = [stop for _, stop in below if stop < last_s]
    return (utc_datetime(descents[0]) if descents else None), (utc_datetime(ascents[0]) if ascents else None)
