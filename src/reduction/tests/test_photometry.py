"""Zero point and limits against truth; never a silent wrong one."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.calibration import calibrate
from reduction.limits import limiting_magnitude, upper_limit
from reduction.masters import Masters
from reduction.photometry import zero_point
from reduction.sources import extract
from reduction.tests.synthetic import bias_master, star_field


def stars(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fluxes (e), errors and catalogue magnitudes for a zero point of 25.0 for e-/s in 10 s."""
    rng = np.random.default_rng(seed)
    mag = rng.uniform(14.0, 18.0, count)
    flux = 10.0 * 10 ** (0.4 * (25.0 - mag))
    error = np.sqrt(flux + 1e4)
    return flux + rng.normal(0, error), error, mag


def test_the_zero_point_is_the_true_one_within_its_error() -> None:
    measured = zero_point(*stars(40), exposure_s=10.0)
    assert measured.mag == pytest.approx(25.0, abs=0.01)
    assert abs(measured.mag - 25.0) < 4 * measured.error_mag
    assert not measured.is_nominal
    assert measured.magnitude(1000.0) == pytest.approx(20.0, abs=0.01)  # 100 e/s


def test_a_third_of_outliers_does_not_move_it() -> None:
    flux, error, mag = stars(60)
    mag[:20] -= np.linspace(0.5, 3.0, 20)
    measured = zero_point(flux, error, mag, exposure_s=10.0)
    assert measured.mag == pytest.approx(25.0, abs=0.015)
    assert measured.n_stars <= 41


def test_a_colour_term_is_found() -> None:
    flux, error, mag = stars(80)
    colour = np.random.default_rng(2).uniform(0.0, 1.5, 80)
    measured = zero_point(flux, error, mag + 0.12 * colour, colour=colour, exposure_s=10.0)
    assert measured.colour_term == pytest.approx(0.12, abs=0.02)
    assert measured.mag == pytest.approx(25.0, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_than_five_stars_give_the_nominal_value_flagged(count: int) -> None:
    measured = zero_point(*stars(count), nominal_mag=23.5)
    assert measured.is_nominal
    assert measured.mag == 23.5
    assert f"{count} usable stars, 5 are needed" in measured.reason
    assert measured.cards()["MAGZNOM"] == (True, "T: nominal, not measured on this frame")


def test_stars_without_catalogue_magnitude_do_not_count() -> None:
    flux, error, mag = stars(10)
    mag[:6] = np.nan
    assert zero_point(flux, error, mag).is_nominal


def test_a_limit_is_five_times_the_noise_of_the_sky() -> None:
    field = star_field(seed=8, n_stars=40, separate_px=40, mag_range=(12.0, 15.0))
    frame = calibrate(field.image.astype(np.float32), field.header, Masters(bias_master()))
    found = extract(frame)
    zero = zero_point(field.flux_e, np.sqrt(field.flux_e), field.mag, exposure_s=30.0)
    # 15 e a pixel, aperture about 4.7 px: 5 * 15 * sqrt(pi) * 4.7 = 625 e in 30 s = 20.8 e/s: 22.0 - 3.30 = 18.70
    assert limiting_magnitude(found, zero) == pytest.approx(18.70, abs=0.08)
    empty = np.argmax([np.hypot(field.x - x, field.y - 256).min() for x in range(40, 470)]) + 40
    limit = upper_limit(frame, found, zero, float(empty), 256.0)
    assert limit.limit_mag == pytest.approx(18.6, abs=0.3)
    assert not limit.detected
    assert upper_limit(frame, found, zero, field.x[0], field.y[0]).detected
    assert upper_limit(frame, found, zero, -5.0, 256.0).limit_mag is None
