"""Sun, Moon, planets, twilight, altitude and visibility, for any site and offline for ever. See README.md."""

from .angles import airmass, separation_deg
from .bodies import (
    PLANETS,
    Place,
    moon_altitude_deg,
    moon_illumination,
    moon_position,
    planet_position,
    sun_altitude_deg,
    sun_position,
)
from .earth_orientation import earth_orientation_last_day
from .engine import visibility, visibility_many
from .limits import Limits
from .moments import Moment, night_date
from .observed import (
    AIR_NONE,
    Air,
    altaz,
    hour_angle_deg,
    local_sidereal_time_deg,
    parallactic_angle_deg,
    radec_from_altaz,
)
from .observing_night import Night, night
from .periods import Intervals
from .site import Site
from .sky import Sky

__all__ = [
    "AIR_NONE",
    "PLANETS",
    "Air",
    "Intervals",
    "Limits",
    "Moment",
    "Night",
    "Place",
    "Site",
    "Sky",
    "airmass",
    "altaz",
    "earth_orientation_last_day",
    "hour_angle_deg",
    "local_sidereal_time_deg",
    "moon_altitude_deg",
    "moon_illumination",
    "moon_position",
    "night",
    "night_date",
    "parallactic_angle_deg",
    "planet_position",
    "radec_from_altaz",
    "separation_deg",
    "sun_altitude_deg",
    "sun_position",
    "visibility",
    "visibility_many",
]
