"""Fault plans: what goes wrong with which device, when, and for how long. Pure data; `faulty_wire` and the host act.

A fault in JSON (see README.md for each kind):

    {"device": "mount", "kind": "stall", "at": "night_start+1h", "for_s": 30}
    {"device": "vis1", "kind": "refuse", "after_commands": 3, "verb": "EXPOSE", "code": "E_HARDWARE"}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from devicelink.grammar import ErrorCode, Value
from simulators.moments import Moments


class FaultKind(StrEnum):
    DROP = "drop"  # connections break; for `for_s` new ones break at once too
    STALL = "stall"  # connections stay open, nothing is answered; with `verb`: only its final answers are held back
    GARBLE = "garble"  # answers arrive damaged
    REFUSE = "refuse"  # `verb` (or every command) ends ERR `code`
    LIE = "lie"  # STATUS (or the OK of `verb`) tells `values` instead of the truth
    SLOW = "slow"  # every answer is late by `delay_real_s`
    KILL = "kill"  # the device's program dies and, after `for_s`, comes back uninitialised
    JAM = "jam"  # a roof sticks (at `at_fraction` open), a filter wheel does not arrive
    FREEZE = "freeze"  # sensors keep their last sample, whose age grows
    MISPOINT = "mispoint"  # a mount points `offset_deg` beside where it believes


DEVICE_FAULTS: Mapping[FaultKind, frozenset[str]] = {
    FaultKind.JAM: frozenset({"dome", "camera"}),
    FaultKind.FREEZE: frozenset({"plc", "weather"}),
    FaultKind.MISPOINT: frozenset({"telescope"}),
}
"""Faults inside a device, and the kinds of device that can have them; all others happen on the wire of any device."""


class FaultError(ValueError):
    """A fault in a plan that cannot be: names the field and what to write instead."""


@dataclass(frozen=True)
class Fault:
    """One fault. It starts at `at_unix_s`, or after `after_commands` commands (counting `verb` alone if given), or,
    with neither, at once. `for_s` is observatory seconds, None for ever."""

    device: str
    kind: FaultKind
    at_unix_s: float | None = None
    after_commands: int | None = None
    for_s: float | None = None
    verb: str | None = None
    code: ErrorCode = ErrorCode.E_HARDWARE
    text: str = "fault plan"
    values: Mapping[str, Value] = field(default_factory=dict)
    delay_real_s: float = 1.0
    at_fraction: float | None = None
    offset_deg: float = 3.0

    def __post_init__(self) -> None:
        if self.at_unix_s is not None and self.after_commands is not None:
            raise FaultError(f"fault {self.kind} of {self.device}: give 'at' or 'after_commands', not both")
        if self.kind is FaultKind.LIE and not self.values:
            raise FaultError(f"fault lie of {self.device}: values is missing: give the false values of STATUS")
        if self.for_s is not None and not (math.isfinite(self.for_s) and self.for_s >= 0):
            raise FaultError(f"fault {self.kind} of {self.device}: for_s is {self.for_s}: give seconds, 0 or more")

    def concerns(self, verb: str) -> bool:
        """Whether a request with this verb is meant."""
        return self.verb is None or self.verb == verb

    def check_possible(self, device_kind: str) -> None:
        """Raise `FaultError` when this kind of device cannot fail so."""
        able = DEVICE_FAULTS.get(self.kind)
        if able is not None and device_kind not in able:
            raise FaultError(
                f"{self.device} is a {device_kind}, which cannot {self.kind}: {', '.join(sorted(able))} can"
            )

    def still_to_run_s(self, now_unix_s: float) -> float | None:
        """For a timed fault that a program finds at its start: seconds left of it, None for ever; 0 when it is over."""
        if self.at_unix_s is None or now_unix_s <= self.at_unix_s:
            return self.for_s
        if self.for_s is None:
            return 0.0 if self.kind is FaultKind.DROP else None
        return max(0.0, self.at_unix_s + self.for_s - now_unix_s)


_NUMBERS = {"for_s", "delay_real_s", "at_fraction", "offset_deg"}
_KEYS = {entry.name for entry in fields(Fault)} - {"at_unix_s"} | {"at"}


def fault_from(entry: Mapping[str, Any], moments: Moments) -> Fault:
    """A fault from its JSON form. Raises `FaultError`."""
    if unknown := set(entry) - _KEYS:
        raise FaultError(f"fault has the unknown key {min(unknown)!r}: give some of {', '.join(sorted(_KEYS))}")
    for key in ("device", "kind"):
        if key not in entry:
            raise FaultError(f"fault {dict(entry)}: {key!r} is missing")
    given = {key: value for key, value in entry.items() if key != "at"}
    for key in _NUMBERS & set(given):
        if given[key] is not None and not isinstance(given[key], int | float):
            raise FaultError(f"fault of {entry['device']}: {key} is {given[key]!r}: give a number")
    try:
        given["kind"] = FaultKind(entry["kind"])
        given["code"] = ErrorCode(entry.get("code", ErrorCode.E_HARDWARE))
    except ValueError as error:
        raise FaultError(f"fault of {entry['device']}: {error}; kinds are {', '.join(FaultKind)}") from None
    if "at" in entry:
        given["at_unix_s"] = moments.unix_s(entry["at"])
    return Fault(**given)
