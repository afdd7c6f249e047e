"""The proven upper bound on a night's value, and which sequences cannot be part of anything better."""

from __future__ import annotations

import itertools
import time
from typing import NamedTuple

import numpy as np

from nightplan.arrays import Floats, Ints
from nightplan.instance import Instance
from nightplan.kernels import relax
from nightplan.model import Model

_FINEST_S, _COARSEST_S = 1.0, 60.0
_MOST_SLOTS = 50_000
_BATCH = 10


def knapsack_bound(model: Model) -> float:
    """A quick bound: the best use of the telescopes' time, fractions of sequences allowed, overheads at their least."""
    night, instance = model.night, model.instance
    fixed = ~np.isnan(night.fixed_start)
    total = float(model.value[fixed].sum())
    time_s = _time_s(instance)
    open_ = possible(model)
    if time_s <= 0 or not len(open_):
        return total
    order = open_[np.argsort(-model.value[open_] / night.duration[open_], kind="stable")]
    used = np.cumsum(night.duration[order])
    whole = int(np.searchsorted(used, time_s, side="right"))
    total += float(model.value[order[:whole]].sum())
    if whole < len(order):
        left = time_s - (float(used[whole - 1]) if whole else 0.0)
        total += float(model.value[order[whole]] / night.duration[order[whole]]) * left
    return total


def _time_s(instance: Instance) -> float:
    """The telescopes' time that is left."""
    return sum(
        max(0.0, min(instance.horizon_s, t.available_to_s) - max(0.0, instance.now_s, t.available_from_s))
        for t in instance.telescopes
    )


class Rows(NamedTuple):
    """sum(factor × x) <= limit, row by row; equality where free."""

    ptr: Ints
    item: Ints
    factor: Floats
    limit: Floats
    free: Ints


class Grid(NamedTuple):
    """Entries of each telescope, sorted by last start, descending, as kernels/relax.py wants them."""

    tel_ptr: Ints
    item: Ints
    first: Ints
    last: Ints
    length: Ints
    by_first: Ints
    by_length: Ints
    slots: int


