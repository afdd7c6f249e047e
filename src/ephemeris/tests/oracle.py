"""astropy as an independent oracle: its own tables, time scales and transformations, never a download."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, HADec, SkyCoord, get_body, get_sun
from astropy.time import Time
from astropy.utils import iers
from numpy.typing import ArrayLike, NDArray

from ephemeris import Site

Array = NDArray[np.float64]

SAN_PEDRO_MARTIR = Site("San Pedro Mártir", 31.044, -115.464, 2800.0)
LAS_CAMPANAS = Site("Las Campanas", -29.0146, -70.6926, 2380.0)
TROMSO = Site("Tromsø", 69.0, 18.96, 100.0)
DATE_LINE_EAST = Site("date line, eastern longitude", 10.0, 180.0, 0.0)
DATE_LINE_WEST = Site("date line, western longitude", -17.0, -180.0, 0.0)
SITES = [SAN_PEDRO_MARTIR, LAS_CAMPANAS, TROMSO, DATE_LINE_EAST, DATE_LINE_WEST]


@contextmanager
def offline() -> Iterator[None]:
    with (
        iers.conf.set_temp("auto_download", False),
        iers.conf.set_temp("auto_max_age", None),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


def frame(site: Site, unix_s: ArrayLike) -> AltAz:
    location = EarthLocation.from_geodetic(site.longitude_deg, site.latitude_deg, site.elevation_m)
    return AltAz(obstime=Time(unix_s, format="unix"), location=location, pressure=0 * u.hPa)


def altaz(site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike) -> tuple[Array, Array]:
    with offline():
        seen = SkyCoord(ra_deg * u.deg, dec_deg * u.deg).transform_to(frame(site, unix_s))
        return seen.alt.deg, seen.az.deg


def hour_angle_deg(site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike) -> Array:
    with offline():
        at = frame(site, unix_s)
        seen = SkyCoord(ra_deg * u.deg, dec_deg * u.deg).transform_to(HADec(obstime=at.obstime, location=at.location))
        return seen.ha.wrap_at(180 * u.deg).deg  # type: ignore[no-any-return]


def sun_altitude_deg(site: Site, unix_s: ArrayLike) -> Array:
    with offline():
        return get_sun(Time(unix_s, format="unix")).transform_to(frame(site, unix_s)).alt.deg  # type: ignore[no-any-return]


def body(name: str, site: Site, unix_s: ArrayLike) -> SkyCoord:
    with offline():
        at = frame(site, unix_s)
        return get_body(name, at.obstime, at.location, ephemeris="builtin").transform_to(at)


def moon_separation_deg(site: Site, ra_deg: ArrayLike, dec_deg: ArrayLike, unix_s: ArrayLike) -> Array:
    with offline():
        target = SkyCoord(ra_deg * u.deg, dec_deg * u.deg).transform_to(frame(site, unix_s))
        return body("moon", site, unix_s).separation(target).deg  # type: ignore[no-any-return]
