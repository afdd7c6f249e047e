"""Forward folding: the parameters whose folded spectrum has the lowest statistic, and their covariance.

The signed roots of the statistic by channel are least-squares residuals, so Levenberg-Marquardt in a box minimises any
statistic. Several starts, since the shape has more than one valley. Covariance: inverse of half the Hessian.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from .dataset import Dataset
from .errors import FitFailed
from .models import Model

Array = NDArray[np.float64]
STARTS = 3
AT_LIMIT = 1e-3


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model. `covariance` (p, p) is of the parameters as fitted; rows of those `at_limit` are NaN."""

    model: Model
    parameters: Array
    covariance: Array
    at_limit: NDArray[np.bool_]
    statistic: float
    channels: int

    @property
    def degrees_of_freedom(self) -> int:
        return self.channels - len(self.parameters)

    @property
    def errors(self) -> Array:
        """One sigma of the parameters as fitted, NaN where not known."""
        return np.sqrt(np.diag(self.covariance))


def fit_model(model: Model, datasets: Sequence[Dataset], extra_starts: Sequence[Array] = ()) -> Fit:
    """Fit one model to all detectors at once. Raises FitFailed."""
    channels = sum(len(data.counts) for data in datasets)
    if channels <= len(model.parameters):
        raise FitFailed(f"{channels} channels cannot determine the {len(model.parameters)} parameters of {model.name}")
    starts = sorted((*_starts(model, datasets), *extra_starts), key=lambda start: _total(model, datasets, start))
    best = None
    for start in starts[:STARTS] + list(extra_starts):
        begin = np.clip(start, model.low + 1e-6, model.high - 1e-6)
        found = least_squares(
            lambda p: _residuals(model, datasets, p), begin, bounds=(model.low, model.high), x_scale="jac",
            xtol=1e-8, ftol=1e-8, gtol=1e-8, max_nfev=300,
        )  # fmt: skip
        if np.isfinite(found.cost) and (best is None or found.cost < best.cost):
            best = found
    if best is None:
        raise FitFailed(f"{model.name}: no start led to a finite statistic")
    parameters = np.asarray(best.x)
    span = model.high - model.low
    at_limit = np.minimum(parameters - model.low, model.high - parameters) < AT_LIMIT * span
    covariance = _covariance(model, datasets, parameters, at_limit, np.asarray(best.jac))
    return Fit(model, parameters, covariance, at_limit, 2.0 * float(best.cost), channels)


def _starts(model: Model, datasets: Sequence[Dataset]) -> list[Array]:
    """Every combination of the model's starting shapes, each with the amplitude that gives the net counts."""
    net = max(sum(data.net_counts()[0] for data in datasets), 1.0)
    found = []
    for shape in itertools.product(*(p.starts for p in model.parameters)):
        start = np.array(shape)
        expected = sum(float(data.predicted(model, start).sum()) for data in datasets)
        if np.isfinite(expected) and expected > 0:
            start[0] += np.log(net / expected)
            found.append(start)
    return found


def _residuals(model: Model, datasets: Sequence[Dataset], parameters: Array) -> Array:
    parts = []
    for data in datasets:
        predicted = data.predicted(model, parameters)
        # the sign makes the residual smooth through the best fit: channel by channel, is the model too high?
        above = np.sign(predicted - _wanted(data))
        parts.append(above * np.sqrt(np.maximum(data.deviance(predicted), 0.0)))
    joined = np.concatenate(parts)
    return np.asarray(np.nan_to_num(joined, nan=1e6, posinf=1e6, neginf=-1e6))


def _wanted(data: Dataset) -> Array:
    """Source counts at which a channel's statistic is lowest (what is left after the background)."""
    if data.background is None:
        return data.counts
    return data.counts - (data.background if data.ratio is None else data.background / data.ratio)


def _total(model: Model, datasets: Sequence[Dataset], parameters: Array) -> float:
    total = sum(float(data.deviance(data.predicted(model, parameters)).sum()) for data in datasets)
    return total if np.isfinite(total) else float("inf")


def _covariance(
    model: Model, datasets: Sequence[Dataset], parameters: Array, at_limit: NDArray[np.bool_], jacobian: Array
) -> Array:
    """Inverse of half the Hessian (differences over a third of a sigma); Gauss-Newton's where it is no minimum."""
    count = len(parameters)
    free = np.flatnonzero(~at_limit)
    covariance = np.full((count, count), np.nan)
    if not len(free):
        return covariance
    normal = jacobian[:, free].T @ jacobian[:, free]
    rough = np.linalg.pinv(normal)
    step = np.clip(np.sqrt(np.maximum(np.diag(rough), 1e-12)) / 3.0, 1e-5, 0.1)
    half_hessian = np.empty((len(free), len(free)))

    def at(*moves: tuple[int, float]) -> float:
        moved = parameters.copy()
        for index, sign in moves:
            moved[free[index]] += sign * step[index]
        return _total(model, datasets, moved)

    centre = at()
    for i in range(len(free)):
        half_hessian[i, i] = (at((i, 1)) - 2.0 * centre + at((i, -1))) / (2.0 * step[i] ** 2)
        for j in range(i):
            cross = at((i, 1), (j, 1)) - at((i, 1), (j, -1)) - at((i, -1), (j, 1)) + at((i, -1), (j, -1))
            half_hessian[i, j] = half_hessian[j, i] = cross / (8.0 * step[i] * step[j])
    for matrix in (half_hessian, normal):
        if np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix).min() > 1e-10 * np.abs(matrix).max():
            covariance[np.ix_(free, free)] = np.linalg.inv(matrix)
            break
    return covariance
