"""From an empty or an old state to the best schedule that the time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nightplan import compiled
from nightplan.arrays import Floats, Ints, State, copy_state
from nightplan.bound import Relaxation, can_relax, knapsack_bound
from nightplan.kernels import search
from nightplan.model import Model

_ROUGH_SHARE, _SHARP_SHARE = 0.15, 0.80  # the bound works until the first and from the second part of the time
_PROOF_WORK, _PROOF_WORK_PLAIN = 8e6, 4e5  # elementary operations of one proof
_COMPILED_S, _PLAIN_S = 3e-9, 3e-7  # what one takes
_CHUNK_S = 0.02
_HOT, _COLD = 0.4, 0.005  # temperatures, in units of the mean value of what is scheduled
_LONGEST_RUN = 16.0  # neighbours destroyed at once, at most
_NEAR = 0.25  # candidates: whose shortfall is within this part of the gap (a heuristic; the last fill takes all)


@dataclass(frozen=True)
class Stage:
    """Steps of the bound's descent on one grid."""

    grid_s: float
    steps: int
    pace: float


_ROUGH = (Stage(20.0, 250, 1.0), Stage(10.0, 80, 0.4))
_SHARP = (Stage(5.0, 150, 0.3), Stage(2.5, 80, 0.2), Stage(2.5, 80, 0.1))


@dataclass(frozen=True)
class Budget:
    """How long to search: until `deadline_s` (time.monotonic), or `iterations` steps whatever they take."""

    begun_s: float
    deadline_s: float
    iterations: int | None = None

    def share_used(self, steps: int) -> float:
        """From 0 to 1, how much of the budget is used."""
        if self.iterations is not None:
            return 1.0 if steps >= self.iterations else steps / self.iterations
        total = self.deadline_s - self.begun_s
        return 1.0 if total <= 0 else min(1.0, (time.monotonic() - self.begun_s) / total)

    def at_most(self, steps: int) -> int:
        """Steps of the bound's descent: no more than of the search, where those are counted."""
        return steps if self.iterations is None else min(steps, self.iterations)

    def moment(self, share: float) -> float:
        """The moment (time.monotonic) when a share of the time is used; never, where steps are counted."""
        return math.inf if self.iterations is not None else self.begun_s + share * (self.deadline_s - self.begun_s)


@dataclass
class Result:
    """The best state found and the proven bound."""

    state: State
    bound: float
    steps: int = 0


def value_of(model: Model, state: State) -> float:
    """The sum of priority × duration of what is scheduled."""
    return float(model.value[state.telescope_of >= 0].sum())


def missing(model: Model, state: State) -> list[int]:
    """Sequences whose absence breaks a rule."""
    return [int(i) for i in model.must if state.telescope_of[i] < 0]


def option_totals(model: Model) -> tuple[Floats, Floats, Floats]:
    """Of each option, what its last step adds: (weight, time in s, longest member in s)."""
    night = model.night
    sizes = np.diff(night.opt_ptr)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    base_s = float(night.telescope[:, 0].min()) if len(night.telescope) else 0.0
    weight = np.zeros(len(sizes))
    block = np.zeros(len(sizes))
    longest = np.zeros(len(sizes))
    np.add.at(weight, owner, night.weight[night.opt_member])
    np.add.at(block, owner, night.duration[night.opt_member] + base_s)
    np.maximum.at(longest, owner, night.duration[night.opt_member])
    return weight, block, longest


def first_plan(model: Model, state: State) -> None:
    """Add to a state, greedily by value over time, whatever fits: the first feasible plan."""
    weight, block, longest = option_totals(model)
    order = np.argsort(-weight / np.maximum(block, 1e-9), kind="stable").astype(np.int64)
    _fill(model, state, order, longest)


def _fill(model: Model, state: State, order: Ints, longest: Floats) -> None:
    saved = copy_state(state)
    search.touch_all(state)
    if not search.fill(model.night, state, order, longest, 0.0, 0.0):
        # a spoilt state is never kept: one option at a time, each taken back where it spoils
        search.restore(model.night, state, saved)
        for o in order:
            search.touch_all(state)
            if search.fill(model.night, state, np.array([o], np.int64), longest, 0.0, 0.0):
                search.restore(model.night, saved, state)
            else:
                search.restore(model.night, state, saved)


