"""Where the Sun, the Moon and the planets are.

Places are *astrometric*: ICRS directions corrected for light time, not for aberration, so that they are used
like a star's: give them to `altaz` or to a telescope that takes ICRS coordinates.

Models (all in ERFA): Earth and Sun `epv00` (VSOP2000, km), Moon `moon98` (Meeus; 3″ rms, 18″ worst), planets
`plan94` (Simon et al. 1994; worst heliocentric longitudes in 1800-2050: Mercury 4″, Venus 5″, Mars 17″,
Jupiter 71″, Saturn 81″, Uranus 86″, Neptune 11″).
"""

from __future__ import annotations

from typing import Any, NamedTuple, overload

import erfa
import numpy as np
from numpy.typing import ArrayLike

from .earth_orientation import FloatArray
from .moments import DAY_S, check_range, tt_jd
from .observed import observer
from .site import Site

LIGHT_DAY_PER_AU = 499.004_783_8 / DAY_S  # IAU 2012 au and the speed of light
PLANETS = {"mercury": 1, "venus": 2, "mars": 4, "jupiter": 5, "saturn": 6, "uranus": 7, "neptune": 8}
_DEG = np.pi / 180.0


class Place(NamedTuple):
    """An astrometric place: ICRS right ascension and declination, and distance from the observer."""

    ra_deg: Any
    dec_deg: Any
    distance_au: Any


def sun_position(unix_s: ArrayLike, site: Site | None = None) -> Place:
    """Astrometric place of the Sun, geocentric unless a site is given."""
    check_range(unix_s)
    sun_to_earth, earth = erfa.epv00(*tt_jd(unix_s))
    return _place(-sun_to_earth["p"] - _from_earth_centre(site, unix_s, earth))


def moon_position(site: Site | None, unix_s: ArrayLike) -> Place:
    """Astrometric place of the Moon seen from a site; geocentric when the site is None."""
    check_range(unix_s)
    tt = tt_jd(unix_s)
    _, earth = erfa.epv00(*tt)
    moon = erfa.moon98(*tt)
    return _place(light_time_corrected(moon["p"] - _from_earth_centre(site, unix_s, earth), moon["v"] + earth["v"]))


def planet_position(name: str, unix_s: ArrayLike, site: Site | None = None) -> Place:
    """Astrometric place of a planet, geocentric unless a site is given.

    Raises ValueError for a name not in `PLANETS`.
    """
    if name.lower() not in PLANETS:
        raise ValueError(f"planet is {name!r}: give one of {', '.join(PLANETS)}")
    check_range(unix_s)
    first, second = tt_jd(unix_s)
    sun_to_earth, earth = erfa.epv00(first, second)
    observer_from_sun = sun_to_earth["p"] + _from_earth_centre(site, unix_s, earth)
    light_time = np.zeros(np.shape(unix_s))
    for _ in range(3):
        planet = erfa.plan94(first, second - light_time, PLANETS[name.lower()])
        vector = planet["p"] - observer_from_sun
        light_time = np.linalg.norm(vector, axis=-1) * LIGHT_DAY_PER_AU
    return _place(vector)


def light_time_corrected(vector_au: FloatArray, velocity_au_d: FloatArray) -> FloatArray:
    """Where a near body was when its light left: `velocity` is barycentric, in the axes of `vector`.

    For the Moon, 1.3 s of the Earth's own motion are 20″: with aberration they cancel again.
    """
    light_time = np.linalg.norm(vector_au, axis=-1, keepdims=True) * LIGHT_DAY_PER_AU
    return vector_au - velocity_au_d * light_time  # type: ignore[no-any-return]


def _from_earth_centre(site: Site | None, unix_s: ArrayLike, earth: Any) -> Any:
    """The observer's place in au, ICRS axes: what apco's barycentric observer has more than the Earth."""
    return 0.0 if site is None else observer(site, unix_s)["eb"] - earth["p"]


@overload
def moon_illumination(unix_s: float) -> float: ...
@overload
def moon_illumination(unix_s: ArrayLike) -> FloatArray: ...
def moon_illumination(unix_s: Any) -> Any:
    """Illuminated fraction of the Moon's disc, 0..1, seen from the Earth's centre."""
    check_range(unix_s)
    tt = tt_jd(unix_s)
    sun_to_earth, _ = erfa.epv00(*tt)
    return illuminated_fraction(erfa.moon98(*tt)["p"], -sun_to_earth["p"])


def illuminated_fraction(moon_au: FloatArray, sun_au: FloatArray) -> Any:
    """(1 + cos i)/2, i the angle Sun-Moon-Earth, from geocentric vectors (Meeus 1998, chapter 48)."""
    moon_to_sun = sun_au - moon_au
    lengths = np.linalg.norm(moon_to_sun, axis=-1) * np.linalg.norm(moon_au, axis=-1)
    return 0.5 * (1.0 - np.sum(moon_to_sun * moon_au, axis=-1) / lengths)


@overload
def sun_altitude_deg(site: Site, unix_s: float) -> float: ...
@overload
def sun_altitude_deg(site: Site, unix_s: ArrayLike) -> FloatArray: ...
def sun_altitude_deg(site: Site, unix_s: Any) -> Any:
    """Geometric topocentric altitude of the Sun's centre."""
    astrom = observer(site, unix_s)
    # apco knows the direction Sun to observer (eh) already: the Sun is the other way, aberration still to apply.
    return _altitude_deg(-astrom["eh"], astrom)


@overload
def moon_altitude_deg(site: Site, unix_s: float) -> float: ...
@overload
def moon_altitude_deg(site: Site, unix_s: ArrayLike) -> FloatArray: ...
def moon_altitude_deg(site: Site, unix_s: Any) -> Any:
    """Geometric topocentric altitude of the Moon's centre."""
    astrom = observer(site, unix_s)
    place = moon_position(site, unix_s)
    return _altitude_deg(erfa.s2c(place.ra_deg * _DEG, place.dec_deg * _DEG), astrom)


def _altitude_deg(direction: FloatArray, astrom: Any) -> Any:
    """Of an astrometric direction; no light deflection, for what is not behind the Sun."""
    apparent = erfa.ab(direction, astrom["v"], astrom["em"], astrom["bm1"])
    ra, dec = erfa.c2s(erfa.rxp(astrom["bpn"], apparent))
    return 90.0 - erfa.atioq(ra, dec, astrom)[1] / _DEG


def _place(vector: FloatArray) -> Place:
    ra, dec = erfa.c2s(vector)
    return Place(ra / _DEG % 360.0, dec / _DEG, np.linalg.norm(vector, axis=-1))
