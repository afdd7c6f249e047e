"""Dates and time scales."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices import timescale

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scale", "second"),
    [("TAI", "12:00:37"), ("TT", "12:01:09.184"), ("GPS", "12:00:18"), ("UTC", "12:00:00")],
)
def test_noon_of_2026_on_other_clocks(scale: str, second: str) -> None:
    # TAI - UTC = 37 s since 2017 (IERS Bulletin C 52), TT = TAI + 32.184 s, GPS = TAI - 19 s
    shown = timescale.parse_iso(f"2026-11-20T{second}")
    assert timescale.to_utc(shown, scale) == NOON


def test_tcb_runs_some_twenty_seconds_ahead_of_tdb() -> None:
    # astropy 8: Time("2026-11-20T12:00:00", scale="utc").tcb.isot == "2026-11-20T12:01:33.592"
    shown = timescale.from_utc(NOON, "TCB")
    assert (shown - NOON).total_seconds() == pytest.approx(93.592, abs=0.01)


@pytest.mark.parametrize(("date", "difference"), [("2016-12-31", 36), ("2017-01-01", 37), ("1999-06-01", 32)])
def test_leap_seconds(date: str, difference: int) -> None:
    assert timescale.tai_minus_utc_s(timescale.parse_iso(date)) == difference


def test_a_leap_second_is_read_as_the_second_after() -> None:
    assert timescale.parse_iso("2016-12-31T23:59:60.5Z") == datetime(2017, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)


def test_truncated_julian_days_of_gcn() -> None:
    # Swift 866434: TJD 18401, 21351.71 s of the day, ISOTime 2018-10-10T05:55:51.71
    moment = timescale.from_tjd(18401, 21351.71)
    assert moment == datetime(2018, 10, 10, 5, 55, 51, 710000, tzinfo=UTC)
    day, second = timescale.to_tjd(moment)
    assert (day, round(second, 2)) == (18401, 21351.71)


@given(st.datetimes(datetime(1980, 1, 2), datetime(2040, 1, 1)), st.sampled_from(sorted(timescale.SCALES)))
def test_from_utc_undoes_to_utc(naive: datetime, scale: str) -> None:
    utc = naive.replace(tzinfo=UTC)
    if (utc.month, utc.day) in {(1, 1), (6, 30), (7, 1), (12, 31)}:
        return
    back = timescale.to_utc(timescale.from_utc(utc, scale), scale)
    assert abs((back - utc).total_seconds()) < 1e-4
