"""Weather stations on the wire, and the sensors that they share with the PLC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from devicelink.server import Value
from pyros.clock import iso
from simulators.devices.base import SimulatedDevice
from simulators.models.weather import Conditions, Instrument
from simulators.world import World


class Sensors:
    """The newest sample of one set of sensors. Frozen sensors keep their last sample, whose age then grows."""

    def __init__(self, name: str, world: World, sample_period_s: float = 2.0) -> None:
        self.world = world
        self._instrument = Instrument(name, world.seed, sample_period_s)
        self._frozen: tuple[float, float, Conditions] | None = None

    def freeze(self, frozen: bool) -> None:
        """Let the sensors stop, or go on."""
        if not frozen:
            self._frozen = None
        elif self._frozen is None:
            taken_unix_s, conditions = self._sample()
            age_s = self.world.clock.unix_s() - taken_unix_s
            # The age is kept on the monotonic scale: a step of the date must not make old data young.
            self._frozen = (self.world.clock.monotonic() - age_s, taken_unix_s, conditions)

    def newest(self) -> tuple[float, float, Conditions]:
        """(time taken in unix seconds, age in seconds, what was read)."""
        if self._frozen is not None:
            taken_monotonic_s, taken_unix_s, conditions = self._frozen
            return taken_unix_s, self.world.clock.monotonic() - taken_monotonic_s, conditions
        taken_unix_s, conditions = self._sample()
        return taken_unix_s, max(0.0, self.world.clock.unix_s() - taken_unix_s), conditions

    def reading(self) -> dict[str, Value]:
        """The weather part of STATUS. cloud_c is sky minus ambient temperature."""
        taken_unix_s, age_s, conditions = self.newest()
        return {
            "temperature_c": round(conditions.temperature_c, 2),
            "humidity_percent": round(conditions.humidity_percent, 1),
            "dew_point_c": round(conditions.dew_point_c, 2),
            "wind_mps": round(conditions.wind_mps, 2),
            "gust_mps": round(conditions.gust_mps, 2),
            "wind_direction_deg": round(conditions.wind_direction_deg, 0),
            "pressure_hpa": round(conditions.pressure_hpa, 1),
            "rain": conditions.rain,
            "cloud_c": round(conditions.cloud_c, 1),
            "sample_age_s": round(age_s, 1),
            "taken": iso_of(taken_unix_s),
        }

    def _sample(self) -> tuple[float, Conditions]:
        return self._instrument.sample(self.world.story, self.world.clock.unix_s())


class WeatherStation(SimulatedDevice):
    """STATUS alone: one station's sensors."""

    def __init__(self, name: str, world: World, sample_period_s: float = 2.0) -> None:
        super().__init__(name, "weather", world)
        self.sensors = Sensors(name, world, sample_period_s)

    def freeze(self, frozen: bool) -> None:
        self.sensors.freeze(frozen)

    def reading(self) -> Mapping[str, Value]:
        return {"station": self.name, **self.sensors.reading()}


def iso_of(unix_s: float) -> str:
    """Unix seconds as ISO 8601 with `Z`."""
    return iso(datetime.fromtimestamp(math.floor(unix_s * 1000.0) / 1000.0, UTC))
