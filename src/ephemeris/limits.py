"""What a target must satisfy to count as visible."""

from __future__ import annotations

import math
from dataclasses import dataclass

Mask = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Conditions on an observation; None means that the condition is not asked.

    All altitudes are geometric (no refraction) and topocentric.

    * `sun_alt_deg`: the centre of the Sun is at or below this altitude (-18 for an astronomically dark sky).
    * `airmass_max`: 1/sin(altitude) of the target is at most this (>= 1).
    * `horizon_deg`: the target is at least this high. 0 unless told: below the horizon nothing is visible.
    * `ha_min_h`, `ha_max_h`: the hour angle of the target, -12..12, negative in the east.
    * `moon_dist_deg`: separation from the Moon is at least this, asked only while the Moon's centre is above 0.
    * `moon_phase_max`: illuminated fraction of the Moon, 0..1, is at most this, asked only while it is up.
    * `zenith_hole_deg`: the target is at least this far from the zenith (alt-az mounts cannot track through it).
    * `horizon_mask`: ((azimuth_deg, altitude_deg), …), azimuth 0..360 from north through east, not
      decreasing; straight lines between the points and across north. Two points of one azimuth make a step.

    Raises ValueError, naming field, value and remedy.
    """

    sun_alt_deg: float | None = None
    airmass_max: float | None = None
    horizon_deg: float = 0.0
    ha_min_h: float | None = None
    ha_max_h: float | None = None
    moon_dist_deg: float | None = None
    moon_phase_max: float | None = None
    zenith_hole_deg: float | None = None
    horizon_mask: Mask = ()

    def __post_init__(self) -> None:
        for field, low, high in RANGES:
            value = getattr(self, field)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"Limits.{field} is {value}: give a number from {low:g} to {high:g}")
        low_h, high_h = self.hour_angle_range_h
        if low_h >= high_h:
            raise ValueError(f"Limits.ha_min_h is {low_h:g} and ha_max_h {high_h:g}: give ha_min_h below ha_max_h")
        self._check_mask()

    def _check_mask(self) -> None:
        previous_deg = 0.0
        for azimuth_deg, altitude_deg in self.horizon_mask:
            if not previous_deg <= azimuth_deg <= 360.0:
                raise ValueError(
                    f"Limits.horizon_mask has azimuth {azimuth_deg} after {previous_deg:g}: "
                    "give azimuths from 0 to 360 in rising order"
                )
            if not -90.0 <= altitude_deg <= 90.0:
                raise ValueError(f"Limits.horizon_mask has altitude {altitude_deg}: give a number from -90 to 90")
            previous_deg = azimuth_deg

    @property
    def hour_angle_range_h(self) -> tuple[float, float]:
        """The hour angles allowed; (-12, 12) when none is asked."""
        return (
            -12.0 if self.ha_min_h is None else self.ha_min_h,
            12.0 if self.ha_max_h is None else self.ha_max_h,
        )


RANGES: tuple[tuple[str, float, float], ...] = (
    ("sun_alt_deg", -90.0, 90.0),
    ("airmass_max", 1.0, 1000.0),
    ("horizon_deg", -90.0, 90.0),
    ("ha_min_h", -12.0, 12.0),
    ("ha_max_h", -12.0, 12.0),
    ("moon_dist_deg", 0.0, 180.0),
    ("moon_phase_max", 0.0, 1.0),
    ("zenith_hole_deg", 0.0, 90.0),
)
"""What each limit may be: field, lowest, highest. The command line uses the same table."""
