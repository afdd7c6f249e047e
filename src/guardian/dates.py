"""A step of the date must not move the Sun (behaviours C5).

Durations are monotonic and do not notice a step. The Sun's altitude needs the date, so after a step nobody knows
which date is right. Until the steps have been undone, or a day has gone by, every date that was believed lately is a
candidate, and the roof may be open only if it might be under all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP_S = 0.5
"""A difference between date and monotonic clock that is a step (C5: |UTC - reference| < 0.5 s)."""
REMEMBER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class DateWatch:
    """Offsets (date minus monotonic time): the present one, and former ones with the moment of their end."""

    offset_s: float
    former: tuple[tuple[float, float], ...] = ()

    @classmethod
    def start(cls, unix_s: float, monotonic_s: float) -> DateWatch:
        return cls(unix_s - monotonic_s)

    def seen(self, unix_s: float, monotonic_s: float) -> DateWatch:
        """After another look at both clocks. Drift is followed, a jump leaves a former offset, one back undoes it."""
        offset_s = unix_s - monotonic_s
        former = tuple((old_s, ended_s) for old_s, ended_s in self.former if monotonic_s - ended_s < REMEMBER_S)
        if abs(offset_s - self.offset_s) <= STEP_S:
            return DateWatch(offset_s, former)
        for index, (old_s, _) in enumerate(former):
            if abs(old_s - offset_s) <= STEP_S:
                return DateWatch(offset_s, former[:index])  # stepped back: what came after it was the wrong one
        return DateWatch(offset_s, (*former, (self.offset_s, monotonic_s)))

    @property
    def is_suspect(self) -> bool:
        """Whether more than one date is possible."""
        return bool(self.former)

    def candidates_unix_s(self, monotonic_s: float) -> tuple[float, ...]:
        """The dates it may be now, the clock's own first."""
        return (self.offset_s + monotonic_s, *(old_s + monotonic_s for old_s, _ in self.former))
