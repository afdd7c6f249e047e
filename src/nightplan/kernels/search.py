"""Destroy and refill: the local search, one call for many steps."""

from __future__ import annotations

import math

import numpy as np

from nightplan.arrays import Floats, Ints, Night, State
from nightplan.compiled import jit
from nightplan.kernels.moves import insert_option, remove, uniform
from nightplan.kernels.tour import refresh_all

_BLINK = 0.02  # chance that a fill passes a candidate by: keeps fills from being all the same
_REORDER = 30  # steps between two new orders of the candidates


@jit
def restore(night: Night, state: State, saved: State) -> None:
    """Make `state` what `saved` is; the random generator goes on."""
    m = night.telescope.shape[0]
    for t in range(m):
        for p in range(state.length[t]):
            state.telescope_of[state.tour[t, p]] = -1
            state.box_lo[state.tour[t, p]] = -1e18
            state.box_hi[state.tour[t, p]] = 1e18
            state.option[night.unit_of[state.tour[t, p]]] = -1
    for t in range(m):
        state.length[t] = saved.length[t]
        for p in range(saved.length[t]):
            j = saved.tour[t, p]
            state.tour[t, p] = j
            state.telescope_of[j] = t
            state.earliest[j] = saved.earliest[j]
            state.latest[j] = saved.latest[j]
            state.box_lo[j] = saved.box_lo[j]
            state.box_hi[j] = saved.box_hi[j]
            state.option[night.unit_of[j]] = saved.option[night.unit_of[j]]
    for k in range(len(state.quota)):
        state.quota[k] = saved.quota[k]
    state.objective[0] = saved.objective[0]


@jit
def touch_nothing(state: State) -> None:
    """No place is worth a try."""
    for t in range(len(state.length)):
        state.touched_lo[t] = 0
        state.touched_hi[t] = -1


@jit
def touch_all(state: State) -> None:
    """Every place is worth a try."""
    for t in range(len(state.length)):
        state.touched_lo[t] = 0
        state.touched_hi[t] = state.length[t]


@jit
def fill(night: Night, state: State, order: Ints, shortest_s: Floats, blink: float, jitter: float) -> bool:
    """Insert the options of `order`, as far as they fit, at the touched places; False if the state is spoilt.

    `shortest_s` (options) is the least time an option needs in one piece: a quick way to see that it does not fit.
    """
    m = night.telescope.shape[0]
    room = free_time(night, state, m)
    for k in range(len(order)):
        o = order[k]
        if state.option[night.opt_unit[o]] != night.opt_shorter[o] or shortest_s[o] > room:
            continue
        if blink > 0.0 and uniform(state) < blink:
            continue
        if night.opt_ptr[o + 1] - night.opt_ptr[o] > 1 and blink > 0.0 and uniform(state) < 0.5:
            continue
        result = insert_option(night, state, o, False, jitter, False)
        if result < 0:
            return False
        if result > 0:
            room = free_time(night, state, m)
    return True


@jit
def free_time(night: Night, state: State, m: int) -> float:
    """The longest stretch that could be had at a touched place, s."""
    longest = 0.0
    for t in range(m):
        for p in range(max(0, state.touched_lo[t]), min(state.touched_hi[t], state.length[t]) + 1):
            begin = night.telescope[t, 3]
            if p > 0:
                a = state.tour[t, p - 1]
                begin = state.earliest[a] + night.duration[a]
            end = 1e18
            if p < state.length[t]:
                end = state.latest[state.tour[t, p]]
            longest = max(longest, end - max(begin, night.now[0]))
    return longest


@jit
def widen(state: State, by: int) -> None:
    """Let insertions be tried a little beside the touched places too: slack may lie there."""
    for t in range(len(state.length)):
        if state.touched_hi[t] >= state.touched_lo[t]:
            state.touched_lo[t] = max(0, state.touched_lo[t] - by)
            state.touched_hi[t] = min(state.length[t], state.touched_hi[t] + by)


@jit
def destroy_run(night: Night, state: State, longest: int) -> int:
    """Remove a run of neighbours on one telescope; how many went."""
    m = night.telescope.shape[0]
    total = 0
    for t in range(m):
        total += state.length[t]
    if total == 0:
        return 0
    x = int(uniform(state) * total)
    t = 0
    while x >= state.length[t]:
        x -= state.length[t]
        t += 1
    count = 1 + int(uniform(state) * longest)
    skip = 1 if count > 2 and uniform(state) < 0.3 else 0  # sometimes one in the middle stays
    middle = int(uniform(state) * count)
    p = x
    removed = 0
    for k in range(count):
        if p >= state.length[t]:
            break
        j = state.tour[t, p]
        if night.fixed_start[j] == night.fixed_start[j] or (skip == 1 and k == middle):
            p += 1
            continue
        before = state.length[t]
        removed += remove(night, state, j)
        if before == state.length[t]:
            p += 1
    return removed