class Relaxation:
    """The Lagrangian relaxation of a night (see kernels/relax.py): prices, and what they prove."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.among = possible(model)
        self.bound = knapsack_bound(model)
        self._base = float(model.value[~np.isnan(model.night.fixed_start)].sum())
        self._rows = _rows(model, self.among)
        self._least = [least_overhead(model, t, self.among) for t in range(len(model.night.telescope))]
        self.dual = _first_prices(model, self.among, len(self._rows.limit))

    def descend(self, grid_s: float, target: float, steps: int, pace: float, deadline_s: float) -> None:
        """Improve the prices by steps on a grid rounded to nearest: nothing is proven yet.

        `target` is a value that a schedule reaches; `pace` the first step's factor; no longer than `deadline_s`
        (time.monotonic).
        """
        grid = self._grid(min(grid_s, self.coarsest_s), rounding=0.5)
        rows, control = self._rows, np.array([pace, 1e300, 0.0])
        dual = self.dual.copy()
        for _ in range(0, steps, _BATCH):
            relax.subgradient(
                grid.slots, grid.tel_ptr, grid.item, grid.first, grid.last, grid.length, grid.by_first,
                grid.by_length, self.model.value, rows.ptr, rows.item, rows.factor, rows.limit, rows.free,
                dual, self.dual, target - self._base, control, _BATCH,
            )  # fmt: skip
            if control[0] < 1e-3 or time.monotonic() > deadline_s:
                break

    def prove(self, grid_s: float) -> Floats:
        """Work out the bound at the prices reached, over all sequences; `bound` keeps the best.

        For each sequence, how far the bound falls if it is made part of the schedule (inf = it cannot be).
        """
        grid, rows = self._grid(grid_s, rounding=1e-9), self._rows
        slots, size = grid.slots, len(grid.item) + 1
        price = self.model.value.copy()
        np.subtract.at(price, rows.item, np.repeat(self.dual, np.diff(rows.ptr)) * rows.factor)
        short = np.full(len(price), np.inf)
        total = self._base + float((self.dual * rows.limit).sum())
        f, g = np.empty(slots + 1), np.empty(slots + 1)
        choice, front, alive = np.empty(slots + 1, np.int64), np.empty(size, np.int64), np.zeros(size, np.int64)
        for a, b in itertools.pairwise(grid.tel_ptr.tolist()):
            item, first, last, length = (x[a:b] for x in (grid.item, grid.first, grid.last, grid.length))
            by_first, by_length = grid.by_first[a:b], grid.by_length[a:b]
            relax.longest_path(slots, item, first, last, length, by_first, by_length, price, f, choice, front, alive)
            relax.reduced(slots, item, first, last, length, price, f, g, short)
            total += float(f[0])
        self.bound = min(self.bound, total)
        return short

    def grid_for(self, work: float) -> float:
        """A grid step such that one longest path takes about `work` elementary operations."""
        return float(min(max(self.open_s / work, _FINEST_S), self.coarsest_s))

    @property
    def open_s(self) -> float:
        """All allowed starts, summed over sequences and telescopes."""
        night = self.model.night
        m, among = len(night.telescope), self.among
        rows = (among[:, None] * m + np.arange(m)).ravel()
        a, b = night.window_ptr[rows], night.window_ptr[rows + 1]
        some = b > a
        return float((night.window_hi[b[some] - 1] - night.window_lo[a[some]]).sum())

    @property
    def coarsest_s(self) -> float:
        """The longest grid step: no sequence may be shorter than a step."""
        return min(_COARSEST_S, float(self.model.night.duration[self.among].min()))

    def _grid(self, grid_s: float, rounding: float) -> Grid:
        """The entries on a grid.

        Starts are rounded outwards; lengths down (`rounding` ~ 0: a bound is proven) or to nearest (0.5).
        """
        night, m, n = self.model.night, len(self.model.night.telescope), len(self.model.night.duration)
        inside = np.zeros(n, bool)
        inside[self.among] = True
        owner = np.repeat(np.arange(n * m), np.diff(night.window_ptr))
        parts: list[Ints] = []
        counts = [0]
        slots = 1
        for t in range(m):
            k = np.flatnonzero((owner % m == t) & inside[owner // m])
            item = owner[k] // m
            least = np.zeros(n)
            least[self.among] = self._least[t]
            origin = max(float(night.telescope[t, 3]), float(night.now[0]))
            # nothing starts before the telescope is ready and has slewed
            lo, hi = np.maximum(night.window_lo[k], origin + least[item]), night.window_hi[k]
            open_ = hi >= lo - 1e-6
            item, lo, hi = item[open_], lo[open_], hi[open_]
            first = np.maximum(0, np.floor((lo - least[item] - origin) / grid_s - 1e-9)).astype(np.int64)
            last = np.maximum(first, np.floor((hi - least[item] - origin) / grid_s + 1e-9).astype(np.int64))
            length = np.floor((night.duration[item] + least[item]) / grid_s + rounding).astype(np.int64)
            length = np.maximum(length, 1)
            order = np.argsort(-last, kind="stable")
            table = np.stack([item, first, last, length])[:, order]
            by_first = np.argsort(-table[1], kind="stable")
            by_length = np.argsort(table[3], kind="stable")
            parts.append(np.concatenate([table, by_first[None], by_length[None]]))
            counts.append(counts[-1] + len(item))
            if len(item):
                slots = max(slots, int((last + length).max()) + 1)
        flat = np.concatenate(parts, axis=1) if parts else np.zeros((6, 0), np.int64)
        item, first, last, length, by_first, by_length = (np.ascontiguousarray(row) for row in flat)
        return Grid(np.array(counts, np.int64), item, first, last, length, by_first, by_length, slots)


def can_relax(model: Model) -> bool:
    """Whether a grid as fine as the shortest sequence is affordable (no step may be longer than a sequence)."""
    among = possible(model)
    return bool(len(among)) and model.instance.horizon_s / float(model.night.duration[among].min()) < _MOST_SLOTS


def possible(model: Model) -> Ints:
    """The sequences that have a start somewhere tonight."""
    m = len(model.night.telescope)
    ptr = model.night.window_ptr
    return np.flatnonzero(ptr[m::m] > ptr[:-m:m]) if m and len(ptr) > 1 else np.zeros(0, np.int64)


def _first_prices(model: Model, among: Ints, rows: int) -> Floats:
    """Start of the descent: what a sequence is worth beyond the night's price of time."""
    dual = np.zeros(rows)
    price = _time_price(model, among)
    dual[among] = np.maximum(0.0, model.value[among] - price * (model.night.duration[among] + 12.0))
    return dual


