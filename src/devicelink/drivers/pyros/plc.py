"""The site's PLC over the PyROS grammar."""

from __future__ import annotations

from devicelink.drivers.pyros.dome import PyrosDome, dome_state
from devicelink.drivers.pyros.weather import weather_state
from devicelink.interfaces.plc import PlcState, Watchdog


class PyrosPlc(PyrosDome):
    """Implements `devicelink.interfaces.Plc`."""

    KIND = "plc"

    def plc_state(self) -> PlcState:
        reading = self._status()
        return PlcState(
            weather=weather_state(reading),
            dome=dome_state(reading),
            mains=reading.flag_or_none("mains"),
            ups_percent=reading.number_or_none("ups_percent"),
            door_open=reading.flag_or_none("door"),
            lamp_on=reading.flag_or_none("lamp"),
            watchdog=reading.word_or_none("watchdog", Watchdog),
            heartbeat_age_s=reading.number_or_none("heartbeat_age_s"),
            initialised=reading.flag_or_none("initialised"),
        )

    def heartbeat(self) -> None:
        self.link.request("HEARTBEAT")

    def set_lamp(self, on: bool) -> None:
        self.link.request("LAMP", on=on)


DRIVER = PyrosPlc
