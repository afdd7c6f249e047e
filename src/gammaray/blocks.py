"""Bayesian blocks for binned data with Gaussian errors, and for Poisson counts.

Scargle et al. 2013 (ApJ 764, 167): the optimal piecewise-constant model by dynamic programming. The fitness of a block
is its maximum log-likelihood, (sum x/s²)² / (2 sum 1/s²) (their eq. 41), or
N ln(N / expected) for counts (eq. 19); each block costs `penalty`. Starts of the last
block that can never win again are dropped (PELT: Killick et al. 2012, JASA 107, 1590): the answer is unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .errors import InputRefused

Array = NDArray[np.float64]
_PRUNE_EVERY = 32
TINY = 1e-300


def block_edges(values: Array, errors: Array, penalty: float) -> NDArray[np.intp]:
    """Indices where blocks begin, then len(values): `[0, …, n]`. Block i is `values[edges[i]:edges[i + 1]]`.

    `values`, `errors`: shape (n,), same unit, finite, errors > 0. `penalty`: log-odds one more block has to earn.
    Raises InputRefused when the arrays are not such, or the penalty is not above zero.
    """
    _check(values, errors, penalty)
    weight = 1.0 / errors**2
    # values are centred, so that differences of running sums keep their precision
    centred = values - np.average(values, weights=weight)
    return _cut(weight * centred, weight, penalty, _gaussian)


def poisson_block_edges(counts: Array, expected: Array, penalty: float) -> NDArray[np.intp]:
    """The same for counts whose mean is a constant times `expected` (the background): N ln(N / expected)."""
    _check(counts, expected, penalty)
    if (counts < 0).any():
        raise InputRefused("counts: none may be below zero")
    return _cut(counts, expected, penalty, _poisson)


def _gaussian(value: Array, weight: Array, out: Array) -> None:
    np.multiply(value, value, out=out)
    out /= weight
    out *= 0.5


def _poisson(counts: Array, expected: Array, out: Array) -> None:
    np.log(np.maximum(counts, TINY) / expected, out=out)
    out *= counts


def _cut(
    value: Array, weight: Array, penalty: float, fitness: Callable[[Array, Array, Array], None]
) -> NDArray[np.intp]:
    """The dynamic programme: `fitness` of a block from the sums of its `value` and `weight`."""
    count = len(value)
    weight_to = np.concatenate(([0.0], np.cumsum(weight)))
    value_to = np.concatenate(([0.0], np.cumsum(value)))
    best = np.zeros(count + 1)
    last = np.zeros(count + 1, dtype=np.intp)
    starts = np.empty(count, dtype=np.intp)  # candidates for the start of the last block, with their sums beside them
    start_weight, start_value, start_best, buffer = (np.empty(count) for _ in range(4))
    kept = 0
    for stop in range(1, count + 1):
        begin = stop - 1
        starts[kept], start_best[kept] = begin, best[begin]
        start_weight[kept], start_value[kept] = weight_to[begin], value_to[begin]
        kept += 1
        total = buffer[:kept]
        fitness(value_to[stop] - start_value[:kept], weight_to[stop] - start_weight[:kept], total)
        total += start_best[:kept]
        winner = int(total.argmax())
        best[stop] = total[winner] - penalty
        last[stop] = starts[winner]
        if stop % _PRUNE_EVERY == 0:
            keep = np.flatnonzero(total > best[stop])
            for column in (starts, start_weight, start_value, start_best):
                column[: len(keep)] = column[keep]
            kept = len(keep)
    edges = [count]
    while edges[-1] > 0:
        edges.append(int(last[edges[-1]]))
    return np.array(edges[::-1], dtype=np.intp)


def _check(values: Array, errors: Array, penalty: float) -> None:
    if values.ndim != 1 or values.shape != errors.shape or not len(values):
        raise InputRefused(f"values {values.shape} and errors {errors.shape}: give two arrays of one same length >= 1")
    if not (np.isfinite(values).all() and np.isfinite(errors).all() and (errors > 0).all()):
        raise InputRefused("values and errors: all must be finite and errors above zero; leave bad bins out")
    if not (math.isfinite(penalty) and penalty > 0):
        raise InputRefused(f"penalty: {penalty} is not above zero")
