"""Which strategy answers a burst, and the albums that its ladder gives at the burst's age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.alert_manager.models import Strategy
from apps.routine_manager.composing import PlanDraft


class NoUsableFilter(Exception):
    """No camera of the telescope holds a filter that the ladder asks for; mend strategy or wheel."""


def choose(strategies: Iterable[Strategy], *, age_s: float, error_r90_deg: float | None) -> Strategy | None:
    """The active strategy of lowest rank whose conditions hold; else the lowest ranked that fails only by its
    limits (so that the decision can name the limit); None when there is no active one."""
    active = sorted((s for s in strategies if s.active), key=lambda s: (s.rank, s.name))
    for strategy in active:
        applies = strategy.applies
        if age_s <= applies.get("age_max_s", float("inf")) and (
            error_r90_deg is None or error_r90_deg <= applies.get("error_r90_max_deg", float("inf"))
        ):
            return strategy
    return active[-1] if active else None


def step_at(ladder: list[dict[str, Any]], age_s: float) -> int:
    """The place of the ladder's step for a burst of that age: the last whose `age_s` is not above it."""
    steps = [place for place, step in enumerate(ladder) if step["age_s"] <= age_s]
    return max(steps, key=lambda place: ladder[place]["age_s"], default=0)


def albums(step: Mapping[str, Any], cameras: Mapping[str, tuple[str, frozenset[str]]]) -> dict[str, list[PlanDraft]]:
    """The plans of each camera at a step.

    Args:
        step: `{"age_s", "VIS": [{"filters", "exposure_s", "images"}], "NIR": […]}`.
        cameras: name → (channel, names of the filters within its reach).

    Raises:
        NoUsableFilter: not one plan can be made.
    """
    made: dict[str, list[PlanDraft]] = {}
    for name, (channel, within_reach) in cameras.items():
        plans = []
        for row in step.get(channel, []):
            usable = next((f for f in row["filters"] if f in within_reach), None)
            if usable is not None:
                plans.append(
                    PlanDraft(
                        exposure_s=row["exposure_s"],
                        images=row["images"],
                        filter_name=usable,
                        dither_arcsec=row.get("dither_arcsec", 0.0),
                    )
                )
        if plans:
            made[name] = plans
    if not made:
        raise NoUsableFilter(f"no camera of {', '.join(cameras)} holds a filter that the ladder asks for")
    return made
