"""A focuser over the PyROS grammar."""

from __future__ import annotations

from devicelink.drivers.pyros._device import PyrosDevice
from devicelink.drivers.pyros._operation import LinkOperation
from devicelink.interfaces.focuser import FocuserState


class PyrosFocuser(PyrosDevice):
    """Implements `devicelink.interfaces.Focuser`."""

    KIND = "focuser"

    def state(self) -> FocuserState:
        reading = self._status()
        return FocuserState(
            position=reading.integer("position"),
            is_moving=reading.flag("moving"),
            temperature_c=reading.number_or_none("temperature_c"),
            epoch=reading.integer_or_none("epoch"),
            initialised=reading.flag_or_none("initialised"),
        )

    def move(self, position: int, *, epoch: int) -> LinkOperation[int]:
        pending = self.link.submit("FOCUS", position=position, epoch=epoch)
        return LinkOperation(pending, lambda reading: reading.integer("position"))

    def halt(self) -> None:
        self._abort()


DRIVER = PyrosFocuser
