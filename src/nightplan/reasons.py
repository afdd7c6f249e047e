"""Why a sequence stands where it stands, and why another is left out, in a code and a sentence with numbers."""

from __future__ import annotations

import numpy as np

from nightplan.arrays import State
from nightplan.instance import Group, Instance, Sequence
from nightplan.kernels import moves, tour
from nightplan.model import Model
from nightplan.schedule import Rejected

CODES = {
    "not_visible": "no window tonight on any telescope",
    "too_long": "no window is as long as the sequence",
    "deadline": "the deadline is over before it could end",
    "past": "its windows are over",
    "closure": "the telescope is closed, or not available, during its windows",
    "busy": "what is fixed leaves no time in its windows",
    "quota": "its program has no time left",
    "group": "a rule of its group excludes it",
    "outranked": "what would have to go is worth more",
    "no_room": "no exchange was found that makes room",
}


def of_observation(model: Model, state: State, t: int, p: int) -> str:
    """Why the observation at place p of telescope t stands there."""
    instance, night = model.instance, model.night
    i = int(state.tour[t, p])
    s = instance.sequences[i]
    start = float(state.earliest[i])
    if not np.isnan(night.fixed_start[i]):
        return "fixed: done, running or not interruptible"
    head = "mandatory" if s.mandatory else f"worth {_number(s.value)} (priority {s.priority:g} × {s.duration_s:g} s)"
    a = int(state.tour[t, p - 1]) if p else -1
    before = instance.sequences[a].id if p else "the start of the night"
    over = float(tour.overhead(night, t, a, i))
    idle = start - float(tour.ready_after(night, state, t, p)) - over
    tail = f", {over:.0f} s of slew after {before}"
    if idle >= 1.0:
        tail += f", waits {idle:.0f} s for its {'visit' if night.link_ptr[-1] and state.box_hi[i] < 1e17 else 'window'}"
    return head + tail


def of_rejected(model: Model, state: State) -> tuple[Rejected, ...]:
    """One row for each sequence that is not scheduled."""
    rules: dict[str, list[Group]] = {}
    for g in model.instance.groups:
        for m in g.members:
            rules.setdefault(m, []).append(g)
    return tuple(
        _rejected(model, state, i, rules.get(s.id, []))
        for i, s in enumerate(model.instance.sequences)
        if state.telescope_of[i] < 0
    )


def _rejected(model: Model, state: State, i: int, groups: list[Group]) -> Rejected:
    s = model.instance.sequences[i]
    found = _why_impossible(model, i) or _why_grouped(model, state, s, groups)
    code, reason = found or _why_not_chosen(model, state, i)
    return Rejected(s.id, code, f"mandatory, but {reason}" if s.mandatory else reason)


def _why_impossible(model: Model, i: int) -> tuple[str, str] | None:
    """The first limit that leaves the sequence no start at all."""
    instance, night, s = model.instance, model.night, model.instance.sequences[i]
    m = len(instance.telescopes)
    if night.window_ptr[(i + 1) * m] > night.window_ptr[i * m]:
        return None
    windows = [(t, a, b) for t in instance.telescopes for a, b in s.windows.get(t.id, ())]
    if not windows:
        return "not_visible", "never visible tonight"
    longest = max(b - a for _, a, b in windows)
    if longest < s.duration_s:
        return "too_long", f"its longest window is {longest:g} s, it needs {s.duration_s:g} s"
    if s.deadline_s is not None and all(s.deadline_s - a < s.duration_s for _, a, _ in windows):
        return "deadline", f"cannot end before its deadline {_clock(instance, s.deadline_s)}"
    if all(b - max(a, instance.now_s) < s.duration_s for _, a, b in windows):
        over_s = max(b for _, _, b in windows)
        return "past", f"its last window ended at {_clock(instance, over_s)}, before it could be done"
    closures = [(a, b) for t, x, y in windows for a, b in t.unavailable_s if a < y and b > x]
    if closures:
        return "closure", f"closure {', '.join(_span(instance, a, b) for a, b in dict.fromkeys(closures))}"
    open_s = [min(b, t.available_to_s, instance.horizon_s) - max(a, t.available_from_s, 0) for t, a, b in windows]
    if max(open_s) < s.duration_s:
        spans = dict.fromkeys(_span(instance, t.available_from_s, t.available_to_s) for t, _, _ in windows)
        return "closure", f"the telescope is available only {', '.join(spans)}"
    return "busy", f"what is fixed leaves less than its {s.duration_s:g} s in its windows"


