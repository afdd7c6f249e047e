"""Positions of notices: what is a value, what is a sentinel, what is nonsense; and angles on the sphere."""

from __future__ import annotations

import math
from typing import NamedTuple

from notices.notice import NoticeRefused

SIGMAS_IN_R90 = math.sqrt(-2.0 * math.log(0.1))
"""2.146: a circular Gaussian holds 90 % inside this many standard deviations."""


class Position(NamedTuple):
    """Coordinates in degrees, all None together when there is no position; a radius None when not given."""

    ra_deg: float | None = None
    dec_deg: float | None = None
    error_deg: float | None = None
    remark: str = ""


def checked_position(ra_deg: float, dec_deg: float, radius_deg: float | None) -> Position:
    """Tell sentinels from values.

    RA = Dec = 0 and RA = Dec = -1 mean “no position yet” (Fermi-GBM Alert, Konus, IPN raw); a radius of zero or
    less means “no radius here” (Swift FOM_Obs repeats the position with 0.0000; SVOM GRM says -1). Neither is ever
    read as a perfect position. `NoticeRefused` when the numbers are no place on the sky.
    """
    if (ra_deg, dec_deg) in ((0.0, 0.0), (-1.0, -1.0)):
        return Position(remark=f"RA = Dec = {ra_deg:g} stands for “no position”")
    if not (math.isfinite(ra_deg) and 0.0 <= ra_deg <= 360.0):
        raise NoticeRefused("BAD_POSITION", f"RA is {ra_deg:g}; a right ascension lies between 0 and 360 degrees")
    if not (math.isfinite(dec_deg) and -90.0 <= dec_deg <= 90.0):
        raise NoticeRefused("BAD_POSITION", f"Dec is {dec_deg:g}; a declination lies between -90 and 90 degrees")
    if radius_deg is None:
        return Position(ra_deg, dec_deg, None, "no error radius is given")
    if not math.isfinite(radius_deg):
        raise NoticeRefused("BAD_POSITION", f"the error radius is {radius_deg:g}; a number of degrees is needed")
    if radius_deg <= 0.0:
        return Position(ra_deg, dec_deg, None, f"an error radius of {radius_deg:g} means “not given”")
    return Position(ra_deg, dec_deg, radius_deg)


def sigmas_in(containment: float) -> float:
    """How many standard deviations of a circular Gaussian a containment probability spans (0 < p < 1)."""
    return math.sqrt(-2.0 * math.log1p(-containment))


def r90_deg(error_deg: float, error_sigmas: float, systematic_deg: float = 0.0) -> float:
    """90 % radius of an error that is `error_sigmas` standard deviations wide, systematic added in quadrature."""
    return SIGMAS_IN_R90 * math.hypot(error_deg / error_sigmas, systematic_deg)


def separation_deg(ra1_deg: float, dec1_deg: float, ra2_deg: float, dec2_deg: float) -> float:
    """Angle between two directions (Vincenty's formula, exact at every distance)."""
    lat1, lat2 = math.radians(dec1_deg), math.radians(dec2_deg)
    lon = math.radians(ra2_deg - ra1_deg)
    across = math.hypot(
        math.cos(lat2) * math.sin(lon),
        math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(lon),
    )
    along = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(lon)
    return math.degrees(math.atan2(across, along))
