"""The array types of this package and the bits of a pixel mask."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""A frame in memory: (rows, columns), y grows with the row; pixel (0, 0) is the centre of the first pixel."""
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Bools = NDArray[np.bool_]
Mask = NDArray[np.uint8]
"""`PixelFlag` bits for each pixel; 0 is a good pixel."""


class PixelFlag(IntFlag):
    """Why a pixel is not to be trusted."""

    BAD = 1
    SATURATED = 2
    NOT_FINITE = 4
    FLAT_INVALID = 8


UNUSABLE = int(PixelFlag.BAD | PixelFlag.NOT_FINITE | PixelFlag.FLAT_INVALID)
"""Pixels that carry no signal at all. A saturated pixel does: the star is there, its flux is not."""


def set_flag(mask: Mask, where: Bools, bits: int) -> None:
    """Set the bits in place. (An enum member as it is would widen the mask to 64-bit integers.)"""
    mask[where] |= np.uint8(int(bits))


def flagged(mask: Mask, bits: int) -> Bools:
    """True where one of the bits is set."""
    return np.asarray((mask & np.uint8(int(bits))) != 0)
