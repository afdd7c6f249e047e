"""Sets of periods for many rows at once, and the visible rest when the forbidden ones are taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .earth_orientation import FloatArray

SHORTEST_S = 1e-3
"""Periods shorter than this, free or forbidden, are rounding."""


@dataclass(frozen=True)
class Periods:
    """`start[row, k]` to `stop[row, k]`, unix seconds; where stop <= start there is nothing. One row may serve all."""

    start: FloatArray
    stop: FloatArray

    def within(self, other: Periods) -> Periods:
        """The common part with every period of `other`, which has one row."""
        start = np.maximum(self.start[:, :, None], other.start[0])
        stop = np.minimum(self.stop[:, :, None], other.stop[0])
        return Periods(start.reshape(len(start), -1), stop.reshape(len(stop), -1))

    def take_rows(self, rows: NDArray[np.intp]) -> Periods:
        """Rows by number, repeated where asked."""
        return Periods(self.start[rows], self.stop[rows])

    def pairs(self) -> list[tuple[float, float]]:
        """The periods of the first row that are not empty."""
        return [(float(a), float(b)) for a, b in zip(self.start[0], self.stop[0], strict=True) if b > a]


@dataclass(frozen=True)
class Intervals:
    """The intervals of many targets, one after the other.

    Target i has `start_s[offsets[i]:offsets[i + 1]]` and the same of `end_s` (unix seconds, rising, disjoint).
    `intervals[i]` gives them as a list of pairs.
    """

    offsets: NDArray[np.intp]
    start_s: FloatArray
    end_s: FloatArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, target: int) -> list[tuple[float, float]]:
        if not -len(self) <= target < len(self):
            raise IndexError(f"target {target} of {len(self)}")
        target %= len(self)
        part = slice(self.offsets[target], self.offsets[target + 1])
        return list(zip(self.start_s[part].tolist(), self.end_s[part].tolist(), strict=True))

    def __iter__(self) -> Iterator[list[tuple[float, float]]]:
        return (self[target] for target in range(len(self)))

    @property
    def total_s(self) -> FloatArray:
        """Visible seconds of each target."""
        cumulated = np.concatenate([[0.0], np.cumsum(self.end_s - self.start_s)])
        return cumulated[self.offsets[1:]] - cumulated[self.offsets[:-1]]  # type: ignore[no-any-return]


def remaining(rows: int, start_s: float, end_s: float, forbidden: Sequence[Periods]) -> Intervals:
    """What is left of start..end in each row when all forbidden periods are taken away.

    A sweep: periods sorted by their start, the latest stop so far carried along; where the next start lies
    after it, the time between is free.
    """
    width = sum(period.start.shape[1] for period in forbidden) + 1
    start, stop = np.full((rows, width), end_s), np.full((rows, width), end_s)
    column = 0
    for period in forbidden:
        part = slice(column, column := column + period.start.shape[1])
        np.clip(period.start, start_s, end_s, out=start[:, part])
        np.clip(period.stop, start_s, end_s, out=stop[:, part])
    empty = stop - start < SHORTEST_S
    start[empty] = end_s
    stop[empty] = end_s  # closes the last free time once; the others find nothing left
    order = np.argsort(start, axis=1)
    start, stop = np.take_along_axis(start, order, 1), np.take_along_axis(stop, order, 1)
    free_from = np.empty_like(start)
    free_from[:, 0] = start_s
    np.maximum.accumulate(stop[:, :-1], axis=1, out=free_from[:, 1:])
    np.maximum(free_from, start_s, out=free_from)
    free = start - free_from > SHORTEST_S
    offsets = np.concatenate([[0], np.cumsum(free.sum(axis=1))])
    return Intervals(offsets, free_from[free], start[free])
