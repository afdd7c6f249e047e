"""Altitude, azimuth, hour angle and sidereal time."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

import ephemeris
from ephemeris import Air, Site

from . import oracle

MOMENTS = datetime(2025, 1, 7, 3, tzinfo=UTC).timestamp() + np.linspace(0.0, 700 * 86400.0, 23)
ARCSEC = 1 / 3600.0


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_altitude_and_azimuth_agree_with_astropy_to_two_hundredths_of_an_arcsecond(site: Site) -> None:
    ra, dec = np.linspace(0.0, 350.0, 23), np.linspace(-85.0, 85.0, 23)
    altitude, azimuth = ephemeris.altaz(site, ra, dec, MOMENTS)
    expected_altitude, expected_azimuth = oracle.altaz(site, ra, dec, MOMENTS)
    assert np.abs(altitude - expected_altitude).max() < 0.02 * ARCSEC
    across = ((azimuth - expected_azimuth + 180.0) % 360.0 - 180.0) * np.cos(np.radians(altitude))
    assert np.abs(across).max() < 0.02 * ARCSEC


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_hour_angles_agree_with_astropy(site: Site) -> None:
    difference = ephemeris.hour_angle_deg(site, 83.63, 22.01, MOMENTS) - oracle.hour_angle_deg(
        site, 83.63, 22.01, MOMENTS
    )
    assert np.abs((difference + 180.0) % 360.0 - 180.0).max() < 0.01 * ARCSEC


def test_the_apparent_sidereal_time_is_that_of_meeus_example_12a() -> None:
    # Meeus 1998, example 12.a: 1987 April 10, 0h UT at Greenwich, apparent sidereal time 13h 10m 46.1351s. UT there
    # is UT1, -0.4 s from UTC (IERS); the models of 1980 and 2000 differ by some milliseconds.
    greenwich = Site("Greenwich", 51.4778, 0.0)
    utc = datetime(1987, 4, 10, tzinfo=UTC).timestamp()
    ut1_minus_utc_s = ephemeris.earth_orientation.tables().ut1_minus_utc_s(utc)
    sidereal_s = ephemeris.local_sidereal_time_deg(greenwich, utc - ut1_minus_utc_s) * 240.0
    assert sidereal_s == pytest.approx(13 * 3600 + 10 * 60 + 46.1351, abs=0.01)


@pytest.mark.parametrize("air", [ephemeris.AIR_NONE, Air(pressure_hpa=730.0)])
def test_pointing_where_a_target_stands_gives_the_target_back(air: Air) -> None:
    altitude, azimuth = ephemeris.altaz(oracle.LAS_CAMPANAS, 201.3, -43.0, MOMENTS, air)
    high = altitude > 10.0
    ra, dec = ephemeris.radec_from_altaz(oracle.LAS_CAMPANAS, altitude[high], azimuth[high], MOMENTS[high], air)
    assert high.sum() >= 5
    assert np.abs(ra - 201.3).max() < 0.05 * ARCSEC
    assert np.abs(dec + 43.0).max() < 0.05 * ARCSEC


def test_refraction_lifts_a_target_at_45_degrees_by_about_an_arcminute_at_sea_level() -> None:
    # Smart, Textbook on Spherical Astronomy: 58.3" tan z for 760 mmHg and 10 C.
    ra, dec = ephemeris.radec_from_altaz(oracle.TROMSO, 45.0, 200.0, float(MOMENTS[0]))
    lifted, _ = ephemeris.altaz(oracle.TROMSO, ra, dec, float(MOMENTS[0]), Air(pressure_hpa=1013.25))
    assert (lifted - 45.0) * 3600.0 == pytest.approx(58.3, abs=0.6)


def test_the_parallactic_angle_is_zero_on_the_meridian_south_of_the_zenith_and_negative_before() -> None:
    site, start = oracle.SAN_PEDRO_MARTIR, float(MOMENTS[0])
    transit = start - ephemeris.hour_angle_deg(site, 83.63, 0.0, start) * 239.345
    assert ephemeris.parallactic_angle_deg(site, 83.63, 0.0, transit) == pytest.approx(0.0, abs=0.02)
    assert ephemeris.parallactic_angle_deg(site, 83.63, 0.0, transit - 3600.0) < -5.0


def test_scalars_give_scalars_and_arrays_broadcast() -> None:
    altitude, _ = ephemeris.altaz(oracle.TROMSO, 10.0, 20.0, float(MOMENTS[0]))
    assert isinstance(altitude, float)
    grid, _ = ephemeris.altaz(oracle.TROMSO, np.arange(4.0), np.arange(4.0), MOMENTS[:3, None])
    assert grid.shape == (3, 4)


@pytest.mark.parametrize("moment", [float("nan"), -1.0, 5e9])
def test_a_moment_outside_1972_to_2100_is_refused_by_name(moment: float) -> None:
    with pytest.raises(ValueError, match=r"unix_s is .* 1972"):
        ephemeris.altaz(oracle.TROMSO, 10.0, 20.0, moment)


def test_airmass_is_one_over_the_sine_and_infinite_below_the_horizon() -> None:
    assert ephemeris.airmass(30.0) == pytest.approx(2.0)
    assert ephemeris.airmass([90.0, 0.0, -5.0]).tolist() == [1.0, np.inf, np.inf]


def test_separation_is_exact_for_neighbours_and_opposites() -> None:
    # Meeus 1998, example 17.a: Arcturus and Spica are 32.7930 degrees apart.
    assert ephemeris.separation_deg(213.9154, 19.1825, 201.2983, -11.1614) == pytest.approx(32.7930, abs=1e-4)
    assert ephemeris.separation_deg(10.0, 0.0, 10.0 + 1e-9, 0.0) == pytest.approx(1e-9, rel=1e-4)
    assert ephemeris.separation_deg(0.0, 90.0, 123.0, -90.0) == pytest.approx(180.0)