def improve(model: Model, state: State, budget: Budget, progress: Callable[[State, float], None] | None) -> Result:
    """Search from a feasible state until the budget is used."""
    best, saved = copy_state(state), copy_state(state)
    if budget.share_used(0) >= 1.0:
        return Result(best, max(knapsack_bound(model), value_of(model, best)))
    if progress is not None:
        progress(best, knapsack_bound(model))
    relaxed: Relaxation | None = None
    short: Floats | None = None
    if can_relax(model) and not missing(model, best):
        relaxed = _affordable(Relaxation(model), budget)
    if relaxed is not None:
        short = rough_bound(relaxed, value_of(model, best), budget)
    bound = relaxed.bound if relaxed is not None else knapsack_bound(model)
    steps = _anneal(model, state, saved, best, budget, _SHARP_SHARE if relaxed else 1.0, bound, short, progress)
    first_plan(model, best)  # what is left of the holes, for sequences that were no candidates
    if relaxed is not None:
        sharp_bound(relaxed, value_of(model, best), budget)
        bound = relaxed.bound
    return Result(best, max(bound, value_of(model, best)), steps)


def _affordable(relaxed: Relaxation, budget: Budget) -> Relaxation | None:
    """The relaxation, unless the plain kernels would spend the time on it alone (the quick bound then remains)."""
    step_s = relaxed.open_s / _SHARP[-1].grid_s * (_COMPILED_S if compiled.usable() else _PLAIN_S)
    fits = budget.iterations is not None or step_s < 0.1 * (budget.deadline_s - budget.begun_s)
    return relaxed if fits else None


def rough_bound(relaxed: Relaxation, value: float, budget: Budget) -> Floats:
    """Good prices, quickly; how far each sequence falls short of the bound."""
    deadline_s = budget.moment(_ROUGH_SHARE)
    for stage in _ROUGH:
        relaxed.descend(stage.grid_s, value, budget.at_most(stage.steps), stage.pace, deadline_s)
    return relaxed.prove(_proof_grid_s(relaxed))


def _proof_grid_s(relaxed: Relaxation) -> float:
    return relaxed.grid_for(_PROOF_WORK if compiled.usable() else _PROOF_WORK_PLAIN)


def sharp_bound(relaxed: Relaxation, value: float, budget: Budget) -> None:
    """The same prices made better on finer grids, and the proof."""
    deadline_s = budget.moment(0.99)
    for stage in _SHARP:
        if time.monotonic() > deadline_s or relaxed.bound <= value:
            break
        relaxed.descend(stage.grid_s, value, budget.at_most(stage.steps), stage.pace, deadline_s)
        relaxed.prove(_proof_grid_s(relaxed))


def _anneal(
    model: Model,
    state: State,
    saved: State,
    best: State,
    budget: Budget,
    until: float,
    bound: float,
    short: Floats | None,
    progress: Callable[[State, float], None] | None,
) -> int:
    night = model.night
    weight, block, longest = option_totals(model)
    order = _candidates(model, best, bound, short)
    if len(order) == 0:
        return 0
    score = weight / np.maximum(block, 1e-9)
    placed = max(1, int(state.length.sum()))
    typical = max(1e-9, value_of(model, best) / placed)
    steps, chunk = 0, 4
    until = 1.0 if budget.iterations is not None else until
    end_s = budget.moment(until)
    while (used := budget.share_used(steps) / until) < 1.0 and value_of(model, best) < bound * (1.0 - 1e-12):
        temperature = typical * _HOT * (_COLD / _HOT) ** used
        if budget.iterations is not None:
            chunk = min(100, budget.iterations - steps)
        warmth = np.array([temperature, temperature, _LONGEST_RUN])
        began = time.monotonic()
        better = search.anneal(night, state, saved, best, order, score, longest, warmth, chunk)
        steps += chunk
        took = time.monotonic() - began
        if better and progress is not None:
            progress(best, bound)
        if budget.iterations is None:
            left = end_s - time.monotonic()
            chunk = max(1, min(2000, int(chunk * min(_CHUNK_S, max(left, 1e-4)) / max(took, 1e-6))))
    return steps


def _candidates(model: Model, best: State, bound: float, short: Floats | None) -> Ints:
    """The options all of whose members may well be part of a better schedule."""
    night = model.night
    options = np.arange(len(night.opt_unit), dtype=np.int64)
    if short is None or missing(model, best):
        return options
    room = max(_NEAR * (bound - value_of(model, best)), 1e-3 * abs(bound))
    alive = short <= room
    alive |= best.telescope_of >= 0
    sizes = np.diff(night.opt_ptr)
    dead = np.zeros(len(sizes), bool)
    np.logical_or.at(dead, np.repeat(options, sizes), ~alive[night.opt_member])
    return options[~dead]
