"""Faults do what they say, on the wire and in the devices."""

from __future__ import annotations

import json
import socket

import pytest

from devicelink.grammar import ErrorCode, ReplyKind
from simulators import scenario
from simulators.faults import FaultError, FaultKind, fault_from
from simulators.moments import Moments, duration_s
from simulators.scenario import ScenarioError
from simulators.tests.support import Wire, observatory

TONIGHT = Moments({"start": 1000.0, "sunset": 2000.0, "night_start": 5000.0, "midnight": 20_000.0})


def _plan(*faults: dict) -> dict:
    return {"name": "test", "faults": list(faults)}


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_that_comes_with_the_simulators_is_valid(name: str) -> None:
    moments = Moments({**TONIGHT.named, "night_end": 40_000.0, "sunrise": 43_000.0})
    assert scenario.resolved(scenario.load(name), moments).name == name


def test_moments_are_relative_to_the_night() -> None:
    assert TONIGHT.unix_s("night_start+1h30m") == 10_400.0
    assert TONIGHT.unix_s("sunset-90s") == 1910.0
    assert TONIGHT.unix_s("midnight") == 20_000.0
    assert TONIGHT.unix_s("1970-01-01T00:01:00Z") == 60.0
    assert duration_s("2h") == 7200.0 and duration_s(12) == 12.0


@pytest.mark.parametrize("text", ["moonrise", "sunset+", "sunset+soon", "2026-11-20T20:00:00", "", "sunset*2"])
def test_a_moment_that_cannot_be_read_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match=r"moment is|duration is"):
        TONIGHT.unix_s(text)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"kind": "drop"}, "device"),
        ({"device": "mount", "kind": "explode"}, "explode"),
        ({"device": "mount", "kind": "drop", "for": 3}, "unknown key"),
        ({"device": "mount", "kind": "lie"}, "values"),
        ({"device": "mount", "kind": "drop", "for_s": -1}, "for_s"),
        ({"device": "mount", "kind": "drop", "at": "start", "after_commands": 2}, "not both"),
        ({"device": "mount", "kind": "slow", "delay_real_s": "long"}, "delay_real_s"),
    ],
)
def test_a_fault_that_cannot_be_is_explained(entry: dict, word: str) -> None:
    with pytest.raises(FaultError, match=word):
        fault_from(entry, TONIGHT)


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match="storm"):
        scenario.load("hurricane")


def test_a_timed_fault_that_a_restarted_program_finds_over_does_not_come_again() -> None:
    fault = fault_from({"device": "mount", "kind": "kill", "at": "start", "for_s": 100}, TONIGHT)
    assert fault.still_to_run_s(900.0) == 100.0
    assert fault.still_to_run_s(1040.0) == 60.0
    assert fault.still_to_run_s(2000.0) == 0.0


def test_refuse_answers_the_verb_with_its_code_and_nothing_else(fast_clock) -> None:
    plan = _plan({"device": "mount", "kind": "refuse", "verb": "UNPARK", "code": "E_HARDWARE", "text": "brake stuck"})
    with observatory(fast_clock(), only=("mount",), scenario=plan) as running, Wire(running.ports["mount"]) as mount:
        refused = mount.ask("UNPARK")
        assert (refused.code, refused.text) == (ErrorCode.E_HARDWARE, "brake stuck")
        assert mount.ask("PING").ok and mount.status()["parked"] == 1


def test_a_fault_may_wait_for_a_number_of_commands(fast_clock) -> None:
    plan = _plan({"device": "mount", "kind": "drop", "verb": "UNPARK", "after_commands": 3})
    with observatory(fast_clock(), only=("mount",), scenario=plan) as running, Wire(running.ports["mount"]) as mount:
        assert mount.ask("UNPARK").ok and mount.ask("UNPARK").ok
        mount.send("UNPARK")
        with pytest.raises((ConnectionError, OSError)):
            while mount.next():
                pass
        with Wire(running.ports["mount"]) as again:
            assert again.ask("PING").ok


def test_lie_changes_the_named_values_of_status_and_of_its_events(fast_clock) -> None:
    plan = _plan({"device": "weather1", "kind": "lie", "values": {"humidity_percent": 250.0}})
    with (
        observatory(fast_clock(), only=("weather1",), scenario=plan) as running,
        Wire(running.ports["weather1"]) as station,
    ):
        status = station.status()
        assert status["humidity_percent"] == 250.0 and status["wind_mps"] < 15.0
        station.ask("SUBSCRIBE", period_s=1.0)
        while not station.events:
            station.next()
        assert station.events[0].values["humidity_percent"] == 250.0


def test_garble_damages_answers_and_ends(fast_clock) -> None:
    with (
        observatory(fast_clock(), only=("mount", "control")) as running,
        Wire(running.ports["control"]) as control,
        Wire(running.ports["mount"]) as mount,
    ):
        assert control.ask("FAULT", device="mount", kind="garble").ok
        mount.send("STATUS")
        damaged = mount.line()
        assert any(byte in damaged[:-1] for byte in b"\x00\x07#%~\xff\xfe")
        control.ask("RESET")
        assert mount.ask("PING").ok


def test_B4_stall_answers_late_and_by_id(fast_clock) -> None:
    with (
        observatory(fast_clock(), only=("mount", "control")) as running,
        Wire(running.ports["control"]) as control,
        Wire(running.ports["mount"]) as mount,
    ):
        assert mount.ask("PING").ok
        assert control.ask("FAULT", device="mount", kind="stall").ok
        late = mount.send("STATUS")
        assert mount.quiet(real_s=0.3)
        control.ask("RESET")
        next_one = mount.send("PING")
        assert mount.final(next_one).ok
        assert mount.final(late).values["activity"] == "PARKED"


