"""What the guardian remembers from tick to tick, and what it brings along over a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from guardian.alarms import Alarm
from guardian.closing import ClosingState
from guardian.dates import DateWatch
from guardian.fusion import GuardState, Hold
from guardian.overrides import OverrideLedger
from guardian.status import GuardianStatus

SHORT_ABSENCE_S = 60.0
"""After a longer absence nobody knows what the weather was: the start holdoff applies."""
SAME_NIGHT_S = 43_200.0
LONGEST_INHERITED_HOLDOFF_S = 7200.0


@dataclass(frozen=True)
class Told:
    """What was last written to the event log, so that only changes are."""

    values: Mapping[str, object] = field(default_factory=dict)
    rejected: frozenset[tuple[str, str]] = frozenset()
    overrides: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Memory:
    """The whole memory of the guardian. Positions of the roof are not in it: those are read."""

    guard: GuardState
    closing: ClosingState
    overrides: OverrideLedger
    dates: DateWatch
    alarms: Mapping[str, Alarm]
    told: Told
    start_hold_pending: bool
    """Whether the start holdoff is still to be decided, by where the roof is found."""

    @classmethod
    def initial(
        cls,
        now_s: float,
        now_unix_s: float,
        *,
        former: GuardianStatus | None = None,
        alarms: Mapping[str, Alarm] | None = None,
    ) -> Memory:
        """At start. `former` is the last status of the life before, `alarms` those it left active.

        A holdoff that was running goes on; without fresh memory a start holdoff is due unless the roof is found open.
        """
        guard = GuardState.initial(now_s)
        absence_s = None if former is None else now_unix_s - former.written_unix_s
        if former is not None and former.holdoff_until_unix_s is not None:
            left_s = min(former.holdoff_until_unix_s - now_unix_s, LONGEST_INHERITED_HOLDOFF_S)
            if left_s > 0:
                guard = guard.held(Hold("before_restart", "guardian", None, now_s, left_s))
        if former is not None and absence_s is not None and 0 <= absence_s < SAME_NIGHT_S:
            guard = replace(guard, closes_tonight=former.closes_tonight)
        return cls(
            guard=guard,
            closing=ClosingState(),
            overrides=OverrideLedger(),
            dates=DateWatch.start(now_unix_s, now_s),
            alarms=dict(alarms or {}),
            told=Told(),
            start_hold_pending=absence_s is None or not 0 <= absence_s <= SHORT_ABSENCE_S,
        )
