"""From ICRS to what an observer sees, and back: altitude and azimuth, hour angle, sidereal time.

The chain is ERFA's (SOFA's) apco, atciq and atioq: light deflection, annual and diurnal aberration,
precession-nutation IAU 2000B (within 2 mas of 2006/2000A, eight times faster), UT1, polar motion, and
refraction where asked. Agreement with astropy is better than 0.02 arcsec; parallax and proper motion of the
target are the caller's.

All functions take scalars and arrays (broadcast against each other) and return the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, overload

import erfa
import numpy as np
from numpy.typing import ArrayLike

from .earth_orientation import FloatArray, tables
from .moments import check_range, earth_rotation_angle_rad, tt_jd
from .site import Site

_DEG = np.pi / 180.0


@dataclass(frozen=True, slots=True)
class Air:
    """The air above the observer, for refraction (erfa.refco). `AIR_NONE`, no pressure, gives geometric altitudes."""

    pressure_hpa: float
    temperature_c: float = 10.0
    relative_humidity: float = 0.3
    wavelength_um: float = 0.6


AIR_NONE = Air(pressure_hpa=0.0)


def observer(site: Site, unix_s: ArrayLike, air: Air = AIR_NONE) -> Any:
    """The star-independent astrometry parameters (erfa's `astrom`) of a site at one or many moments."""
    check_range(unix_s)
    tt = tt_jd(unix_s)
    sun_to_earth, barycentre_to_earth = erfa.epv00(*tt)
    x, y, s = erfa.xys00b(*tt)
    pole_x, pole_y = tables().pole_rad(unix_s)
    refraction_a, refraction_b = _refraction(air)
    return erfa.apco(
        *tt, barycentre_to_earth, sun_to_earth["p"], x, y, s, earth_rotation_angle_rad(unix_s),
        site.longitude_deg * _DEG, site.latitude_deg * _DEG, site.elevation_m,
        pole_x, pole_y, erfa.sp00(*tt), refraction_a, refraction_b,
    )  # fmt: skip


def _refraction(air: Air) -> tuple[float, float]:
    if air.pressure_hpa <= 0.0:
        return 0.0, 0.0
    return erfa.refco(air.pressure_hpa, air.temperature_c, air.relative_humidity, air.wavelength_um)  # type: ignore[no-any-return]


def _observed(site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike, air: Air) -> Any:
    """Azimuth, zenith distance, hour angle, declination, CIO right ascension; radians."""
    astrom = observer(site, unix_s, air)
    ra, dec = erfa.atciqz(np.multiply(ra_deg, _DEG), np.multiply(dec_deg, _DEG), astrom)
    return erfa.atioq(ra, dec, astrom)


@overload
def altaz(
    site: Site, ra_deg: float, dec_deg: float, unix_s: float, air: Air = AIR_NONE
) -> tuple[float, float]: ...
@overload
def altaz(
    site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike, air: Air = AIR_NONE
) -> tuple[FloatArray, FloatArray]: ...
def altaz(site: Site, ra_deg: Any, dec_deg: Any, unix_s: Any, air: Air = AIR_NONE) -> tuple[Any, Any]:
    """(altitude_deg, azimuth_deg) of ICRS places; azimuth from north through east, 0..360.

    Geometric unless `air` is given. Raises ValueError for moments outside 1972..2100.
    """
    azimuth, zenith_distance, _, _, _ = _observed(site, ra_deg, dec_deg, unix_s, air)
    return 90.0 - zenith_distance / _DEG, azimuth / _DEG


@overload
def radec_from_altaz(
    site: Site, altitude_deg: float, azimuth_deg: float, unix_s: float, air: Air = AIR_NONE
) -> tuple[float, float]: ...
@overload
def radec_from_altaz(
    site: Site, altitude_deg: ArrayLike, azimuth_deg: ArrayLike, unix_s: ArrayLike, air: Air = AIR_NONE
) -> tuple[FloatArray, FloatArray]: ...
def radec_from_altaz(
    site: Site, altitude_deg: Any, azimuth_deg: Any, unix_s: Any, air: Air = AIR_NONE
) -> tuple[Any, Any]:
    """(ra_deg, dec_deg), ICRS, of what stands at an altitude and azimuth: the inverse of `altaz`."""
    astrom = observer(site, unix_s, air)
    azimuth, zenith_distance = np.multiply(azimuth_deg, _DEG), (90.0 - np.asarray(altitude_deg)) * _DEG
    ra, dec = erfa.aticq(*erfa.atoiq("A", azimuth, zenith_distance, astrom), astrom)
    return ra / _DEG % 360.0, dec / _DEG


@overload
def hour_angle_deg(site: Site, ra_deg: float, dec_deg: float, unix_s: float) -> float: ...
@overload
def hour_angle_deg(site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike) -> FloatArray: ...
def hour_angle_deg(site: Site, ra_deg: Any, dec_deg: Any, unix_s: Any) -> Any:
    """Apparent hour angle of ICRS places, -180..180, negative before the meridian."""
    _, _, hour_angle, _, _ = _observed(site, ra_deg, dec_deg, unix_s, AIR_NONE)
    return hour_angle / _DEG


@overload
def parallactic_angle_deg(site: Site, ra_deg: float, dec_deg: float, unix_s: float) -> float: ...
@overload
def parallactic_angle_deg(site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike) -> FloatArray: ...
def parallactic_angle_deg(site: Site, ra_deg: Any, dec_deg: Any, unix_s: Any) -> Any:
    """Angle at the target from the north celestial pole to the zenith, -180..180; negative before the meridian
    for a target south of the zenith (erfa.hd2pa)."""
    _, _, hour_angle, declination, _ = _observed(site, ra_deg, dec_deg, unix_s, AIR_NONE)
    return erfa.hd2pa(hour_angle, declination, site.latitude_deg * _DEG) / _DEG


@overload
def local_sidereal_time_deg(site: Site, unix_s: float) -> float: ...
@overload
def local_sidereal_time_deg(site: Site, unix_s: ArrayLike) -> FloatArray: ...
def local_sidereal_time_deg(site: Site, unix_s: Any) -> Any:
    """Local apparent sidereal time, 0..360 (erfa.gst06 with IAU 2000B nutation)."""
    check_range(unix_s)
    tt = tt_jd(unix_s)
    ut1_s = np.asarray(unix_s) + tables().ut1_minus_utc_s(unix_s)
    greenwich = erfa.gst06(tt[0], ut1_s / 86400.0, *tt, erfa.pnm00b(*tt))
    return (greenwich / _DEG + site.longitude_deg) % 360.0
