"""How long a burst lasts: T90, the time between 5 % and 95 % of its counts (Kouveliotou et al. 1993, ApJ 413, L101).

Bayesian blocks give the burst's interval (T100): all blocks but the first and the last, which are the background
before and after. Counts are summed bin by bin within it. Errors: `uncertainty`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .background import Background, fit_background, quiet_bins
from .blocks import block_edges, poisson_block_edges
from .configuration import Configuration
from .cumulative import crossing_s
from .errors import InputRefused
from .lightcurve import LightCurve, looks_poisson
from .uncertainty import duration_uncertainty

PENALTY = 8.0
"""Cost of a block. On white noise of 1 000 to 20 000 bins, 8 with 6 sigma gives well below 1 false burst in 1000."""
EDGE_SIGMA_MIN = 3.0
NOISE_SCALE_MAX = 5.0
BACKGROUND_ROUNDS = 4
NET_NEGATIVE_FRACTION = 0.01
NEIGHBOURS = 7
COUNTS_ENOUGH = 20.0


@dataclass(frozen=True)
class Interval:
    """A burst's interval in bins, `first <= i < stop`, and its significance above the background."""

    first: int
    stop: int
    significance_sigma: float


@dataclass(frozen=True)
class Duration:
    """The answer. Times in seconds relative to `zero`; all None when `burst` is false, and `reason` says why."""

    burst: bool
    reason: str
    t90_s: float | None = None
    t90_error_s: float | None = None
    t90_error_low_s: float | None = None
    t90_error_high_s: float | None = None
    t05_s: float | None = None
    t95_s: float | None = None
    t50_s: float | None = None
    t50_error_s: float | None = None
    t100_start_s: float | None = None
    t100_stop_s: float | None = None
    significance_sigma: float | None = None
    peak_time_s: float | None = None
    peak_rate: float | None = None
    counts: float | None = None
    blocks: int = 1
    bins: int = 0
    zero: str = "trigger"
    background: str = "none"
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `t90_start_s` is `t05_s` under the catalogues' name."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return found | {"t90_start_s": self.t05_s, "notes": list(self.notes)}


def measure_duration(curve: LightCurve, configuration: Configuration | None = None) -> Duration:
    """T90 of a light curve. Raises InputRefused when window, bins or background windows leave too little."""
    chosen = configuration or Configuration()
    curve = _prepared(curve, chosen)
    if not curve.is_poisson:
        curve = _with_measured_noise(curve)
    penalty = chosen.penalty if chosen.penalty is not None else PENALTY
    degree = None if _is_net(curve, chosen) else chosen.background_degree
    net, edges, interval, background = _find(curve, penalty, degree, chosen.background_windows_s)
    notes = list(net.notes)
    told = "none" if background is None else f"polynomial of degree {background.degree}"
    common: dict[str, Any] = {"blocks": len(edges) - 1, "bins": len(net), "zero": net.zero, "background": told}
    if background is not None and background.chi2_per_dof > 1.5:
        notes.append(f"the background fits badly: chi2 per degree of freedom {background.chi2_per_dof:.2f}")
    if interval is None:
        return Duration(False, "no block stands above the background", **common, notes=tuple(notes))
    if interval.significance_sigma < chosen.significance_min_sigma:
        reason = f"the excess has {interval.significance_sigma:.1f} sigma, below {chosen.significance_min_sigma:g}"
        return Duration(
            False, reason, significance_sigma=interval.significance_sigma, **common, notes=tuple(notes)
        )  # fmt: skip
    return _answer(net, edges, interval, penalty, chosen, common, notes)


