"""Plate solutions: right to 0.15 px at the corners, or a named failure; never a wrong one."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.astrometry import Hint, Solution, hint_from_header, solve
from reduction.calibration import calibrate
from reduction.catalogue import CatalogueStars
from reduction.masters import Masters
from reduction.outcome import Failure, FailureCode
from reduction.sources import Sources, extract
from reduction.sphere import from_plane
from reduction.tests.synthetic import Field, bias_master, make_wcs, star_field


def sources_of(field: Field) -> Sources:
    return extract(calibrate(field.image.astype(np.float32), field.header, Masters(bias_master(field.image.shape[0]))))


def corner_error_px(field_wcs: object, solution: Solution, size: int) -> float:
    x, y = np.array([0.0, size - 1, 0.0, size - 1]), np.array([0.0, 0.0, size - 1, size - 1])
    tx, ty = field_wcs.all_world2pix(*solution.wcs.to_sky(x, y), 0)  # type: ignore[attr-defined]
    return float(np.hypot(tx - x, ty - y).max())


@pytest.mark.parametrize(
    ("ra", "dec", "rotation", "flipped", "n_stars"),
    [
        (150.0, 20.0, 0.0, False, 60),
        (150.0, -35.0, 137.0, True, 60),
        (0.01, 5.0, 200.0, False, 30),
        (359.99, -5.0, 80.0, True, 15),
        (12.0, 89.95, 45.0, False, 30),
        (77.0, -89.98, 300.0, True, 60),
        (200.0, 60.0, 10.0, False, 150),
        (200.0, 0.0, 10.0, True, 12),
    ],
)
def test_a_field_is_solved_wherever_it_lies(
    ra: float, dec: float, rotation: float, flipped: bool, n_stars: int
) -> None:
    field = star_field(seed=n_stars, n_stars=n_stars, ra=ra, dec=dec, rotation=rotation, flipped=flipped)
    hint_ra, hint_dec = from_plane(0.12, -0.1, ra, dec)  # a pointing error of 9 arcmin, and 2 % in scale
    solution = solve(sources_of(field), field.catalogue(), Hint(float(hint_ra), float(hint_dec), 2.04, 512, 512))
    assert isinstance(solution, Solution)
    assert corner_error_px(field.wcs, solution, 512) <= 0.15
    assert solution.wcs.flipped is flipped
    assert solution.pointing_offset_arcsec == pytest.approx(562.0, abs=3.0)  # 3600 * hypot(0.12, 0.1)
    assert solution.cards()["WCSERR"] == 0


def positions_only(x: np.ndarray, y: np.ndarray, mag: np.ndarray) -> Sources:
    return Sources.of_positions(x, y, 10 ** (-0.4 * (mag - 25.0)))


@pytest.mark.parametrize("seed", range(12))
def test_a_messy_field_is_solved(seed: int) -> None:
    """30 % of the stars missing on either side, 15 false sources, half a magnitude of scatter.

    Centroids are good to 0.03 px: with 0.05 px and 18 stars, least squares of the true pairs already reached 0.15 px.
    """
    rng = np.random.default_rng(seed)
    wcs = make_wcs(100.0, 30.0, 1.8, 30.0 * seed, bool(seed % 2), 1024, 1024)
    x, y = rng.uniform(-300, 1324, (2, 110))
    ra, dec = wcs.all_pix2world(x, y, 0)
    mag = 18.0 - rng.exponential(1.0, 110)
    seen = (x > 0) & (x < 1024) & (y > 0) & (y < 1024) & (rng.uniform(size=110) < 0.7)
    catalogued = rng.uniform(size=110) < 0.7
    sx = np.r_[x[seen] + rng.normal(0, 0.03, seen.sum()), rng.uniform(0, 1024, 15)]
    sy = np.r_[y[seen] + rng.normal(0, 0.03, seen.sum()), rng.uniform(0, 1024, 15)]
    smag = np.r_[mag[seen] + rng.normal(0, 0.5, seen.sum()), 18.0 - rng.exponential(1.0, 15)]
    stars = CatalogueStars(ra[catalogued], dec[catalogued], mag[catalogued])
    solution = solve(positions_only(sx, sy, smag), stars, Hint(100.05, 30.05, 1.8, 1024, 1024))
    assert isinstance(solution, Solution)
    assert corner_error_px(wcs, solution, 1024) <= 0.15


@pytest.mark.parametrize("count", [8, 40, 300])
@pytest.mark.parametrize("seed", range(8))
def test_random_positions_are_never_solved(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1024, (2, count))
    xi, eta = rng.uniform(-0.6, 0.6, (2, 4 * count))
    ra, dec = from_plane(xi, eta, 50.0, -20.0)
    stars = CatalogueStars(ra, dec, rng.uniform(10, 18, 4 * count))
    failure = solve(positions_only(x, y, rng.uniform(10, 18, count)), stars, Hint(50.0, -20.0, 2.0, 1024, 1024))
    assert isinstance(failure, Failure)
    assert failure.code is FailureCode.NO_MATCH


def test_too_few_sources_is_a_named_result() -> None:
    field = star_field(seed=2, n_stars=2)
    failure = solve(sources_of(field), field.catalogue(), Hint(150.0, 20.0, 2.0, 512, 512))
    assert isinstance(failure, Failure)
    assert failure.code is FailureCode.TOO_FEW_SOURCES
    assert "too few stars: 2 usable sources" in failure.message


def test_too_few_catalogue_stars_is_a_named_result() -> None:
    field = star_field(seed=2, n_stars=30)
    failure = solve(sources_of(field), field.catalogue(slice(0, 4)), Hint(150.0, 20.0, 2.0, 512, 512))
    assert isinstance(failure, Failure)
    assert failure.code is FailureCode.TOO_FEW_CATALOGUE_STARS


def test_a_wrong_scale_is_said_with_the_right_one() -> None:
    field = star_field(seed=9, n_stars=60)
    failure = solve(sources_of(field), field.catalogue(), Hint(150.0, 20.0, 2.6, 512, 512))
    assert isinstance(failure, Failure)
    assert failure.code is FailureCode.SCALE_OUTSIDE_HINT
    assert "fit a scale of 2.000" in failure.message


def test_the_hint_comes_from_the_header_in_degrees_or_sexagesimal() -> None:
    hint = hint_from_header(
        {"OBJCTRA": "10 30 00", "OBJCTDEC": "-00 30 00", "FOCALLEN": 1000.0, "XPIXSZ": 9.0}, (10, 20)
    )
    assert isinstance(hint, Hint)
    assert (hint.ra_deg, hint.dec_deg) == (157.5, -0.5)
    assert hint.scale_arcsec_px == pytest.approx(1.856, abs=0.001)  # 206.265 * 9 / 1000
    assert (hint.width_px, hint.height_px) == (20, 10)


def test_a_header_without_pointing_or_with_a_wrong_one_is_a_named_failure() -> None:
    missing = hint_from_header({"PIXSCALE": 1.0}, (10, 10))
    assert isinstance(missing, Failure)
    assert missing.code is FailureCode.NO_HINT
    wrong = hint_from_header({"PIXSCALE": 1.0, "RA": "zenith", "DEC": 1.0}, (10, 10))
    assert isinstance(wrong, Failure)
    assert wrong.code is FailureCode.HEADER_INVALID
