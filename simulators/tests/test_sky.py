from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.sky.bands import band
from simulators.sky.brightness import Lights, sky_mag, twilight_v_mag
from simulators.sky.detector import Detector, DetectorDesign, binned
from simulators.sky.projection import Projection
from simulators.sky.scene import Atmosphere, Scene, add_points
from simulators.sky.stars import StarField, separation_deg
from simulators.sky.transients import Transient

DARK = Lights(-40.0, -10.0, 90.0, 0.0, 60.0)
CLEAR = Atmosphere(airmass=1.15, seeing_arcsec=1.1, cloud_mag=0.0, lights=DARK)


def test_a_field_of_26_arcmin_has_about_120_stars_to_magnitude_18() -> None:
    field = StarField(1)
    # A circle of the same area as 26′ × 26′; the mean over 20 fields is Poisson with an error of 2.5.
    radius_deg = 26.0 / 60.0 / math.sqrt(math.pi)
    counts = [len(field.cone(ra_deg, 22.0, radius_deg, 18.0)) for ra_deg in range(10, 210, 10)]
    assert 110 < float(np.mean(counts)) < 130


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 359.99), st.floats(-90, 90), st.floats(0.05, 0.6))
def test_a_small_cone_is_a_part_of_a_larger_one_anywhere_on_the_sky(ra: float, dec: float, radius: float) -> None:
    field = StarField(3)
    small, large = field.cone(ra, dec, radius / 2, 17.0), field.cone(ra, dec, radius, 17.0)
    assert set(small.identifier) <= set(large.identifier)
    assert np.all(separation_deg(ra, dec, large.ra_deg, large.dec_deg) <= radius)


@pytest.mark.parametrize("place", [(0.0, 10.0), (359.9, -30.0), (123.0, 90.0), (5.0, -89.9)])
def test_no_stars_are_missing_across_the_zero_of_ra_and_at_the_poles(place: tuple[float, float]) -> None:
    # 639 stars/deg² to magnitude 18 in a circle of 1°: 2008 ± 45.
    assert 1780 < len(StarField(1).cone(*place, 1.0, 18.0)) < 2240


def test_stars_differ_by_seed_and_not_by_asking_twice() -> None:
    assert list(StarField(1).cone(83.6, 22.0, 0.2).ra_deg) == list(StarField(1).cone(83.6, 22.0, 0.2).ra_deg)
    assert list(StarField(1).cone(83.6, 22.0, 0.2).ra_deg) != list(StarField(2).cone(83.6, 22.0, 0.2).ra_deg)


def test_east_is_left_and_north_is_up() -> None:
    frame = Projection(83.0, 20.0, 3.0, 512, 512)
    x, y = frame.pixels(np.array([83.0, 83.1, 83.0]), np.array([20.0, 20.0, 20.1]))
    assert (x[0], y[0]) == (pytest.approx(255.5), pytest.approx(255.5))
    assert x[1] < x[0] and y[2] > y[0]
    assert y[2] - y[0] == pytest.approx(120.0, abs=0.01)  # 0.1° at 3″ a pixel


