"""The files by which the guardian and the other processes talk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardian import OperatingMode, Override, RequestRejected, StatusUnavailable, requests, status
from guardian.alarms import Alarm, compare, still_active
from guardian.files import EventLog
from guardian.requests import RequestReader
from guardian.tests.turning import Turning
from guardian.vocabulary import Severity
from pyros.clock import ManualClock

AN_OVERRIDE = Override("o1", "west", "wind_mps", 2000.0, "ops", "bearing is worn")

A_PLEA = {"id": "x", "source": "west", "quantity": None, "valid_until_unix_s": 1.0, "by": "ops", "reason": "worn"}
NO_OBJECT = st.recursive(st.none() | st.floats() | st.text(), st.lists)


def write(path: Path, mode: OperatingMode = OperatingMode.AUTOMATIC, until: float = 1600.0) -> None:
    requests.write(path, mode=mode, mode_valid_until_unix_s=until, overrides=[AN_OVERRIDE], opening_intent="evening")


def test_a_request_arrives_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    write(path)
    request = RequestReader(path, 57_600.0).read(0.0, 1000.0)
    assert request is not None
    assert (request.mode, request.overrides, request.emergency_stop) == (OperatingMode.AUTOMATIC, (AN_OVERRIDE,), False)
    assert request.opening_intent == "evening"


def test_a_missing_request_is_none(tmp_path: Path) -> None:
    assert RequestReader(tmp_path / "none.json", 57_600.0).read(0.0, 1000.0) is None


def test_a_mode_lapses_on_the_monotonic_clock_whatever_the_date_does(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    write(path, until=1600.0)
    reader = RequestReader(path, 57_600.0)

    def mode(now_s: float, now_unix_s: float) -> str:
        request = reader.read(now_s, now_unix_s)
        assert request is not None
        return str(request.mode)

    assert mode(0.0, 1000.0) == "AUTOMATIC"
    assert mode(100.0, 4700.0) == "AUTOMATIC"  # the date was stepped an hour forward
    assert mode(599.9, -2000.1) == "AUTOMATIC"  # and back
    assert mode(600.0, -2000.0) == "STANDBY"


def test_garbage_is_ignored_with_a_complaint_and_the_former_request_holds_until_it_lapses(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    write(path, until=1600.0)
    reader = RequestReader(path, 57_600.0)
    reader.read(0.0, 1000.0)
    path.write_bytes(b'{"mode": "AUTOM')
    request = reader.read(10.0, 1010.0)
    assert request is not None
    assert request.mode is OperatingMode.AUTOMATIC
    assert reader.problem is not None
    request = reader.read(600.0, 1600.0)
    assert request is not None
    assert request.mode is OperatingMode.STANDBY


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "GO"}, "mode is 'GO': give one of OFF, MANUAL, STANDBY, AUTOMATIC"),
        ({"mode_valid_until_unix_s": "tomorrow"}, "mode_valid_until_unix_s is 'tomorrow'"),
        ({"emergency_stop": 1}, "emergency_stop is 1"),
        ({"open": True}, "open is True: unknown"),
        ({"overrides": [{**A_PLEA, "quantity": "rain"}]}, r"overrides\[0\].quantity is 'rain': may be overridden"),
        ({"overrides": [{**A_PLEA, "valid_until_unix_s": None}]}, r"overrides\[0\].valid_until_unix_s is None"),
    ],
)  # fmt: skip
def test_A17_a_request_that_makes_no_sense_names_field_value_and_remedy(change: dict[str, object], words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        requests.parse({"mode": "MANUAL", "mode_valid_until_unix_s": 1.0, **change})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    st.one_of(
        st.binary(max_size=200), st.recursive(st.none() | st.floats() | st.text(), st.lists).map(repr).map(str.encode)
    )
)
def test_no_bytes_in_the_request_file_can_break_the_reader(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "request.json"
    path.write_bytes(content)
    reader = RequestReader(path, 57_600.0)
    assert reader.read(0.0, 0.0) is None
    assert reader.problem is not None


def test_a_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    turning = Turning()
    turning.good_until(20.0)
    path = tmp_path / "status.json"
    path.write_text(json.dumps(status.to_document(turning.status)))
    assert status.read(path) == turning.status


def test_C2_a_status_older_than_10_s_allows_nothing(tmp_path: Path) -> None:
    turning = Turning()
    turning.good_until(20.0)
    clock = ManualClock(datetime(2026, 11, 20, tzinfo=UTC))
    clock.advance(20.0)
    assert turning.status.allows_opening(clock)
    clock.advance(10.1)
    assert not turning.status.allows_opening(clock)


def test_a_status_from_before_a_restart_of_the_machine_is_infinitely_old() -> None:
    turning = Turning()
    turning.good_until(20.0)
    assert turning.status.age_s(ManualClock(datetime(2026, 11, 20, tzinfo=UTC))) == float("inf")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"safety": "FINE"}', "null"])
def test_a_status_that_makes_no_sense_is_unavailable(tmp_path: Path, content: str) -> None:
    path = tmp_path / "status.json"
    path.write_text(content)
    with pytest.raises(StatusUnavailable):
        status.read(path)
    with pytest.raises(StatusUnavailable, match="is the guardian running"):
        status.read(tmp_path / "none.json")


def test_events_are_appended_as_lines_after_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"kind": "phase"}\n{"kind": "ver')  # power was cut here
    log = EventLog(path)
    log.append({"kind": "mode"})
    log.append({"kind": "phase"})
    log.flush()
    assert path.read_text().splitlines()[1:] == ['{"kind": "ver', '{"kind":"mode"}', '{"kind":"phase"}']


def test_events_wait_in_memory_while_the_disk_refuses_them(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    log = EventLog(folder / "events.jsonl")
    log.append({"kind": "mode"})
    log.flush()
    assert log.problem is not None
    assert "1 events wait" in log.problem
    folder.mkdir()
    log.flush()
    assert log.problem is None
    assert (folder / "events.jsonl").read_text() == '{"kind":"mode"}\n'


def _line(kind: str, key: str) -> str:
    return json.dumps({"kind": kind, "data": {"key": key, "severity": "CRITICAL", "sentence": "…"}})


def test_I7_alarms_of_a_former_life_are_known_from_its_events() -> None:
    lines = [_line("alarm_raised", "a"), _line("alarm_raised", "b"), _line("alarm_cleared", "a"), '{"kind": "alarm_ra']
    assert set(still_active(lines)) == {"b"}


@given(st.lists(st.sets(st.sampled_from("abc"))))
def test_I7_each_alarm_is_raised_and_cleared_in_turn(wanted: list[set[str]]) -> None:
    active: dict[str, Alarm] = {}
    log: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for keys in wanted:
        changes = compare(active, [Alarm(key, Severity.WARNING, "") for key in sorted(keys)])
        active = dict(changes.active)
        assert set(active) == keys
        for alarm in changes.raised:
            log[alarm.key].append("raised")
        for alarm in changes.cleared:
            log[alarm.key].append("cleared")
    for told in log.values():
        assert told == ["raised", "cleared"] * (len(told) // 2) + ["raised"] * (len(told) % 2)
