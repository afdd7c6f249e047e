"""Calibration: each rule with numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reduction.arrays import PixelFlag
from reduction.calibration import calibrate
from reduction.errors import HeaderError, MasterMismatch
from reduction.masters import Master, MasterKind, Masters


def image(value: float, shape: tuple[int, int] = (4, 6)) -> np.ndarray:
    return np.full(shape, value, np.float32)


def master(kind: MasterKind, value: float | np.ndarray, **header: object) -> Master:
    data = value if isinstance(value, np.ndarray) else image(value)
    return Master(kind, data.astype(np.float32), header, f"{kind}.fits")


HEADER = {"GAIN": 2.0, "RDNOISE": 3.0, "EXPTIME": 10.0, "SATURATE": 60000.0}


def test_bias_dark_and_flat_give_electrons_of_the_sky() -> None:
    masters = Masters(
        master(MasterKind.BIAS, 100.0),
        master(MasterKind.DARK, 20.0, EXPTIME=20.0, BIASSUB=True),
        master(MasterKind.FLAT, np.repeat([[10000.0, 20000.0, 20000.0, 20000.0, 20000.0, 20000.0]], 4, axis=0)),
    )
    result = calibrate(image(1110.0), HEADER, masters)
    # (1110 - 100) ADU * 2 = 2020 e; dark 20 ADU * 10/20 s * 2 = 20 e; flat 0.5 in the first column, 1 elsewhere
    assert result.data[0, 0] == pytest.approx(4000.0)
    assert result.data[0, 5] == pytest.approx(2000.0)
    # sqrt(2020 e + 3**2) = 45.0444, before the flat
    assert result.uncertainty[0, 5] == pytest.approx(45.0444, abs=1e-3)
    assert result.uncertainty[0, 0] == pytest.approx(90.0888, abs=1e-3)
    assert result.applied == ("saturation", "gain", "bias", "uncertainty", "dark", "flat")
    assert result.cards["FLATNORM"] == "median"


def test_a_dark_that_holds_its_bias_is_not_subtracted_twice() -> None:
    masters = Masters(master(MasterKind.BIAS, 100.0), master(MasterKind.DARK, 120.0, EXPTIME=20.0))
    assert calibrate(image(1110.0), HEADER, masters).data[0, 0] == pytest.approx(2000.0)


def test_a_dark_that_holds_its_bias_replaces_a_missing_bias_at_equal_exposure() -> None:
    dark = master(MasterKind.DARK, 110.0, EXPTIME=10.0, BIASSUB=False)
    assert calibrate(image(1110.0), HEADER, Masters(dark=dark)).data[0, 0] == pytest.approx(2000.0)


def test_a_dark_that_holds_its_bias_cannot_be_scaled_without_a_master_bias() -> None:
    dark = master(MasterKind.DARK, 110.0, EXPTIME=20.0, BIASSUB=False)
    with pytest.raises(MasterMismatch, match="without a master bias") as caught:
        calibrate(image(1110.0), HEADER, Masters(dark=dark))
    assert caught.value.kind == "dark"


def test_saturation_is_judged_on_raw_counts() -> None:
    raw = image(1000.0)
    raw[1, 2] = 60000.0
    mask = calibrate(raw, HEADER, Masters(master(MasterKind.BIAS, 100.0))).mask
    assert mask[1, 2] == PixelFlag.SATURATED
    assert np.count_nonzero(mask) == 1


def test_overscan_level_of_each_row_is_subtracted_and_the_frame_trimmed() -> None:
    raw = np.zeros((4, 26), np.float32)
    raw[:, :10] = np.arange(4)[:, None] * 10 + 1000
    raw[:, 10:] = np.arange(4)[:, None] * 10 + 300
    header = HEADER | {"BIASSEC": "[11:26,1:4]", "TRIMSEC": "[1:10,1:4]"}
    result = calibrate(raw, header)
    assert result.data.shape == (4, 10)
    assert np.all(result.data == 1400.0)  # (1000 - 300) ADU * 2 e-/ADU in every row


def test_pixels_that_are_not_finite_or_dark_in_the_flat_are_masked() -> None:
    raw = image(1000.0)
    raw[0, 0] = np.nan
    flat = image(1.0)
    flat[2, 3] = 0.0
    result = calibrate(raw, HEADER, Masters(flat=master(MasterKind.FLAT, flat)))
    assert result.mask[0, 0] == PixelFlag.NOT_FINITE
    assert result.mask[2, 3] == PixelFlag.FLAT_INVALID
    assert np.isfinite(result.data).all()


def test_known_bad_pixels_are_masked() -> None:
    bad = np.zeros((4, 6), bool)
    bad[3, 5] = True
    assert calibrate(image(1.0), HEADER, Masters(bad_pixels=bad)).mask[3, 5] == PixelFlag.BAD


def test_an_unknown_gain_is_taken_as_one_and_said() -> None:
    result = calibrate(image(7.0), {})
    assert result.data[0, 0] == 7.0
    assert any("GAIN unknown" in note for note in result.notes)


def test_the_raw_image_and_the_masters_are_left_as_they_were() -> None:
    raw, bias = image(1110.0), master(MasterKind.BIAS, 100.0)
    calibrate(raw, {"GAIN": 1.0}, Masters(bias, flat=master(MasterKind.FLAT, 2.0)))
    assert np.all(raw == 1110.0)
    assert np.all(bias.data == 100.0)


def test_a_master_of_another_size_is_named() -> None:
    wrong = master(MasterKind.FLAT, image(1.0, (8, 8)))
    with pytest.raises(MasterMismatch, match=r"flat\.fits is 8 x 8 pixels, the frame is 6 x 4"):
        calibrate(image(1.0), HEADER, Masters(flat=wrong))


@pytest.mark.parametrize(
    ("keyword", "value"), [("GAIN", "much"), ("GAIN", -1.0), ("BIASSEC", "1:2"), ("TRIMSEC", "[1:99,1:4]")]
)
def test_a_wrong_keyword_is_an_error_that_names_it(keyword: str, value: object) -> None:
    with pytest.raises(HeaderError, match=keyword):
        calibrate(image(1.0), HEADER | {keyword: value})
