"""What all simulated devices of one observatory share: the clock, the site, the weather, the sky."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import ephemeris
from ephemeris import Site
from pyros.clock import Clock
from simulators.models.weather import WeatherStory
from simulators.sky.brightness import Lights
from simulators.sky.stars import StarField
from simulators.sky.transients import Transient


@dataclass(frozen=True)
class World:
    """One observatory's surroundings. Equal in every process that is given the same configuration."""

    clock: Clock
    site: Site
    seed: int
    story: WeatherStory
    stars: StarField
    transients: Sequence[Transient] = ()
    """Known from the beginning, by configuration or scenario; more may be set on the sky server."""

    def to_altaz(self, ra_deg: float, dec_deg: float, unix_s: float) -> tuple[float, float]:
        """Where a position stands: (altitude_deg, azimuth_deg), refraction left out as the mount corrects it."""
        altitude_deg, azimuth_deg = ephemeris.altaz(self.site, ra_deg, dec_deg, unix_s)
        return float(altitude_deg), float(azimuth_deg)

    def to_radec(self, altitude_deg: float, azimuth_deg: float, unix_s: float) -> tuple[float, float]:
        """What stands there: (ra_deg, dec_deg), ICRS."""
        ra_deg, dec_deg = ephemeris.radec_from_altaz(self.site, altitude_deg, azimuth_deg, unix_s)
        return float(ra_deg), float(dec_deg)

    def lights(self, ra_deg: float, dec_deg: float, unix_s: float) -> Lights:
        """What lights the sky towards a position."""
        moon = ephemeris.moon_position(self.site, unix_s)
        return Lights(
            sun_altitude_deg=float(ephemeris.sun_altitude_deg(self.site, unix_s)),
            moon_altitude_deg=float(ephemeris.moon_altitude_deg(self.site, unix_s)),
            moon_separation_deg=float(ephemeris.separation_deg(ra_deg, dec_deg, moon.ra_deg, moon.dec_deg)),
            moon_illumination=float(ephemeris.moon_illumination(unix_s)),
            altitude_deg=self.to_altaz(ra_deg, dec_deg, unix_s)[0],
        )


def airmass(altitude_deg: float) -> float:
    """Relative path through the air, finite down to the horizon (Kasten & Young 1989, Applied Optics 28, 4735)."""
    altitude_deg = max(0.0, altitude_deg)
    path = 0.50572 * math.pow(altitude_deg + 6.07995, -1.6364)
    return 1.0 / (math.sin(math.radians(altitude_deg)) + path)
