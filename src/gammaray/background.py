"""The background of a light curve: a polynomial in time, of the lowest degree that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputRefused
from .lightcurve import LightCurve

Array = NDArray[np.float64]
CLIP_ROUNDS, CLIP_LOW_SIGMA, CLIP_HIGH_SIGMA = 6, 5.0, 3.0
COARSE_BINS = 200
GOOD_CHI2, KEPT_MIN = 1.5, 0.15


@dataclass(frozen=True)
class Background:
    """A polynomial in scaled time. `chi2_per_dof` tells whether it fits the bins it was fitted to."""

    coefficients: tuple[float, ...]
    centre_s: float
    half_span_s: float
    chi2_per_dof: float

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    def rate(self, times_s: Array) -> Array:
        """Background rate at these times, shape (n,)."""
        powers = np.vander((times_s - self.centre_s) / self.half_span_s, len(self.coefficients), increasing=True)
        return np.asarray(powers @ np.array(self.coefficients))


def fit_background(curve: LightCurve, where: NDArray[np.bool_], degree_max: int) -> Background:
    """Weighted least squares on the bins `where` (shape (n,)); the degree from 0 to `degree_max` with the lowest BIC.

    Raises InputRefused when too few bins are left for it.
    """
    used = int(where.sum())
    if used < 2 * (degree_max + 2):
        raise InputRefused(
            f"background: only {used} bins lie outside the burst; give a longer curve or `background_windows_s`"
        )
    middle = (curve.start_s + 0.5 * curve.width_s)[where]
    centre, half_span = 0.5 * (middle[0] + middle[-1]), max(0.5 * float(middle[-1] - middle[0]), 1e-9)
    scaled = (middle - centre) / half_span
    error = curve.error[where]
    if curve.is_poisson:  # errors by the counts would favour the low ones: take them from a first fit
        first = np.vander(scaled, degree_max + 1, increasing=True)
        rough = first @ np.linalg.lstsq(first, curve.rate[where], rcond=None)[0]
        floor = max(0.1 * float(curve.rate[where].mean()), 1e-12)
        error = np.sqrt(np.maximum(rough, floor) / curve.width_s[where])
    best: tuple[float, Any, float] | None = None
    for degree in range(degree_max + 1):
        powers = np.vander(scaled, degree + 1, increasing=True)
        found, *_ = np.linalg.lstsq(powers / error[:, None], curve.rate[where] / error, rcond=None)
        chi2 = float((((curve.rate[where] - powers @ found) / error) ** 2).sum())
        bic = chi2 + (degree + 1) * np.log(used)
        if best is None or bic < best[0]:
            best = bic, found, chi2 / (used - degree - 1)
    assert best is not None
    return Background(tuple(float(c) for c in best[1]), float(centre), half_span, best[2])


def quiet_bins(curve: LightCurve, degree_max: int) -> NDArray[np.bool_]:
    """A first guess of where there is no burst: clipped on a coarse curve, harder above than below. Shape (n,).

    Two beginnings: below the median, and, should that not fit since the burst fills the curve, below the quartile.
    """
    factor = max(1, len(curve) // COARSE_BINS)
    coarse = curve.rebinned(factor * float(np.median(curve.width_s)))
    best: tuple[float, NDArray[np.bool_]] | None = None
    for quantile, spread in ((0.5, _spread(coarse.rate)), (0.25, float(np.median(coarse.error)))):
        found = _clipped(
            coarse, coarse.rate <= np.quantile(coarse.rate, quantile) + CLIP_HIGH_SIGMA * spread, degree_max
        )
        if best is None or found[0] < best[0]:
            best = found
        if best[0] < GOOD_CHI2:
            break
    assert best is not None
    return np.asarray(best[1][np.searchsorted(coarse.start_s, curve.start_s, side="right") - 1])


def _clipped(coarse: LightCurve, kept: NDArray[np.bool_], degree_max: int) -> tuple[float, NDArray[np.bool_]]:
    """chi² per degree of freedom, and the bins that are left when those off the fit are left out."""
    chi2 = float("inf")
    for _ in range(CLIP_ROUNDS):
        degree = min(degree_max, int(kept.sum()) // 2 - 2)
        if degree < 0:
            break
        fitted = fit_background(coarse, kept, degree)
        chi2 = fitted.chi2_per_dof
        offset = (coarse.rate - fitted.rate(coarse.start_s + 0.5 * coarse.width_s)) / coarse.error
        scale = max(1.0, _spread(offset[kept]))
        again = (offset < CLIP_HIGH_SIGMA * scale) & (offset > -CLIP_LOW_SIGMA * scale)
        if (again == kept).all() or again.sum() < KEPT_MIN * len(coarse):
            break
        kept = again
    return chi2, kept


def _spread(values: Array) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
