"""The enclosure: dome shutter or roll-off roof (Alpaca IDome, shutter part)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devicelink.interfaces.device import Device
from devicelink.interfaces.operation import Operation


class ShutterMotion(StrEnum):
    OPENING = "OPENING"
    CLOSING = "CLOSING"
    NONE = "NONE"


class ShutterStatus(StrEnum):
    """Alpaca's ShutterState."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    OPENING = "OPENING"
    CLOSING = "CLOSING"
    ERROR = "ERROR"


@dataclass(frozen=True)
class DomeState:
    """One reading. The two limit switches are independent: they may contradict each other, and both can be unmade.

    None is unknown (the switch is not wired or does not answer), which is neither open nor closed.
    """

    open_switch: bool | None
    closed_switch: bool | None
    motion: ShutterMotion | None
    percent_open: float | None
    epoch: int | None
    initialised: bool | None

    @property
    def shutter_status(self) -> ShutterStatus:
        """From the switches, never from the last command. Both made, or an unknown switch: ERROR. Neither made is
        OPENING or CLOSING when that motion is told, else ERROR (stopped half-way)."""
        return _STATUS.get((self.open_switch, self.closed_switch, self.motion), ShutterStatus.ERROR)


_STATUS: dict[tuple[bool | None, bool | None, ShutterMotion | None], ShutterStatus] = {
    (True, False, None): ShutterStatus.OPEN,  # a box without motion sensing: the switches still rule
    (False, True, None): ShutterStatus.CLOSED,
    (True, False, ShutterMotion.NONE): ShutterStatus.OPEN,
    (True, False, ShutterMotion.OPENING): ShutterStatus.OPEN,  # the switch is made, the motor about to stop
    (True, False, ShutterMotion.CLOSING): ShutterStatus.CLOSING,
    (False, True, ShutterMotion.NONE): ShutterStatus.CLOSED,
    (False, True, ShutterMotion.CLOSING): ShutterStatus.CLOSED,
    (False, True, ShutterMotion.OPENING): ShutterStatus.OPENING,
    (False, False, ShutterMotion.OPENING): ShutterStatus.OPENING,
    (False, False, ShutterMotion.CLOSING): ShutterStatus.CLOSING,
}


class Dome(Device, Protocol):
    def state(self) -> DomeState:
        """Read the switches and the motion. Raises: see `Device`."""
        ...

    def open_shutter(self, *, epoch: int) -> Operation[DomeState]:
        """Begin to open; open already: ends well at once. The operation gives the state at its end.

        Raises (from the operation): Refused E_UNSAFE (interlock), E_BUSY (closing), E_OWNER, E_HARDWARE; Aborted.
        """
        ...

    def close_shutter(self) -> Operation[DomeState]:
        """Begin to close. Allowed to everyone at any time, without epoch; it turns an opening roof round.

        Raises (from the operation): Refused E_HARDWARE (stuck); Aborted.
        """
        ...

    def abort_shutter(self) -> None:
        """Stop the motor where it is. Allowed to everyone at any time."""
        ...
