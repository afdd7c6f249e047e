# mypy: disable-error-code="no-any-return"
# (one element of an array is Any to the type checker)
"""The Lagrangian relaxation: a proven bound, the price of every hour, and how much each sequence falls short.

Rows (at most once, groups, quotas, mandatory) are priced into the values; what is left is, for each telescope, a
longest path over a time grid: f(k) = max(f(k+1), max_i (c_i + f(k + len_i))). Lengths (duration + least overhead
before it) are rounded down and starts outwards, so the path is worth at least as much as any real schedule.
"""

from __future__ import annotations

import numpy as np

from nightplan.arrays import Floats, Ints
from nightplan.compiled import jit

PATIENCE = 20
SHRINK = 0.7
DRIFT = 0.6


@jit
def longest_path(
    slots: int,
    item: Ints,
    first: Ints,
    last: Ints,
    length: Ints,
    by_first: Ints,
    by_length: Ints,
    price: Floats,
    f: Floats,
    choice: Ints,
    front: Ints,
    alive: Ints,
) -> None:
    """Best worth f[k] from slot k on and the entry taken there (-1 = wait). Entries are sorted by `last`, descending.

    An entry e may start in slots first[e]..last[e] and takes length[e] >= 1 slots; by_first (descending) and by_length
    (ascending) are orders of the entries; front and alive (one more than entries) are working space. As f never
    rises with k, an entry that is no shorter and worth no more than another one open at the same slot never wins:
    only the front of the others is looked at.
    """
    size = 0
    added = 0
    ended = 0
    total = len(item)
    f[slots] = 0.0
    for k in range(slots - 1, -1, -1):
        rebuild = False
        while ended < total and first[by_first[ended]] > k:
            e = by_first[ended]
            if alive[e] == 2:
                rebuild = True
            alive[e] = 0
            ended += 1
        while added < total and last[added] >= k:
            e = added
            added += 1
            worth = price[item[e]]
            alive[e] = 0
            if worth <= 0.0 or first[e] > k:
                continue
            alive[e] = 1
            if rebuild:
                continue
            dominated = False
            for z in range(size):
                if length[front[z]] <= length[e] and price[item[front[z]]] >= worth:
                    dominated = True
                    break
            if dominated:
                continue
            kept = 0
            for z in range(size):
                if length[front[z]] >= length[e] and price[item[front[z]]] <= worth:
                    alive[front[z]] = 1
                else:
                    front[kept] = front[z]
                    kept += 1
            front[kept] = e
            alive[e] = 2
            size = kept + 1
        if rebuild:
            size = 0
            highest = 0.0
            for z in range(total):
                e = by_length[z]
                if e < added and alive[e] > 0:
                    alive[e] = 1
                    if price[item[e]] > highest:
                        highest = price[item[e]]
                        front[size] = e
                        alive[e] = 2
                        size += 1
        best = f[k + 1]
        chosen = -1
        for z in range(size):
            e = front[z]
            end = k + length[e]
            worth = price[item[e]] + (f[end] if end < slots else 0.0)
            if worth > best:
                best = worth
                chosen = e
        f[k] = best
        choice[k] = chosen


@jit
def reduced(
    slots: int, item: Ints, first: Ints, last: Ints, length: Ints, price: Floats, f: Floats, g: Floats, short: Floats
) -> None:
    """How far below the best path the best path through each item lies, into short[item] (the least over entries).

    g is working space: the best worth of the slots before k.
    """
    for k in range(slots + 1):
        g[k] = 0.0
    # entries sorted by last descending: walk forward over all of them, slot by slot, with a plain scan of starts
    order = np.argsort(first, kind="mergesort")
    count = 0
    n = 0
    active = np.empty(len(item), np.int64)
    best = f[0]
    for k in range(slots):
        if k > 0 and g[k - 1] > g[k]:
            g[k] = g[k - 1]
        while n < len(item) and first[order[n]] <= k:
            active[count] = order[n]
            count += 1
            n += 1
        z = 0
        while z < count:
            e = active[z]
            if last[e] < k:
                count -= 1
                active[z] = active[count]
                continue
            end = min(k + length[e], slots)
            here = g[k] + price[item[e]]
            if here > g[end]:
                g[end] = here
            gap = best - here - f[end]
            if gap < short[item[e]]:
                short[item[e]] = gap
            z += 1


