"""The guardian's record is told in the journal exactly once, whatever is killed in between (behaviours C2, I7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.monitoring import guardian_record
from apps.monitoring.models import Alarm, SafetyRecord
from pyros.clock import ManualClock
from pyros.journal.models import Entry

pytestmark = pytest.mark.django_db

UNSAFE = {"safety": "UNSAFE", "desired": "CLOSE", "reasons": []}
VERDICT = {"kind": "verdict", "time": "2026-11-21T05:00:00Z", "data": UNSAFE}
STUCK = {"key": "roof_stuck", "severity": "CRITICAL", "sentence": "the roof is at 40 %"}
RAISED = {"kind": "alarm_raised", "data": STUCK}
CLEARED = {"kind": "alarm_cleared", "data": {"key": "roof_stuck"}}


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def write(path: Path, *events: object) -> None:
    with path.open("ab") as handle:
        for event in events:
            handle.write(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")


def told() -> list[str]:
    return list(Entry.objects.filter(verb__startswith="guardian.").order_by("id").values_list("verb", flat=True))


def test_no_record_yet_is_nothing_to_tell(record: Path, clock: ManualClock) -> None:
    assert guardian_record.take_in(record, clock) == 0


def test_each_event_is_told_once(record: Path, clock: ManualClock) -> None:
    write(record, VERDICT, RAISED)
    assert [guardian_record.take_in(record, clock), guardian_record.take_in(record, clock)] == [2, 0]
    write(record, CLEARED)
    assert guardian_record.take_in(record, clock) == 1
    assert told() == ["guardian.verdict", "guardian.alarm_raised", "guardian.alarm_cleared"]
    assert SafetyRecord.objects.get().safety == "UNSAFE"
    alarm = Alarm.objects.get()
    assert (alarm.code, alarm.severity, alarm.state, alarm.sentence) == (
        "guardian.roof_stuck", "CRITICAL", "CLEARED", "the roof is at 40 %",
    )  # fmt: skip


def test_a_torn_last_line_waits_until_it_is_whole(record: Path, clock: ManualClock) -> None:
    line = json.dumps(VERDICT).encode() + b"\n"
    write(record, RAISED, line[:25])
    assert guardian_record.take_in(record, clock) == 1
    assert guardian_record.take_in(record, clock) == 0
    write(record, line[25:])
    assert guardian_record.take_in(record, clock) == 1
    assert told() == ["guardian.alarm_raised", "guardian.verdict"]


def test_a_monitor_killed_in_the_middle_tells_everything_afterwards_and_nothing_twice(
    record: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(record, VERDICT, RAISED, CLEARED)
    tell, count = guardian_record._tell, []

    def killed_at_the_third(line: bytes, told_by: ManualClock) -> None:
        count.append(line)
        if len(count) == 3:
            raise KeyboardInterrupt
        tell(line, told_by)

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(guardian_record, "_tell", killed_at_the_third)
        guardian_record.take_in(record, clock)
    assert told() == [] and Alarm.objects.count() == 0
    assert guardian_record.take_in(record, clock) == 3
    assert told() == ["guardian.verdict", "guardian.alarm_raised", "guardian.alarm_cleared"]


@pytest.mark.parametrize(
    "line",
    [
        b"{torn\n",
        b"[]\n",
        b'{"kind": "verdict"}\n',
        b'{"kind": "alarm_raised", "data": {"key": "x", "severity": "LOUD"}}\n',
        b'{"kind": "alarm_cleared", "data": {}}\n',
        b"\xff\xfe\n",
    ],
    ids=["no json", "a list", "no data", "unknown severity", "no key", "no text"],
)
def test_a_line_without_sense_is_passed_over(line: bytes, record: Path, clock: ManualClock) -> None:
    write(record, line, VERDICT)
    assert guardian_record.take_in(record, clock) == 2
    assert told() == ["guardian.verdict"]
