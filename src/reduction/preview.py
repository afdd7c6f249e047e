"""A quick-look picture: ZScale, at most 800 pixels wide and high, north as it falls, y upwards."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass

import numpy as np

from .arrays import Image
from .frame import write_bytes_atomically

LARGEST_PX = 800
SAMPLES = 1000
CONTRAST = 0.25
CIRCLE_COLOUR = (255, 160, 0)
_GREYS = 255  # grey levels 0..254; index 255 of the palette is the annotation's colour


@dataclass(frozen=True, slots=True)
class Annotation:
    """A circle in pixels of the frame."""

    x: float
    y: float
    radius_px: float


def zscale(image: Image, samples: int = SAMPLES, contrast: float = CONTRAST) -> tuple[float, float]:
    """IRAF's display range: a straight line through the sorted sample, outliers rejected, stretched about the median.

    Finite pixels only; (0, 1) where there is none. Algorithm: IRAF `zscale` help page (NOAO).
    """
    step = max(1, int(np.sqrt(image.size / samples)))
    sample = image[step // 2 :: step, step // 2 :: step].ravel()
    sample = np.sort(sample[np.isfinite(sample)]).astype(np.float64)
    count = len(sample)
    if count == 0:
        return 0.0, 1.0
    lowest, highest, median = float(sample[0]), float(sample[-1]), float(np.median(sample))
    if count < 5 or lowest == highest:
        return lowest, highest if highest > lowest else lowest + 1.0
    slope, kept = _fit_line(sample)
    if kept < max(5, count // 2):
        return lowest, highest
    slope /= contrast
    centre = (count - 1) // 2
    z1 = max(lowest, median - (centre - 1) * slope)
    z2 = min(highest, median + (count - centre) * slope)
    return (z1, z2) if z2 > z1 else (lowest, highest)


def _fit_line(sample: np.ndarray) -> tuple[float, int]:
    """Slope of the sorted sample and the number of values kept, clipping at 2.5 sigma and widening each hole to 1 %."""
    count = len(sample)
    place = np.arange(count, dtype=np.float64)
    good = np.ones(count, dtype=bool)
    grow = max(1, count // 100)
    slope = 0.0
    for _ in range(5):
        before = int(good.sum())
        if before < max(5, count // 2):
            break
        slope, intercept = np.polyfit(place[good], sample[good], 1)
        residual = sample - (slope * place + intercept)
        bad = np.abs(residual) > 2.5 * residual[good].std()
        good = ~np.convolve(bad, np.ones(grow), mode="same").astype(bool)
        if int(good.sum()) >= before:
            break
    return float(slope), int(good.sum())


def render_png(image: Image, *, annotation: Annotation | None = None, largest_px: int = LARGEST_PX) -> bytes:
    """The PNG file's bytes."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    low, high = zscale(image)
    rows, columns = image.shape
    factor = max(1, -(-max(rows, columns) // largest_px))
    small = _shrink(image, factor)
    levels = (small - np.float32(low)) * np.float32((_GREYS - 1) / (high - low))
    levels = np.nan_to_num(levels, copy=False, nan=0.0, posinf=_GREYS - 1, neginf=0.0)
    grey = np.clip(levels, 0, _GREYS - 1, out=levels).astype(np.uint8)[::-1]
    picture = Pillow.fromarray(np.ascontiguousarray(grey))
    if annotation is not None:
        picture.putpalette([v for g in range(_GREYS) for v in (g, g, g)] + list(CIRCLE_COLOUR))
        centre_x = (annotation.x + 0.5) / factor
        centre_y = grey.shape[0] - (annotation.y + 0.5) / factor
        radius = max(3.0, annotation.radius_px / factor)
        box = (centre_x - radius, centre_y - radius, centre_x + radius, centre_y + radius)
        ImageDraw.Draw(picture).ellipse(box, outline=_GREYS, width=2)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def write_png(
    image: Image,
    path: str | os.PathLike[str],
    *,
    annotation: Annotation | None = None,
    largest_px: int = LARGEST_PX,
) -> tuple[int, int]:
    """Write the picture atomically and return its width and height. Raises OSError where the disk refuses."""
    write_bytes_atomically(path, render_png(image, annotation=annotation, largest_px=largest_px))
    factor = max(1, -(-max(image.shape) // largest_px))
    return -(-image.shape[1] // factor), -(-image.shape[0] // factor)


def _shrink(image: Image, factor: int) -> Image:
    """Mean of factor x factor pixels; the last rows and columns of a size that does not divide are means of fewer."""
    if factor == 1:
        return image
    rows, columns = image.shape
    by_rows = np.add.reduceat(image, np.arange(0, rows, factor), axis=0)
    whole = np.add.reduceat(by_rows, np.arange(0, columns, factor), axis=1)
    heights = np.minimum(factor, rows - np.arange(0, rows, factor))
    widths = np.minimum(factor, columns - np.arange(0, columns, factor))
    return np.asarray(whole / np.outer(heights, widths), dtype=np.float32)
