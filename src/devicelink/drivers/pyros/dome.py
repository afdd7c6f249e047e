"""A dome or roll-off roof over the PyROS grammar."""

from __future__ import annotations

from devicelink.drivers.pyros._device import PyrosDevice
from devicelink.drivers.pyros._operation import LinkOperation
from devicelink.drivers.pyros._reading import Reading
from devicelink.interfaces.dome import DomeState, ShutterMotion


class PyrosDome(PyrosDevice):
    """Implements `devicelink.interfaces.Dome`."""

    KIND = "dome"

    def state(self) -> DomeState:
        return dome_state(self._status())

    def open_shutter(self, *, epoch: int) -> LinkOperation[DomeState]:
        return LinkOperation(self.link.submit("OPEN", epoch=epoch), dome_state)

    def close_shutter(self) -> LinkOperation[DomeState]:
        return LinkOperation(self.link.submit("CLOSE"), dome_state)

    def abort_shutter(self) -> None:
        self._abort()


def dome_state(reading: Reading) -> DomeState:
    """The enclosure's part of a status. A switch that is not told is unknown, not open and not closed."""
    return DomeState(
        open_switch=reading.flag_or_none("open_switch"),
        closed_switch=reading.flag_or_none("closed_switch"),
        motion=reading.word_or_none("motion", ShutterMotion),
        percent_open=reading.number_or_none("percent_open"),
        epoch=reading.integer_or_none("epoch"),
        initialised=reading.flag_or_none("initialised"),
    )


DRIVER = PyrosDome
