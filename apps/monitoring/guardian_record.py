"""The guardian's own record (a file: it knows no database) told in the journal, exactly once, with its alarms.

The place reached in the file is kept in the transaction of what was told, so that a crash repeats nothing.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from django.db import transaction

from apps.monitoring import alarms
from apps.monitoring.models import SafetyRecord, Severity
from pyros.clock import Clock
from pyros.journal.models import Position
from pyros.journal.writing import append

log = logging.getLogger(__name__)

FOLLOWER = "guardian-record"


def take_in(path: Path, clock: Clock) -> int:
    """Tell what the guardian wrote since the last call; returns how many events there were."""
    if not path.exists():
        return 0
    position, _ = Position.objects.get_or_create(follower=FOLLOWER)
    with path.open("rb") as handle:
        handle.seek(position.last_id)
        content = handle.read(1_000_000)
    whole, _, _ = content.rpartition(b"\n")
    if not whole:
        return 0
    lines = whole.split(b"\n")
    with transaction.atomic():
        for line in lines:
            _tell(line, clock)
        Position.objects.filter(follower=FOLLOWER).update(last_id=position.last_id + len(whole) + 1)
    return len(lines)


def _tell(line: bytes, clock: Clock) -> None:
    try:
        event = json.loads(line)
        kind, data = str(event["kind"]), dict(event["data"])
        if kind == "alarm_raised":
            data["severity"], data["sentence"] = Severity(data["severity"]), str(data["sentence"])
        if kind in {"alarm_raised", "alarm_cleared"}:
            data["key"] = str(data["key"])
    except (ValueError, KeyError, TypeError) as error:
        log.warning("a line of the guardian's record makes no sense (%r): %r", error, line[:80])
        return
    if kind == "alarm_raised":
        alarms.raise_alarm(f"guardian.{data['key']}"[:60], "", data["severity"], data["sentence"])
    elif kind == "alarm_cleared":
        alarms.clear_alarm(f"guardian.{data['key']}"[:60], "")
    if kind == "verdict":
        _record_verdict(event, data, clock)
    append("guardian:1", f"guardian.{kind}", {"at": event.get("time"), **data}, who="guardian")


def _record_verdict(event: dict[str, Any], data: dict[str, Any], clock: Clock) -> None:
    SafetyRecord.objects.create(
        time=clock.now(),
        safety=data.get("safety", ""),
        desired_enclosure=data.get("desired", ""),
        reasons=data.get("reasons", []),
    )