def _answer(
    net: LightCurve, edges: NDArray[np.intp], interval: Interval, penalty: float, chosen: Configuration,
    common: dict[str, Any], notes: list[str],
) -> Duration:  # fmt: skip
    inside = slice(interval.first, interval.stop)
    counts = net.rate[inside] * net.width_s[inside]
    start, width = net.start_s[inside], net.width_s[inside]
    t05, t25, t75, t95 = (crossing_s(start, width, counts, fraction) for fraction in (0.05, 0.25, 0.75, 0.95))

    def find(noisy: LightCurve) -> tuple[int, int] | None:
        found = burst_interval(noisy, block_edges(noisy.rate, noisy.error, penalty))
        return (found.first, found.stop) if found else None

    errors = duration_uncertainty(net, interval.first, interval.stop, t95 - t05, chosen.bootstrap, chosen.seed, find)
    means = [_mean(net, int(a), int(b)) for a, b in itertools.pairwise(edges)]
    brightest = int(np.argmax(means))
    if errors.wings_s > max(errors.low_s, 0.1 * (t95 - t05)):
        notes.append("faint wings may be hidden in the noise: T90 may well be longer (see t90_error_high_s)")
    if interval.first == 0 or interval.stop == len(net):
        notes.append("the burst reaches the end of the curve: T90 is a lower limit")
    return Duration(
        True,
        f"{len(edges) - 1} blocks, {interval.significance_sigma:.1f} sigma",
        t90_s=t95 - t05,
        t90_error_s=errors.total_s,
        t90_error_low_s=errors.low_s,
        t90_error_high_s=errors.high_s,
        t05_s=t05,
        t95_s=t95,
        t50_s=t75 - t25,
        t50_error_s=errors.t50_s,
        t100_start_s=float(start[0]),
        t100_stop_s=float(start[-1] + width[-1]),
        significance_sigma=interval.significance_sigma,
        peak_time_s=float(0.5 * (net.start_s[edges[brightest]] + net.stop_s[edges[brightest + 1] - 1])),
        peak_rate=float(means[brightest]),
        counts=float(counts.sum()),
        **common,
        notes=tuple(notes),
    )


def _prepared(curve: LightCurve, chosen: Configuration) -> LightCurve:
    if not curve.is_poisson and looks_poisson(curve.width_s, curve.rate, curve.error):
        curve = replace(curve, is_poisson=True)
    if chosen.window_s is not None:
        curve = curve.part(*chosen.window_s)
    return curve if chosen.bin_s is None else curve.rebinned(chosen.bin_s)


def _with_measured_noise(curve: LightCurve) -> LightCurve:
    """Errors that are too small would cut noise into blocks: they are raised to the scatter from bin to bin."""
    tolerance = 4.0 / np.sqrt(len(curve))
    scale = curve.noise_scale()
    if scale < 1.0 + tolerance or scale > NOISE_SCALE_MAX:  # right, or not noise but a curve that is all structure
        return curve
    note = f"the scatter exceeds the errors: they were multiplied by {scale:.2f}"
    return replace(curve, error=curve.error * scale, notes=(*curve.notes, note))


def _is_net(curve: LightCurve, chosen: Configuration) -> bool:
    if chosen.background != "auto":
        return chosen.background == "none"
    if curve.is_net is not None:
        return curve.is_net
    return float((curve.rate < 0).mean()) >= NET_NEGATIVE_FRACTION


def _find(
    curve: LightCurve, penalty: float, degree: int | None, windows: tuple[tuple[float, float], ...]
) -> tuple[LightCurve, NDArray[np.intp], Interval | None, Background | None]:
    """Blocks and burst of a curve; with a `degree`, background and burst in turn until the burst stays the same."""
    if degree is None:
        edges = block_edges(curve.rate, curve.error, penalty)
        return curve, edges, burst_interval(curve, edges), None
    where = _in_windows(curve, windows) if windows else quiet_bins(curve, degree)
    before: tuple[int, int] | None = None
    for _ in range(BACKGROUND_ROUNDS):
        background = fit_background(curve, where, degree)
        net = _subtracted(curve, background)
        edges = _edges(curve, net, background, penalty)
        interval = burst_interval(net, edges)
        found = (interval.first, interval.stop) if interval else None
        if windows or found == before:
            break
        before = found
        outside = np.ones(len(curve), dtype=bool)
        if interval is not None:
            margin = (interval.stop - interval.first) // 10 + 1
            outside[max(0, interval.first - margin) : interval.stop + margin] = False
        if outside.sum() < max(10, 0.05 * len(curve)):
            break
        where = outside
    return net, edges, interval, background


