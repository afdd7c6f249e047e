"""How uncertain a T90 is.

Three parts. Counts: the curve is drawn again within its errors over the same interval (bootstrap, Gaussian). Interval:
noise is added to the curve and the blocks are found anew, which tells how the interval moves with the noise. Wings:
blocks see no wing below their threshold, so T90 of faint bursts is 10 to 30 % low; what the wings beside the interval
may add is part of the upper error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .cumulative import crossing_s, crossings_s
from .lightcurve import MIN_BINS, LightCurve

Array = NDArray[np.float64]

GROUPS = 600
RERUNS, RERUN_BINS = 14, 200
FindInterval = Callable[[LightCurve], tuple[int, int] | None]
"""From a net curve to the burst's bins (first, stop), or None: the same rule as for the curve itself."""


@dataclass(frozen=True)
class Uncertainty:
    """One sigma, seconds. `total_s` is for those who want one number."""

    counts_s: float
    interval_s: float
    wings_s: float
    t50_s: float

    @property
    def low_s(self) -> float:
        return float(np.hypot(self.counts_s, self.interval_s))

    @property
    def high_s(self) -> float:
        return float(np.hypot(self.low_s, self.wings_s))

    @property
    def total_s(self) -> float:
        return self.high_s


def duration_uncertainty(
    net: LightCurve, first: int, stop: int, t90_s: float, draws: int, seed: int, find: FindInterval
) -> Uncertainty:
    """Errors of the T90 of bins first..stop-1 of a background-subtracted curve."""
    generator = np.random.default_rng(seed)
    start, width, counts, sigma = _grouped(net, first, stop)
    drawn = counts + sigma * generator.standard_normal((draws, len(counts)))
    at = {fraction: crossings_s(start, width, drawn, fraction) for fraction in (0.05, 0.25, 0.75, 0.95)}
    one_bin = float(np.median(net.width_s)) / np.sqrt(6.0)  # two edges, each uniform within a bin
    interval_s, loss_s = _moved_s(net, first, stop, generator, find)
    return Uncertainty(
        counts_s=float(np.hypot(np.nanstd(at[0.95] - at[0.05]), one_bin)),
        interval_s=interval_s,
        wings_s=max(_wings_s(net, first, stop, t90_s), 2.0 * loss_s),
        t50_s=float(np.hypot(np.nanstd(at[0.75] - at[0.25]), one_bin)),
    )


def _moved_s(
    net: LightCurve, first: int, stop: int, generator: np.random.Generator, find: FindInterval
) -> tuple[float, float]:
    """Scatter of T90, and how much shorter it gets, when as much noise again is added and blocks are found anew."""
    length = max(float(net.stop_s[stop - 1] - net.start_s[first]), MIN_BINS * float(net.width_s.max()))
    near = net.part(float(net.start_s[first]) - length, float(net.stop_s[stop - 1]) + length)
    near = near.rebinned(float(near.stop_s[-1] - near.start_s[0]) / RERUN_BINS)
    if len(near) < MIN_BINS:
        return 0.0, 0.0
    as_is, found = find(near), []
    for _ in range(RERUNS):
        noise = near.error * generator.standard_normal(len(near))
        noisy = replace(near, rate=near.rate + noise, error=near.error * np.sqrt(2.0))
        interval = find(noisy)
        if interval is not None:
            found.append(_t90_s(noisy, *interval))
    if as_is is None or len(found) < RERUNS // 2:  # hardly above the threshold: anything within the interval goes
        return 0.5 * length, 0.5 * length
    return float(np.std(found)), max(0.0, _t90_s(near, *as_is) - float(np.mean(found)))


def _t90_s(net: LightCurve, first: int, stop: int) -> float:
    start, width = net.start_s[first:stop], net.width_s[first:stop]
    counts = net.rate[first:stop] * width
    return crossing_s(start, width, counts, 0.95) - crossing_s(start, width, counts, 0.05)


def _grouped(net: LightCurve, first: int, stop: int) -> tuple[Array, Array, Array, Array]:
    """The interval in at most `GROUPS` bins (errors of a long curve do not need every bin)."""
    edges = np.unique(np.linspace(first, stop, min(GROUPS, stop - first) + 1).astype(int))[:-1]
    counts = np.add.reduceat((net.rate * net.width_s)[:stop], edges)
    sigma = np.sqrt(np.add.reduceat(((net.error * net.width_s) ** 2)[:stop], edges))
    start = net.start_s[edges]
    width = net.stop_s[np.append(edges[1:], stop) - 1] - start
    return start, width, counts, sigma


def _wings_s(net: LightCurve, first: int, stop: int, t90_s: float) -> float:
    """How much longer T90 would be with the wings: an interval's length before and after, excess plus one sigma."""
    length = net.stop_s[stop - 1] - net.start_s[first]
    counts, variance = net.rate * net.width_s, (net.error * net.width_s) ** 2
    before = (net.start_s >= net.start_s[first] - length) & (np.arange(len(net)) < first)
    after = (net.stop_s <= net.stop_s[stop - 1] + length) & (np.arange(len(net)) >= stop)
    longer = np.zeros(len(net))
    longer[first:stop] = counts[first:stop]
    for wing in (before, after):
        if not wing.any():
            continue
        excess = max(0.0, float(counts[wing].sum())) + float(np.sqrt(variance[wing].sum()))
        # a wing dies away: most of it lies near the burst
        near = np.abs(net.start_s[wing] - (net.start_s[first] if wing is before else net.stop_s[stop - 1]))
        shape = np.exp(-3.0 * near / length) * net.width_s[wing]
        longer[wing] = excess * shape / shape.sum()
    seen = before | after
    seen[first:stop] = True
    start, width = net.start_s[seen], net.width_s[seen]
    extended = crossing_s(start, width, longer[seen], 0.95) - crossing_s(start, width, longer[seen], 0.05)
    return max(0.0, extended - t90_s)
