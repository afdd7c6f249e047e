"""Whatever the night: no violation, and value <= optimum <= bound."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightplan import Fixed, Group, Instance, Pointing, Program, Sequence, Telescope, check, plan
from nightplan.checker import overhead_s

HORIZON_S = 3000


@st.composite
def nights(draw: st.DrawFn, most: int = 9, rules: bool = True) -> Instance:
    number = st.integers
    telescopes = tuple(
        Telescope(
            id=f"T{k}",
            base_s=draw(number(0, 30)),
            rate_deg_s=draw(st.sampled_from([0.5, 2.0, 5.0])),
            settle_s=draw(number(0, 10)),
            filter_change_s=draw(number(0, 40)),
            available_from_s=draw(number(0, 300)),
            available_to_s=draw(number(2000, HORIZON_S + 500)),
            unavailable_s=tuple((a, a + draw(number(1, 400))) for a in draw(st.lists(number(0, 2500), max_size=2))),
            initial=draw(st.sampled_from([Pointing(), Pointing(30.0, 10.0, "r"), Pointing(30.0, 10.0)])),
        )
        for k in range(draw(number(1, 2)))
    )
    sequences = []
    for i in range(draw(number(0, most))):
        windows: dict[str, Any] = {}
        for t in telescopes:
            if draw(st.booleans()) or t.id == "T0":
                cuts = sorted(draw(st.lists(number(0, HORIZON_S), min_size=2, max_size=4, unique=True)))
                windows[t.id] = tuple(itertools.pairwise(cuts))[::2]
        sequences.append(
            Sequence(
                id=f"S{i}",
                program=draw(st.sampled_from(["P0", "P1"])),
                ra_deg=draw(st.sampled_from([0.0, 30.0, 30.0001, 100.0, 210.0])),
                dec_deg=draw(st.sampled_from([-10.0, 10.0, 60.0])),
                filter=draw(st.sampled_from(["g", "r", None])),
                duration_s=draw(number(30, 900)),
                priority=draw(number(1, 100)),
                windows=windows,
                deadline_s=draw(st.one_of(st.none(), number(300, HORIZON_S))),
                mandatory=rules and draw(number(0, 12)) == 0,
            )
        )
    names = [s.id for s in sequences]
    groups = []
    if rules and len(names) > 2:
        for k in range(draw(number(0, 2))):
            members = draw(st.lists(st.sampled_from(names), min_size=2, max_size=3, unique=True))
            low = draw(number(0, 900))
            kind = draw(st.sampled_from(["all_or_none", "at_most_one", "cadence"]))
            groups.append(Group(f"G{k}", kind, tuple(members), low, low + draw(number(0, 600))))
    quotas = (Program("P0", draw(number(300, 4000))), Program("P1", 1e6))
    return Instance("random", HORIZON_S, telescopes, quotas, tuple(sequences), tuple(groups))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(nights(), st.integers(0, 3))
def test_a_plan_breaks_no_rule_that_can_be_kept_and_never_exceeds_its_bound(instance: Instance, seed: int) -> None:
    schedule = plan(instance, iterations=40, seed=seed)
    broken = {v.code for v in check(instance, schedule)}
    assert broken <= ({"MANDATORY"} if not schedule.complete else set())
    assert schedule.value <= schedule.bound * (1 + 1e-9)
    assert {o.sequence for o in schedule.observations} | {r.sequence for r in schedule.rejected} == {
        s.id for s in instance.sequences
    }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(nights(), st.floats(0, 2500))
def test_a_night_replanned_from_its_own_past_keeps_it_and_breaks_no_rule(instance: Instance, now_s: float) -> None:
    from nightplan import Change, Planner

    planner = Planner(instance, time_limit_s=0.01)
    complete = planner.schedule.complete
    done = tuple(Fixed(o.sequence, o.telescope, o.start_s) for o in planner.schedule.observations if o.start_s <= now_s)
    schedule = planner.replan(Change(now_s=now_s, fixed=done), 0.01)
    broken = {v.code for v in check(planner.instance, schedule)}
    assert broken == set() if complete else broken <= {"MANDATORY"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(nights(most=4, rules=False))
def test_the_optimum_lies_between_value_and_bound(instance: Instance) -> None:
    best = optimum(instance)
    schedule = plan(instance, iterations=80)
    assert schedule.value <= best + 1e-6
    assert best <= schedule.bound * (1 + 1e-9)


def optimum(instance: Instance) -> float:
    """By trying every set in every order on every telescope, each observation as early as it can be."""
    best = 0.0
    choices = range(-1, len(instance.telescopes))
    for where in itertools.product(choices, repeat=len(instance.sequences)):
        chosen = [s for s, t in zip(instance.sequences, where, strict=True) if t >= 0]
        value = sum(s.value for s in chosen)
        if value <= best or any(
            sum(s.duration_s for s in chosen if s.program == p.id) > p.quota_s for p in instance.programs
        ):
            continue
        parts = [
            (t, [s for s, w in zip(instance.sequences, where, strict=True) if w == k])
            for k, t in enumerate(instance.telescopes)
        ]
        if all(any(fits(instance, t, order) for order in itertools.permutations(part)) for t, part in parts):
            best = value
    return best


def fits(instance: Instance, t: Telescope, order: tuple[Sequence, ...]) -> bool:
    """Whether the sequences can be observed in this order."""
    free_s, before = max(0.0, float(t.available_from_s)), t.initial
    for s in order:
        start = free_s + overhead_s(t, before, s)
        for _ in range(9):  # each round leaves a closed stretch or a gap between windows behind
            end = start + s.duration_s
            later = [b for a, b in t.unavailable_s if start < b and end > a]
            if later:
                start = max(later)
                continue
            if any(a <= start and end <= b for a, b in s.windows.get(t.id, ())):
                break
            coming = [a for a, b in s.windows.get(t.id, ()) if a > start]
            if not coming:
                return False
            start = min(coming)
        else:
            return False
        end = start + s.duration_s
        if end > min(t.available_to_s, instance.horizon_s) or (s.deadline_s is not None and end > s.deadline_s):
            return False
        free_s, before = end, s  # type: ignore[assignment]
    return True
