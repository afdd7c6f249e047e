"""A thermoelectric camera cooler: relaxes towards its set point, as far below ambient as its power allows."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.models.motion import Relaxation


@dataclass(frozen=True)
class CoolerLimits:
    tau_s: float = 120.0
    greatest_drop_c: float = 65.0
    """How far below ambient the detector can be brought at full power."""


class Cooler:
    """Detector temperature as a function of time. Times are seconds on one monotonic scale."""

    def __init__(self, ambient_c: float, moment_s: float, limits: CoolerLimits = CoolerLimits()) -> None:
        self.limits = limits
        self.on = False
        self.set_point_c = ambient_c
        self._curve = Relaxation(ambient_c, ambient_c, moment_s, limits.tau_s)

    def cool(self, set_point_c: float, ambient_c: float, moment_s: float) -> None:
        """Switch on with a set point; one that is out of reach ends at the lowest that can be reached."""
        self.on, self.set_point_c = True, set_point_c
        self._aim(max(set_point_c, ambient_c - self.limits.greatest_drop_c), moment_s)

    def warm(self, ambient_c: float, moment_s: float) -> None:
        """Switch off; the detector drifts to ambient."""
        self.on, self.set_point_c = False, ambient_c
        self._aim(ambient_c, moment_s)

    def temperature_c(self, moment_s: float) -> float:
        return self._curve.at(moment_s)

    def power_percent(self, ambient_c: float, moment_s: float) -> float:
        """Power drawn: full while far above the set point, then what holds the drop below ambient."""
        if not self.on:
            return 0.0
        temperature_c = self.temperature_c(moment_s)
        holding = 100.0 * (ambient_c - temperature_c) / self.limits.greatest_drop_c
        return min(100.0, max(0.0, holding + 20.0 * max(0.0, temperature_c - self.set_point_c)))

    def _aim(self, target_c: float, moment_s: float) -> None:
        self._curve = Relaxation(self.temperature_c(moment_s), target_c, moment_s, self.limits.tau_s)
