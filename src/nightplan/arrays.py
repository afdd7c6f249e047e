"""What the kernels work on: the night as read-only arrays, and the state of one search.

Indices are integers: sequence i, telescope t, unit u, option o. A *unit* is what is decided together: a sequence on
its own, or all sequences bound by groups that share members. Its *options* are the sets of members that may be
scheduled; a cadence has its prefixes, each one visit longer than its `opt_shorter`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Night(NamedTuple):
    """The problem; n sequences, m telescopes."""

    duration: Floats  # (n) s
    weight: Floats  # (n) value, plus a bonus above everything where it is mandatory
    vector: Floats  # (n, 3) unit vector
    filter: Ints  # (n) code, -1 = none
    program: Ints  # (n)
    fixed_start: Floats  # (n) s, nan where not fixed
    window_ptr: Ints  # (n*m + 1) into window_lo/hi, row i*m + t
    window_lo: Floats  # earliest start of each window, s
    window_hi: Floats  # latest start of each window, s
    telescope: Floats  # (m, 4): base + settle (s), rate (deg/s), filter change (s), available from (s)
    now: Floats  # (1) s
    initial_vector: Floats  # (m, 3)
    initial_known: Ints  # (m)
    initial_filter: Ints  # (m) -1 = unknown
    unit_of: Ints  # (n)
    unit_ptr: Ints  # (units + 1) into options: the options of unit u are consecutive
    opt_unit: Ints  # (options)
    opt_ptr: Ints  # (options + 1) into opt_member
    opt_member: Ints  # members that are not fixed
    opt_shorter: Ints  # (options) the option this one extends by one visit, -1 = the empty one
    link_ptr: Ints  # (options + 1) into the links
    link_a: Ints
    link_b: Ints  # gap_min <= start[b] - start[a] <= gap_max
    link_min: Floats
    link_max: Floats


class State(NamedTuple):
    """A schedule under work."""

    tour: Ints  # (m, n + 1) sequences in time order
    length: Ints  # (m)
    telescope_of: Ints  # (n) -1 = not scheduled
    earliest: Floats  # (n) s, the start as it will be
    latest: Floats  # (n) s, the latest start that spoils nothing later
    box_lo: Floats  # (n) s, limits on the start that keep a cadence's gaps
    box_hi: Floats  # (n) s
    option: Ints  # (units) -1 = none
    quota: Floats  # (programs) s left
    objective: Floats  # (1) sum of weights
    touched_lo: Ints  # (m) first and last place in the tour where an insertion is worth a try
    touched_hi: Ints  # (m)
    random: Ints  # (2) generator


def new_state(night: Night, quota_s: Floats, seed: int) -> State:
    """An empty schedule (the caller adds what is fixed)."""
    n, m = len(night.duration), len(night.telescope)
    return State(
        tour=np.zeros((m, n + 1), np.int64),
        length=np.zeros(m, np.int64),
        telescope_of=np.full(n, -1, np.int64),
        earliest=np.zeros(n),
        latest=np.zeros(n),
        box_lo=np.full(n, -np.inf),
        box_hi=np.full(n, np.inf),
        option=np.full(len(night.unit_ptr) - 1, -1, np.int64),
        quota=quota_s.copy(),
        objective=np.zeros(1),
        touched_lo=np.zeros(m, np.int64),
        touched_hi=np.zeros(m, np.int64),
        random=np.array([1 + seed % 2147483562, 1 + (seed * 7919 + 12345) % 2147483398], np.int64),
    )


def copy_state(state: State) -> State:
    """An independent copy."""
    fields: list[Any] = [a.copy() for a in state]
    return State(*fields)
