"""UT1, polar motion, leap seconds, and dates of nights."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from astropy.time import Time
from astropy.utils import iers

import ephemeris
from ephemeris import Site
from ephemeris.earth_orientation import tables

from . import oracle


def unix(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("moment", "expected_s"),
    [
        # IERS Bulletin C: TAI-UTC before and after the leap seconds of 2016-12-31 and 2005-12-31.
        (unix(2016, 12, 31, 23, 59, 59), 36.0),
        (unix(2017, 1, 1), 37.0),
        (unix(2005, 12, 31, 12), 32.0),
        (unix(2006, 1, 1), 33.0),
        (unix(2090, 1, 1), 37.0),
    ],
)
def test_leap_seconds_are_those_announced(moment: float, expected_s: float) -> None:
    assert tables().tai_minus_utc_s(moment) == expected_s


def test_ut1_does_not_slide_across_a_leap_second() -> None:
    before, after = tables().ut1_minus_utc_s(np.array([unix(2016, 12, 31, 23, 59), unix(2017, 1, 1, 0, 1)]))
    assert after - before == pytest.approx(1.0, abs=1e-4)


def test_ut1_and_pole_agree_with_astropys_reading_of_the_same_tables() -> None:
    moments = unix(1990, 1, 1, 5) + np.arange(300) * 43.3 * 86400.0
    with oracle.offline():
        table = iers.IERS_Auto.open()
        expected_s = table.ut1_utc(Time(moments, format="unix")).to_value("s")
        expected_x, expected_y = (axis.to_value("rad") for axis in table.pm_xy(Time(moments, format="unix")))
    # astropy takes days long past from another series of the IERS, which differs by up to 0.3 ms and 2 mas.
    recent = moments > unix(2016, 1, 1)
    off_s = np.abs(tables().ut1_minus_utc_s(moments) - expected_s)
    assert off_s.max() < 5e-4
    assert off_s[recent].max() < 1e-4
    x, y = tables().pole_rad(moments)
    off_arcsec = np.abs([x - expected_x, y - expected_y]).max(axis=0) * 206265
    assert off_arcsec.max() < 0.01
    assert off_arcsec[recent].max() < 1e-3


def test_beyond_the_table_its_last_value_is_held() -> None:
    last = tables().unix_s[-1]
    assert tables().ut1_minus_utc_s(last + 1e8) == pytest.approx(tables().ut1_minus_utc_s(last))
    assert ephemeris.earth_orientation_last_day() > date(2026, 12, 1)


def test_nothing_of_astropys_downloading_parts_is_imported() -> None:
    program = "import sys, ephemeris; sys.exit(any(name in sys.modules for name in ('astropy', 'urllib.request')))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("longitude_deg", "moment", "expected"),
    [
        # Local mean noon is 12:00 UTC - longitude/15 h.
        (0.0, datetime(2026, 11, 20, 11, 59, 59, tzinfo=UTC), date(2026, 11, 19)),
        (0.0, datetime(2026, 11, 20, 12, tzinfo=UTC), date(2026, 11, 20)),
        (-115.464, datetime(2026, 11, 21, 6, tzinfo=UTC), date(2026, 11, 20)),
        (-115.464, datetime(2026, 11, 21, 10, tzinfo=UTC), date(2026, 11, 20)),
        (-115.464, datetime(2027, 1, 1, 9, tzinfo=UTC), date(2026, 12, 31)),
        (180.0, datetime(2026, 11, 20, 0, tzinfo=UTC), date(2026, 11, 20)),
        (180.0, datetime(2026, 11, 19, 23, 59, tzinfo=UTC), date(2026, 11, 19)),
        (-180.0, datetime(2026, 11, 20, 23, 59, tzinfo=UTC), date(2026, 11, 19)),
        (-180.0, datetime(2026, 11, 21, 0, tzinfo=UTC), date(2026, 11, 20)),
        (244.536, datetime(2026, 11, 21, 6, tzinfo=UTC), date(2026, 11, 20)),
        (0.0, datetime(2026, 11, 20, 23, tzinfo=timezone(timedelta(hours=12))), date(2026, 11, 19)),
    ],
)
def test_a_night_keeps_its_date_from_noon_to_noon(longitude_deg: float, moment: datetime, expected: date) -> None:
    site = Site("somewhere", 20.0, longitude_deg)
    assert ephemeris.night_date(site, moment) == expected
    assert ephemeris.night_date(site, moment.timestamp()) == expected


def test_a_datetime_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware datetime"):
        ephemeris.night_date(oracle.TROMSO, datetime(2026, 11, 20))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("latitude_deg", (91.0, 0.0, 0.0)),
        ("longitude_deg", (0.0, 361.0, 0.0)),
        ("elevation_m", (0.0, 0.0, float("nan"))),
    ],
)
def test_a_place_that_is_none_is_refused_by_field(field: str, values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=f"Site.{field} is .*: give"):
        Site("nowhere", *values)
