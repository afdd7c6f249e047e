"""The waterfall of an alert, from journal entries."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.alert_manager.waterfall import STAGES, bars, waterfall

MS = 1_000_000
TRIGGER = datetime(2026, 11, 20, 22, 0, 0, tzinfo=UTC)
SENT = datetime(2026, 11, 20, 22, 0, 30, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, 22, 0, 32, tzinfo=UTC)


@dataclass
class Told:
    verb: str
    monotonic_ns: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    subject: str = "alert:1"


WHOLE = [
    Told("notice.received", 1003 * MS, {"received_ns": 1000 * MS, "parsed_ns": 1002 * MS}),
    Told("alert.decided", 1012 * MS, {"decided_ns": 1010 * MS}),
    Told("run.slew_ordered", 1031 * MS, {"ordered_ns": 1030 * MS}),
    Told("run.on_target", 9000 * MS),
    Told("image.exposing", 9500 * MS),
    Told("image.stored", 15000 * MS),
    Told("image.exposing", 15500 * MS),
    Told("alert.candidates_found", 21000 * MS),
]


def test_every_stage_stands_at_its_own_time_after_the_receipt() -> None:
    stages = waterfall(WHOLE, trigger=TRIGGER, sent=SENT, received=RECEIVED)
    assert [s.name for s in stages] == list(STAGES)
    assert [s.since_received_ms for s in stages] == [
        -32000.0,
        -2000.0,
        0.0,
        2.0,
        10.0,
        30.0,
        8000.0,
        8500.0,
        14000.0,
        20000.0,
    ]
    assert [s.step_ms for s in stages] == [None, 30000.0, 2000.0, 2.0, 8.0, 20.0, 7970.0, 500.0, 5500.0, 6000.0]


def test_a_stage_that_nobody_told_is_unknown_and_the_next_counts_from_the_one_before() -> None:
    stages = {
        s.name: s
        for s in waterfall([e for e in WHOLE if e.verb != "run.on_target"], trigger=None, sent=None, received=RECEIVED)
    }
    assert not stages["trigger"].is_known
    assert not stages["on target"].is_known
    assert stages["first exposure"].step_ms == 8470.0


def test_without_the_notice_s_entry_no_latency_is_invented() -> None:
    stages = waterfall(WHOLE[1:], trigger=TRIGGER, sent=SENT, received=RECEIVED)
    assert [s.name for s in stages if s.is_known] == ["trigger", "notice sent"]


def test_a_later_decision_does_not_move_the_first_one() -> None:
    later = [*WHOLE, Told("alert.decided", 90000 * MS, {"decided_ns": 90000 * MS})]
    assert waterfall(later, trigger=None, sent=None, received=RECEIVED)[4].since_received_ms == 10.0


def test_bars_follow_each_other_without_gaps_and_an_empty_alert_has_none() -> None:
    drawn = bars(waterfall(WHOLE, trigger=TRIGGER, sent=SENT, received=RECEIVED))
    assert [b.stage.name for b in drawn] == list(STAGES[3:])
    assert all(abs(b.x - (a.x + a.width)) < 2.5 for a, b in itertools.pairwise(drawn))
    assert bars(waterfall([], trigger=None, sent=None, received=None)) == []
