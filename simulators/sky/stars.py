"""A deterministic star field over the whole sky.

The sky is cut into cells of about half a degree. The stars of a cell come from a generator seeded by the sky's seed
and the cell, so that any field of any size is the same for every camera and for the catalogue. Counts follow
N(<m) ∝ 10^(0.25 m), about 120 stars brighter than r = 18 in 26′ × 26′, as at middle galactic latitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CELL_DEG = 0.5
BRIGHTEST_MAG = 7.0
FAINTEST_MAG = 22.0
COUNT_SLOPE = 0.25
"""Logarithmic increase of the cumulative count per magnitude."""
BLUEST, REDDEST = 0.2, 3.2
"""Limits of the colour g−i."""
STARS_PER_DEG2_TO_18 = 120.0 / (26.0 / 60.0) ** 2


@dataclass(frozen=True)
class Stars:
    """Stars of a piece of sky: arrays of one length. ICRS degrees; r in AB magnitudes; g−i is the colour."""

    identifier: NDArray[np.int64]
    ra_deg: Floats
    dec_deg: Floats
    r_mag: Floats
    g_minus_i: Floats

    def __len__(self) -> int:
        return len(self.ra_deg)

    def chosen(self, mask: NDArray[np.bool_]) -> Stars:
        """Those for which the mask holds."""
        return Stars(
            self.identifier[mask], self.ra_deg[mask], self.dec_deg[mask], self.r_mag[mask], self.g_minus_i[mask]
        )

    def magnitude(self, offset_mag: float, slope: float) -> Floats:
        """Magnitude in a band given by offset and colour slope (`bands.Band`)."""
        return self.r_mag + offset_mag + slope * self.g_minus_i


class StarField:
    """All stars of the sky, made where asked for and kept while in use."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._cell = lru_cache(maxsize=256)(self._make_cell)

    def cone(self, ra_deg: float, dec_deg: float, radius_deg: float, faintest_mag: float = FAINTEST_MAG) -> Stars:
        """Stars within `radius_deg` (at most 10°) of a position and not fainter than r = `faintest_mag`."""
        if not (math.isfinite(ra_deg) and -90.0 <= dec_deg <= 90.0 and 0.0 <= radius_deg <= 10.0):
            raise ValueError(
                f"cone {ra_deg} {dec_deg} radius {radius_deg}: give ra, dec in -90..90 and radius in 0..10 degrees"
            )
        cells = [self._cell(band, column) for band, column in _cells_around(ra_deg, dec_deg, radius_deg)]
        everything = Stars(
            np.concatenate([cell.identifier for cell in cells]),
            np.concatenate([cell.ra_deg for cell in cells]),
            np.concatenate([cell.dec_deg for cell in cells]),
            np.concatenate([cell.r_mag for cell in cells]),
            np.concatenate([cell.g_minus_i for cell in cells]),
        )
        bright = everything.chosen(everything.r_mag <= faintest_mag)
        return bright.chosen(separation_deg(ra_deg, dec_deg, bright.ra_deg, bright.dec_deg) <= radius_deg)

    def _make_cell(self, band: int, column: int) -> Stars:
        columns = _columns_in(band)
        south, north = _edges(band)
        west, east = 360.0 * column / columns, 360.0 * (column + 1) / columns
        area_deg2 = math.degrees(math.sin(math.radians(north)) - math.sin(math.radians(south))) * (east - west)
        random = np.random.Generator(np.random.PCG64([self.seed, band, column]))
        expected = STARS_PER_DEG2_TO_18 * 10 ** (COUNT_SLOPE * (FAINTEST_MAG - 18.0)) * area_deg2
        count = int(random.poisson(expected))
        sines = random.uniform(math.sin(math.radians(south)), math.sin(math.radians(north)), count)
        # Inverse of the cumulative count, cut at the bright end where the count per cell is negligible.
        dimmest = 10 ** (COUNT_SLOPE * (BRIGHTEST_MAG - FAINTEST_MAG))
        r_mag = FAINTEST_MAG + np.log10(random.uniform(dimmest, 1.0, count)) / COUNT_SLOPE
        # Two populations, blue (turn-off) and red (dwarfs): the bimodal g−i of field stars.
        red = random.random(count) < 0.45
        g_minus_i = np.where(red, random.normal(2.0, 0.35, count), random.normal(0.7, 0.2, count))
        # A star keeps its number for ever: cell in the high digits, rank by brightness in the low ones.
        order = np.argsort(r_mag)
        number = (band * 1000 + column) * 100_000 + np.arange(count, dtype=np.int64)
        ra_deg = random.uniform(west, east, count)
        return Stars(
            number,
            ra_deg[order],
            np.degrees(np.arcsin(sines))[order],
            r_mag[order],
            np.clip(g_minus_i, 0.2, 3.2)[order],
        )


def separation_deg(ra_deg: float, dec_deg: float, ras_deg: Floats, decs_deg: Floats) -> Floats:
    """Angular distance from one position to many (haversine: exact at small angles)."""
    dec, decs = math.radians(dec_deg), np.radians(decs_deg)
    half = np.sin((decs - dec) / 2) ** 2 + math.cos(dec) * np.cos(decs) * np.sin(np.radians(ras_deg - ra_deg) / 2) ** 2
    result: Floats = np.degrees(2 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))
    return result


def _edges(band: int) -> tuple[float, float]:
    return -90.0 + band * CELL_DEG, -90.0 + (band + 1) * CELL_DEG


def _columns_in(band: int) -> int:
    south, north = _edges(band)
    return max(1, round(360.0 * math.cos(math.radians((south + north) / 2)) / CELL_DEG))


def _cells_around(ra_deg: float, dec_deg: float, radius_deg: float) -> list[tuple[int, int]]:
    bands = round(180.0 / CELL_DEG)
    first = max(0, math.floor((dec_deg - radius_deg + 90.0) / CELL_DEG))
    last = min(bands - 1, math.floor((dec_deg + radius_deg + 90.0) / CELL_DEG))
    cells = []
    for band in range(first, last + 1):
        columns = _columns_in(band)
        half_width_deg = _half_width_deg(dec_deg, radius_deg)
        if half_width_deg >= 180.0:
            wanted = range(columns)
        else:
            wanted = range(
                math.floor((ra_deg - half_width_deg) / 360.0 * columns),
                math.floor((ra_deg + half_width_deg) / 360.0 * columns) + 1,
            )
        cells += [(band, column) for column in sorted({column % columns for column in wanted})]
    return cells


def _half_width_deg(dec_deg: float, radius_deg: float) -> float:
    """Half the range of RA that a circle covers; the whole turn when it holds a pole."""
    if abs(dec_deg) + radius_deg >= 90.0:
        return 180.0
    ratio = math.sin(math.radians(radius_deg)) / math.cos(math.radians(dec_deg))
    return math.degrees(math.asin(min(1.0, ratio)))
