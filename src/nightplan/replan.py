"""The first plan after a change: the old one as far as it stands, and the new sequences let in."""

from __future__ import annotations

import numpy as np

from nightplan.arrays import State, copy_state
from nightplan.kernels import moves, search, tour
from nightplan.model import Model
from nightplan.search import option_totals


def keep_old(model: Model, state: State, old: Model, old_state: State) -> None:
    """Put back into `state` what of the old schedule still fits, in the old order; a cadence may be cut."""
    night, names = model.night, [s.id for s in old.instance.sequences]
    telescopes = {t.id: k for k, t in enumerate(model.instance.telescopes)}
    was: dict[int, tuple[int, float]] = {}
    for t, telescope in enumerate(old.instance.telescopes):
        for p in range(int(old_state.length[t])):
            i = int(old_state.tour[t, p])
            here = model.index.get(names[i])
            if here is not None and telescope.id in telescopes and np.isnan(night.fixed_start[here]):
                was[here] = (telescopes[telescope.id], float(old_state.earliest[i]))
    done: set[int] = set()
    for i in sorted(was, key=lambda i: was[i][1]):
        u = int(night.unit_of[i])
        if u in done:
            continue
        done.add(u)
        for o in range(int(night.unit_ptr[u + 1]) - 1, int(night.unit_ptr[u]) - 1, -1):
            members = night.opt_member[night.opt_ptr[o] : night.opt_ptr[o + 1]].tolist()
            if all(k in was for k in members) and _put_back(model, state, o, members, was):
                break


def _put_back(model: Model, state: State, o: int, members: list[int], was: dict[int, tuple[int, float]]) -> bool:
    """One option at its old places; the state is as before where it does not fit."""
    night = model.night
    linked = bool(night.link_ptr[o + 1] > night.link_ptr[o])
    if not moves.quota_allows(night, state, o):
        return False
    saved = copy_state(state) if len(members) > 1 or linked else None
    for j in members:
        t, start = was[j]
        low, high = (start, start) if linked else (-1e18, 1e18)
        p = 0
        while p < state.length[t] and _old_start(state, int(state.tour[t, p]), was) < start:
            p += 1
        if not moves.fits(night, state, t, p, j, low, high):
            if saved is not None:
                search.restore(night, state, saved)
            return False
        state.box_lo[j], state.box_hi[j] = low, high
        tour.put(night, state, t, p, j)
    state.option[night.opt_unit[o]] = o
    if linked and not moves.relax_boxes(night, state, o):
        assert saved is not None
        search.restore(night, state, saved)
        return False
    return True


def _old_start(state: State, i: int, was: dict[int, tuple[int, float]]) -> float:
    """The old order counts, not where a half-filled tour would let things begin."""
    return was[i][1] if i in was else float(state.earliest[i])


def let_in(model: Model, state: State, new: set[str]) -> None:
    """Schedule new sequences, making room where the exchange pays."""
    night = model.night
    wanted = {model.index[name] for name in new if name in model.index}
    options = [o for o in range(len(night.opt_unit)) if wanted.intersection(_members(model, o))] if wanted else []
    weight, _, _ = option_totals(model)
    for o in sorted(options, key=lambda o: -weight[o]):
        if state.option[night.opt_unit[o]] != night.opt_shorter[o]:
            continue
        before = copy_state(state)
        search.touch_nothing(state)
        placed = moves.insert_option(night, state, o, True, 0.0, False)
        if placed == 0:
            placed = moves.insert_option(night, state, o, True, 0.0, True)
        if placed <= 0 or state.objective[0] < before.objective[0]:
            search.restore(night, state, before)


def _members(model: Model, o: int) -> list[int]:
    members: list[int] = model.night.opt_member[model.night.opt_ptr[o] : model.night.opt_ptr[o + 1]].tolist()
    return members
