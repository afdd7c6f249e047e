# mypy: disable-error-code="no-any-return"
# (one element of an array is Any to the type checker)
"""Moves on a state: insert an option, remove a sequence with what depends on it, make room by force."""

from __future__ import annotations

from nightplan.arrays import Night, State
from nightplan.compiled import jit
from nightplan.kernels.tour import NEVER, next_start, overhead, put, ready_after, refresh, refresh_all, take

_ROUNDING_S = 1e-7  # sums of seconds differ by this much at most


@jit
def uniform(state: State) -> float:
    """A random number in (0, 1): L'Ecuyer's combined generator (CACM 31, 742, 1988), the same in every run."""
    a = (state.random[0] * 40014) % 2147483563
    b = (state.random[1] * 40692) % 2147483399
    state.random[0] = a
    state.random[1] = b
    z = a - b
    if z < 1:
        z += 2147483562
    return z / 2147483563.0


@jit
def cheapest_place(
    night: Night, state: State, j: int, lo: float, hi: float, everywhere: bool, jitter: float
) -> tuple[int, int]:
    """Where j delays what follows least, starting within [lo, hi]: (telescope, place), (-1, -1) if nowhere."""
    m = night.telescope.shape[0]
    best = NEVER
    at_t = -1
    at_p = -1
    for t in range(m):
        row = j * m + t
        first, last = night.window_ptr[row], night.window_ptr[row + 1]
        if first == last:
            continue
        open_s = night.window_lo[first]
        close_s = min(hi, night.window_hi[last - 1])
        p = 0 if everywhere else max(0, state.touched_lo[t])
        end = state.length[t] if everywhere else min(state.touched_hi[t], state.length[t])
        while p <= end:
            follower = state.tour[t, p] if p < state.length[t] else -1
            if follower >= 0 and state.latest[follower] < max(open_s, lo) + night.duration[j]:
                p += 1
                continue
            ready = ready_after(night, state, t, p)
            if ready > close_s:
                break
            before = state.tour[t, p - 1] if p > 0 else -1
            into = overhead(night, t, before, j)
            s = next_start(night, state, t, j, max(ready + into, lo))
            if s <= hi and s < NEVER:
                if follower >= 0:
                    out = overhead(night, t, j, follower)
                    shifted = s + night.duration[j] + out
                    if shifted > state.latest[follower]:
                        p += 1
                        continue
                    saved = overhead(night, t, before, follower)
                    cost = max(0.0, shifted - state.earliest[follower]) + 0.3 * (into + out - saved)
                else:
                    cost = s + night.duration[j] - ready + 0.3 * into
                if jitter > 0.0:
                    cost = (cost + 10.0) * (1.0 + jitter * uniform(state))
                if cost < best:
                    best = cost
                    at_t = t
                    at_p = p
            p += 1
    return at_t, at_p


@jit
def relax_boxes(night: Night, state: State, o: int) -> bool:
    """Widen each visit's limits to half the slack of its gaps, so that visits may move independently; False on trouble.

    With every start s_k inside [e_k − su/2, e_k + sl/2], sl = gap − gap_min and su = gap_max − gap, each gap holds.
    """
    for k in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
        j = night.opt_member[k]
        state.box_lo[j] = -NEVER
        state.box_hi[j] = NEVER
    for k in range(night.link_ptr[o], night.link_ptr[o + 1]):
        a, b = night.link_a[k], night.link_b[k]
        gap = state.earliest[b] - state.earliest[a]
        over, under = gap - night.link_min[k], night.link_max[k] - gap
        if over < -_ROUNDING_S or under < -_ROUNDING_S:
            return False
        over, under = max(0.0, over), max(0.0, under)
        share = 0.5
        if night.fixed_start[a] == night.fixed_start[a] or night.fixed_start[b] == night.fixed_start[b]:
            share = 1.0
        else:
            over *= 0.999999999
            under *= 0.999999999
        if night.fixed_start[a] != night.fixed_start[a]:
            state.box_hi[a] = min(state.box_hi[a], state.earliest[a] + share * over)
            state.box_lo[a] = max(state.box_lo[a], state.earliest[a] - share * under)
        if night.fixed_start[b] != night.fixed_start[b]:
            state.box_lo[b] = max(state.box_lo[b], state.earliest[b] - share * over)
            state.box_hi[b] = min(state.box_hi[b], state.earliest[b] + share * under)
    return refresh_all(night, state)


