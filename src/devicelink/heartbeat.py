"""Whether the peer is alive, judged from its bytes alone: pure, times are handed in (real monotonic seconds)."""

from __future__ import annotations

from enum import Enum


class Pulse(Enum):
    GOOD = "good"
    PING_DUE = "ping due"
    LOST = "lost"


class Heartbeat:
    """A silent line is pinged after `ping_after_s`; no byte within `answer_within_s` of the ping: lost.

    The loss is counted from the ping, not from the last byte: when this program itself was held up (a suspended
    machine, a busy core) the peer still gets its chance to answer.
    """

    def __init__(self, ping_after_s: float, answer_within_s: float) -> None:
        self.ping_after_s = ping_after_s
        self.answer_within_s = answer_within_s
        self._heard_s = 0.0
        self._pinged_s: float | None = None

    def heard(self, now_s: float) -> None:
        """Bytes came (or the line was opened)."""
        self._heard_s = now_s
        self._pinged_s = None

    def pinged(self, now_s: float) -> None:
        """A PING was sent."""
        self._pinged_s = now_s

    def feel(self, now_s: float) -> tuple[Pulse, float]:
        """The verdict, and the seconds until it can change by itself."""
        if self._pinged_s is None:
            left_s = self._heard_s + self.ping_after_s - now_s
            return (Pulse.GOOD, left_s) if left_s > 0 else (Pulse.PING_DUE, 0.0)
        left_s = self._pinged_s + self.answer_within_s - now_s
        return (Pulse.GOOD, left_s) if left_s > 0 else (Pulse.LOST, 0.0)
