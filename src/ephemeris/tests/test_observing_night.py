"""Set, rise and twilights of whole nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ephemeris
from ephemeris import Night, Site

from . import oracle

DATES = [date(2025, 3, 20), date(2026, 6, 21), date(2026, 11, 20), date(2026, 12, 31)]
ALTITUDES_DEG = {
    "sun_set": -50 / 60,
    "civil_dusk": -6.0,
    "nautical_dusk": -12.0,
    "astronomical_dusk": -18.0,
    "astronomical_dawn": -18.0,
    "nautical_dawn": -12.0,
    "civil_dawn": -6.0,
    "sun_rise": -50 / 60,
}


def happening(night: Night) -> dict[str, datetime]:
    return {name: moment for name in ALTITUDES_DEG if (moment := getattr(night, name)) is not None}


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
@pytest.mark.parametrize("day", DATES, ids=str)
def test_at_each_moment_astropy_has_the_sun_at_the_altitude_that_names_it(site: Site, day: date) -> None:
    found = happening(ephemeris.night(site, day))
    altitudes = [float(oracle.sun_altitude_deg(site, moment.timestamp())) for moment in found.values()]
    for name, altitude_deg in zip(found, altitudes, strict=True):
        assert altitude_deg == pytest.approx(ALTITUDES_DEG[name], abs=0.05 / 3600), name


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
@pytest.mark.parametrize("day", DATES, ids=str)
def test_what_astropy_sees_happen_is_not_missed(site: Site, day: date) -> None:
    night = ephemeris.night(site, day)
    noon = night.noon.timestamp()
    sampled = oracle.sun_altitude_deg(site, noon + np.arange(0.0, 86401.0, 300.0))
    assert night.sun_alt_min_deg == pytest.approx(sampled.min(), abs=0.1)
    assert night.sun_alt_max_deg == pytest.approx(sampled.max(), abs=0.25)
    for name, altitude_deg in ALTITUDES_DEG.items():
        crosses = bool(sampled.min() < altitude_deg < sampled.max())
        assert (getattr(night, name) is not None) == crosses, name


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
@pytest.mark.parametrize("day", DATES, ids=str)
def test_the_moons_upper_limb_is_on_the_refracted_horizon_when_it_rises_and_sets(site: Site, day: date) -> None:
    night = ephemeris.night(site, day)
    for moment in (night.moon_rise, night.moon_set):
        if moment is None:
            continue
        assert night.noon <= moment <= night.noon + timedelta(days=1)
        moon = oracle.body("moon", site, moment.timestamp())
        radius_deg = np.degrees(np.arcsin(1737.4 / moon.distance.km))
        assert moon.alt.deg + radius_deg == pytest.approx(-34 / 60, abs=0.1 / 3600)


def test_all_moments_of_a_night_belong_to_its_date_and_come_in_order() -> None:
    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)):
        night = ephemeris.night(oracle.SAN_PEDRO_MARTIR, day)
        moments = list(happening(night).values())
        assert len(moments) == 8
        assert all(a < b for a, b in pairwise(moments))
        assert {ephemeris.night_date(oracle.SAN_PEDRO_MARTIR, moment) for moment in moments} == {day}


def test_the_sun_does_not_set_in_the_arctic_summer_nor_rise_in_the_winter() -> None:
    summer = ephemeris.night(oracle.TROMSO, date(2026, 6, 21))
    winter = ephemeris.night(oracle.TROMSO, date(2026, 12, 21))
    assert summer.sun_set is None
    assert summer.sun_rise is None
    assert summer.sun_alt_min_deg > 0.0
    assert winter.sun_set is None
    assert winter.sun_rise is None
    assert winter.sun_alt_max_deg < -50 / 60
    assert winter.astronomical_dusk is not None
    assert winter.astronomical_dawn is not None


@pytest.mark.parametrize("latitude_deg", [-90.0, 90.0])
def test_at_the_poles_the_sun_sets_on_one_day_of_the_year(latitude_deg: float) -> None:
    pole = Site("pole", latitude_deg, 0.0)
    days = [date(2026, 3, 10) + timedelta(days=i) for i in range(25)]
    days += [date(2026, 9, 12) + timedelta(days=i) for i in range(25)]
    nights = [ephemeris.night(pole, day) for day in days]
    assert sum(night.sun_set is not None for night in nights) == 1
    assert sum(night.sun_rise is not None for night in nights) == 1


def test_the_phase_is_full_at_a_lunar_eclipse_and_new_at_a_solar_one() -> None:
    # NASA: total lunar eclipse 2026 March 3, 11:33 UT; total solar eclipse 2026 August 12, 17:46 UT.
    greenwich = Site("Greenwich", 51.4778, 0.0)
    assert ephemeris.night(greenwich, date(2026, 3, 2)).moon_phase > 0.995
    assert ephemeris.night(greenwich, date(2026, 8, 12)).moon_phase < 0.005
    assert ephemeris.night(greenwich, date(2026, 2, 25)).moon_waxing
    assert not ephemeris.night(greenwich, date(2026, 3, 8)).moon_waxing


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-90, 90),
    st.floats(-180, 360),
    st.dates(date(1975, 1, 1), date(2099, 1, 1)),
)
def test_any_night_anywhere_has_moments_in_order(latitude_deg: float, longitude_deg: float, day: date) -> None:
    night = ephemeris.night(Site("anywhere", latitude_deg, longitude_deg), day)
    moments = list(happening(night).values())
    assert 0.0 <= night.moon_phase <= 1.0
    assert all(moment.tzinfo == UTC for moment in moments)
    if abs(latitude_deg) < 85.0:  # nearer to a pole the season moves the Sun more than the day does
        assert moments == sorted(moments)
