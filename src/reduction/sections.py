"""FITS image sections: `[x1:x2,y1:y2]`, counted from 1, both ends included (NOAO convention: BIASSEC, TRIMSEC)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .arrays import Image
from .errors import HeaderError
from .frame import Header

_SECTION = re.compile(r"^\s*\[\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*\]\s*$")


@dataclass(frozen=True, slots=True)
class Section:
    """A rectangle of pixels as Python slices: rows y0..y1, columns x0..x1, ends excluded."""

    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def shape(self) -> tuple[int, int]:
        return self.y1 - self.y0, self.x1 - self.x0


def parse_section(text: str, shape: tuple[int, int], keyword: str) -> Section:
    """Raises HeaderError where the text is no section or lies outside an image of `shape` (rows, columns)."""
    match = _SECTION.match(text)
    if match is None:
        raise HeaderError(f"{keyword} = {text!r} is no image section; write it as [x1:x2,y1:y2]")
    x1, x2, y1, y2 = (int(group) for group in match.groups())
    rows, columns = shape
    if not (1 <= x1 <= x2 <= columns and 1 <= y1 <= y2 <= rows):
        raise HeaderError(f"{keyword} = {text!r} lies outside the image of {columns} x {rows} pixels")
    return Section(y1 - 1, y2, x1 - 1, x2)


@dataclass(frozen=True, slots=True)
class Readout:
    """Which part of the raw frame is overscan and which is sky; None where the header says nothing."""

    overscan: Section | None
    trim: Section | None

    @classmethod
    def from_header(cls, header: Header, shape: tuple[int, int]) -> Readout:
        def section(keyword: str) -> Section | None:
            text = header.get(keyword)
            return parse_section(str(text), shape, keyword) if text else None

        return cls(section("BIASSEC"), section("TRIMSEC") or section("DATASEC"))

    def trimmed_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        return self.trim.shape if self.trim else shape


def overscan_level(strip: Image, section: Section, shape: tuple[int, int]) -> Image:
    """The electronic level to take off an image of `shape`: (rows, 1), (1, columns) or (1, 1).

    The median of each row's overscan pixels; with fewer than 16 of them a row's median is noisier than the
    drift it removes, and one level serves for all. An overscan of whole rows gives a level a column likewise.
    """
    rows, columns = section.shape
    if rows == shape[0] and columns >= 16:
        level = np.median(strip, axis=1, keepdims=True)
    elif columns == shape[1] and rows >= 16:
        level = np.median(strip, axis=0, keepdims=True)
    else:
        level = np.full((1, 1), np.median(strip))
    return level.astype(np.float32)


def subtract_overscan(image: Image, readout: Readout) -> Image:
    """The image less its overscan level; the image itself where the header names no overscan."""
    if readout.overscan is None:
        return image
    shape = (image.shape[0], image.shape[1])
    return image - overscan_level(image[readout.overscan.slices], readout.overscan, shape)


def trim(image: Image, readout: Readout) -> Image:
    """The sky part of the frame."""
    return image if readout.trim is None else np.ascontiguousarray(image[readout.trim.slices])
