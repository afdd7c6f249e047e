"""Sun, Moon and planets against published examples and against astropy."""

from __future__ import annotations

from datetime import UTC, datetime

import erfa
import numpy as np
import pytest

import ephemeris
from ephemeris import Place, Site

from . import oracle

MOMENTS = datetime(2025, 2, 3, tzinfo=UTC).timestamp() + np.linspace(0.0, 700 * 86400.0, 23)
ARCSEC = 1 / 3600.0


def unix_of_tt(year: int, month: int, day: int, tai_minus_utc_s: float) -> float:
    return datetime(year, month, day, tzinfo=UTC).timestamp() - tai_minus_utc_s - 32.184


def apparent_of_date(place: Place, jd_tt: float) -> tuple[float, float]:
    """Geocentric apparent right ascension and declination of date (degrees), by erfa alone."""
    ra, dec, origins = erfa.atci13(np.radians(place.ra_deg), np.radians(place.dec_deg), 0, 0, 0, 0, jd_tt, 0.0)
    return np.degrees(ra - origins) % 360.0, np.degrees(dec)


def test_the_sun_is_where_meeus_example_25b_has_it() -> None:
    # Meeus 1998, example 25.b: 1992 October 13.0 TD (TAI-UTC was 27 s): 13h 13m 30.749s, -7d 47' 01.74".
    ra, dec = apparent_of_date(ephemeris.sun_position(unix_of_tt(1992, 10, 13, 27)), 2448908.5)
    assert ra == pytest.approx(15 * (13 + 13 / 60 + 30.749 / 3600), abs=0.5 * ARCSEC)
    assert dec == pytest.approx(-(7 + 47 / 60 + 1.74 / 3600), abs=0.5 * ARCSEC)


def test_the_moon_is_where_meeus_example_47a_has_it() -> None:
    # Meeus 1998, example 47.a: 1992 April 12.0 TD (TAI-UTC was 26 s): 134.688470, 13.768368 degrees, 368409.7 km.
    place = ephemeris.moon_position(None, unix_of_tt(1992, 4, 12, 26))
    ra, dec = apparent_of_date(place, 2448724.5)
    assert (ra, dec) == pytest.approx((134.688470, 13.768368), abs=2.0 * ARCSEC)
    assert place.distance_au * 149_597_870.7 == pytest.approx(368_409.7, abs=40.0)


def test_the_moon_is_lit_as_in_meeus_example_48a() -> None:
    # Meeus 1998, example 48.a: 1992 April 12.0 TD, k = 0.6786.
    assert ephemeris.moon_illumination(unix_of_tt(1992, 4, 12, 26)) == pytest.approx(0.6786, abs=2e-4)


@pytest.mark.parametrize(
    ("moment", "latitude_deg", "longitude_deg", "sun_altitude_deg"),
    [
        # NASA eclipse bulletins (Espenak): greatest eclipse, its place and the Sun's altitude there.
        (datetime(2017, 8, 21, 18, 25, 31, tzinfo=UTC), 36.967, -87.672, 63.9),
        (datetime(2024, 4, 8, 18, 17, 16, tzinfo=UTC), 25.287, -104.138, 69.8),
    ],
)
def test_in_a_total_eclipse_the_moon_stands_before_the_sun(
    moment: datetime, latitude_deg: float, longitude_deg: float, sun_altitude_deg: float
) -> None:
    site, unix_s = Site("greatest eclipse", latitude_deg, longitude_deg), moment.timestamp()
    sun, moon = ephemeris.sun_position(unix_s, site), ephemeris.moon_position(site, unix_s)
    apart = ephemeris.separation_deg(sun.ra_deg, sun.dec_deg, moon.ra_deg, moon.dec_deg)
    assert apart < 30.0 * ARCSEC
    assert ephemeris.sun_altitude_deg(site, unix_s) == pytest.approx(sun_altitude_deg, abs=0.06)
    assert ephemeris.moon_altitude_deg(site, unix_s) == pytest.approx(sun_altitude_deg, abs=0.06)
    assert ephemeris.moon_illumination(unix_s) < 0.0005


def test_in_the_transit_of_2012_venus_was_554_arcseconds_from_the_centre_of_the_sun() -> None:
    # NASA (Espenak): greatest transit 2012 June 6, 01:29:36 UT, least geocentric separation 554.4 arcsec.
    unix_s = datetime(2012, 6, 6, 1, 29, 36, tzinfo=UTC).timestamp()
    venus, sun = ephemeris.planet_position("venus", unix_s), ephemeris.sun_position(unix_s)
    apart = ephemeris.separation_deg(venus.ra_deg, venus.dec_deg, sun.ra_deg, sun.dec_deg)
    assert apart * 3600.0 == pytest.approx(554.4, abs=8.0)


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_the_suns_altitude_agrees_with_astropy_to_a_hundredth_of_an_arcsecond(site: Site) -> None:
    difference = ephemeris.sun_altitude_deg(site, MOMENTS) - oracle.sun_altitude_deg(site, MOMENTS)
    assert np.abs(difference).max() < 0.01 * ARCSEC


@pytest.mark.parametrize("site", oracle.SITES, ids=lambda site: site.name)
def test_the_moons_altitude_agrees_with_astropy_to_a_twentieth_of_an_arcsecond(site: Site) -> None:
    difference = ephemeris.moon_altitude_deg(site, MOMENTS) - oracle.body("moon", site, MOMENTS).alt.deg
    assert np.abs(difference).max() < 0.05 * ARCSEC


@pytest.mark.parametrize("name", sorted(ephemeris.PLANETS))
def test_planets_agree_with_astropys_built_in_ephemeris(name: str) -> None:
    site = oracle.LAS_CAMPANAS
    place = ephemeris.planet_position(name, MOMENTS, site)
    altitude, azimuth = ephemeris.altaz(site, place.ra_deg, place.dec_deg, MOMENTS)
    expected = oracle.body(name, site, MOMENTS)
    assert np.abs(altitude - expected.alt.deg).max() < 0.2 * ARCSEC
    across = ((azimuth - expected.az.deg + 180.0) % 360.0 - 180.0) * np.cos(np.radians(altitude))
    assert np.abs(across).max() < 0.2 * ARCSEC


def test_a_planet_nobody_knows_is_refused_with_the_names_that_are() -> None:
    with pytest.raises(ValueError, match="planet is 'vulcan': give one of mercury"):
        ephemeris.planet_position("vulcan", float(MOMENTS[0]))


def test_the_sun_of_one_moment_is_a_plain_number() -> None:
    assert isinstance(ephemeris.sun_altitude_deg(oracle.TROMSO, float(MOMENTS[0])), float)
