"""The SystemWatcher with real processes."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from pyros.config import Config
from pyros.watcher import child as child_module
from pyros.watcher.child import BACK_OFF_REAL_S, ChildState, birth
from pyros.watcher.supervising import AlreadyRunning, Watcher, living, read_status
from pyros.watcher.table import ProcessSpec, processes
from pyros.watcher.tests.programs import (
    BEATS_ONCE,
    FAILING,
    STEADY,
    STUBBORN,
    TELLS_ITS_END,
    WITH_A_CHILD,
    gone,
    look_until,
    spec,
    until,
    watching,
)


@pytest.fixture
def quick(monkeypatch):
    """The same five pauses, a hundred times shorter."""
    monkeypatch.setattr(child_module, "BACK_OFF_REAL_S", tuple(pause / 100 for pause in BACK_OFF_REAL_S))


def test_the_pauses_before_restarts_are_those_of_the_behaviours():
    assert BACK_OFF_REAL_S == (1.0, 2.0, 4.0, 8.0, 16.0)  # behaviours.md C9


def test_processes_are_started_and_told_in_the_status_with_their_kernel_start_time(tmp_path):
    with watching(tmp_path, spec("monitor", STEADY), spec("web", STEADY)) as (watcher, _):
        watcher.start_all()
        rows = read_status(tmp_path)["processes"]
        assert [row["name"] for row in rows] == ["monitor", "web"]
        assert all(row["state"] == "RUNNING" and living(row) for row in rows)
        assert living(read_status(tmp_path))


def test_a_killed_process_is_noticed_at_the_next_look_and_started_again(tmp_path, quick):
    with watching(tmp_path, spec("listener", STEADY)) as (watcher, told):
        watcher.start_all()
        (child,) = watcher.children
        first = child.pid
        os.kill(first, signal.SIGKILL)
        look_until(
            watcher, lambda: child.state is ChildState.RUNNING and child.pid not in (None, first), "a new listener"
        )
        assert child.restarts == 1
        assert told == ["listener ended by signal SIGKILL after 0 s, restarted"]
        assert read_status(tmp_path)["processes"][0]["restarts"] == 1


def test_a_process_that_ran_well_is_restarted_at_once_the_first_time(tmp_path):
    with watching(tmp_path, spec("listener", STEADY)) as (watcher, _):
        watcher.start_all()
        (child,) = watcher.children
        child.started_s -= 10.0  # it has run for ten seconds
        os.kill(child.pid, signal.SIGKILL)
        look_until(watcher, lambda: child.restarts == 1, "the death being noticed")
        assert child.state is ChildState.RUNNING  # in the same look: no pause


def test_each_failure_in_a_row_waits_longer_and_after_five_restarts_it_is_disabled(tmp_path):
    with watching(tmp_path, spec("listener", FAILING), spec("web", STEADY)) as (watcher, told):
        watcher.start_all()
        failing, other = watcher.children
        pauses = []
        for number in range(1, 6):
            look_until(watcher, lambda number=number: failing.failures_in_row == number, f"failure {number}")
            pauses.append(failing.next_start_s - time.monotonic())
            failing.next_start_s = 0.0  # let the pause be over
        look_until(watcher, lambda: failing.state is ChildState.DISABLED, "it being given up")
        assert [round(pause) for pause in pauses] == [1, 2, 4, 8, 16]
        assert failing.reason == "ended by exit code 3 after 0 s; given up after 5 restarts in a row"
        assert failing.restarts == 5
        assert told[-1] == f"listener {failing.reason}"
        watcher.look()
        assert failing.state is ChildState.DISABLED
        assert other.state is ChildState.RUNNING
        assert read_status(tmp_path)["processes"][0]["state"] == "DISABLED"


def test_a_steady_run_makes_earlier_failures_forgotten(tmp_path, quick):
    with watching(tmp_path, spec("listener", STEADY)) as (watcher, _):
        watcher.start_all()
        (child,) = watcher.children
        child.failures_in_row = 5
        child.started_s -= 31.0
        os.kill(child.pid, signal.SIGKILL)
        look_until(watcher, lambda: child.restarts == 1, "the restart")
        assert child.failures_in_row == 1
        assert child.state is ChildState.RUNNING


def test_a_process_that_cannot_be_started_does_not_take_the_others_down(tmp_path, quick):
    missing = ProcessSpec("listener", ("/nonexistent/python", "-c", ""), 0)
    with watching(tmp_path, missing, spec("web", STEADY)) as (watcher, told):
        watcher.start_all()
        failing, other = watcher.children
        assert other.state is ChildState.RUNNING
        assert "listener could not be started" in told[0]
        assert "/nonexistent/python" in told[0]
        look_until(watcher, lambda: failing.state is ChildState.DISABLED, "it being given up")
        assert other.alive()


def test_a_watcher_that_cannot_write_its_status_goes_on_and_says_so_once(tmp_path):
    with watching(tmp_path, spec("web", STEADY)) as (watcher, told):
        watcher.start_all()
        (tmp_path / "run" / "watcher.tmp").mkdir()  # any failure of the disk
        watcher.look()
        watcher.look()
        assert watcher.children[0].alive()
        (sentence,) = told
        assert "watcher.json can't be written (Is a directory)" in sentence
        (tmp_path / "run" / "watcher.tmp").rmdir()


def test_a_process_whose_heartbeat_stands_still_is_killed_and_started_again(tmp_path, quick):
    beat = tmp_path / "run" / "heartbeats" / "monitor"
    with watching(tmp_path, spec("monitor", BEATS_ONCE, beat, heartbeat_s=0.5)) as (watcher, told):
        watcher.start_all()
        (child,) = watcher.children
        look_until(watcher, lambda: child.restarts == 1, "the hung process being replaced")
        assert told[0] == "monitor has had no heartbeat for 0 s: killed"
        assert told[1].startswith("monitor ended by signal SIGKILL")


def test_a_process_that_never_beats_is_given_three_times_as_long_to_start(tmp_path):
    with watching(tmp_path, spec("monitor", STEADY, heartbeat_s=20.0)) as (watcher, _):
        watcher.start_all()
        (child,) = watcher.children
        child.started_s -= 59.0
        assert not child.hung()
        child.started_s -= 2.0
        assert child.hung()


def test_an_old_heartbeat_of_the_former_process_does_not_count(tmp_path):
    beat = tmp_path / "run" / "heartbeats" / "monitor"
    with watching(tmp_path, spec("monitor", STEADY, heartbeat_s=20.0)) as (watcher, _):
        beat.touch()
        os.utime(beat, (0, 0))
        watcher.start_all()
        assert not watcher.children[0].hung()


def test_what_a_dead_process_leaves_in_its_group_is_killed_before_its_successor_starts(tmp_path):
    note = tmp_path / "grandchild"
    with watching(tmp_path, spec("worker-observation", WITH_A_CHILD, note)) as (watcher, _):
        watcher.start_all()
        until(note.exists, "the grandchild")
        grandchild = int(note.read_text())
        os.kill(watcher.children[0].pid, signal.SIGKILL)
        look_until(watcher, lambda: watcher.children[0].restarts == 1, "the death being noticed")
        until(lambda: gone(grandchild), "the orphan being gone")


def test_everything_is_stopped_in_the_opposite_order_of_the_start(tmp_path):
    order = tmp_path / "order"
    names = ["simulators", "guardian", "majordome", "web"]
    with watching(tmp_path, *(spec(name, TELLS_ITS_END, order, name) for name in names)) as (watcher, _):
        watcher.start_all()
        until(lambda: all((tmp_path / f"order.{name}").exists() for name in names), "all listening")
        watcher.stop_all()
        assert order.read_text().split() == ["web", "majordome", "guardian", "simulators"]
        assert all(child.state is ChildState.STOPPED for child in watcher.children)
        assert read_status(tmp_path) == {}


def test_a_process_that_does_not_stop_in_its_time_is_killed(tmp_path):
    with watching(tmp_path, spec("web", STUBBORN, stop_s=0.3)) as (watcher, told):
        watcher.start_all()
        pid = watcher.children[0].pid
        until(lambda: "deaf" in (tmp_path / "logs" / "web.out").read_text(), "it ignoring SIGTERM")
        watcher.stop_all()
        assert gone(pid)
        assert told == ["web did not stop within 0 s: killed"]


def test_the_loop_ends_when_asked_and_leaves_nothing_running(tmp_path):
    with watching(tmp_path, spec("web", STEADY)) as (watcher, _):
        watcher.start_all()
        pid = watcher.children[0].pid
        watcher.run(meanwhile=lambda: False)
        assert gone(pid)


# The watcher itself killed ---------------------------------------------------------------------------------------

WATCHER_PROGRAM = """
import os, signal, sys
from pathlib import Path
from pyros.watcher.supervising import Watcher
from pyros.watcher.tests.programs import STEADY, spec
watcher = Watcher([spec("listener", STEADY), spec("web", STEADY)], Path(sys.argv[1]), dict(os.environ), print)
with watcher.lock():
    watcher.start_all()
    print("up", flush=True)
    signal.pause()
