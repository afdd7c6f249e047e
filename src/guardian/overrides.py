"""An operator's wish to have one sensor ignored for a while (behaviours A17).

An override names a sensor and expires; it never covers rain, power, the PLC link or the Sun. Its end is a date in
the request, but it is measured on the monotonic clock from the moment it is first seen, so that a step of the
date neither prolongs nor shortens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from guardian.readings import QUANTITIES


@dataclass(frozen=True, slots=True)
class Override:
    """A request to ignore one sensor. `quantity` None means all of the source that may be overridden."""

    id: str
    source: str
    quantity: str | None
    valid_until_unix_s: float
    by: str
    reason: str

    def covers(self, source: str, quantity: str) -> bool:
        """Whether this override takes away the say of that sensor."""
        return (
            source == self.source
            and self.quantity in (None, quantity)
            and quantity in QUANTITIES
            and QUANTITIES[quantity].overridable
        )


@dataclass(frozen=True, slots=True)
class OverrideLedger:
    """The overrides seen so far: when each ends on the monotonic clock, and which are over for good."""

    ends_s: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    over: frozenset[str] = frozenset()


def in_force(
    ledger: OverrideLedger,
    asked: Iterable[Override],
    *,
    now_s: float,
    now_unix_s: float,
    longest_s: float,
    night_is_over: bool,
) -> tuple[OverrideLedger, tuple[Override, ...]]:
    """Which of the overrides asked for hold now, and the ledger to pass in next time.

    One that has ended stays ended, however long it is still asked for; the end of the night ends all.
    """
    ends = dict(ledger.ends_s)
    over = set(ledger.over)
    holding = []
    ids = set()
    for override in asked:
        ids.add(override.id)
        if override.id in over:
            continue
        if override.id not in ends:
            ends[override.id] = now_s + min(override.valid_until_unix_s - now_unix_s, longest_s)
        if night_is_over or now_s >= ends[override.id]:
            over.add(override.id)
            del ends[override.id]
        else:
            holding.append(override)
    withdrawn = ends.keys() - ids
    kept = {key: end for key, end in ends.items() if key not in withdrawn}
    return OverrideLedger(MappingProxyType(kept), frozenset(over & ids)), tuple(holding)
