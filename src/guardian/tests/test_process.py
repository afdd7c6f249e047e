"""The guardian as a process, against a PLC, a roof and a mount on the wire."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from guardian import (
    Enclosure,
    GuardianStatus,
    OperatingMode,
    Safety,
    ShutterStatus,
    StatusUnavailable,
    requests,
    status,
)
from guardian.configuration import parse
from guardian.process import AlreadyRunning, GuardianProcess
from guardian.tests.hut import Hut

SPEED = 60.0
PATIENCE_REAL_S = 20.0


@pytest.fixture
def hut(tmp_path: Path) -> Iterator[Hut]:
    with Hut(tmp_path, SPEED) as hut:
        yield hut


class Watched:
    """A guardian in a thread, with its files."""

    def __init__(self, hut: Hut) -> None:
        self.hut = hut
        self.guardian = GuardianProcess(parse(hut.configuration), hut.clock)
        self._thread = threading.Thread(target=self.guardian.run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.guardian.stop()
        self._thread.join(PATIENCE_REAL_S)
        assert not self._thread.is_alive()


@pytest.fixture
def watched(hut: Hut) -> Iterator[Watched]:
    ask(hut)
    watched = Watched(hut)
    yield watched
    watched.end()


def ask(hut: Hut, mode: OperatingMode = OperatingMode.AUTOMATIC) -> None:
    requests.write(hut.folder / "request.json", mode=mode, mode_valid_until_unix_s=hut.clock.unix_s() + 30_000.0)


def wait_for(folder: Path, condition: Callable[[GuardianStatus], bool], what: str) -> GuardianStatus:
    """Look at the status file until the condition holds."""
    end = monotonic() + PATIENCE_REAL_S
    newest: GuardianStatus | None = None
    pause = threading.Event()
    while monotonic() < end:
        try:
            newest = status.read(folder / "status.json")
        except StatusUnavailable:
            newest = None
        if newest is not None and condition(newest):
            return newest
        pause.wait(0.02)
    raise AssertionError(f"{what}: not within {PATIENCE_REAL_S} s; last {newest}")


def is_open_and_allowed(now: GuardianStatus) -> bool:
    return now.desired is Enclosure.OPEN_ALLOWED and now.shutter is ShutterStatus.OPEN


def events(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_A1_on_the_wire_a_good_night_is_left_open_and_rain_parks_then_closes(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    assert (hut.plc.closes, hut.mount.parks) == ([], 0)
    hut.do(lambda: hut.plc.weather.update(rain=1))
    wait_for(hut.folder, lambda now: now.shutter is ShutterStatus.CLOSED, "roof closed")
    assert hut.mount.activity == "PARKED"
    assert hut.plc.open_fraction == 0.0
    told = [event for event in events(hut.folder) if event["kind"] in ("verdict", "command", "enclosure")]
    verbs = [event["data"]["verb"] for event in told if event["kind"] == "command"]  # type: ignore[index]
    assert verbs[0] == "PARK"
    assert "CLOSE" in verbs


def test_heartbeats_reach_the_plc_and_are_counted_as_answered(watched: Watched) -> None:
    hut = watched.hut
    now = wait_for(hut.folder, lambda now: now.heartbeat_counter >= 5, "five heartbeats")
    assert hut.plc.heartbeats >= now.heartbeat_counter


def test_A14_a_dropped_plc_link_is_unsafe_and_the_roof_found_open_at_its_return_is_closed(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    hut.stop_plc()
    now = wait_for(
        hut.folder, lambda now: "plc_link" in {reason.code for reason in now.reasons}, "plc link is a reason"
    )
    assert now.safety is Safety.UNSAFE
    assert now.shutter is ShutterStatus.UNKNOWN
    hut.start_plc()
    wait_for(hut.folder, lambda now: now.shutter is ShutterStatus.CLOSED, "roof closed")


def test_a_silent_plc_is_unsafe_although_the_connection_stands(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    hut.do(lambda: setattr(hut.plc, "silent", True))
    now = wait_for(hut.folder, lambda now: now.safety is Safety.UNSAFE, "unsafe")
    assert now.desired is Enclosure.CLOSE


def test_A4_on_the_wire_garbage_for_long_is_unsafe_by_the_name_of_the_source(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    hut.do(lambda: hut.plc.weather.update(humidity_percent=-999))
    now = wait_for(hut.folder, lambda now: now.safety is Safety.UNSAFE, "unsafe")
    assert {reason.code for reason in now.reasons} >= {"stale:plc"}
    rejected = [event["data"] for event in events(hut.folder) if event["kind"] == "reading_rejected"]
    assert len(rejected) == 1


def test_A12_on_the_wire_a_stuck_mount_does_not_keep_the_roof_open(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    hut.do(lambda: setattr(hut.mount, "stuck", True))
    hut.do(lambda: hut.plc.weather.update(rain=1))
    wait_for(hut.folder, lambda now: now.shutter is ShutterStatus.CLOSED, "roof closed")
    raised = [event["data"]["key"] for event in events(hut.folder) if event["kind"] == "alarm_raised"]  # type: ignore[index]
    assert raised.count("mount_not_parked") == 1


def test_A8_on_the_wire_a_jammed_roof_is_told_to_close_again_and_again_and_raises_one_alarm(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    hut.do(lambda: setattr(hut.plc, "jammed", True))
    hut.do(lambda: hut.plc.weather.update(rain=1))
    now = wait_for(hut.folder, lambda now: now.shutter is ShutterStatus.ERROR, "error")
    assert "roof_not_closed" in {alarm.key for alarm in now.alarms}
    assert len(hut.plc.closes) >= 2
    wait_for(hut.folder, lambda now: len(hut.plc.closes) >= 10, "close repeated")
    raised = [event["data"]["key"] for event in events(hut.folder) if event["kind"] == "alarm_raised"]  # type: ignore[index]
    assert raised.count("roof_not_closed") == 1


def test_garbage_in_the_request_file_is_an_alarm_and_no_end(watched: Watched) -> None:
    hut = watched.hut
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    (hut.folder / "request.json").write_bytes(b"\xff\x00{")
    now = wait_for(hut.folder, lambda now: bool(now.alarms), "an alarm")
    assert [alarm.key for alarm in now.alarms] == ["request_ignored"]
    assert now.mode is OperatingMode.AUTOMATIC
    ask(hut, OperatingMode.STANDBY)
    now = wait_for(hut.folder, lambda now: now.mode is OperatingMode.STANDBY and not now.alarms, "standby")


def test_the_last_status_of_a_stopped_guardian_is_unsafe(hut: Hut) -> None:
    ask(hut)
    watched = Watched(hut)
    wait_for(hut.folder, is_open_and_allowed, "open is allowed")
    watched.end()
    last = status.read(hut.folder / "status.json")
    assert (last.safety, last.running, last.allows_opening(hut.clock)) == (Safety.UNSAFE, False, False)


def test_a_second_guardian_of_the_same_files_is_refused(watched: Watched) -> None:
    with pytest.raises(AlreadyRunning, match="another guardian is running"):
        GuardianProcess(parse(watched.hut.configuration), watched.hut.clock)


def _program(hut: Hut) -> subprocess.Popen[bytes]:
    path = hut.folder / "guardian.json"
    path.write_text(json.dumps(hut.configuration))
    return subprocess.Popen([sys.executable, "-m", "guardian", "--config", str(path)])


def test_C2_the_program_killed_in_the_rain_holds_off_in_its_next_life_and_stops_on_sigterm(hut: Hut) -> None:
    ask(hut)
    first = _program(hut)
    try:
        wait_for(hut.folder, is_open_and_allowed, "open is allowed")
        hut.do(lambda: hut.plc.weather.update(rain=1))
        wait_for(hut.folder, lambda now: now.shutter is ShutterStatus.CLOSED, "roof closed")
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(PATIENCE_REAL_S)
    beats = hut.plc.heartbeats
    hut.do(lambda: hut.plc.weather.update(rain=0))
    second = _program(hut)
    try:
        now = wait_for(hut.folder, lambda now: now.pid == second.pid and now.safety is Safety.HOLDOFF
                       and "holdoff:before_restart" in {r.code for r in now.reasons} and hut.plc.heartbeats > beats,
                       "holdoff in the next life")  # fmt: skip
        assert now.holdoff_until_monotonic_s is not None
        assert now.holdoff_until_monotonic_s - hut.clock.monotonic() > 600.0  # of the 3600 s for rain
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE_REAL_S) == 0
    assert status.read(hut.folder / "status.json").running is False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plc": {"port": "x"}}, "plc.port is 'x': give a port"),
        ({"limits": {"wind": 3}}, "limits.wind is 3: no such limit"),
        ({"limits": {"rules": {"rain": None}}}, "rules.rain is None: this rule cannot be switched off"),
        ({"site": {"latitude_deg": 100, "longitude_deg": 0, "elevation_m": 0}}, "latitude_deg is 100"),
        ({"clock": {"kind": "sundial"}}, "clock is {'kind': 'sundial'}"),
        ({"weather_stations": [{"name": "w", "port": 1, "role": "chief"}]}, "role is 'chief'"),
    ],
)
def test_a_bad_configuration_is_named_on_stderr_with_exit_code_2(
    tmp_path: Path, change: dict[str, object], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from guardian.__main__ import main
    from guardian.configuration import EXAMPLE

    paths = {name: str(tmp_path / name) for name in ("status_path", "events_path", "request_path")}
    (tmp_path / "bad.json").write_text(json.dumps({**EXAMPLE, **paths, **change}))
    assert main(["--config", str(tmp_path / "bad.json")]) == 2
    captured = capfd.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_the_example_is_a_valid_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from guardian.__main__ import main

    assert main(["--example"]) == 0
    (tmp_path / "example.json").write_text(capfd.readouterr().out)
    assert main(["--check", str(tmp_path / "example.json")]) == 0
    assert capfd.readouterr().out == "ok\n"
