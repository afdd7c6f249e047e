"""The focuser (Alpaca IFocuser, absolute)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devicelink.interfaces.device import Device
from devicelink.interfaces.operation import Operation


@dataclass(frozen=True)
class FocuserState:
    """One reading. `position` in steps; None is unknown."""

    position: int
    is_moving: bool
    temperature_c: float | None
    epoch: int | None
    initialised: bool | None


class Focuser(Device, Protocol):
    def state(self) -> FocuserState:
        """Read everything. Raises: see `Device`."""
        ...

    def move(self, position: int, *, epoch: int) -> Operation[int]:
        """Begin to move to an absolute position; the operation gives the position reached.

        Raises (from the operation): Refused E_RANGE, E_BUSY, E_OWNER; Aborted.
        """
        ...

    def halt(self) -> None:
        """Stop where it is. Allowed to everyone at any time."""
        ...
