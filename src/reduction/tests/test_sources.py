"""Extraction against known truth."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from reduction.calibration import Calibrated, calibrate
from reduction.masters import Masters
from reduction.sources import SourceFlag, extract
from reduction.tests.synthetic import Field, bias_master, star_field


def calibrated(field: Field) -> Calibrated:
    return calibrate(field.image.astype(np.float32), field.header, Masters(bias_master(field.image.shape[0])))


def test_every_source_is_a_star_and_nearly_every_star_above_ten_sigma_is_found() -> None:
    field = star_field(seed=3, size=1024, n_stars=250, mag_range=(14.0, 19.5), separate_px=15)
    found = extract(calibrated(field))
    to_truth, _ = cKDTree(np.c_[field.x, field.y]).query(np.c_[found.x, found.y])
    to_found, _ = cKDTree(np.c_[found.x, found.y]).query(np.c_[field.x, field.y])
    # S/N of a star in an aperture of 4.5 px with 225 e of sky and readout noise a pixel
    snr = field.flux_e / np.sqrt(field.flux_e + np.pi * 4.5**2 * 225.0)
    assert (to_truth < 1.5).all()
    assert np.count_nonzero(snr > 10) > 50
    assert np.mean(to_found[snr > 10] < 1.5) >= 0.99


def test_positions_and_fluxes_of_bright_stars_are_true() -> None:
    field = star_field(seed=4, n_stars=25, mag_range=(12.5, 14.0), separate_px=40)
    found = extract(calibrated(field))
    distance, row = cKDTree(np.c_[field.x, field.y]).query(np.c_[found.x, found.y])
    assert len(found) == 25
    assert distance.max() < 0.05
    # 4.5 px is 1.5 times the FWHM: a Gaussian has 1 - exp(-4 ln2 * 1.5**2) = 0.998 of its light inside
    assert np.allclose(found.flux_e / field.flux_e[row], 0.998, atol=0.025)


def test_an_empty_sky_has_no_sources() -> None:
    found = extract(calibrated(star_field(seed=5, n_stars=0)))
    assert len(found) == 0
    assert 195.0 < found.background_e < 205.0
    assert 14.0 < found.background_rms_e < 16.0  # sqrt(200 + 25) = 15


def test_cosmic_rays_edges_and_saturated_stars_are_flagged() -> None:
    field = star_field(
        seed=6, n_stars=30, mag_range=(13.0, 15.0), separate_px=40, extra=[(250.0, 256.0, 8.5), (3.0, 300.0, 13.0)]
    )
    image = field.image.astype(np.float32)
    image[100, 200:205] += 4000.0
    found = extract(calibrate(image, field.header, Masters(bias_master())))

    def flags_at(x: float, y: float) -> int:
        return int(found.flags[np.argmin(np.hypot(found.x - x, found.y - y))])

    assert flags_at(250, 256) & SourceFlag.SATURATED
    assert flags_at(3, 300) & SourceFlag.EDGE
    assert flags_at(202, 100) & SourceFlag.SHARP


def test_an_image_without_noise_and_a_constant_one_are_no_trouble() -> None:
    assert len(extract(np.full((64, 64), 5.0, np.float32))) == 0
