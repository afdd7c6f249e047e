"""When a burst has given a fraction of its counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def crossing_s(start_s: Array, width_s: Array, counts: Array, fraction: float) -> float:
    """The time at which the running sum of `counts` first reaches `fraction` of their total (linear within a bin).

    Shapes (n,); the total must be above zero. `start_s`, `width_s`: the bins, seconds.
    """
    return float(crossings_s(start_s, width_s, counts[None, :], fraction)[0])


def crossings_s(start_s: Array, width_s: Array, counts: Array, fraction: float) -> Array:
    """The same for many curves on the same bins: `counts` has shape (m, n), the answer (m,). NaN where total <= 0."""
    reached = np.cumsum(counts, axis=1)
    goal = fraction * reached[:, -1]
    which = np.argmax(reached >= goal[:, None], axis=1)
    rows = np.arange(len(counts))
    in_bin = counts[rows, which]
    before = reached[rows, which] - in_bin
    part = np.divide(goal - before, in_bin, out=np.zeros_like(goal), where=in_bin > 0)
    moments = start_s[which] + np.clip(part, 0.0, 1.0) * width_s[which]
    return np.where(reached[:, -1] > 0, moments, np.nan)