def _edges(curve: LightCurve, net: LightCurve, background: Background, penalty: float) -> NDArray[np.intp]:
    """Blocks of a curve with background: of counts where it has them, since few counts are not Gaussian."""
    if not curve.is_poisson:
        return block_edges(net.rate, net.error, penalty)
    expected = _expected_counts(curve, background.rate(curve.start_s + 0.5 * curve.width_s))
    excess = _over_dispersion(curve, expected) ** 2
    return poisson_block_edges(np.maximum(curve.rate, 0.0) * curve.width_s / excess, expected / excess, penalty)


def _over_dispersion(curve: LightCurve, expected: NDArray[np.float64]) -> float:
    """By how much the scatter exceeds Poisson's, 1 for none; measured on bins with counts enough for it."""
    factor = max(1.0, np.ceil(COUNTS_ENOUGH / float(np.median(expected))))
    net = replace(
        curve, rate=curve.rate - expected / curve.width_s, error=_expected_error(curve, expected / curve.width_s)
    )
    joined = net.rebinned(factor * float(np.median(curve.width_s)))
    scale = joined.noise_scale()
    return scale if 1.0 + 4.0 / np.sqrt(len(joined)) < scale < NOISE_SCALE_MAX else 1.0


def _expected_counts(curve: LightCurve, background: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(background * curve.width_s, 0.05))


def _subtracted(curve: LightCurve, background: Background) -> LightCurve:
    expected = background.rate(curve.start_s + 0.5 * curve.width_s)
    net = replace(curve, rate=curve.rate - expected)
    if not curve.is_poisson:
        return net
    scale = _over_dispersion(curve, _expected_counts(curve, expected))
    note = (*curve.notes, f"the scatter exceeds Poisson's by {scale:.2f}") if scale > 1.0 else curve.notes
    return replace(net, error=scale * _expected_error(curve, expected), notes=note)


def _expected_error(curve: LightCurve, background: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poisson's error from what is expected, not from a bin's own count: a low bin is no more precise than a high one.

    The background's, or the mean of the neighbours where that is clearly higher.
    """
    expected = _expected_counts(curve, background)
    kernel = np.ones(NEIGHBOURS)
    whole = np.convolve(np.ones(len(curve)), kernel, mode="same")
    mean = np.convolve(curve.rate * curve.width_s, kernel, mode="same") / whole
    clearly = mean > expected + 3.0 * np.sqrt(expected / NEIGHBOURS)
    return np.asarray(np.sqrt(np.where(clearly, mean, expected)) / curve.width_s)


def burst_interval(net: LightCurve, edges: NDArray[np.intp]) -> Interval | None:
    """From the blocks to the burst: all but the first and last, less insignificant ones at either end.

    None when no inner block is above the background. The background is zero: the curve is net.
    """
    first, last = 1, len(edges) - 2  # blocks first..last - 1 are candidates
    if len(edges) == 3:  # one step: the brighter half is a burst cut by the end of the curve, if anything
        first, last = (0, 1) if _mean(net, 0, edges[1]) > _mean(net, edges[1], edges[2]) else (1, 2)
    while first < last and _sigma(net, edges[first], edges[first + 1]) < EDGE_SIGMA_MIN:
        first += 1
    while last > first and _sigma(net, edges[last - 1], edges[last]) < EDGE_SIGMA_MIN:
        last -= 1
    if first >= last:
        return None
    begin, stop = int(edges[first]), int(edges[last])
    strongest = max(_sigma(net, edges[i], edges[i + 1]) for i in range(first, last))
    return Interval(begin, stop, max(strongest, _sigma(net, begin, stop)))


def _mean(net: LightCurve, begin: int, stop: int) -> float:
    weight = net.error[begin:stop] ** -2
    return float((net.rate[begin:stop] * weight).sum() / weight.sum())


def _sigma(net: LightCurve, begin: int, stop: int) -> float:
    weight = net.error[begin:stop] ** -2
    return float((net.rate[begin:stop] * weight).sum() / np.sqrt(weight.sum()))


def _in_windows(curve: LightCurve, windows: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    inside = np.zeros(len(curve), dtype=bool)
    for begin_s, end_s in windows:
        inside |= (curve.start_s >= begin_s) & (curve.stop_s <= end_s)
    if not inside.any():
        raise InputRefused(f"background_windows_s: {list(windows)} hold no bin of the curve")
    return inside
