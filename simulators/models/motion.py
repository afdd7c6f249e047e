"""Moving one axis, and values that relax: the two laws of motion that all simulated machines obey."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Trapezoid:
    """A move of one axis at bounded speed and acceleration: accelerate, cruise, brake.

    `distance` is signed, in any unit u; `speed` in u/s and `acceleration` in u/s² are positive.
    """

    distance: float
    speed: float
    acceleration: float

    @property
    def duration_s(self) -> float:
        """Seconds from start to standstill."""
        length = abs(self.distance)
        ramp_length = self.speed**2 / self.acceleration
        if length < ramp_length:  # never reaches full speed
            return 2.0 * math.sqrt(length / self.acceleration)
        return length / self.speed + self.speed / self.acceleration

    def travelled(self, elapsed_s: float) -> float:
        """Signed distance covered after `elapsed_s`."""
        length, total_s = abs(self.distance), self.duration_s
        if elapsed_s <= 0.0 or length == 0.0:
            return 0.0
        if elapsed_s >= total_s:
            return self.distance
        ramp_s = min(self.speed / self.acceleration, total_s / 2.0)
        if elapsed_s < ramp_s:
            covered = 0.5 * self.acceleration * elapsed_s**2
        elif elapsed_s > total_s - ramp_s:
            covered = length - 0.5 * self.acceleration * (total_s - elapsed_s) ** 2
        else:
            covered = self.acceleration * ramp_s * (elapsed_s - 0.5 * ramp_s)
        return math.copysign(covered, self.distance)


@dataclass(frozen=True)
class Relaxation:
    """A value on its way from `start` to `target` with time constant `tau_s`: cooling, warming."""

    start: float
    target: float
    since_s: float
    tau_s: float

    def at(self, moment_s: float) -> float:
        """The value at `moment_s`, on the scale of `since_s`."""
        return self.target + (self.start - self.target) * math.exp(-max(0.0, moment_s - self.since_s) / self.tau_s)


def shortest_turn_deg(start_deg: float, end_deg: float) -> float:
    """The signed turn from one azimuth to another the short way round, in −180…180°."""
    return (end_deg - start_deg + 180.0) % 360.0 - 180.0
