"""The programmable controller of the site: weather, power, door, roof, and the watchdog that closes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devicelink.interfaces.dome import Dome, DomeState
from devicelink.interfaces.weather_station import WeatherState


class Watchdog(StrEnum):
    OFF = "OFF"  # no heartbeat yet
    ARMED = "ARMED"
    TRIPPED = "TRIPPED"  # the heartbeat stopped: the PLC closes the roof by itself


@dataclass(frozen=True)
class PlcState:
    """One reading; None is unknown."""

    weather: WeatherState
    dome: DomeState
    mains: bool | None
    ups_percent: float | None
    door_open: bool | None
    lamp_on: bool | None
    watchdog: Watchdog | None
    heartbeat_age_s: float | None
    initialised: bool | None


class Plc(Dome, Protocol):
    """A PLC is also a dome: `state` reads that part, `plc_state` everything."""

    def plc_state(self) -> PlcState:
        """Read everything at once. Raises: see `Device`."""
        ...

    def heartbeat(self) -> None:
        """Tell the PLC that the guardian lives. The first one arms its watchdog; without one for 30 s it closes."""
        ...

    def set_lamp(self, on: bool) -> None:
        """Switch the dome lamp (for flats)."""
        ...
