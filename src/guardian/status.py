"""The guardian's status as others read it: one small JSON file, replaced each loop.

    from guardian import status
    now = status.read(path)
    if now.allows_opening(clock): ...

Whoever cannot read it, or reads an old one, takes it for UNSAFE.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guardian.alarms import Alarm
from guardian.errors import StatusUnavailable
from guardian.readings import Reading
from guardian.verdict import Reason
from guardian.vocabulary import Enclosure, NightPhase, OperatingMode, Safety, Severity, ShutterStatus
from pyros.clock import Clock, patience

FRESH_S = 10.0
"""Observing goes on only with a verdict younger than this (behaviours C2)."""


@dataclass(frozen=True, slots=True)
class GuardianStatus:
    """One loop's conclusions. Monotonic times are the clock's; they compare across processes of one machine."""

    safety: Safety
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    since_monotonic_s: float
    holdoff_until_monotonic_s: float | None
    holdoff_until_unix_s: float | None
    closes_tonight: int
    phase: NightPhase
    sun_altitude_deg: float | None
    mode: OperatingMode
    desired: Enclosure
    explanation: str
    """Why `desired` is what it is, in words."""
    shutter: ShutterStatus
    open_switch: bool | None
    closed_switch: bool | None
    mount: str
    readings: tuple[Reading, ...]
    overrides: tuple[str, ...]
    """Ids of the overrides in force."""
    alarms: tuple[Alarm, ...]
    """The active ones."""
    heartbeat_counter: int
    """Heartbeats that the PLC has answered."""
    written_unix_s: float
    written_monotonic_s: float
    pid: int
    running: bool
    """False in the last status, written when the guardian is stopped."""

    def age_s(self, clock: Clock) -> float:
        """Observatory seconds since it was written; infinite when it is from before a restart of the machine."""
        age = clock.monotonic() - self.written_monotonic_s
        return age if age >= 0.0 else math.inf

    def is_fresh(self, clock: Clock, within_s: float = FRESH_S) -> bool:
        """Whether it is from a running guardian and young enough to act on."""
        return self.running and self.age_s(clock) <= patience(clock, within_s)

    def allows_opening(self, clock: Clock, within_s: float = FRESH_S) -> bool:
        """Whether the roof may be opened or stay open by this status, now."""
        return self.is_fresh(clock, within_s) and self.desired is Enclosure.OPEN_ALLOWED


def to_document(status: GuardianStatus) -> dict[str, object]:
    """The JSON document of a status."""
    return {
        "safety": status.safety,
        "reasons": [_reason_document(reason) for reason in status.reasons],
        "warnings": [_reason_document(reason) for reason in status.warnings],
        "since_monotonic_s": status.since_monotonic_s,
        "holdoff_until_monotonic_s": status.holdoff_until_monotonic_s,
        "holdoff_until_unix_s": status.holdoff_until_unix_s,
        "closes_tonight": status.closes_tonight,
        "phase": status.phase,
        "sun_altitude_deg": status.sun_altitude_deg,
        "mode": status.mode,
        "desired": status.desired,
        "explanation": status.explanation,
        "shutter": status.shutter,
        "open_switch": status.open_switch,
        "closed_switch": status.closed_switch,
        "mount": status.mount,
        "readings": [
            {
                "source": item.source,
                "quantity": item.quantity,
                "value": item.value,
                "unit": item.unit,
                "taken_monotonic_s": item.taken_monotonic_s,
            }
            for item in status.readings
        ],
        "overrides": list(status.overrides),
        "alarms": [{"key": item.key, "severity": item.severity, "sentence": item.sentence} for item in status.alarms],
        "heartbeat_counter": status.heartbeat_counter,
        "written_unix_s": status.written_unix_s,
        "written_monotonic_s": status.written_monotonic_s,
        "pid": status.pid,
        "running": status.running,
    }


def _reason_document(reason: Reason) -> dict[str, object]:
    return {
        "code": reason.code,
        "sentence": reason.sentence,
        "source": reason.source,
        "level": reason.level,
        "quantity": reason.quantity,
    }


def read(path: Path) -> GuardianStatus:
    """The status in a file. Raises StatusUnavailable when there is none or it makes no sense."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise StatusUnavailable(f"no guardian status at {path}: is the guardian running?") from None
    except (OSError, ValueError) as error:
        raise StatusUnavailable(f"the guardian status at {path} cannot be read: {error}") from None
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError) as error:
        raise StatusUnavailable(f"the guardian status at {path} makes no sense: {error!r}") from None


def _from_document(document: Mapping[str, object]) -> GuardianStatus:
    field = _Fields(document)
    return GuardianStatus(
        safety=Safety(field.text("safety")),
        reasons=tuple(_reason(item) for item in field.objects("reasons")),
        warnings=tuple(_reason(item) for item in field.objects("warnings")),
        since_monotonic_s=field.number("since_monotonic_s"),
        holdoff_until_monotonic_s=field.maybe_number("holdoff_until_monotonic_s"),
        holdoff_until_unix_s=field.maybe_number("holdoff_until_unix_s"),
        closes_tonight=int(field.number("closes_tonight")),
        phase=NightPhase(field.text("phase")),
        sun_altitude_deg=field.maybe_number("sun_altitude_deg"),
        mode=OperatingMode(field.text("mode")),
        desired=Enclosure(field.text("desired")),
        explanation=field.text("explanation"),
        shutter=ShutterStatus(field.text("shutter")),
        open_switch=field.maybe_switch("open_switch"),
        closed_switch=field.maybe_switch("closed_switch"),
        mount=field.text("mount"),
        readings=tuple(
            Reading(
                item.text("source"),
                item.text("quantity"),
                item.number("value"),
                item.text("unit"),
                item.number("taken_monotonic_s"),
            )
            for item in field.objects("readings")
        ),
        overrides=tuple(str(item) for item in field.items("overrides")),
        alarms=tuple(
            Alarm(item.text("key"), Severity(item.text("severity")), item.text("sentence"))
            for item in field.objects("alarms")
        ),
        heartbeat_counter=int(field.number("heartbeat_counter")),
        written_unix_s=field.number("written_unix_s"),
        written_monotonic_s=field.number("written_monotonic_s"),
        pid=int(field.number("pid")),
        running=field.maybe_switch("running") is True,
    )


def _reason(item: _Fields) -> Reason:
    return Reason(
        item.text("code"),
        item.text("sentence"),
        item.text("source"),
        Safety(item.text("level")),
        item.maybe_text("quantity"),
    )


class _Fields:
    """Typed access to a JSON object; raises KeyError or TypeError naming the field."""

    def __init__(self, document: object) -> None:
        if not isinstance(document, Mapping):
            raise TypeError(f"{document!r} is no object")
        self._document = document

    def text(self, name: str) -> str:
        value = self._document[name]
        if not isinstance(value, str):
            raise TypeError(f"{name} is {value!r}, not a text")
        return value

    def maybe_text(self, name: str) -> str | None:
        return None if self._document[name] is None else self.text(name)

    def number(self, name: str) -> float:
        value = self._document[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} is {value!r}, not a number")
        return float(value)

    def maybe_number(self, name: str) -> float | None:
        return None if self._document[name] is None else self.number(name)

    def maybe_switch(self, name: str) -> bool | None:
        value = self._document[name]
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"{name} is {value!r}, not true, false or null")
        return value

    def items(self, name: str) -> list[object]:
        value = self._document[name]
        if not isinstance(value, list):
            raise TypeError(f"{name} is {value!r}, not a list")
        return value

    def objects(self, name: str) -> list[_Fields]:
        return [_Fields(item) for item in self.items(name)]
