"""Start, status, stop: with the real web server."""

import json
import os
import signal
import urllib.error
import urllib.request

import pytest

from pyros.clock import SharedClock
from pyros.front.__main__ import COMMANDS, main
from pyros.watcher.supervising import read_status
from pyros.watcher.tests.programs import gone, until


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def test_what_does_not_run_is_not_said_to_run(front):
    status, stop = front.run("status"), front.run("stop")
    assert (status.returncode, status.stdout) == (3, "PyROS does not run.\n")
    assert (stop.returncode, stop.stdout) == (0, "PyROS does not run.\n")
    assert json.loads(front.run("status", "--json").stdout)["processes"] == []


def test_development_mode_makes_its_fast_clock_where_there_is_none_and_keeps_the_one_there_is(front):
    front.configure("[development]\nenabled = true\nclock_speed = 60\n")
    prepared = front.run("prepare")
    assert prepared.returncode == 0, prepared.stderr
    clock = SharedClock(front.data / "run" / "clock")
    assert clock.speed == 60.0
    made = (front.data / "run" / "clock").stat().st_ino
    assert front.run("prepare").returncode == 0
    assert (front.data / "run" / "clock").stat().st_ino == made


def test_the_pages_come_up_survive_their_watcher_and_go_down_in_order(front):
    started = front.run("start", "--pages")
    assert started.returncode == 0, started.stderr
    assert f"http://127.0.0.1:{front.web_port}/" in started.stdout
    until(lambda: answers(front.web_port), "the web server's answer")
    assert (front.data / "pyros.sqlite3").stat().st_mode & 0o077 == 0

    status = front.run("status")
    assert status.returncode == 0, status.stdout
    assert "web" in status.stdout
    assert "RUNNING" in status.stdout
    assert "PyROS runs already" in front.run("start", "--pages").stdout

    first = read_status(front.data)
    os.kill(first["pid"], signal.SIGKILL)
    until(lambda: gone(first["pid"]), "the watcher being dead")
    alone = front.run("status")
    assert alone.returncode == 1
    assert "The SystemWatcher is gone" in alone.stdout
    again = front.run("start", "--pages")  # its ports are in use, but by its own processes
    assert again.returncode == 0, again.stderr
    second = read_status(front.data)
    assert {row["pid"] for row in first["processes"]} == {row["pid"] for row in second["processes"]}

    stopped = front.run("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "PyROS is stopped.\n"), stopped.stderr
    assert all(gone(row["pid"]) for row in second["processes"])
    assert front.run("status").returncode == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--config FILE" in capsys.readouterr().out


def test_an_unknown_command_is_refused_naming_those_that_there_are(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["observe"])
    assert ended.value.code == 2
    assert "simulate" in capsys.readouterr().err
