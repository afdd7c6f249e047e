"""The filter wheel (Alpaca IFilterWheel). Positions count from 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devicelink.interfaces.device import Device
from devicelink.interfaces.operation import Operation


@dataclass(frozen=True)
class FilterWheelState:
    """One reading. `position` and `name` are None while the wheel turns or when it does not know."""

    position: int | None
    name: str | None
    names: tuple[str, ...]
    epoch: int | None
    initialised: bool | None


class FilterWheel(Device, Protocol):
    def state(self) -> FilterWheelState:
        """Read everything. Raises: see `Device`."""
        ...

    def set_position(self, position: int, *, epoch: int) -> Operation[int]:
        """Begin to turn to a position; the operation gives the position reached.

        Raises (from the operation): Refused E_RANGE, E_BUSY (exposing), E_OWNER, E_HARDWARE (stuck); Aborted.
        """
        ...

    def halt(self) -> None:
        """Stop the wheel. Allowed to everyone at any time."""
        ...
