"""Named switches: relays, lamps, power outlets (Alpaca ISwitch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devicelink.interfaces.device import Device


@dataclass(frozen=True)
class SwitchState:
    """One reading: each switch by name; None is unknown."""

    switches: dict[str, bool | None]
    initialised: bool | None


class Switch(Device, Protocol):
    @property
    def names(self) -> tuple[str, ...]:
        """The switches it has."""
        ...

    def state(self) -> SwitchState:
        """Read all switches. Raises: see `Device`."""
        ...

    def set_switch(self, name: str, on: bool) -> None:
        """Switch. Raises: KeyError for a name it does not have; Refused E_HARDWARE."""
        ...