@jit
def pin(night: Night, state: State, o: int) -> bool:
    """Hold the scheduled members of an option where they are."""
    for k in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
        j = night.opt_member[k]
        if state.telescope_of[j] >= 0:
            state.box_lo[j] = state.earliest[j]
            state.box_hi[j] = state.earliest[j]
    return refresh_all(night, state)


@jit
def link_limits(night: Night, state: State, o: int, j: int) -> tuple[float, float]:
    """When j may start, given the members of its option that are scheduled already."""
    lo, hi = -NEVER, NEVER
    for k in range(night.link_ptr[o], night.link_ptr[o + 1]):
        a, b = night.link_a[k], night.link_b[k]
        if b == j and state.telescope_of[a] >= 0:
            lo = max(lo, state.earliest[a] + night.link_min[k])
            hi = min(hi, state.earliest[a] + night.link_max[k])
        if a == j and state.telescope_of[b] >= 0:
            lo = max(lo, state.earliest[b] - night.link_max[k])
            hi = min(hi, state.earliest[b] - night.link_min[k])
    return lo, hi


@jit
def quota_allows(night: Night, state: State, o: int) -> bool:
    """Whether the programs of the option's missing members have the time left for them."""
    for k in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
        j = night.opt_member[k]
        if state.telescope_of[j] >= 0:
            continue
        need = 0.0
        for q in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
            i = night.opt_member[q]
            if state.telescope_of[i] < 0 and night.program[i] == night.program[j]:
                need += night.duration[i]
        if need > state.quota[night.program[j]]:
            return False
    return True


@jit
def insert_option(night: Night, state: State, o: int, everywhere: bool, jitter: float, force: bool) -> int:
    """Schedule the missing members of an option whose shorter option stands: 1 done, 0 no room, -1 state spoilt.

    With `force`, what stands in the way is removed (the cheapest run); fixed observations never are.
    """
    u = night.opt_unit[o]
    if state.option[u] != night.opt_shorter[o]:
        return 0
    if not quota_allows(night, state, o):
        return 0
    linked = night.link_ptr[o + 1] > night.link_ptr[o]
    first, last = night.opt_ptr[o], night.opt_ptr[o + 1]
    single = last - first == 1
    if linked and state.option[u] >= 0 and not pin(night, state, o):
        return -1
    done = 0
    ok = True
    for k in range(first, last):
        j = night.opt_member[k]
        if state.telescope_of[j] >= 0:
            continue
        lo, hi = link_limits(night, state, o, j)
        if linked and lo <= -NEVER and uniform(state) < 0.7:
            lo = random_start(night, state, j)
        t, p = cheapest_place(night, state, j, lo, hi, everywhere or not single, jitter)
        if t < 0 and force:
            room = make_room(night, state, j, u, lo, hi)
            if room < 0:
                return -1
            t, p = cheapest_place(night, state, j, lo, hi, True, 0.0)
        if t < 0:
            ok = False
            break
        state.box_lo[j] = lo
        state.box_hi[j] = hi
        if not put(night, state, t, p, j):
            return -1
        done += 1
        if linked:
            state.box_lo[j] = state.earliest[j]
            state.box_hi[j] = state.earliest[j]
            if not refresh(night, state, t):
                return -1
    if ok:
        state.option[u] = o
        if linked and not relax_boxes(night, state, o):
            return -1
        return 1
    if force:
        return -1
    if done > 0:
        # the last `done` missing members before the one that failed were put by us: shorter option's stay
        keep = state.option[u]
        for q in range(first, last):
            j = night.opt_member[q]
            if state.telescope_of[j] < 0:
                continue
            ours = True
            if keep >= 0:
                for z in range(night.opt_ptr[keep], night.opt_ptr[keep + 1]):
                    if night.opt_member[z] == j:
                        ours = False
            if ours:
                t = take(night, state, j)
                if not refresh(night, state, t):
                    return -1
    if linked and state.option[u] >= 0 and not relax_boxes(night, state, state.option[u]):
        return -1
    return 0


@jit
def random_start(night: Night, state: State, j: int) -> float:
    """A random allowed start of j, over all its windows (their lengths as weights)."""
    m = night.telescope.shape[0]
    first, last = night.window_ptr[j * m], night.window_ptr[(j + 1) * m]
    total = 0.0
    for k in range(first, last):
        total += night.window_hi[k] - night.window_lo[k] + 1.0
    x = total * uniform(state)
    for k in range(first, last):
        width = night.window_hi[k] - night.window_lo[k] + 1.0
        if x < width:
            return min(night.window_lo[k] + x, night.window_hi[k])
        x -= width
    return -NEVER


