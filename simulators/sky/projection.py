"""Gnomonic (TAN) projection between the sky and a detector.

Pixels are counted from 0 at the centre of the first one. North is up (towards higher rows) and east is left at
rotation 0; a rotation turns the detector anticlockwise on the sky, in degrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Where a detector looks. `scale_arcsec` is the size of a (binned) pixel."""

    ra_deg: float
    dec_deg: float
    scale_arcsec: float
    width: int
    height: int
    rotation_deg: float = 0.0

    @property
    def radius_deg(self) -> float:
        """Half the diagonal."""
        return math.hypot(self.width, self.height) / 2 * self.scale_arcsec / 3600.0

    def pixels(self, ra_deg: Floats, dec_deg: Floats) -> tuple[Floats, Floats]:
        """(x, y) of positions less than 90° from the centre (Calabretta & Greisen 2002, A&A 395, 1077, §5.1.3)."""
        dec0, dec = math.radians(self.dec_deg), np.radians(dec_deg)
        dra = np.radians(ra_deg - self.ra_deg)
        cosine = math.sin(dec0) * np.sin(dec) + math.cos(dec0) * np.cos(dec) * np.cos(dra)
        xi = np.cos(dec) * np.sin(dra) / cosine
        eta = (math.cos(dec0) * np.sin(dec) - math.sin(dec0) * np.cos(dec) * np.cos(dra)) / cosine
        turn = math.radians(self.rotation_deg)
        pixel = math.radians(self.scale_arcsec / 3600.0)
        x = (self.width - 1) / 2 + (-xi * math.cos(turn) + eta * math.sin(turn)) / pixel
        y = (self.height - 1) / 2 + (xi * math.sin(turn) + eta * math.cos(turn)) / pixel
        return x, y
