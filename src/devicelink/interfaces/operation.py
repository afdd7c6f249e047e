"""A long operation that was begun: its methods return one at once, and its completion is asked here."""

from __future__ import annotations

from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Operation(Protocol[T_co]):
    """Something a device is doing. `T_co` is what it gives when it has ended well."""

    @property
    def acknowledged(self) -> bool:
        """Whether the device has accepted it."""
        ...

    @property
    def eta_s(self) -> float | None:
        """Seconds it takes, as told when it was accepted; None: not told."""
        ...

    @property
    def done(self) -> bool:
        """Completion property: whether it has ended, well or badly. Never blocks, never raises."""
        ...

    def wait(self, timeout_s: float) -> T_co:
        """Wait for its end, at most `timeout_s` observatory seconds.

        Raises: CommandTimeout (it may still be running), Refused, Aborted, LinkLost, ProtocolViolation.
        """
        ...

    def wait_acknowledged(self, timeout_s: float = 2.0) -> float | None:
        """Wait until it is accepted; gives `eta_s`. Raises: as `wait`."""
        ...
