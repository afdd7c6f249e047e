"""Rows of a raw frame on demand, overscan taken off and trimmed: from a file, without reading it whole, or an array."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import Image
from .errors import FrameError
from .frame import Header
from .sections import Readout, overscan_level

Window = Callable[[slice, slice], Image]
"""Raw pixels of some rows and columns, as float32."""


@dataclass(frozen=True)
class StripSource:
    """A raw frame whose calibrated rows can be asked for."""

    name: str
    header: Header
    raw_shape: tuple[int, int]
    readout: Readout
    window: Window
    level: Image | None
    """Overscan level, as `sections.overscan_level` gives it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Of the trimmed frame."""
        return self.readout.trimmed_shape(self.raw_shape)

    def rows(self, rows: slice) -> Image:
        """Rows of the trimmed frame, less the overscan level."""
        trim = self.readout.trim
        y0, columns = (trim.y0, slice(trim.x0, trim.x1)) if trim else (0, slice(0, self.raw_shape[1]))
        raw_rows = slice(rows.start + y0, rows.stop + y0)
        strip = self.window(raw_rows, columns)
        if self.level is None:
            return strip
        level_rows = raw_rows if self.level.shape[0] > 1 else slice(None)
        level_columns = columns if self.level.shape[1] > 1 else slice(None)
        return strip - self.level[level_rows, level_columns]


@contextmanager
def open_source(frame: str | os.PathLike[str] | tuple[Image, Header]) -> Iterator[StripSource]:
    """Raises FrameError where the file holds no two-dimensional image."""
    if isinstance(frame, tuple):
        image, header = frame

        def window_of_array(rows: slice, columns: slice) -> Image:
            return np.asarray(image[rows, columns], dtype=np.float32)

        yield _source("array", header, (image.shape[0], image.shape[1]), window_of_array)
        return
    from astropy.io import fits

    path = Path(frame)
    try:
        hdus = fits.open(path, memmap=False)
    except OSError as error:
        raise FrameError(f"{path}: not a readable FITS file ({error})") from error
    with hdus:
        hdu = next((h for h in hdus if h.is_image and h.header.get("NAXIS", 0) == 2), None)
        if hdu is None:
            raise FrameError(f"{path}: holds no two-dimensional image; give an image frame")

        def window_of_file(rows: slice, columns: slice) -> Image:
            return np.asarray(hdu.section[rows, columns], dtype=np.float32)

        yield _source(path.name, hdu.header, (int(hdu.shape[0]), int(hdu.shape[1])), window_of_file)


def _source(name: str, header: Header, shape: tuple[int, int], window: Window) -> StripSource:
    readout = Readout.from_header(header, shape)
    level = None
    if readout.overscan is not None:
        level = overscan_level(window(*readout.overscan.slices), readout.overscan, shape)
    return StripSource(name, header, shape, readout, window, level)