def _time_price(model: Model, among: Ints) -> float:
    """Value per second of the last sequence that still finds time in a knapsack as long as the night."""
    if not len(among):
        return 0.0
    instance, night = model.instance, model.night
    time_s = _time_s(instance)
    block = night.duration[among] + 12.0
    rate = model.value[among] / block
    order = np.argsort(-rate, kind="stable")
    last = int(np.searchsorted(np.cumsum(block[order]), time_s))
    return float(rate[order[last]]) if last < len(order) else 0.0


def _rows(model: Model, among: Ints) -> Rows:
    """Rows sum(factor × x) <= limit: each sequence at most once, groups, quotas, mandatory."""
    night, instance, index = model.night, model.instance, model.index
    n = len(night.duration)
    fixed = ~np.isnan(night.fixed_start)
    inside = np.zeros(n, bool)
    inside[among] = True
    ptr: list[int] = []
    items: list[int] = []
    factors: list[float] = []
    limits: list[float] = []
    free: list[int] = []

    def add(terms: list[tuple[int, float]], limit: float, is_free: bool = False) -> None:
        for i, factor in terms:
            if fixed[i]:
                limit -= factor
            elif inside[i]:
                items.append(i)
                factors.append(factor)
        ptr.append(len(items))
        limits.append(limit)
        free.append(int(is_free))

    for g in instance.groups:
        members = [index[x] for x in g.members]
        if g.kind == "at_most_one":
            add([(i, 1.0) for i in members], 1.0)
        else:
            for a, b in itertools.pairwise(members):
                add([(b, 1.0), (a, -1.0)], 0.0, g.kind == "all_or_none")
    for i in model.must:
        add([(int(i), -1.0)], -1.0)
    for k in range(len(instance.programs)):
        mine = among[night.program[among] == k]
        if night.duration[mine].sum() > model.quota_s[k]:
            scale = float(night.duration[mine].mean())
            add([(int(i), float(night.duration[i]) / scale) for i in mine], float(model.quota_s[k]) / scale)
    # the rows “at most once” come first, one a sequence, so that dual[i] is the price of sequence i
    own_ptr = np.arange(n + 1, dtype=np.int64)
    return Rows(
        np.concatenate([own_ptr, n + np.array(ptr, np.int64)]).astype(np.int64),
        np.concatenate([np.arange(n), np.array(items, np.int64)]).astype(np.int64),
        np.concatenate([np.ones(n), np.array(factors, float)]),
        np.concatenate([np.where(inside, 1.0, 0.0), np.array(limits, float)]),
        np.concatenate([np.zeros(n), np.array(free)]).astype(np.int64),
    )


def least_overhead(model: Model, t: int, among: Ints) -> Floats:
    """For each of `among`, the least overhead before it on telescope t, whatever comes before.

    Over all of `among`, the fixed observations and the initial pointing; rounded down.
    """
    night = model.night
    if not len(among):
        return np.zeros(0)
    before = np.union1d(among, np.flatnonzero(~np.isnan(night.fixed_start)))
    base, rate, change, _ = night.telescope[t]
    closest_same, closest_other = np.empty(len(among)), np.empty(len(among))
    relax.nearest(night.vector, night.filter, among, before, closest_same, closest_other)
    least = np.minimum(
        _slew_floor(closest_same, base, rate), np.maximum(change, _slew_floor(closest_other, base, rate))
    )
    if night.initial_known[t]:
        chord2 = 2.0 - 2.0 * (night.vector[among] @ night.initial_vector[t])
        change_here = (night.initial_filter[t] >= 0) & (night.filter[among] != night.initial_filter[t])
        least = np.minimum(least, np.maximum(np.where(change_here, change, 0.0), _slew_floor(chord2, base, rate)))
    else:
        least = np.minimum(least, base)
    floor: Floats = np.maximum(0.0, least)
    return floor


def _slew_floor(chord2: Floats, base: float, rate: float) -> Floats:
    """Slew time for squared chords that carry rounding errors of 1e-15: never too long."""
    angle = 2.0 * np.degrees(np.arcsin(np.minimum(1.0, 0.5 * np.sqrt(np.maximum(0.0, chord2 - 1e-12)))))
    slew: Floats = np.where(angle <= 2.0 / 3600.0, 0.0, base + angle / rate - 1e-6)
    return slew
