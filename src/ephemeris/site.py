"""Where an observer stands."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """A place on the Earth, in WGS84 geodetic coordinates.

    `longitude_deg` is positive east; -180..180 and 0..360 are both understood. `elevation_m` is the height
    above the ellipsoid; it moves the observer (parallax of the Moon), it does not lower the horizon.

    Raises ValueError, naming the field, for a value that is not a place.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float = 0.0

    def __post_init__(self) -> None:
        _check("latitude_deg", self.latitude_deg, -90.0, 90.0)
        _check("longitude_deg", self.longitude_deg, -180.0, 360.0)
        _check("elevation_m", self.elevation_m, -500.0, 10_000.0)


def _check(field: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"Site.{field} is {value}: give a number from {low:g} to {high:g}")
