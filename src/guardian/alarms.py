"""Alarms: raised once, cleared once (invariant I7), whatever restarts in between."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guardian.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person must know. `key` is its identity; the sentence may say more."""

    key: str
    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True)
class AlarmChanges:
    """What to tell the world after a step."""

    raised: tuple[Alarm, ...]
    cleared: tuple[Alarm, ...]
    active: Mapping[str, Alarm]


def compare(active: Mapping[str, Alarm], wanted: Iterable[Alarm]) -> AlarmChanges:
    """The alarms to raise and to clear so that `wanted` are the active ones.

    An alarm that is active keeps the words it was raised with. Of two wanted with one key the first counts.
    """
    now: dict[str, Alarm] = {}
    for alarm in wanted:
        now.setdefault(alarm.key, active.get(alarm.key, alarm))
    raised = tuple(alarm for key, alarm in now.items() if key not in active)
    cleared = tuple(alarm for key, alarm in active.items() if key not in now)
    return AlarmChanges(raised, cleared, now)


def still_active(event_lines: Iterable[str]) -> Mapping[str, Alarm]:
    """The alarms that a former life of the guardian raised and did not clear, from the lines of its event file.

    A torn line (power cut while writing) or one of another kind is passed over.
    """
    active: dict[str, Alarm] = {}
    for line in event_lines:
        if '"alarm_' not in line:
            continue
        try:
            event = json.loads(line)
            kind, data = event["kind"], event["data"]
            if kind == "alarm_raised":
                active[data["key"]] = Alarm(data["key"], Severity(data["severity"]), data["sentence"])
            elif kind == "alarm_cleared":
                active.pop(data["key"], None)
        except (ValueError, KeyError, TypeError):
            continue
    return active
