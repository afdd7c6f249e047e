"""Exposures of twilight flats."""

import pytest

from apps.majordome.twilight import LONGEST_S, SHORTEST_S, Pixel, flat_exposure_s, sky_v_mag

# 1.3 m aperture, detector binned to 3.05 arcsec a pixel, 96 e-/ADU, a Sloan r filter
BINNED = Pixel(aperture_cm2=13273.0, scale_arcsec=3.05, gain_e_adu=96.0, width_nm=140.0)


@pytest.mark.parametrize(("sun_deg", "v_mag"), [(-5.0, 11.84), (-10.0, 18.005), (-4.0, 10.322)])
def test_the_twilight_sky_is_as_bright_as_patat_and_others_measured(sun_deg: float, v_mag: float) -> None:
    assert sky_v_mag(sun_deg) == pytest.approx(v_mag, abs=0.001)


def test_a_flat_is_exposed_longer_as_the_sky_gets_darker() -> None:
    exposures = [flat_exposure_s(sun_deg, BINNED) for sun_deg in (-5.0, -6.0, -7.0, -8.0)]
    assert exposures == sorted(exposures)
    # by hand: V 14.65 at -7 deg is 12.23 a pixel: 1e4 * 10**(-0.4 * 12.23) * 13273 * 140 * 0.5 = 1.19e5 e-/s
    assert flat_exposure_s(-7.0, BINNED) == pytest.approx(16.1, abs=0.3)


def test_a_flat_is_never_shorter_or_longer_than_makes_sense() -> None:
    assert flat_exposure_s(-1.0, BINNED) == SHORTEST_S
    assert flat_exposure_s(-12.0, BINNED) == LONGEST_S
