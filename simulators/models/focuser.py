"""A focuser: moves at constant speed, and tells how far the focus is from its best."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class FocuserLimits:
    maximum: int = 10000
    speed_steps_s: float = 500.0
    best_position: float = 5000.0
    best_at_c: float = 10.0
    steps_per_c: float = -30.0
    """How the best position moves with temperature: the tube shrinks in the cold."""
    blur_px_per_step: float = 0.004


class FocuserModel:
    """Position as a function of time. Times are seconds on one monotonic scale."""

    def __init__(self, limits: FocuserLimits = FocuserLimits(), position: int = 5000) -> None:
        self.limits = limits
        self._from = float(position)
        self._to = float(position)
        self._start_s = 0.0

    def move(self, position: int, moment_s: float) -> float:
        """Start towards a position; returns the seconds it takes. Raises `ValueError` outside the travel."""
        if not 0 <= position <= self.limits.maximum:
            raise ValueError(f"focuser position is {position}: give 0 to {self.limits.maximum} steps")
        self._from, self._to, self._start_s = self._now(moment_s), float(position), moment_s
        return abs(self._to - self._from) / self.limits.speed_steps_s

    def stop(self, moment_s: float) -> None:
        """Halt where it is."""
        self._from = self._to = self._now(moment_s)

    def position(self, moment_s: float) -> int:
        return round(self._now(moment_s))

    def moving(self, moment_s: float) -> bool:
        return self._now(moment_s) != self._to

    def blur_px(self, moment_s: float, temperature_c: float) -> float:
        """Full width of the defocus disc, in pixels, to be added in quadrature to the seeing."""
        best = self.limits.best_position + self.limits.steps_per_c * (temperature_c - self.limits.best_at_c)
        return abs(self._now(moment_s) - best) * self.limits.blur_px_per_step

    def _now(self, moment_s: float) -> float:
        way = self._to - self._from
        done = min(abs(way), max(0.0, moment_s - self._start_s) * self.limits.speed_steps_s)
        return self._from + math.copysign(done, way)
