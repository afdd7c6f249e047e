"""From an `Instance` to the arrays the kernels work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightplan.arrays import Floats, Ints, Night, State, new_state
from nightplan.instance import Instance, Telescope
from nightplan.units import Option, Unit, units_of_groups


@dataclass(frozen=True)
class Model:
    """The arrays of a night with what is needed to read results back."""

    instance: Instance
    night: Night
    index: dict[str, int]
    value: Floats  # (n) priority × duration
    quota_s: Floats  # (programs) what fixed observations leave
    must: Ints  # sequences whose absence breaks a rule (mandatory, or the rest of a group begun)
    units: list[Unit]
    bonus: float

    def seeded(self, seed: int) -> State:
        """A state that holds only what is fixed."""
        state = new_state(self.night, self.quota_s, seed)
        tel = {t.id: k for k, t in enumerate(self.instance.telescopes)}
        for f in sorted(self.instance.fixed, key=lambda f: f.start_s):
            t, i = tel[f.telescope], self.index[f.sequence]
            state.tour[t, state.length[t]] = i
            state.length[t] += 1
            state.telescope_of[i] = t
            state.earliest[i] = state.latest[i] = f.start_s
            state.objective[0] += self.night.weight[i]
        return state


def build(instance: Instance) -> Model:
    """The arrays of an instance (about 1 ms for 1000 sequences)."""
    sequences, m = instance.sequences, len(instance.telescopes)
    n = len(sequences)
    index = {s.id: i for i, s in enumerate(sequences)}
    programs = {p.id: k for k, p in enumerate(instance.programs)}
    filters: dict[str | None, int] = {None: -1}
    for name in (*(s.filter for s in sequences), *(t.initial.filter for t in instance.telescopes)):
        filters.setdefault(name, len(filters) - 1)
    duration = np.array([s.duration_s for s in sequences], float).reshape(n)
    value = duration * np.array([s.priority for s in sequences], float).reshape(n)
    program = np.array([programs[s.program] for s in sequences], np.int64).reshape(n)
    fixed_start = np.full(n, np.nan)
    for f in instance.fixed:
        fixed_start[index[f.sequence]] = f.start_s
    quota = np.array([p.quota_s for p in instance.programs], float)
    held = ~np.isnan(fixed_start)
    np.subtract.at(quota, program[held], duration[held])

    ptr, lo, hi = _starts(instance, duration, held)
    possible = (ptr[m::m] > ptr[: n * m : m]) if n and m else np.zeros(n, bool)
    fixed = set(np.flatnonzero(held).tolist())
    units = units_of_groups(instance.groups, index, fixed, possible.tolist())
    grouped = {i for u in units for i in u.members}
    must = np.array([s.mandatory for s in sequences], bool).reshape(n) & ~held
    for u in units:
        if u.must:
            must[list(set(u.members) - fixed)] = True
    bonus = 1.0 + float(value.sum())
    singles = np.array([i for i in range(n) if i not in grouped and not held[i] and possible[i]], np.int64)
    tables: dict[str, Any] = _unit_arrays(n, units, singles)
    ra = np.radians(np.array([s.ra_deg for s in sequences], float).reshape(n))
    dec = np.radians(np.array([s.dec_deg for s in sequences], float).reshape(n))
    night = Night(
        duration=duration,
        weight=value + np.where(must, bonus, 0.0),
        vector=_vectors(ra, dec),
        filter=np.array([filters[s.filter] for s in sequences], np.int64).reshape(n),
        program=program,
        fixed_start=fixed_start,
        window_ptr=ptr,
        window_lo=lo,
        window_hi=hi,
        telescope=np.array(
            [
                [t.base_s + t.settle_s, t.rate_deg_s, t.filter_change_s, max(0.0, t.available_from_s)]
                for t in instance.telescopes
            ],
            float,
        ).reshape(m, 4),
        now=np.array([float(instance.now_s)]),
        initial_vector=_vectors(
            np.radians(np.array([t.initial.ra_deg or 0.0 for t in instance.telescopes], float)),
            np.radians(np.array([t.initial.dec_deg or 0.0 for t in instance.telescopes], float)),
        ).reshape(m, 3),
        initial_known=np.array([t.initial.ra_deg is not None for t in instance.telescopes], np.int64),
        initial_filter=np.array([filters[t.initial.filter] for t in instance.telescopes], np.int64),
        **tables,
    )
    # one type of each array, always: the compiled kernels know no other
    arrays: list[Any] = [np.ascontiguousarray(a) for a in night]
    night = Night(*arrays)
    return Model(instance, night, index, value, quota, np.flatnonzero(must), units, bonus)


def _vectors(ra: Floats, dec: Floats) -> Floats:
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def _starts(instance: Instance, duration: Floats, held: NDArray[np.bool_]) -> tuple[Ints, Floats, Floats]:
    """Allowed starts of every sequence on every telescope, as intervals: windows less all that closes them."""
    m, n = len(instance.telescopes), len(instance.sequences)
    tel = {t.id: k for k, t in enumerate(instance.telescopes)}
    rows = [
        (i, tel[name], a, b)
        for i, s in enumerate(instance.sequences)
        for name, windows in s.windows.items()
        for a, b in windows
    ]
    flat = np.array(rows, float).reshape(-1, 4)
    who, on = flat[:, 0].astype(np.int64), flat[:, 1].astype(np.int64)
    begin, end = flat[:, 2].copy(), flat[:, 3].copy()
    deadline = np.array([np.inf if s.deadline_s is None else s.deadline_s for s in instance.sequences], float)
    low = np.array([max(0.0, instance.now_s, t.available_from_s) for t in instance.telescopes], float)
    high = np.array([min(instance.horizon_s, t.available_to_s) for t in instance.telescopes], float)
    begin = np.maximum(begin, low[on])
    end = np.minimum(np.minimum(end, high[on]), deadline[who])
    for k, telescope in enumerate(instance.telescopes):
        for a, b in _closed(instance, telescope):
            hit = (on == k) & (begin < b) & (end > a)
            if not hit.any():
                continue
            late = hit & (end > b)
            who = np.concatenate([who, who[late]])
            on = np.concatenate([on, on[late]])
            begin = np.concatenate([begin, np.full(int(late.sum()), b)])
            end_of_new = end[late]
            end = np.concatenate([np.where(hit, np.minimum(end, a), end), end_of_new])
    last = end - duration[who]
    # the rounding of floats may leave a window that fits exactly a hair too short
    keep = (last >= begin - 1e-9) & ~held[who]
    who, on, begin, last = who[keep], on[keep], begin[keep], np.maximum(last[keep], begin[keep])
    row = who * m + on
    order = np.lexsort((begin, row))
    ptr = np.searchsorted(row[order], np.arange(n * m + 1)).astype(np.int64)
    return ptr, begin[order], last[order]


def _closed(instance: Instance, telescope: Telescope) -> list[tuple[float, float]]:
    """When a telescope cannot observe: closures, and what is fixed on it."""
    length = {s.id: s.duration_s for s in instance.sequences} if instance.fixed else {}
    busy = [(f.start_s, f.start_s + length[f.sequence]) for f in instance.fixed if f.telescope == telescope.id]
    return [*telescope.unavailable_s, *busy]


def _unit_arrays(n: int, units: list[Unit], singles: Ints) -> dict[str, Ints | Floats]:
    """Units of groups first, then the sequences on their own (one option each)."""
    unit_of = np.full(n, -1, np.int64)
    options: list[Option] = []
    owner: list[int] = []
    shorter: list[int] = []
    for u, unit in enumerate(units):
        unit_of[list(unit.members)] = u
        base = len(options)
        options += unit.options
        owner += [u] * len(unit.options)
        shorter += [base + o.shorter if o.shorter >= 0 else -1 for o in unit.options]
    links = [x for o in options for x in o.links]
    k = len(singles)
    alone = len(units) + np.arange(k)
    unit_of[singles] = alone
    rest = np.flatnonzero(unit_of < 0)  # neither grouped nor possible, or fixed: units without options
    unit_of[rest] = len(units) + k + np.arange(len(rest))
    sizes = np.array([len(o.members) for o in options] + [1] * k, np.int64)
    per_group = np.bincount(np.array(owner, np.int64), minlength=len(units))
    per_unit = np.concatenate([per_group, np.ones(k), np.zeros(len(rest))])
    link_counts = np.array([len(o.links) for o in options] + [0] * k, np.int64)
    return {
        "unit_of": unit_of,
        "unit_ptr": _pointers(per_unit.astype(np.int64)),
        "opt_unit": np.concatenate([np.array(owner, np.int64), alone]).astype(np.int64),
        "opt_ptr": _pointers(sizes),
        "opt_member": np.concatenate([np.array([i for o in options for i in o.members], np.int64), singles]),
        "opt_shorter": np.concatenate([np.array(shorter, np.int64), np.full(k, -1, np.int64)]),
        "link_ptr": _pointers(link_counts),
        "link_a": np.array([x.a for x in links], np.int64),
        "link_b": np.array([x.b for x in links], np.int64),
        "link_min": np.array([x.gap_min_s for x in links], float),
        "link_max": np.array([x.gap_max_s for x in links], float),
    }


def _pointers(counts: Ints) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]).astype(np.int64)
