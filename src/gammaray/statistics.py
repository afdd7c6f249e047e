"""Fit statistics per channel, -2 ln of the likelihood ratio to a perfect fit: their sum is what a fit minimises.

Which one follows from the data, as in XSPEC (its manual, appendix B): Poisson counts without background: C-stat; with
a Poisson background: W-stat; with a background known with Gaussian errors: PG-stat; counts with Gaussian errors: chi².
The background's own value is profiled out in closed form. All arrays are (n,) in counts; `model` is above zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TINY = 1e-30


def cash(counts: Array, model: Array) -> Array:
    """C-stat (Cash 1979, ApJ 228, 939): 2 (m - S + S ln(S / m))."""
    model = np.maximum(model, TINY)
    return np.asarray(2.0 * (model - counts + _s_log(counts, model)))


def pgstat(counts: Array, model: Array, background: Array, sigma: Array) -> Array:
    """PG-stat: Poisson counts, background with Gaussian errors (its expectation and one sigma, in source counts)."""
    variance = sigma**2
    half = background - variance - model
    # f² - half f + (m var - S var - b m) = 0 for the background f that fits best
    root = np.sqrt(np.maximum(half**2 - 4.0 * (model * variance - counts * variance - background * model), 0.0))
    best = np.where(variance > 0, np.maximum(0.5 * (half + root), 0.0), np.maximum(background, 0.0))
    best = np.where(counts == 0, np.maximum(background - variance, 0.0), best)
    pull = np.divide((background - best) ** 2, variance, out=np.zeros_like(model), where=variance > 0)
    return np.asarray(cash(counts, model + best) + pull)


def wstat(counts: Array, model: Array, background: Array, ratio: Array) -> Array:
    """W-stat: Poisson counts and background counts; `ratio`: the background's exposure and area over the source's."""
    total = 1.0 + ratio
    half = counts + background - total * model
    root = np.sqrt(half**2 + 4.0 * total * background * model)
    # the root that does not cancel
    best = np.where(half > 0, (half + root) / (2.0 * total), 2.0 * background * model / np.maximum(root - half, TINY))
    return np.asarray(cash(counts, model + best) + cash(background, ratio * best))


def chi_squared(counts: Array, model: Array, sigma: Array) -> Array:
    """((S - m) / sigma)²."""
    return np.asarray(((counts - model) / sigma) ** 2)


def _s_log(counts: Array, model: Array) -> Array:
    """S ln(S / m), zero where S is zero."""
    return np.asarray(counts * np.log(np.where(counts > 0, counts, 1.0) / np.where(counts > 0, model, 1.0)))
