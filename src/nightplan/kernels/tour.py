# mypy: disable-error-code="no-any-return"
# (one element of an array is Any to the type checker)
"""One telescope's tour: overheads, earliest and latest starts, the cheapest place of an insertion."""

from __future__ import annotations

import math

from nightplan.arrays import Night, State
from nightplan.compiled import jit

NEVER = 1e18
_SAME_CHORD2 = (math.pi / 180.0 / 3600.0) ** 2  # 1″: closer than this is no slew
_DEG = 180.0 / math.pi
_PAD_S = 2e-6  # arcs near 180° are known to about a microsecond of slew time: stay on the safe side
_TIGHT_S = 1e-9


@jit
def overhead(night: Night, t: int, a: int, j: int) -> float:
    """Seconds between the end of a (-1 = the initial pointing) and the start of j on telescope t."""
    base_s = night.telescope[t, 0]
    if a < 0:
        before = night.initial_filter[t]
        dx = night.initial_vector[t, 0] - night.vector[j, 0]
        dy = night.initial_vector[t, 1] - night.vector[j, 1]
        dz = night.initial_vector[t, 2] - night.vector[j, 2]
    else:
        before = night.filter[a]
        dx = night.vector[a, 0] - night.vector[j, 0]
        dy = night.vector[a, 1] - night.vector[j, 1]
        dz = night.vector[a, 2] - night.vector[j, 2]
    if a < 0 and night.initial_known[t] == 0:
        slew_s = base_s
    else:
        chord2 = dx * dx + dy * dy + dz * dz
        if chord2 <= _SAME_CHORD2 * 0.999999:
            slew_s = 0.0
        else:
            slew_s = base_s + 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(chord2))) * _DEG / night.telescope[t, 1] + _PAD_S
    if before >= 0 and before != night.filter[j] and night.telescope[t, 2] > slew_s:
        return night.telescope[t, 2]
    return slew_s


@jit
def next_start(night: Night, state: State, t: int, j: int, x: float) -> float:
    """The earliest allowed start of j on t at or after x; NEVER if there is none."""
    row = j * night.telescope.shape[0] + t
    x = max(x, state.box_lo[j])
    for k in range(night.window_ptr[row], night.window_ptr[row + 1]):
        if x <= night.window_hi[k]:
            s = max(x, night.window_lo[k])
            return s if s <= state.box_hi[j] else NEVER
    return NEVER


@jit
def previous_start(night: Night, state: State, t: int, j: int, x: float) -> float:
    """The latest allowed start of j on t at or before x; -NEVER if there is none."""
    row = j * night.telescope.shape[0] + t
    x = min(x, state.box_hi[j])
    for k in range(night.window_ptr[row + 1] - 1, night.window_ptr[row] - 1, -1):
        if x >= night.window_lo[k]:
            s = min(x, night.window_hi[k])
            return s if s >= state.box_lo[j] else -NEVER
    return -NEVER


@jit
def ready_after(night: Night, state: State, t: int, p: int) -> float:
    """When the telescope is free for what is not fixed, before place p of its tour."""
    if p == 0:
        end = night.telescope[t, 3]
    else:
        a = state.tour[t, p - 1]
        end = state.earliest[a] + night.duration[a]
    return max(end, night.now[0])


@jit
def forward(night: Night, state: State, t: int, p: int) -> bool:
    """Earliest starts from place p on; False if something no longer fits."""
    while p < state.length[t]:
        j = state.tour[t, p]
        a = state.tour[t, p - 1] if p > 0 else -1
        s = ready_after(night, state, t, p) + overhead(night, t, a, j)
        if night.fixed_start[j] == night.fixed_start[j]:
            if s > night.fixed_start[j] + _TIGHT_S and a >= 0 and night.fixed_start[a] != night.fixed_start[a]:
                return False
            s = night.fixed_start[j]
        else:
            s = next_start(night, state, t, j, s)
            if s >= NEVER:
                return False
        if s == state.earliest[j]:
            return True
        state.earliest[j] = s
        p += 1
    return True


@jit
def backward(night: Night, state: State, t: int, p: int) -> bool:
    """Latest starts from place p down to the first; False if one lies before the earliest start."""
    while p >= 0:
        j = state.tour[t, p]
        if night.fixed_start[j] == night.fixed_start[j]:
            s = night.fixed_start[j]
        else:
            limit = NEVER
            if p + 1 < state.length[t]:
                b = state.tour[t, p + 1]
                limit = state.latest[b] - overhead(night, t, j, b) - night.duration[j]
            s = previous_start(night, state, t, j, limit)
            if s < state.earliest[j]:
                if s < state.earliest[j] - _TIGHT_S:
                    return False
                s = state.earliest[j]
        if s == state.latest[j]:
            return True
        state.latest[j] = s
        p -= 1
    return True


@jit
def refresh(night: Night, state: State, t: int) -> bool:
    """Earliest and latest starts of a whole tour anew."""
    for p in range(state.length[t]):
        state.earliest[state.tour[t, p]] = -NEVER
        state.latest[state.tour[t, p]] = -NEVER
    return forward(night, state, t, 0) and backward(night, state, t, state.length[t] - 1)


@jit
def refresh_all(night: Night, state: State) -> bool:
    """The same for every telescope; False as soon as something no longer fits."""
    ok = True
    for t in range(night.telescope.shape[0]):
        ok = ok and refresh(night, state, t)
    return ok


@jit
def place_of(state: State, t: int, j: int) -> int:
    """The place of j in the tour of t."""
    p = 0
    while state.tour[t, p] != j:
        p += 1
    return p


@jit
def put(night: Night, state: State, t: int, p: int, j: int) -> bool:
    """Insert j before place p of t and move the times; quota and objective are kept."""
    for q in range(state.length[t], p, -1):
        state.tour[t, q] = state.tour[t, q - 1]
    state.tour[t, p] = j
    state.length[t] += 1
    state.telescope_of[j] = t
    state.earliest[j] = -NEVER
    state.latest[j] = -NEVER
    state.quota[night.program[j]] -= night.duration[j]
    state.objective[0] += night.weight[j]
    if p < state.touched_lo[t]:
        state.touched_lo[t] += 1
    if p <= state.touched_hi[t]:
        state.touched_hi[t] += 1
    return forward(night, state, t, p) and backward(night, state, t, p)


@jit
def take(night: Night, state: State, j: int) -> int:
    """Take j out of its tour (times are not moved: `refresh`), mark the place as worth a try; its telescope."""
    t = state.telescope_of[j]
    p = place_of(state, t, j)
    state.length[t] -= 1
    for q in range(p, state.length[t]):
        state.tour[t, q] = state.tour[t, q + 1]
    state.telescope_of[j] = -1
    state.box_lo[j] = -NEVER
    state.box_hi[j] = NEVER
    state.quota[night.program[j]] += night.duration[j]
    state.objective[0] -= night.weight[j]
    if state.touched_hi[t] < state.touched_lo[t]:
        state.touched_lo[t] = p
        state.touched_hi[t] = p
    else:
        if p < state.touched_lo[t]:
            state.touched_lo[t] = p
        if p < state.touched_hi[t]:
            state.touched_hi[t] -= 1
        if p > state.touched_hi[t]:
            state.touched_hi[t] = p
    return t
