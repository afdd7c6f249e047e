"""What every device has, whatever it does and whatever line leads to it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Device(Protocol):
    """Alpaca's common members. A device object is thread-safe.

    Every method of every device may raise LinkLost (no link: state unknown), CommandTimeout (no answer: read back),
    Refused (the device said no, `code` says why) and ProtocolViolation (its program is wrong); each method names
    what else it raises, and the codes to expect.
    """

    @property
    def name(self) -> str:
        """The device's name here, e.g. "T1"."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the link is up and its status was read. Never blocks, never raises."""
        ...

    @property
    def connection_reason(self) -> str:
        """In words, why it is connected or not."""
        ...

    def connect(self, timeout_s: float | None = None) -> None:
        """Begin to connect, and stay connected until `disconnect`; wait for the link if `timeout_s` is given.

        Raises: LinkLost when it is not connected by then; it goes on trying.
        """
        ...

    def disconnect(self) -> None:
        """End the link. The hardware goes on with what it does."""
        ...

    def ping(self) -> datetime:
        """Ask for a sign of life; gives the device's own date (UTC)."""
        ...

    def initialise(self, timeout_s: float) -> None:
        """Make the device ready for commands (power, reference); initialised already: nothing happens.

        Raises: Refused E_HARDWARE.
        """
        ...