"""


@pytest.fixture
def killed_watcher(tmp_path):
    """The status that a watcher left that was killed with SIGKILL while its processes ran."""
    with subprocess.Popen(
        [sys.executable, "-c", WATCHER_PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline().strip() == "up"
        first.kill()
    left = read_status(tmp_path)
    assert not living(left)
    yield left
    for row in left["processes"]:
        if living(row):
            os.killpg(row["pid"], signal.SIGKILL)


def test_the_successor_of_a_killed_watcher_adopts_what_still_runs_and_starts_the_rest(tmp_path, killed_watcher):
    listener, web = killed_watcher["processes"]
    os.killpg(web["pid"], signal.SIGKILL)
    until(lambda: gone(web["pid"]), "the web server being dead")
    with watching(tmp_path, spec("listener", STEADY), spec("web", STEADY)) as (watcher, told):
        with watcher.lock():
            watcher.start_all()
        assert told == [f"listener still runs (pid {listener['pid']}): adopted"]
        assert watcher.children[0].pid == listener["pid"]
        assert watcher.children[1].pid not in (None, web["pid"])


def test_an_adopted_process_that_dies_is_noticed_and_started_again(tmp_path, killed_watcher, quick):
    with watching(tmp_path, spec("listener", STEADY)) as (watcher, told):
        watcher.start_all()
        (child,) = watcher.children
        adopted = child.pid
        os.kill(adopted, signal.SIGKILL)
        look_until(watcher, lambda: child.pid not in (None, adopted), "a new listener")
        assert told[1] == "listener ended (adopted, so how is not known) after 0 s, restarted"


def test_an_adopted_process_is_stopped_like_the_others(tmp_path, killed_watcher):
    with watching(tmp_path, spec("listener", STEADY)) as (watcher, _):
        watcher.start_all()
        pid = watcher.children[0].pid
        watcher.stop_all()
        assert gone(pid)


def test_a_pid_that_now_belongs_to_another_process_is_not_adopted(tmp_path):
    (tmp_path / "run").mkdir()
    row = {"name": "listener", "pid": os.getpid(), "born": birth(os.getpid()) - 1, "restarts": 0}
    (tmp_path / "run" / "watcher.json").write_text(json.dumps({"pid": 1, "born": 0, "processes": [row]}))
    with watching(tmp_path, spec("listener", STEADY)) as (watcher, told):
        watcher.start_all()
        assert watcher.children[0].pid != os.getpid()
        assert told == []


def test_a_second_watcher_of_the_same_data_folder_is_refused(tmp_path):
    first, second = (Watcher([], tmp_path, {}, print) for _ in range(2))
    refused = pytest.raises(AlreadyRunning, match=r"PyROS runs already on .*: \./pyrosrun\.sh status shows it")
    with first.lock(), refused, second.lock():
        pass
    with second.lock():
        pass


def test_a_torn_status_file_is_no_status(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "watcher.json").write_text('{"pid": 12')
    assert read_status(tmp_path) == {}


# The table -------------------------------------------------------------------------------------------------------


def test_the_guardian_starts_before_and_stops_after_all_that_moves_something(tmp_path):
    names = [one.name for one in processes(Config(), tmp_path / "pyros.toml", tmp_path)]
    assert names[:2] == ["simulators", "guardian"]
    assert names.index("guardian") < names.index("worker-observation") < names.index("majordome") < names.index("web")


def test_every_one_of_our_own_processes_is_told_the_configuration(tmp_path):
    for one in processes(Config(), tmp_path / "site.toml", tmp_path):
        if "manage.py" in " ".join(one.argv):
            assert one.argv[-2:] == ("--config", str(tmp_path / "site.toml"))