@jit
def cheapest_run(
    night: Night, state: State, j: int, u: int, lo: float, hi: float, noise: bool
) -> tuple[int, int, int, float]:
    """The run of a tour whose removal lets j in at least loss: (telescope, from, to excluded, weight); -1 if none.

    A member of unit u itself, and what is fixed, is never in the run.
    """
    m = night.telescope.shape[0]
    best = NEVER
    at_t, at_p, at_q = -1, -1, -1
    for t in range(m):
        row = j * m + t
        first, last = night.window_ptr[row], night.window_ptr[row + 1]
        if first == last:
            continue
        close_s = min(hi, night.window_hi[last - 1])
        for p in range(state.length[t] + 1):
            ready = ready_after(night, state, t, p)
            if ready > close_s:
                break
            before = state.tour[t, p - 1] if p > 0 else -1
            s = next_start(night, state, t, j, max(ready + overhead(night, t, before, j), lo))
            if s > hi or s >= NEVER:
                continue
            if p < state.length[t] and state.earliest[state.tour[t, p]] + night.duration[state.tour[t, p]] < s - 60.0:
                continue  # j starts long after place p: a later place does it
            weight = 0.0
            q = p
            while q < state.length[t]:
                b = state.tour[t, q]
                if s + night.duration[j] + overhead(night, t, j, b) <= state.latest[b]:
                    break
                if night.fixed_start[b] == night.fixed_start[b] or night.unit_of[b] == u:
                    weight = NEVER
                    break
                o = state.option[night.unit_of[b]]
                for z in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
                    i = night.opt_member[z]
                    later = night.opt_shorter[o] < 0 or state.earliest[i] >= state.earliest[b]
                    if later and state.telescope_of[i] >= 0:
                        weight += night.weight[i]
                q += 1
                if weight >= best:
                    break
            if weight >= NEVER:
                continue
            if noise:
                weight = (weight + 1000.0) * (0.6 + 0.8 * uniform(state))
            if weight < best:
                best = weight
                at_t, at_p, at_q = t, p, q
    return at_t, at_p, at_q, best


@jit
def make_room(night: Night, state: State, j: int, u: int, lo: float, hi: float) -> int:
    """Remove the cheapest run that stands in the way of j; the number removed, -1 where it cannot be."""
    t, p, q, _ = cheapest_run(night, state, j, u, lo, hi, True)
    if t < 0:
        return -1
    removed = 0
    for _ in range(q - p):
        if p >= state.length[t]:
            break
        b = state.tour[t, p]
        if night.fixed_start[b] == night.fixed_start[b] or night.unit_of[b] == u:
            return -1
        removed += remove(night, state, b)
    return removed if refresh_all(night, state) else -1


@jit
def remove(night: Night, state: State, j: int) -> int:
    """Take j out with what depends on it (later visits; the whole option of other groups); how many went.

    Times are not moved: `refresh` the telescopes when all removals are done.
    """
    u = night.unit_of[j]
    o = state.option[u]
    # a cadence is cut before j, anything else goes whole
    keep = -1
    if o >= 0 and night.opt_shorter[o] >= 0:
        keep = night.opt_shorter[o]
        while keep >= 0:
            inside = False
            for k in range(night.opt_ptr[keep], night.opt_ptr[keep + 1]):
                if night.opt_member[k] == j:
                    inside = True
            if not inside:
                break
            keep = night.opt_shorter[keep]
    removed = 0
    for k in range(night.opt_ptr[o], night.opt_ptr[o + 1]):
        i = night.opt_member[k]
        stays = False
        if keep >= 0:
            for z in range(night.opt_ptr[keep], night.opt_ptr[keep + 1]):
                if night.opt_member[z] == i:
                    stays = True
        if not stays and state.telescope_of[i] >= 0:
            take(night, state, i)
            removed += 1
    state.option[u] = keep
    return removed


@jit
def fits(night: Night, state: State, t: int, p: int, j: int, lo: float, hi: float) -> bool:
    """Whether j may be inserted before place p of t, starting within [lo, hi], without moving anything out."""
    before = state.tour[t, p - 1] if p > 0 else -1
    ready = ready_after(night, state, t, p) + overhead(night, t, before, j)
    s = next_start(night, state, t, j, max(ready, lo))
    if s > hi or s >= NEVER:
        return False
    if p == state.length[t]:
        return True
    follower = state.tour[t, p]
    return s + night.duration[j] + overhead(night, t, j, follower) <= state.latest[follower]