def test_projection_agrees_with_astropy_wcs_for_a_rotated_frame_near_the_pole() -> None:
    wcs_module = pytest.importorskip("astropy.wcs")
    frame = Projection(200.0, 88.0, 3.0, 400, 300, rotation_deg=30.0)
    turn, step = math.radians(30.0), 3.0 / 3600.0
    wcs = wcs_module.WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [200.0, 88.0]
    wcs.wcs.crpix = [200.5, 150.5]
    # The inverse of x = −ξ cos + η sin, y = ξ sin + η cos (a reflection, hence its own inverse).
    wcs.wcs.cd = step * np.array([[-math.cos(turn), math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    ra_deg, dec_deg = np.array([200.0, 203.0, 197.0]), np.array([88.0, 88.05, 87.95])
    expected_x, expected_y = wcs.wcs_world2pix(ra_deg, dec_deg, 0)
    x, y = frame.pixels(ra_deg, dec_deg)
    assert np.allclose(x, expected_x, atol=1e-6) and np.allclose(y, expected_y, atol=1e-6)


def test_a_point_source_keeps_its_flux_and_its_place() -> None:
    image = np.zeros((64, 64), dtype=np.float32)
    add_points(image, np.array([30.3]), np.array([20.7]), np.array([1e5]), 2.0)
    rows, columns = np.mgrid[0:64, 0:64]
    assert image.sum() == pytest.approx(1e5, rel=0.001)
    assert (image * columns).sum() / image.sum() == pytest.approx(30.3, abs=0.01)
    assert (image * rows).sum() / image.sum() == pytest.approx(20.7, abs=0.01)


def test_a_point_source_beside_the_detector_leaves_only_its_wing() -> None:
    image = np.zeros((64, 64), dtype=np.float32)
    add_points(image, np.array([-0.5]), np.array([32.0]), np.array([1e5]), 2.0)
    assert image.sum() == pytest.approx(5e4, rel=0.001)


def test_a_star_of_known_magnitude_gives_the_electrons_of_its_zero_point() -> None:
    scene = Scene(Projection(0, 0, 3.0, 64, 64), band("r"), 24.6, 10.0, 0.0, CLEAR)
    # r = 17.1 is 7.5 mag above the zero point: 1000 e/s, 10 s, less 0.10 mag × 1.15 of extinction.
    assert scene.dimmed_electrons(17.1) == pytest.approx(10_000 * 10 ** (-0.4 * 0.115), rel=1e-6)


def test_an_afterglow_fades_by_its_power_law_and_is_not_there_before_the_burst() -> None:
    burst = Transient("GRB", 10.0, 20.0, 1000.0, mag_100s=15.0, slope=-1.1, beta=0.0)
    assert burst.magnitude(band("r"), 999.0) is None
    assert burst.magnitude(band("r"), 1100.0) == pytest.approx(15.0)
    assert burst.magnitude(band("r"), 2000.0) == pytest.approx(15.0 + 2.75)  # 2.5 × 1.1 for a factor of ten


def test_an_afterglow_is_brighter_in_the_infrared() -> None:
    burst = Transient("GRB", 10.0, 20.0, 0.0, beta=0.75)
    infrared, red = burst.magnitude(band("J"), 100.0), burst.magnitude(band("r"), 100.0)
    assert infrared is not None and red is not None and red - infrared == pytest.approx(0.57, abs=0.01)


def test_twilight_brightness_agrees_with_patat_2006() -> None:
    assert twilight_v_mag(-5.0) == pytest.approx(11.84)
    assert twilight_v_mag(-10.0) == pytest.approx(18.0, abs=0.01)
    assert twilight_v_mag(-18.5) == 99.0


def test_the_sky_is_brighter_by_the_moon_and_by_day() -> None:
    dark = sky_mag(band("r"), DARK)
    moonlit = sky_mag(band("r"), Lights(-40.0, 60.0, 40.0, 1.0, 60.0))
    day = sky_mag(band("r"), Lights(30.0, -10.0, 90.0, 0.0, 60.0))
    assert 20.5 < dark < 21.2
    assert 17.5 < moonlit < 19.5  # full Moon, V about 18 (Krisciunas & Schaefer 1991)
    assert day < 4.0


def test_a_bias_frame_has_its_level_and_its_read_out_noise() -> None:
    detector = Detector(DetectorDesign(seed=5, gain_e_adu=1.5, read_noise_e=6.0, bias_adu=1000.0))
    random = np.random.default_rng(1)
    one, two = (detector.read(None, 0.0, -40.0, random).astype(float) for _ in range(2))
    assert np.median(one) == pytest.approx(1002.0, abs=2.0)
    # Fixed patterns cancel in the difference: 6 e⁻ / 1.5 = 4 counts, times √2, and rounding.
    assert (one - two).std() == pytest.approx(math.sqrt(2 * (4.0**2 + 1 / 12)), rel=0.02)


def test_photon_noise_follows_the_gain() -> None:
    detector = Detector(DetectorDesign(seed=5, gain_e_adu=2.0, read_noise_e=3.0, cosmic_rays_per_s=0.0))
    light = np.full((512, 512), 20_000.0, dtype=np.float32)
    random = np.random.default_rng(2)
    one, two = (detector.read(light, 1.0, -60.0, random).astype(float)[200:300, 200:300] for _ in range(2))
    signal_e = (one.mean() - 1002.0) * 2.0
    assert 17_000 < signal_e < 21_000
    assert (one - two).var() / 2 * 4.0 == pytest.approx(signal_e + 9.0, rel=0.05)


def test_dark_current_doubles_with_temperature_and_hot_pixels_stay_where_they_are() -> None:
    detector = Detector(DetectorDesign(seed=5, dark_e_s=1.0, dark_doubling_c=6.5, cosmic_rays_per_s=0.0))
    random = np.random.default_rng(3)
    cold, warm = (detector.read(None, 300.0, t, random).astype(float) for t in (-6.5, 0.0))
    assert np.median(warm - 1002.0) == pytest.approx(2.0 * np.median(cold - 1002.0), rel=0.05)
    hot = cold > 5000.0
    assert 20 < hot.sum() < 1000 and np.all(warm[hot] > 5000.0)


def test_counts_saturate_instead_of_wrapping() -> None:
    detector = Detector(DetectorDesign(seed=5, width=32, height=32, full_well_e=1e6))
    light = np.full((32, 32), 5e5, dtype=np.float32)
    assert detector.read(light, 1.0, -40.0, np.random.default_rng(1)).min() == 65535


def test_binning_sums_the_charge() -> None:
    image = np.arange(20, dtype=np.float32).reshape(4, 5)
    assert binned(image, 2).tolist() == [[0 + 1 + 5 + 6, 2 + 3 + 7 + 8], [10 + 11 + 15 + 16, 12 + 13 + 17 + 18]]


@pytest.mark.parametrize("name", ["g", "r", "i", "z", "y", "J", "H", "gri", "zy"])
def test_an_image_shows_the_stars_of_the_field_in_every_band(name: str) -> None:
    field = StarField(1)
    frame = Projection(83.6, 22.0, 26 * 60 / 512, 512, 512)
    scene = Scene(frame, band(name), band(name).zero_point_mag, 30.0, 0.0, CLEAR)
    image = scene.expose(field, [])
    assert image.shape == (512, 512) and image.dtype == np.float32
    above_sky = (image > 1.05 * scene.sky_electrons_per_px).sum()
    assert above_sky > 100
