"""`plan`: an instance in, a schedule out. `Planner`: the same, resident, for re-plans within milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from nightplan import reasons
from nightplan.arrays import State, copy_state
from nightplan.instance import Fixed, Group, Instance, InstanceError, Interval, Program, Sequence
from nightplan.model import Model, build
from nightplan.replan import keep_old, let_in
from nightplan.schedule import Observation, Schedule
from nightplan.search import Budget, Result, first_plan, improve, missing, value_of

Progress = Callable[[Schedule], None]


def plan(
    instance: Instance,
    *,
    time_limit_s: float = 1.0,
    seed: int = 0,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> Schedule:
    """The best schedule that can be found in `time_limit_s` real seconds.

    `iterations`: search steps instead of a time limit: the same instance, seed and iterations give the same schedule.
    `progress` is called with each better schedule (the first after milliseconds), from the caller's thread.
    Raises: InstanceError where the instance contradicts itself.
    """
    began = time.monotonic()
    instance.validate()
    model = build(instance)
    state = model.seeded(seed)
    budget = Budget(began, began + time_limit_s, iterations)
    return _solve(model, state, budget, progress)[1]


@dataclass(frozen=True)
class Change:
    """What happened since the last plan. Every field adds to what is known; times are seconds after t0."""

    now_s: float | None = None
    sequences: tuple[Sequence, ...] = ()
    """New ones; one with the id of an old sequence takes its place."""
    programs: tuple[Program, ...] = ()
    groups: tuple[Group, ...] = ()
    cancelled: tuple[str, ...] = ()
    """Sequences that are no longer wanted; their groups lose them (a cadence ends before them)."""
    unavailable_s: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    """Closures to add, by telescope."""
    fixed: tuple[Fixed, ...] | None = None
    """What is done or runs, in place of the old list."""


class Planner:
    """A night kept ready: the first plan on construction, then `replan` at every change."""

    def __init__(self, instance: Instance, *, time_limit_s: float = 1.0, seed: int = 0) -> None:
        self._seed = seed
        began = time.monotonic()
        instance.validate()
        self._model = build(instance)
        state = self._model.seeded(seed)
        self._state, self._schedule = _solve(self._model, state, Budget(began, began + time_limit_s), None)

    @property
    def instance(self) -> Instance:
        """The night as it is known now."""
        return self._model.instance

    @property
    def schedule(self) -> Schedule:
        """The last plan."""
        return self._schedule

    def replan(self, change: Change, time_limit_s: float = 0.25, progress: Progress | None = None) -> Schedule:
        """The old plan with the change worked in, then improved until `time_limit_s` (0: at once, unimproved).

        Raises: InstanceError where the change contradicts the night; the old plan then stays.
        """
        began = time.monotonic()
        model = build(changed(self.instance, change))
        state = model.seeded(self._seed)
        keep_old(model, state, self._model, self._state)
        let_in(model, state, {s.id for s in change.sequences})
        budget = Budget(began, began + time_limit_s)
        self._state, self._schedule = _solve(model, state, budget, progress)
        self._model = model
        return self._schedule


def changed(instance: Instance, change: Change) -> Instance:
    """The instance after a change. Raises: InstanceError where it names what is not there."""
    gone = set(change.cancelled)
    sequences = {s.id: s for s in instance.sequences}
    for name in gone - set(sequences):
        raise InstanceError(f"cancelled names {name!r}: no such sequence")
    sequences |= {s.id: s for s in change.sequences}
    fixed = instance.fixed if change.fixed is None else change.fixed
    for f in fixed:
        if f.sequence in gone:
            raise InstanceError(f"cancelled names {f.sequence!r}, which is fixed: take it out of fixed first")
    programs = {p.id: p for p in (*instance.programs, *change.programs)}
    groups = {g.id: _without(g, gone) for g in (*instance.groups, *change.groups)}
    closures = change.unavailable_s
    for name in set(closures) - {t.id for t in instance.telescopes}:
        raise InstanceError(f"unavailable_s names {name!r}: no such telescope")
    new = replace(
        instance,
        now_s=instance.now_s if change.now_s is None else change.now_s,
        telescopes=tuple(
            replace(t, unavailable_s=(*t.unavailable_s, *closures.get(t.id, ()))) for t in instance.telescopes
        ),
        programs=tuple(programs.values()),
        sequences=tuple(s for s in sequences.values() if s.id not in gone),
        groups=tuple(g for g in groups.values() if g.members),
        fixed=fixed,
    )
    new.validate()
    return new


def _without(group: Group, gone: set[str]) -> Group:
    if not gone.intersection(group.members):
        return group
    members = list(group.members)
    if group.kind == "cadence":
        members = members[: next(k for k, m in enumerate(members) if m in gone)]
    return replace(group, members=tuple(m for m in members if m not in gone))


def _solve(model: Model, state: State, budget: Budget, progress: Progress | None) -> tuple[State, Schedule]:
    first_plan(model, state)

    def tell(found: State, bound: float) -> None:
        if progress is not None:
            progress(_schedule(model, Result(copy_state(found), max(bound, value_of(model, found)))))

    result = improve(model, state, budget, tell if progress is not None else None)
    return result.state, _schedule(model, result)


def _schedule(model: Model, result: Result) -> Schedule:
    state, instance = result.state, model.instance
    observations = []
    for t, telescope in enumerate(instance.telescopes):
        for p in range(int(state.length[t])):
            i = int(state.tour[t, p])
            s, start = instance.sequences[i], float(state.earliest[i])
            why = reasons.of_observation(model, state, t, p)
            observations.append(Observation(s.id, telescope.id, start, start + s.duration_s, why))
    observations.sort(key=lambda o: (o.start_s, o.telescope))
    value = sum(model.instance.sequences[model.index[o.sequence]].value for o in observations)
    return Schedule(
        instance=instance.name,
        observations=tuple(observations),
        value=value,
        bound=max(result.bound, value),
        complete=not missing(model, state),
        explain=lambda: reasons.of_rejected(model, state),
    )


def exercise() -> None:
    """Run every kernel once with the types it is used with: loads them from the cache, or fills it.

    Call it when a process starts, so that its first plan does not wait for the loading (some 0.3 s).
    """
    from nightplan.sample import night

    planner = Planner(night(), time_limit_s=0.05)
    plan(night(), iterations=50)
    last = planner.schedule.observations[-1].sequence
    alert = replace(planner.instance.sequences[1], id="alert", priority=1000.0)
    again = planner.replan(Change(now_s=600.0, cancelled=(last,), sequences=(alert,)), 0.02)
    again.to_json()