@jit
def destroy_hour(night: Night, state: State, longest: int) -> int:
    """Remove what overlaps a stretch of time on every telescope (observations change telescopes this way)."""
    m = night.telescope.shape[0]
    t = int(uniform(state) * m)
    if state.length[t] == 0:
        return 0
    p = int(uniform(state) * state.length[t])
    q = min(state.length[t] - 1, p + int(uniform(state) * longest))
    begin = state.earliest[state.tour[t, p]]
    end = state.earliest[state.tour[t, q]] + night.duration[state.tour[t, q]]
    removed = 0
    for t in range(m):
        p = 0
        while p < state.length[t]:
            j = state.tour[t, p]
            s = state.earliest[j]
            inside = s < end and s + night.duration[j] > begin
            if inside and night.fixed_start[j] != night.fixed_start[j]:
                removed += remove(night, state, j)
                p = 0
            else:
                p += 1
    return removed


@jit
def destroy_program(night: Night, state: State, count: int) -> int:
    """Remove a few observations of one program anywhere (its quota is the good that is exchanged)."""
    m = night.telescope.shape[0]
    wanted = -1
    removed = 0
    for _ in range(count * 3):
        t = int(uniform(state) * m)
        if state.length[t] == 0:
            continue
        j = state.tour[t, int(uniform(state) * state.length[t])]
        if night.fixed_start[j] == night.fixed_start[j]:
            continue
        if wanted < 0:
            wanted = night.program[j]
        if night.program[j] == wanted:
            removed += remove(night, state, j)
            if removed >= count:
                break
    return removed


@jit
def force_one(night: Night, state: State, order: Ints) -> int:
    """Schedule one candidate that is not, removing what stands in its way: 1 done, 0 nothing to do, -1 spoilt."""
    for _ in range(20):
        x = uniform(state)
        o = order[int(x * x * len(order))]
        u = night.opt_unit[o]
        if state.option[u] == night.opt_shorter[o]:
            # quota: give back what the programs lack
            for k in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
                if not free_quota(night, state, night.opt_member[k], u, o):
                    return -1
            if not refresh_all(night, state):
                return -1
            if state.option[u] != night.opt_shorter[o]:
                return -1
            return 1 if insert_option(night, state, o, True, 0.0, True) > 0 else -1
    return 0


@jit
def free_quota(night: Night, state: State, j: int, u: int, o: int) -> bool:
    """Remove random observations of j's program until the option's members of that program fit its quota."""
    if state.telescope_of[j] >= 0:
        return True
    need = 0.0
    for k in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
        i = night.opt_member[k]
        if state.telescope_of[i] < 0 and night.program[i] == night.program[j]:
            need += night.duration[i]
    tries = 0
    while state.quota[night.program[j]] < need:
        tries += 1
        if tries > 60:
            return False
        t = int(uniform(state) * night.telescope.shape[0])
        if state.length[t] == 0:
            continue
        i = state.tour[t, int(uniform(state) * state.length[t])]
        fixed = night.fixed_start[i] == night.fixed_start[i]
        if night.program[i] == night.program[j] and night.unit_of[i] != u and not fixed:
            remove(night, state, i)
    return True


@jit
def anneal(
    night: Night,
    state: State,
    saved: State,
    best: State,
    order: Ints,
    score: Floats,
    shortest_s: Floats,
    warmth: Floats,
    steps: int,
) -> int:
    """`steps` steps of destroy and refill from `saved`; the best schedule is left in `best`, improvements are counted.

    warmth: (3) temperature at the first and the last step of this call (value), and the longest run destroyed.
    order (candidates, rewritten), score (options): what is worth trying first.
    """
    improved = 0
    key = np.empty(len(order))
    for step in range(steps):
        if step % _REORDER == 0 and len(order) > 0:
            noise = 0.6 * uniform(state)
            for k in range(len(order)):
                key[k] = -score[order[k]] * (1.0 + noise * uniform(state))
            ranks = np.argsort(key, kind="mergesort")
            order[:] = order[ranks]
        temperature = warmth[0] + (warmth[1] - warmth[0]) * step / steps
        touch_nothing(state)
        x = uniform(state)
        ok = True
        if x < 0.25 and night.telescope.shape[0] > 1:
            destroy_hour(night, state, int(warmth[2]) // 2)
        elif x < 0.55 or len(order) == 0:
            destroy_run(night, state, int(warmth[2]))
        elif x < 0.65:
            destroy_run(night, state, 2)
            destroy_run(night, state, 2)
        elif x < 0.72:
            destroy_program(night, state, 1 + int(3.0 * uniform(state)))
        else:
            ok = force_one(night, state, order) >= 0
        if ok and refresh_all(night, state):
            widen(state, int(3.0 * uniform(state)))
            ok = fill(night, state, order, shortest_s, _BLINK, 0.3 if uniform(state) < 0.3 else 0.0)
        else:
            ok = False
        if ok and state.objective[0] >= saved.objective[0] + temperature * math.log(uniform(state)):
            restore(night, saved, state)
            if state.objective[0] > best.objective[0] + 1e-6:
                restore(night, best, state)
                improved += 1
        else:
            restore(night, state, saved)
    return improved
