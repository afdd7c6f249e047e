"""A pending request seen as an `Operation`: its values turned into what the interface promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from devicelink.drivers.pyros._reading import Reading
from devicelink.pending import Pending

T = TypeVar("T")


class LinkOperation(Generic[T]):
    """Implements `devicelink.interfaces.Operation`."""

    def __init__(self, pending: Pending, convert: Callable[[Reading], T]) -> None:
        self.pending = pending
        self._convert = convert

    @property
    def acknowledged(self) -> bool:
        return self.pending.acknowledged

    @property
    def eta_s(self) -> float | None:
        return self.pending.eta_s

    @property
    def done(self) -> bool:
        return self.pending.done

    def wait(self, timeout_s: float) -> T:
        return self._convert(Reading(self.pending.device, self.pending.wait(timeout_s)))

    def wait_acknowledged(self, timeout_s: float = 2.0) -> float | None:
        return self.pending.wait_acknowledged(timeout_s)


def nothing(_reading: Reading) -> None:
    """For operations that give nothing."""