def _why_grouped(model: Model, state: State, s: Sequence, groups: list[Group]) -> tuple[str, str] | None:
    """A rule of a group that stands against the sequence as the schedule is."""
    there = {m: state.telescope_of[model.index[m]] >= 0 for g in groups for m in g.members}
    for g in groups:
        if g.kind == "at_most_one":
            chosen = [m for m in g.members if there[m]]
            if chosen:
                return "group", f"{chosen[0]} of group {g.id} was chosen (at most one of {len(g.members)})"
        if g.kind == "cadence":
            k = g.members.index(s.id)
            if k and not there[g.members[k - 1]]:
                before = g.members[k - 1]
                return "group", f"visit {k + 1} of cadence {g.id} needs the visit before it, {before}, not scheduled"
        if g.kind == "all_or_none":
            for m in g.members:
                why = _why_impossible(model, model.index[m]) if not there[m] and m != s.id else None
                if why:
                    return "group", f"group {g.id} is all or none and {m} cannot be: {why[1]}"
    return None


def _why_not_chosen(model: Model, state: State, i: int) -> tuple[str, str]:
    """Quota, or what would have to go."""
    night, instance = model.night, model.instance
    u = int(night.unit_of[i])
    options = range(int(night.unit_ptr[u]), int(night.unit_ptr[u + 1]))
    mine = [o for o in options if i in night.opt_member[night.opt_ptr[o] : night.opt_ptr[o + 1]]]
    if not mine:
        return "group", "its group's rules, with what is fixed, leave no way to schedule it"
    members = [int(j) for j in night.opt_member[night.opt_ptr[mine[0]] : night.opt_ptr[mine[0] + 1]]]
    new = [j for j in members if state.telescope_of[j] < 0]
    for k in dict.fromkeys(int(night.program[j]) for j in new):
        need = float(sum(night.duration[j] for j in new if night.program[j] == k))
        left = float(state.quota[k])
        if need > left:
            p = instance.programs[k]
            return "quota", f"quota of {p.id} used up: {max(0.0, left):g} s left of {p.quota_s:g} s, {need:g} s needed"
    worth = float(sum(model.value[j] for j in new))
    whole = f" with its group ({len(new)} sequences)" if len(new) > 1 else ""
    cost, out, hopeless = 0.0, [], False
    for j in new:
        lo, hi = moves.link_limits(night, state, mine[0], j)
        t, a, b, weight = moves.cheapest_run(night, state, j, u, lo, hi, False)
        if t < 0:
            hopeless = True
            break
        cost += float(weight)
        out += [instance.sequences[int(x)].id for x in state.tour[t, a:b]]
    if hopeless:
        return (
            "no_room",
            f"no place in its windows beside what is fixed or in its group (worth {_number(worth)}{whole})",
        )
    names = ", ".join(dict.fromkeys(out))
    if cost >= model.bonus:
        return "outranked", f"would displace what is mandatory or bound to it ({names})"
    if cost >= worth and names:
        return "outranked", f"would cost {_number(cost)}, it is worth {_number(worth)}{whole}: outranked by {names}"
    beside = f" in exchange for {names} ({_number(cost)})" if names else ""
    return "no_room", f"worth {_number(worth)}{whole}: no exchange{beside} was found that gains"


def _number(x: float) -> str:
    return f"{x:,.0f}".replace(",", " ")


def _clock(instance: Instance, s: float) -> str:
    """A time of the night as HH:MM UTC (seconds after t0 where t0 is not known)."""
    if instance.t0_jd is None:
        return f"{s:g} s"
    minutes = round((((instance.t0_jd + 0.5) % 1.0) * 86400.0 + s) / 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _span(instance: Instance, a: float, b: float) -> str:
    return f"{_clock(instance, a)}–{_clock(instance, b)}"
