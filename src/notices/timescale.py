"""Dates of notices: read ISO 8601 and bring any astronomical time scale to UTC.

Leap seconds are tabulated (IERS Bulletin C; none was added after 2017). TDB - TT stays below 2 ms and is
taken as zero; TCB and TCG follow IAU 2006 resolution B3 and 2000 resolution B1.9 to the same accuracy.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_TT_MINUS_TAI_S = 32.184
_TAI_MINUS_GPS_S = 19.0

# From this UTC date on, TAI - UTC has this value (s). IERS Bulletin C / USNO tai-utc.dat.
_TAI_MINUS_UTC: tuple[tuple[tuple[int, int], int], ...] = (
    ((1972, 1), 10), ((1972, 7), 11), ((1973, 1), 12), ((1974, 1), 13), ((1975, 1), 14), ((1976, 1), 15),
    ((1977, 1), 16), ((1978, 1), 17), ((1979, 1), 18), ((1980, 1), 19), ((1981, 7), 20), ((1982, 7), 21),
    ((1983, 7), 22), ((1985, 7), 23), ((1988, 1), 24), ((1990, 1), 25), ((1991, 1), 26), ((1992, 7), 27),
    ((1993, 7), 28), ((1994, 7), 29), ((1996, 1), 30), ((1997, 7), 31), ((1999, 1), 32), ((2006, 1), 33),
    ((2009, 1), 34), ((2012, 7), 35), ((2015, 7), 36), ((2017, 1), 37),
)  # fmt: skip
_LEAP_DATES = [datetime(year, month, 1, tzinfo=UTC) for (year, month), _ in _TAI_MINUS_UTC]
_LEAP_VALUES = [value for _, value in _TAI_MINUS_UTC]

_COORDINATE_TIME_ORIGIN = datetime(1977, 1, 1, tzinfo=UTC)
_L_B = 1.550519768e-8
_L_G = 6.969290134e-10

_LEAP_SECOND = re.compile(r"^(.*\d\d:\d\d):60(\.\d*)?(.*)$")


def tai_minus_utc_s(utc: datetime) -> int:
    """TAI - UTC in seconds at a UTC date (10 before 1972)."""
    index = bisect_right(_LEAP_DATES, utc)
    return _LEAP_VALUES[max(0, index - 1)]


def _tai_to_utc(tai: datetime) -> datetime:
    utc = tai - timedelta(seconds=tai_minus_utc_s(tai))
    return tai - timedelta(seconds=tai_minus_utc_s(utc))


def _tt_to_utc(tt: datetime) -> datetime:
    return _tai_to_utc(tt - timedelta(seconds=_TT_MINUS_TAI_S))


def _coordinate_to_tt(moment: datetime, rate: float) -> datetime:
    elapsed_s = (moment - _COORDINATE_TIME_ORIGIN).total_seconds() - _TT_MINUS_TAI_S
    return moment - timedelta(seconds=rate * elapsed_s)


_TO_UTC: dict[str, Callable[[datetime], datetime]] = {
    "UTC": lambda moment: moment,
    "TAI": _tai_to_utc,
    "TT": _tt_to_utc,
    "TDB": _tt_to_utc,
    "GPS": lambda moment: _tai_to_utc(moment + timedelta(seconds=_TAI_MINUS_GPS_S)),
    "TCB": lambda moment: _tt_to_utc(_coordinate_to_tt(moment, _L_B)),
    "TCG": lambda moment: _tt_to_utc(_coordinate_to_tt(moment, _L_G)),
}

SCALES = frozenset(_TO_UTC)
"""Time scales that are understood (the first word of a VOEvent `coord_system_id`)."""


def to_utc(moment: datetime, scale: str) -> datetime:
    """A date shown by a clock of `scale`, as UTC. `KeyError` when the scale is none of `SCALES`."""
    return _TO_UTC[scale](moment)


def from_utc(utc: datetime, scale: str) -> datetime:
    """The inverse of `to_utc`, to the microsecond away from a leap second."""
    guess = utc
    for _ in range(3):
        guess += utc - to_utc(guess, scale)
    return guess


def parse_iso(text: str) -> datetime:
    """An ISO 8601 date, with or without zone (then UTC), `T` or a blank, `:60` in a leap second.

    `ValueError` when it is no date.
    """
    text = text.strip()
    leap = _LEAP_SECOND.match(text)
    if leap:
        text = f"{leap[1]}:59{leap[2] or ''}{leap[3]}"
    moment = datetime.fromisoformat(text)
    if leap:
        moment += timedelta(seconds=1)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


_TJD_ORIGIN = datetime(1968, 5, 24, tzinfo=UTC)  # JD 2440000.5


def from_tjd(day: float, second: float) -> datetime:
    """Truncated Julian Day (JD - 2440000.5) and seconds of the day, as GCN gives them.

    `OverflowError` or `ValueError` when out of range.
    """
    return _TJD_ORIGIN + timedelta(days=day, seconds=second)


def to_tjd(utc: datetime) -> tuple[int, float]:
    """The inverse of `from_tjd`: whole day and seconds of the day."""
    elapsed = utc - _TJD_ORIGIN
    return elapsed.days, elapsed.seconds + elapsed.microseconds / 1e6
