"""The telescope: its mount, as far as an observer asks for it (Alpaca ITelescope)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devicelink.interfaces.device import Device
from devicelink.interfaces.operation import Operation


class TelescopeActivity(StrEnum):
    IDLE = "IDLE"
    SLEWING = "SLEWING"
    TRACKING = "TRACKING"
    PARKING = "PARKING"
    PARKED = "PARKED"


@dataclass(frozen=True)
class TelescopeState:
    """One reading. Coordinates are ICRS; None is unknown."""

    right_ascension_deg: float
    declination_deg: float
    altitude_deg: float | None
    azimuth_deg: float | None
    slewing: bool
    tracking: bool
    at_park: bool
    at_target: bool
    activity: TelescopeActivity
    target_right_ascension_deg: float | None
    target_declination_deg: float | None
    epoch: int | None
    initialised: bool | None


@dataclass(frozen=True)
class SlewResult:
    """Where a slew ended, by the mount's own encoders, and how far that is from where it should be."""

    right_ascension_deg: float
    declination_deg: float
    error_arcsec: float


class Telescope(Device, Protocol):
    """`epoch` is the number of the run that commands; a device refuses an older one with E_OWNER."""

    def state(self) -> TelescopeState:
        """Read everything. Raises: see `Device`."""
        ...

    def slew_to_coordinates(
        self, right_ascension_deg: float, declination_deg: float, *, epoch: int
    ) -> Operation[SlewResult]:
        """Begin to slew to an ICRS position, and track there. Returns at once.

        Raises (from the operation): Refused E_STATE (parked, not initialised), E_RANGE, E_LIMIT (below the horizon),
        E_BUSY, E_OWNER, E_UNSAFE; Aborted. A target that is reached badly is told by `error_arcsec`, not raised.
        """
        ...

    def offset(self, right_ascension_arcsec: float, declination_arcsec: float, *, epoch: int) -> Operation[SlewResult]:
        """Begin a small move on the sky from the present target (a dither). Raises: as `slew_to_coordinates`."""
        ...

    def set_tracking(self, tracking: bool, *, epoch: int | None = None) -> None:
        """Let the mount follow the sky, or stand. Raises: Refused E_STATE when parked, E_OWNER."""
        ...

    def abort_slew(self) -> None:
        """Stop any motion, and wait until it has stopped. Allowed to everyone, in any state, at any time."""
        ...

    def park(self, *, epoch: int) -> Operation[None]:
        """Begin to park; parked already: ends well at once. Raises (from the operation): Refused E_OWNER; Aborted."""
        ...

    def unpark(self, *, epoch: int) -> Operation[None]:
        """Leave the parked state without motion. Raises (from the operation): Refused E_OWNER."""
        ...
