"""What a plan says: what is observed when and why, what is left out and why, and how far from the best it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nightplan.instance import FORMAT


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation of the schedule; `reason` says why it stands there."""

    sequence: str
    telescope: str
    start_s: float
    end_s: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One sequence that is not in the schedule. `code` is one of `nightplan.reasons.CODES`."""

    sequence: str
    code: str
    reason: str


def _nothing() -> tuple[Rejected, ...]:
    return ()


@dataclass(frozen=True)
class Schedule:
    """A feasible plan. `value` <= best possible <= `bound`; `gap` = (bound − value) / bound."""

    instance: str
    observations: tuple[Observation, ...]
    value: float
    bound: float
    complete: bool = True
    """False where a mandatory sequence, or the rest of a group that was begun, could not be placed."""
    explain: Callable[[], tuple[Rejected, ...]] = field(default=_nothing, repr=False, compare=False)

    @property
    def gap(self) -> float:
        """The part of the bound that is not proven to be reached; 0 = optimal."""
        return max(0.0, (self.bound - self.value) / self.bound) if self.bound > 0 else 0.0

    @cached_property
    def rejected(self) -> tuple[Rejected, ...]:
        """Why each other sequence is left out (worked out when first asked for)."""
        return self.explain()

    def to_json(self) -> dict[str, Any]:
        """The schedule as “obsnight-1”; an observation's reason stands in its `comment`."""
        return {
            "format": FORMAT,
            "instance": self.instance,
            "observations": [
                {"sequence": o.sequence, "telescope": o.telescope, "start_s": o.start_s, "comment": o.reason}
                for o in self.observations
            ],
            "value": self.value,
            "bound": self.bound,
            "gap": self.gap,
            "complete": self.complete,
            "rejected": [{"sequence": r.sequence, "code": r.code, "reason": r.reason} for r in self.rejected],
        }
