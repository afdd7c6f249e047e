"""A request as a handler sees it, and the check of its arguments against what the verb declares."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from devicelink.errors import CommandFailure
from devicelink.grammar import ErrorCode, Request, Value

EPOCH = "epoch"
"""The key that every motion verb carries: the number of the run that owns the device."""


class Answering(Protocol):
    """What a call needs from the connection it came by."""

    def acknowledge(self, eta_s: float | None) -> None: ...

    def data(self, values: Mapping[str, Value]) -> None: ...


class Call:
    """One request being carried out.

    `request` has its arguments checked and converted, `client` is the name given in HELLO (or the peer's
    address), `epoch` the run's number for a motion verb, else None.
    """

    def __init__(self, request: Request, client: str, epoch: int | None, answering: Answering) -> None:
        self.request = request
        self.client = client
        self.epoch = epoch
        self._answering = answering

    @property
    def arguments(self) -> Mapping[str, Value]:
        return self.request.arguments

    async def acknowledge(self, eta_s: float | None = None) -> None:
        """Answer ACK: accepted and running, `eta_s` to go. Twice is the same as once; the server acknowledges by
        itself when the handler has not after 150 ms."""
        self._answering.acknowledge(eta_s)

    async def data(self, **values: Value) -> None:
        """Answer a DATA line."""
        self._answering.data(values)

    def number(self, key: str, default: float | None = None) -> float:
        """A declared number; `default` where an optional key was left out."""
        value = self.request.arguments.get(key, default)
        if isinstance(value, str) or value is None:
            raise TypeError(f"{self.request.verb} does not declare {key} as a number with a value")
        return float(value)

    def integer(self, key: str, default: int | None = None) -> int:
        """A declared whole number."""
        return int(self.number(key, default))

    def flag(self, key: str, default: bool | None = None) -> bool:
        """A declared flag."""
        return bool(self.number(key, default))

    def text(self, key: str, default: str | None = None) -> str:
        """A declared text."""
        value = self.request.arguments.get(key, default)
        if not isinstance(value, str):
            raise TypeError(f"{self.request.verb} does not declare {key} as a text with a value")
        return value


Handler = Callable[[Call], Awaitable[Mapping[str, Value]]]


@dataclass(frozen=True)
class Command:
    """What a verb takes and how it may run."""

    handler: Handler
    keys: Mapping[str, type]
    optional: Mapping[str, type] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()
    motion: bool = False  # needs an epoch, one at a time, cancelled by ABORT
    preempts: bool = False  # a motion that aborts the running one instead of being refused
    aborts: bool = False  # cancels the running motion before its handler runs

    def __post_init__(self) -> None:
        for key, kind in (*self.keys.items(), *self.optional.items()):
            if kind not in _CONVERTERS:
                raise TypeError(f"key {key}: type {kind!r} cannot travel; use float, int, bool or str")


def checked(request: Request, command: Command) -> Request:
    """The request with its arguments converted to the declared types.

    Raises `CommandFailure`: E_UNKNOWN for an undeclared key or object, E_SYNTAX for a missing or mistyped one,
    E_RANGE for NaN and infinity.
    """
    if request.object_name is not None and request.object_name not in command.objects:
        known = ", ".join(sorted(command.objects)) or "none"
        raise CommandFailure(ErrorCode.E_UNKNOWN, f"object {request.object_name} is unknown to {request.verb}: {known}")
    declared = {**command.keys, **command.optional}
    for key in request.arguments:
        if key not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise CommandFailure(ErrorCode.E_UNKNOWN, f"key {key} is unknown to {request.verb}, which takes {known}")
    for key in command.keys:
        if key not in request.arguments:
            raise CommandFailure(ErrorCode.E_SYNTAX, f"{request.verb} needs {key}=")
    converted = {key: _CONVERTERS[declared[key]](key, value) for key, value in request.arguments.items()}
    return replace(request, arguments=converted)


def _mistyped(key: str, value: Value, wanted: str) -> CommandFailure:
    return CommandFailure(ErrorCode.E_SYNTAX, f"{key} is {value!r}: give {wanted}")


def _as_float(key: str, value: Value) -> float:
    if isinstance(value, str):
        raise _mistyped(key, value, "a number")
    if not math.isfinite(value):
        raise CommandFailure(ErrorCode.E_RANGE, f"{key} is {value!r}: give a finite number")
    return float(value)


def _as_int(key: str, value: Value) -> int:
    number = _as_float(key, value)
    if not number.is_integer():
        raise _mistyped(key, value, "a whole number")
    return int(value)


def _as_bool(key: str, value: Value) -> bool:
    if _as_float(key, value) not in (0.0, 1.0):
        raise _mistyped(key, value, "1 or 0")
    return bool(value)


def _as_str(key: str, value: Value) -> str:
    if not isinstance(value, str):
        raise _mistyped(key, value, "a text (numbers in double quotes)")
    return value


_CONVERTERS: Mapping[type, Callable[[str, Value], Value]] = {
    float: _as_float,
    int: _as_int,
    bool: _as_bool,
    str: _as_str,
}
