"""A light curve: bins in time with a rate and its error."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .errors import InputRefused

Array = NDArray[np.float64]
MIN_BINS = 10


@dataclass(frozen=True, eq=False)
class LightCurve:
    """Bins in order of time; bad bins are left out, so there may be gaps.

    All arrays have shape (n,). Raises InputRefused when they do not, are not finite, not in order or too short.
    """

    start_s: Array
    """Begin of each bin, seconds after `zero`."""
    width_s: Array
    rate: Array
    """Counts per second (mask-weighted: counts per second and detector)."""
    error: Array
    """One sigma of `rate`, above zero."""
    zero: str = "trigger"
    """What times count from: `trigger`, or the keyword or column they were taken from."""
    is_net: bool | None = None
    """The background is subtracted already; None when the file does not say."""
    is_poisson: bool = False
    """The errors are square roots of counts: where counts are few, the background's own error is the better one."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.start_s.shape
        for name in ("start_s", "width_s", "rate", "error"):
            column = getattr(self, name)
            if column.ndim != 1 or column.shape != shape:
                raise InputRefused(f"light curve, {name}: shape {column.shape} is not that of start_s, {shape}")
            if not np.isfinite(column).all():
                raise InputRefused(f"light curve, {name}: a value is not finite; leave that bin out")
        if len(self.start_s) < MIN_BINS:
            raise InputRefused(
                f"light curve: {len(self.start_s)} good bins are too few; at least {MIN_BINS} are needed"
            )
        if not ((self.error > 0).all() and (self.width_s > 0).all()):
            raise InputRefused("light curve: every error and every width must be above zero")
        if not (np.diff(self.start_s) > 0).all():
            raise InputRefused("light curve, start_s: times must increase")

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def stop_s(self) -> Array:
        return self.start_s + self.width_s

    def part(self, begin_s: float, end_s: float) -> LightCurve:
        """The bins that lie wholly from `begin_s` to `end_s`."""
        slack = 1e-6 * self.width_s
        inside = (self.start_s >= begin_s - slack) & (self.stop_s <= end_s + slack)
        return self._select(inside)

    def shifted(self, shift_s: float, zero: str) -> LightCurve:
        """The same curve with times that count from `shift_s` later."""
        return replace(self, start_s=self.start_s - shift_s, zero=zero)

    def rebinned(self, width_s: float) -> LightCurve:
        """Neighbouring bins joined to at least `width_s`; no bin reaches over a gap. Finer than the file: unchanged."""
        factor = max(1, round(width_s / float(np.median(self.width_s))))
        if factor == 1:
            return self
        gap = np.concatenate(([True], self.start_s[1:] > self.stop_s[:-1] + 0.5 * self.width_s[:-1]))
        run = np.cumsum(gap) - 1
        since = np.arange(len(self)) - np.flatnonzero(gap)[run]
        first = np.flatnonzero(gap | (since % factor == 0))
        width = np.add.reduceat(self.width_s, first)
        rate = np.add.reduceat(self.rate * self.width_s, first) / width
        error = np.sqrt(np.add.reduceat((self.error * self.width_s) ** 2, first)) / width
        return replace(self, start_s=self.start_s[first], width_s=width, rate=rate, error=error)

    def noise_scale(self) -> float:
        """How much the scatter from bin to bin exceeds the errors: 1 when they are right (robust, burst or not)."""
        step = np.diff(self.rate) / np.hypot(self.error[1:], self.error[:-1])
        return float(1.4826 * np.median(np.abs(step - np.median(step))))

    def _select(self, inside: NDArray[np.bool_]) -> LightCurve:
        return replace(
            self,
            start_s=self.start_s[inside],
            width_s=self.width_s[inside],
            rate=self.rate[inside],
            error=self.error[inside],
        )


def from_columns(
    start_s: Array,
    width_s: Array,
    rate: Array,
    error: Array,
    *,
    zero: str,
    is_net: bool | None,
    is_poisson: bool = False,
) -> LightCurve:
    """A curve from a file's columns: sorted, bad and repeated bins left out, with a note on what was done."""
    notes = []
    good = np.isfinite(start_s) & np.isfinite(width_s) & (width_s > 0)
    good &= np.isfinite(rate) & np.isfinite(error) & (error > 0)
    if not good.all():
        notes.append(f"{int((~good).sum())} of {len(good)} bins without a rate or an error were left out")
    start_s, width_s, rate, error = (column[good] for column in (start_s, width_s, rate, error))
    order = np.argsort(start_s, kind="stable")
    if (np.diff(order) < 0).any():
        notes.append("bins were not in order of time and were sorted")
    start_s, width_s, rate, error = (column[order] for column in (start_s, width_s, rate, error))
    new = np.concatenate(([True], np.diff(start_s) > 0))[: len(start_s)]
    if not new.all():
        notes.append(f"{int((~new).sum())} bins that repeat a time were left out")
    return LightCurve(
        start_s[new], width_s[new], rate[new], error[new], zero, is_net, is_poisson, tuple(notes)
    )  # fmt: skip


def looks_poisson(width_s: Array, rate: Array, error: Array) -> bool:
    """Whether no rate is below zero, and errors are the square roots of the counts (2 %), where there are any."""
    some = rate > 0
    if (rate < 0).any() or not some.any():
        return False
    variance = (error[some] * width_s[some]) ** 2
    return bool(np.mean(np.abs(variance / (rate[some] * width_s[some]) - 1.0) < 0.02) > 0.9)


def width_of(times_s: Array) -> float:
    """The bin width of evenly spaced times: their median step. Raises InputRefused for fewer than two."""
    if len(times_s) < 2:
        raise InputRefused(f"light curve: {len(times_s)} bins are too few; at least {MIN_BINS} are needed")
    width = float(np.median(np.diff(np.sort(times_s))))
    if not (math.isfinite(width) and width > 0):
        raise InputRefused("light curve, TIME: no bin width can be told from the times; give TIMEDEL")
    return width
