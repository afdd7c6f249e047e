"""Moments and time scales.

A moment is a float of unix seconds (UTC) or an aware datetime. Unix time does not count leap seconds; the
23:59:60 of a leap day is therefore shown one second wrong, and no other second is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import erfa
import numpy as np
from numpy.typing import ArrayLike

from .earth_orientation import tables
from .site import Site

Moment = float | datetime
SameMoment = TypeVar("SameMoment", float, datetime)

JD_OF_1970 = 2440587.5
DAY_S = 86400.0
TT_MINUS_TAI_S = 32.184
FIRST_UNIX_S = 63072000.0  # 1972-01-01: leap seconds begin
LAST_UNIX_S = 4102444800.0  # 2100-01-01: end of the range of erfa.epv00


def unix_seconds(moment: Moment) -> float:
    """A moment as unix seconds. Raises ValueError for a naive datetime or a date outside 1972..2100."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"moment is {moment.isoformat()} without a time zone: give an aware datetime (UTC)")
        moment = moment.timestamp()
    check_range(moment)
    return float(moment)


def check_range(unix_s: ArrayLike) -> None:
    """Raise ValueError unless all moments are finite and between 1972 and 2100."""
    low, high = (unix_s, unix_s) if isinstance(unix_s, float) else (np.min(unix_s), np.max(unix_s))
    if not (low >= FIRST_UNIX_S and high <= LAST_UNIX_S):
        raise ValueError(f"unix_s is {low} to {high}: give moments from 1972-01-01 to 2100-01-01 in seconds since 1970")


def utc_datetime(unix_s: float) -> datetime:
    """Unix seconds as an aware datetime, to the microsecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(unix_s))


def tt_jd(unix_s: ArrayLike) -> tuple[float, Any]:
    """Terrestrial time as a two-part Julian date. TDB is taken as TT (they differ by less than 2 ms)."""
    tt_s = np.asarray(unix_s) + (tables().tai_minus_utc_s(unix_s) + TT_MINUS_TAI_S)
    return JD_OF_1970, tt_s / DAY_S


def earth_rotation_angle_rad(unix_s: ArrayLike) -> Any:
    """Earth rotation angle (IAU 2000) in radians, from UT1."""
    ut1_s = np.asarray(unix_s) + tables().ut1_minus_utc_s(unix_s)
    return erfa.era00(JD_OF_1970, ut1_s / DAY_S)


def local_mean_noon_s(site: Site, evening: date) -> float:
    """Unix seconds of noon, local mean solar time, that begins the observing night of a date."""
    days = (evening - date(1970, 1, 1)).days
    return days * DAY_S + DAY_S / 2 - _east_deg(site) * 240.0


def night_date(site: Site, moment: Moment) -> date:
    """The date of the observing night that a moment belongs to: from noon to noon, local mean solar time."""
    local_s = unix_seconds(moment) + _east_deg(site) * 240.0 - DAY_S / 2
    return date(1970, 1, 1) + timedelta(days=int(local_s // DAY_S))


def _east_deg(site: Site) -> float:
    """Longitude in -180..180, so that 350° and -10° share their dates."""
    return site.longitude_deg - 360.0 if site.longitude_deg > 180.0 else site.longitude_deg
