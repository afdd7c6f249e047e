"""How long to wait before trying a lost line again: 1, 2, 4 … 60 s, each ±20 %, without end."""

from __future__ import annotations

import random


class Backoff:
    """Growing pauses with jitter, so that a site full of clients does not knock in step after a power cut."""

    def __init__(
        self,
        first_s: float = 1.0,
        longest_s: float = 60.0,
        jitter: float = 0.2,
        chance: random.Random | None = None,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._jitter = jitter
        self._chance = chance or random.Random()
        self._next_s = first_s

    def next_s(self) -> float:
        """The next pause in seconds."""
        pause_s = self._next_s
        self._next_s = min(2.0 * pause_s, self._longest_s)
        return pause_s * self._chance.uniform(1.0 - self._jitter, 1.0 + self._jitter)

    def reset(self) -> None:
        """Begin anew: the line is good again."""
        self._next_s = self._first_s
