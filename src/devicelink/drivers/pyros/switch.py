"""The PLC's relays as named switches: today its lamp. `link=plc.link` shares the PLC's link."""

from __future__ import annotations

from collections.abc import Mapping

from devicelink.drivers.pyros._device import PyrosDevice
from devicelink.interfaces.switch import SwitchState

_VERBS: Mapping[str, str] = {"lamp": "LAMP"}  # the switch, which is also its key in STATUS → the verb that sets it


class PyrosSwitch(PyrosDevice):
    """Implements `devicelink.interfaces.Switch`."""

    KIND = "plc"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_VERBS)

    def state(self) -> SwitchState:
        reading = self._status()
        switches = {name: reading.flag_or_none(name) for name in self.names}
        return SwitchState(switches, reading.flag_or_none("initialised"))

    def set_switch(self, name: str, on: bool) -> None:
        if name not in _VERBS:
            raise KeyError(f"{self.name} has no switch {name!r}: use one of {', '.join(self.names)}")
        self.link.request(_VERBS[name], on=on)


DRIVER = PyrosSwitch