@jit
def subgradient(
    slots: int,
    tel_ptr: Ints,
    item: Ints,
    first: Ints,
    last: Ints,
    length: Ints,
    by_first: Ints,
    by_length: Ints,
    worth: Floats,
    row_ptr: Ints,
    row_item: Ints,
    row_factor: Floats,
    row_limit: Floats,
    row_free: Ints,
    dual: Floats,
    best_dual: Floats,
    target: float,
    control: Floats,
    iterations: int,
) -> float:
    """Improve the prices `dual` by `iterations` subgradient steps (Polyak's length towards `target`); the best bound.

    Rows: sum of factor × x <= limit, with dual >= 0 unless row_free. control: (3) step factor, best bound so far,
    steps since it improved; kept between calls. Held, et al., Math. Program. 6, 62 (1974); half of the last
    direction is carried along (Camerini et al., Math. Program. Study 3, 26, 1975).
    """
    n, rows = len(worth), len(row_limit)
    price = np.empty(n)
    count = np.empty(n)
    slope = np.empty(rows)
    drift = np.zeros(rows)
    f = np.empty(slots + 1)
    choice = np.empty(slots + 1, np.int64)
    front = np.empty(len(item) + 1, np.int64)
    alive = np.zeros(len(item) + 1, np.int64)
    for _ in range(iterations):
        bound = 0.0
        price[:] = worth
        for r in range(rows):
            y = dual[r]
            if y != 0.0:
                bound += y * row_limit[r]
                for k in range(row_ptr[r], row_ptr[r + 1]):
                    price[row_item[k]] -= y * row_factor[k]
        count[:] = 0.0
        for t in range(len(tel_ptr) - 1):
            a, b = tel_ptr[t], tel_ptr[t + 1]
            longest_path(
                slots, item[a:b], first[a:b], last[a:b], length[a:b], by_first[a:b], by_length[a:b],
                price, f, choice, front, alive,
            )  # fmt: skip
            bound += f[0]
            k = 0
            while k < slots:
                e = choice[k]
                if e < 0:
                    k += 1
                else:
                    count[item[a + e]] += 1.0
                    k += length[a + e]
        if bound < control[1]:
            control[1] = bound
            control[2] = 0.0
            best_dual[:] = dual
        else:
            control[2] += 1.0
            if control[2] >= PATIENCE:
                control[0] *= SHRINK
                control[2] = 0.0
                dual[:] = best_dual
        norm = 0.0
        for r in range(rows):
            s = row_limit[r]
            for k in range(row_ptr[r], row_ptr[r + 1]):
                s -= row_factor[k] * count[row_item[k]]
            slope[r] = s + DRIFT * drift[r]
            if dual[r] <= 0.0 and slope[r] > 0.0 and row_free[r] == 0:
                slope[r] = 0.0
            drift[r] = slope[r]
            norm += slope[r] * slope[r]
        if norm <= 1e-12 or control[0] < 1e-4:
            break
        step = control[0] * max(bound - target, 1e-5 * abs(bound)) / norm
        for r in range(rows):
            dual[r] -= step * slope[r]
            if dual[r] < 0.0 and row_free[r] == 0:
                dual[r] = 0.0
    return control[1]


@jit
def nearest(vector: Floats, filters: Ints, after: Ints, before: Ints, same: Floats, other: Floats) -> None:
    """Squared chord from each of `after` to the nearest of `before` (not itself), by filter kept or changed.

    4.0 (the far side of the sky) where there is none. A filter code below 0 counts as kept: its overhead is none.
    """
    for k in range(len(after)):
        i = after[k]
        x, y, z = vector[i, 0], vector[i, 1], vector[i, 2]
        kept, changed = 4.0, 4.0
        for q in range(len(before)):
            j = before[q]
            dx, dy, dz = x - vector[j, 0], y - vector[j, 1], z - vector[j, 2]
            chord2 = dx * dx + dy * dy + dz * dz
            if filters[i] == filters[j] or filters[j] < 0:
                if chord2 < kept and i != j:
                    kept = chord2
            elif chord2 < changed:
                changed = chord2
        same[k] = kept
        other[k] = changed
