"""Masters: the middle mean, the name, like with like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from reduction.errors import FrameError, MasterMismatch
from reduction.masters import Master, MasterKind, combine, middle_mean

CAMERA = {"INSTRUME": "VIS", "XBINNING": 2, "YBINNING": 2, "EXPTIME": 0.0, "DATE-OBS": "2026-03-04T20:00:00"}


def test_the_middle_mean_drops_the_extremes_of_each_pixel() -> None:
    planes = np.array([[9.0, 1.0], [2.0, 5.0], [3.0, 100.0], [4.0, 3.0], [-50.0, 4.0]], np.float32)
    # sorted: -50 2 3 4 9 and 1 3 4 5 100; one dropped at each end
    assert middle_mean(planes, 1).tolist() == [3.0, 4.0]


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=24), st.integers(0, 1))
def test_the_middle_mean_agrees_with_sorting(values: list[float], dropped: int) -> None:
    ordered = sorted(values)[dropped : len(values) - dropped]
    expected = sum(ordered) / len(ordered)
    assert middle_mean(np.array(values, np.float32)[:, None], dropped)[0] == pytest.approx(expected, abs=0.02)


def test_a_cosmic_ray_in_two_of_twenty_frames_leaves_no_trace() -> None:
    frames = [(np.full((8, 8), 500.0 + i % 2, np.float32), CAMERA) for i in range(20)]
    frames[3][0][2, 2] = frames[4][0][2, 2] = 60000.0
    assert combine(frames, "bias").data[2, 2] == pytest.approx(500.5, abs=0.1)


def test_twenty_frames_are_quieter_than_their_median_would_be() -> None:
    rng = np.random.default_rng(5)
    frames = [(rng.normal(500, 6, (200, 200)).astype(np.float32), CAMERA) for _ in range(20)]
    # one frame 6.0; the mean of 20 has 1.342, the median 1.64 (analysis: middle mean 1.38)
    assert combine(frames, "bias").data.std() == pytest.approx(1.38, abs=0.03)


def test_a_master_from_files_has_its_standard_name_and_a_checksum(tmp_path: Path) -> None:
    paths = []
    for i in range(5):
        path = tmp_path / f"raw{i}.fits"
        fits.PrimaryHDU(np.full((300, 40), 500 + i, np.uint16), fits.Header(CAMERA)).writeto(path)
        paths.append(path)
    written = combine(paths, MasterKind.BIAS).write(tmp_path)
    assert written.name == "super_bias_VIS_2x2_0s_20260304.fits"
    with fits.open(written, checksum=True) as hdus:
        assert hdus[0].verify_checksum() == 1
        assert hdus[0].verify_datasum() == 1
        assert hdus[0].header["NCOMBINE"] == 5
        assert np.all(hdus[0].data == 502.0)


def test_flats_of_different_levels_are_brought_to_median_one() -> None:
    shape = np.ones((16, 16), np.float32)
    shape[:, 0] = 0.5
    header = CAMERA | {"FILTER": "Sloan r'"}
    bias = Master(MasterKind.BIAS, np.full((16, 16), 100.0, np.float32), {}, "b.fits")
    frames = [(shape * level + 100.0, header) for level in (10000.0, 20000.0, 40000.0)]
    flat = combine(frames, "flat", bias=bias)
    assert np.allclose(flat.data, shape, atol=1e-5)
    assert flat.name == "super_flat_VIS_2x2_Sloan-r-_20260304.fits"
    assert flat.header["BIASFILE"] == "b.fits"


def test_overscan_is_taken_off_each_frame_in_strips() -> None:
    header = CAMERA | {"BIASSEC": "[21:40,1:8]", "TRIMSEC": "[1:20,1:8]", "EXPTIME": 60.0}
    frames = []
    for i in range(3):
        raw = np.full((8, 40), 300.0 + 10 * i, np.float32)
        raw[:, :20] += 7.0
        frames.append((raw, header))
    dark = combine(frames, "dark")
    assert dark.data.shape == (8, 20)
    assert np.all(dark.data == 7.0)
    assert dark.bias_subtracted is True


def test_darks_of_different_exposures_are_refused() -> None:
    data = np.zeros((4, 4), np.float32)
    with pytest.raises(MasterMismatch, match="EXPTIME"):
        combine([(data, CAMERA), (data, CAMERA | {"EXPTIME": 5.0})], "dark")


def test_a_flat_without_light_is_refused() -> None:
    with pytest.raises(FrameError, match="holds no light"):
        combine([(np.zeros((4, 4), np.float32), CAMERA | {"FILTER": "r"})], "flat")


def test_no_frames_is_an_error() -> None:
    with pytest.raises(FrameError, match="no frames"):
        combine([], "bias")