def test_stall_of_one_verb_holds_back_its_final_answer_alone(fast_clock) -> None:
    plan = _plan({"device": "nir", "kind": "stall", "verb": "EXPOSE"})
    with (
        observatory(fast_clock(), only=("nir", "control"), scenario=plan) as running,
        Wire(running.ports["control"]) as control,
        Wire(running.ports["nir"]) as camera,
    ):
        exposure = camera.send("EXPOSE", t=1.0, type="DARK", epoch=1)
        assert camera.reply().kind is ReplyKind.ACK and camera.reply().kind is ReplyKind.DATA
        while camera.status()["image_ready"] == 0:  # the camera has read out, and its answer does not come
            pass
        assert all(answer.id != exposure or answer.kind is not ReplyKind.OK for answer in camera.replies)
        assert control.status()["faults"] == "nir:stall"
        control.ask("RESET")
        assert camera.final(exposure).ok


def test_slow_delays_every_answer(fast_clock) -> None:
    clock = fast_clock(1.0)
    plan = _plan({"device": "mount", "kind": "slow", "delay_real_s": 0.3})
    with observatory(clock, only=("mount",), scenario=plan) as running, Wire(running.ports["mount"]) as mount:
        begun_s = clock.monotonic()
        assert mount.ask("PING").ok
        assert clock.monotonic() - begun_s >= 0.3


def test_kill_closes_the_port_and_the_device_comes_back_uninitialised(fast_clock) -> None:
    with (
        observatory(fast_clock(), only=("mount", "control")) as running,
        Wire(running.ports["control"]) as control,
    ):
        with Wire(running.ports["mount"]) as mount:
            mount.ask("INIT")
            mount.ask("UNPARK")
            assert mount.status()["initialised"] == 1
            assert control.ask("FAULT", device="mount", kind="kill").ok
            assert mount.line() == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.ports["mount"]), timeout=5.0)
        control.ask("RESET")
        with Wire(running.ports["mount"]) as mount:
            status = mount.status()
            assert (status["initialised"], status["tracking"], status["parked"]) == (0, 0, 0)


def test_jam_holds_the_roof_and_the_roof_says_so(fast_clock) -> None:
    plan = _plan({"device": "dome", "kind": "jam", "at_fraction": 0.4})
    with (
        observatory(fast_clock(), only=("plc",), scenario=plan) as running,
        Wire(running.ports["plc"]) as plc,
        Wire(running.ports["dome"]) as dome,
    ):
        plc.ask("HEARTBEAT")
        stuck = dome.ask("OPEN", epoch=1)
        assert stuck.code is ErrorCode.E_HARDWARE and "40 %" in stuck.text
        status = dome.status()
        assert (status["open_switch"], status["closed_switch"], status["percent_open"]) == (0, 0, 40.0)


def test_B7_a_jammed_filter_wheel_ends_in_hardware_error_and_says_no_filter(fast_clock) -> None:
    plan = _plan({"device": "vis1", "kind": "jam"})
    with observatory(fast_clock(), only=("vis1",), scenario=plan) as running, Wire(running.ports["vis1"]) as camera:
        assert camera.ask("FILTER", position=2, epoch=1).code is ErrorCode.E_HARDWARE
        assert "filter" not in camera.status()
        assert camera.ask("EXPOSE", t=1.0, type="LIGHT", epoch=1).code is ErrorCode.E_HARDWARE


def test_A3_frozen_sensors_keep_their_values_and_their_age_grows(fast_clock) -> None:
    clock = fast_clock(100.0)
    with (
        observatory(clock, only=("weather1", "control")) as running,
        Wire(running.ports["weather1"]) as station,
        Wire(running.ports["control"]) as control,
    ):
        assert control.ask("FAULT", device="weather1", kind="freeze").ok
        first = station.status()
        while (later := station.status())["sample_age_s"] < 61.0:
            pass
        assert later["wind_mps"] == first["wind_mps"] and later["taken"] == first["taken"]
        control.ask("RESET")
        assert station.status()["sample_age_s"] <= 60.0


def test_B5_a_mispointed_mount_believes_in_its_position(fast_clock) -> None:
    plan = _plan({"device": "mount", "kind": "mispoint", "offset_deg": -3.0})
    with observatory(fast_clock(), only=("mount",), scenario=plan) as running, Wire(running.ports["mount"]) as mount:
        mount.ask("UNPARK")
        assert mount.ask("GOTO", ra=70.0, dec=25.0, epoch=1).ok
        status = mount.status()
        assert status["dec"] == 25.0 and status["sky_dec"] == pytest.approx(22.0, abs=0.01)


def test_a_fault_that_a_device_cannot_have_is_refused_with_a_reason(fast_clock) -> None:
    with observatory(fast_clock(), only=("mount", "control")) as running, Wire(running.ports["control"]) as control:
        refused = control.ask("FAULT", device="mount", kind="freeze")
        assert refused.code is ErrorCode.E_RANGE and "cannot freeze" in refused.text
        assert control.ask("FAULT", device="toaster", kind="drop").code is ErrorCode.E_RANGE
        assert control.ask("FAULT", device="mount", kind="lie", values=json.dumps({"ra": 1.0})).ok


def test_every_kind_of_fault_is_documented() -> None:
    readme = (scenario.FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in readme for kind in FaultKind)
