"""The field rotator (Alpaca IRotator)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devicelink.interfaces.device import Device
from devicelink.interfaces.operation import Operation


@dataclass(frozen=True)
class RotatorState:
    """One reading. Angles in degrees, 0 to 360, position angle from north through east; None is unknown."""

    position_deg: float
    mechanical_position_deg: float | None
    is_moving: bool
    epoch: int | None
    initialised: bool | None


class Rotator(Device, Protocol):
    def state(self) -> RotatorState:
        """Read everything. Raises: see `Device`."""
        ...

    def move_absolute(self, position_deg: float, *, epoch: int) -> Operation[float]:
        """Begin to turn to a position angle; the operation gives the angle reached.

        Raises (from the operation): Refused E_RANGE, E_LIMIT (cable wrap), E_BUSY, E_OWNER; Aborted.
        """
        ...

    def halt(self) -> None:
        """Stop where it is. Allowed to everyone at any time."""
        ...
