"""The quick-look picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.visualization import ZScaleInterval
from PIL import Image as Pillow

from reduction.preview import Annotation, write_png, zscale


def test_zscale_agrees_with_astropy() -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(1000, 30, (30, 30)).astype(np.float32)  # small enough for both to sample every pixel
    image[rng.integers(0, 30, 40), rng.integers(0, 30, 40)] += 5000
    low, high = ZScaleInterval(n_samples=1000).get_limits(image)
    ours = zscale(image)
    assert ours[0] == pytest.approx(low, abs=1.0)
    assert ours[1] == pytest.approx(high, abs=1.0)


@pytest.mark.parametrize(
    ("shape", "expected"), [((512, 512), (512, 512)), ((2048, 2048), (683, 683)), ((801, 100), (50, 401))]
)
def test_a_picture_is_at_most_800_pixels(tmp_path: Path, shape: tuple[int, int], expected: tuple[int, int]) -> None:
    image = np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)
    assert write_png(image, tmp_path / "a.png") == expected
    with Pillow.open(tmp_path / "a.png") as picture:
        assert picture.size == expected


def test_y_goes_up(tmp_path: Path) -> None:
    image = np.zeros((100, 100), np.float32)
    image[80:, :] = 1.0  # high y
    write_png(image, tmp_path / "a.png")
    with Pillow.open(tmp_path / "a.png") as picture:
        grey = np.asarray(picture)
    assert grey[5, 50] > grey[95, 50]


def test_the_circle_is_drawn_in_colour(tmp_path: Path) -> None:
    image = np.random.default_rng(1).normal(0, 1, (200, 200)).astype(np.float32)
    write_png(image, tmp_path / "a.png", annotation=Annotation(60.0, 150.0, 20.0))
    with Pillow.open(tmp_path / "a.png") as picture:
        coloured = np.argwhere(np.any(np.diff(np.asarray(picture.convert("RGB")).astype(int), axis=2) != 0, axis=2))
    rows, columns = coloured.mean(axis=0)
    assert columns == pytest.approx(60.5, abs=1.0)
    assert rows == pytest.approx(49.5, abs=1.0)  # 200 - 150.5


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_frame_without_contrast_still_has_a_picture(tmp_path: Path, value: float) -> None:
    write_png(np.full((64, 64), value, np.float32), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0
