"""When sampled functions of time change sign, for many rows at once.

Rows are targets (or one row: the Sun); columns are sampling times. What is looked for are the *runs* in which
a function is negative.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .earth_orientation import FloatArray
from .periods import Periods

IntArray = NDArray[np.intp]
Curve = Callable[[FloatArray], FloatArray]
"""A smooth function of unix seconds, vectorised."""

Refine = Callable[[IntArray, IntArray], FloatArray]
"""Given rows and columns of sign changes (between column and column + 1): their times."""

TOLERANCE_S = 1e-4


def negative_runs(times: FloatArray, below: NDArray[np.bool_], refine: Refine) -> Periods:
    """The periods in which each row is negative; `below[row, column]` says so at the sampling times.

    `times` is (columns,) or (rows, columns), rising.
    """
    rows_count = below.shape[0]
    first, last = times[..., 0], times[..., -1]
    begins_below = below[:, 0]
    rows, columns = np.nonzero(below[:, 1:] != below[:, :-1])
    event_times = refine(rows, columns) if rows.size else np.empty(0)
    # Events of a row alternate between entering and leaving, so their number says which run they bound.
    first_event = np.searchsorted(rows, np.arange(rows_count))
    order = np.arange(rows.size) - first_event[rows] + begins_below[rows]
    runs = int(order.max()) // 2 + 1 if rows.size else 1
    start = np.repeat(np.broadcast_to(last, rows_count)[:, None], runs, axis=1)
    stop = start.copy()
    start[:, 0] = np.where(begins_below, first, start[:, 0])
    entering = order % 2 == 0
    start[rows[entering], order[entering] // 2] = event_times[entering]
    stop[rows[~entering], order[~entering] // 2] = event_times[~entering]
    return Periods(start, stop)


def negative_runs_of(curve: Curve, start_s: float, end_s: float, step_s: float) -> Periods:
    """The runs of one smooth curve, as one row. A dip shorter than a step is found by its vertex."""
    times = np.linspace(start_s, end_s, max(4, int(np.ceil((end_s - start_s) / step_s)) + 1))
    values = curve(times)
    times, values = _with_vertices(curve, times, values)

    def refine(_rows: IntArray, columns: IntArray) -> FloatArray:
        return bracketed_roots(
            lambda t, _which: curve(t), times[columns], times[columns + 1], values[columns], values[columns + 1]
        )

    return negative_runs(times, (values < 0.0)[None, :], refine)


def _with_vertices(curve: Curve, times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Add the extremes that may reach across zero between samples (a Sun that just touches its limit)."""
    before, here, after = values[:-2], values[1:-1], values[2:]
    same_side = (before * here > 0.0) & (here * after > 0.0)
    nearest_zero = (np.abs(here) <= np.abs(before)) & (np.abs(here) <= np.abs(after))
    index = np.nonzero(same_side & nearest_zero)[0] + 1
    if not index.size:
        return times, values
    low, middle, high = times[index - 1], times[index], times[index + 1]
    for _ in range(4):  # successive parabolas close in on the extreme
        vertex = _parabola_vertex(curve, low, middle, high)
        half = (high - low) / 8.0
        low, middle, high = vertex - half, vertex, vertex + half
    vertex = np.clip(vertex, times[index - 1], times[index + 1])
    times = np.concatenate([times, vertex])
    order = np.argsort(times, kind="stable")
    return times[order], np.concatenate([values, curve(vertex)])[order]


def _parabola_vertex(curve: Curve, low: FloatArray, middle: FloatArray, high: FloatArray) -> FloatArray:
    at_low, at_middle, at_high = (curve(t) for t in (low, middle, high))
    bend = at_low - 2.0 * at_middle + at_high
    flat = np.abs(bend) < 1e-18
    shift = 0.25 * (at_low - at_high) / np.where(flat, 1.0, bend) * (high - low)
    return np.where(flat, middle, middle + np.clip(shift, low - middle, high - middle))


def bracketed_roots(
    curve: Callable[[FloatArray, IntArray], FloatArray],
    low: FloatArray,
    high: FloatArray,
    at_low: FloatArray,
    at_high: FloatArray,
    tolerance_s: float = TOLERANCE_S,
) -> FloatArray:
    """One root in each bracket, by regula falsi with the Illinois rule; all brackets together.

    `curve(times, which)` gives the values at times[i] of bracket which[i].
    """
    low, high, at_low, at_high = low.copy(), high.copy(), at_low.copy(), at_high.copy()
    which = np.arange(low.size)
    root = low.copy()
    for step in range(60):
        drop = at_low - at_high
        guess = np.where(drop == 0.0, 0.5, at_low / np.where(drop == 0.0, 1.0, drop))
        if step % 8 == 7:  # never slower than bisection, even on a jump
            guess = np.full_like(guess, 0.5)
        new = low + np.clip(guess, 0.0, 1.0) * (high - low)
        moved = np.abs(new - root)
        root = new
        value = curve(new, which)
        left = np.signbit(value) == np.signbit(at_low)
        at_high = np.where(left, 0.5 * at_high, value)
        at_low = np.where(left, value, 0.5 * at_low)
        low, high = np.where(left, new, low), np.where(left, high, new)
        if np.all((high - low < tolerance_s) | (value == 0.0) | ((moved < 0.1 * tolerance_s) & (step > 2))):
            break
    return root


def cubic_roots(samples: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """Fractional columns of the zeros between `columns` and the next, by the cubic through four samples.

    `samples` (rows, columns >= 4) are evenly spaced.
    """
    base = np.clip(columns - 1, 0, samples.shape[1] - 4)
    y0, y1, y2, y3 = (samples[rows, base + k] for k in range(4))
    # Newton's forward differences, then the polynomial in x = column - base.
    d1, d2, d3 = y1 - y0, y2 - 2 * y1 + y0, y3 - 3 * y2 + 3 * y1 - y0
    c1, c2, c3 = d1 - d2 / 2 + d3 / 3, d2 / 2 - d3 / 2, d3 / 6
    low = (columns - base).astype(np.float64)
    at_low, at_high = samples[rows, columns], samples[rows, columns + 1]
    x = low + at_low / (at_low - at_high)
    for _ in range(4):
        slope = c1 + x * (2 * c2 + x * 3 * c3)
        value = y0 + x * (c1 + x * (c2 + x * c3))
        x = np.clip(x - value / np.where(slope == 0.0, np.inf, slope), low, low + 1.0)
    return base + x
