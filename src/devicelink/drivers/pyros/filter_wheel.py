"""A camera's filter wheel over the PyROS grammar, served by the camera; `link=camera.link` shares its link."""

from __future__ import annotations

from devicelink.drivers.pyros._device import PyrosDevice
from devicelink.drivers.pyros._operation import LinkOperation
from devicelink.interfaces.filter_wheel import FilterWheelState


class PyrosFilterWheel(PyrosDevice):
    """Implements `devicelink.interfaces.FilterWheel`. `halt` is the camera's ABORT: it ends an exposure too."""

    KIND = "camera"

    def state(self) -> FilterWheelState:
        reading = self._status()
        moving = reading.flag_or_none("wheel_moving") is True
        names = reading.text_or_none("filters")
        return FilterWheelState(
            position=None if moving else reading.integer_or_none("filter_position"),
            name=None if moving else reading.text_or_none("filter"),
            names=tuple(names.split(",")) if names else (),
            epoch=reading.integer_or_none("epoch"),
            initialised=reading.flag_or_none("initialised"),
        )

    def set_position(self, position: int, *, epoch: int) -> LinkOperation[int]:
        pending = self.link.submit("FILTER", position=position, epoch=epoch)
        return LinkOperation(pending, lambda reading: reading.integer("position"))

    def halt(self) -> None:
        self._abort()


DRIVER = PyrosFilterWheel
