"""The terminal's view: its picture as text, its facts from a real database, its end on a real terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyros.config import ROOT
from pyros.front.terminal_view import ProcessLine, Snapshot, Text, printable, render
from pyros.journal.writing import append

NIGHT = Snapshot(
    title="PyROS  /srv/pyros",
    facts=[("clock", "2026-11-21 05:00:00 UTC"), ("safety", "UNSAFE: rain"), ("now", "M31: 3 of 10 frames")],
    processes=[ProcessLine("majordome", "RUNNING", 0.4), ProcessLine("web", "DISABLED", None, 5, "given up")],
    journal=[f"05:00:{n:02} entry {n}" for n in range(40)],
    log=[Text(f"05:00:{n:02} majordome: line {n}") for n in range(40)],
)


def plain(lines):
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_facts_stand_left_processes_right_and_the_newest_lines_below():
    lines = plain(render(NIGHT, 100, 12))
    assert len(lines) == 12
    assert lines[0] == "PyROS  /srv/pyros"
    assert lines[1].startswith("clock     2026-11-21 05:00:00 UTC")
    assert lines[1].rstrip().endswith("majordome          RUNNING  ♥ 0 s")
    assert lines[2].startswith("safety    UNSAFE: rain")
    assert "web                DISABLED  5 restarts" in lines[2]
    assert lines[-1].startswith("05:00:39 entry 39")
    assert lines[-1].endswith("05:00:39 majordome: line 39")


def test_what_is_wrong_is_red():
    lines = render(NIGHT, 100, 12)
    assert "\x1b[1;31msafety    UNSAFE: rain" in lines[2]
    assert "\x1b[1;31mweb " in lines[2]


def test_a_watcher_that_is_gone_and_a_database_that_does_not_answer_are_said():
    text = "\n".join(
        plain(
            render(
                Snapshot("PyROS", processes=NIGHT.processes, problem="the database does not answer", running=False),
                100,
                20,
            )
        )
    )
    assert "the SystemWatcher is gone" in text
    assert "the database does not answer" in text


def test_escape_sequences_from_the_wire_do_not_reach_the_terminal():
    assert printable("\x1b]0;owned\x07 GRB\n\u202e") == "·]0;owned· GRB··"
    hostile = Snapshot("PyROS", facts=[("now", "\x1b[2Jgone")], journal=["\x9b2J"], log=[Text("a\rb")])
    assert "\x1b[2J" not in "".join(render(hostile, 80, 24))


@given(st.integers(1, 300), st.integers(1, 100), st.lists(st.text(max_size=400), max_size=5))
def test_a_picture_fits_every_terminal(width, height, texts):
    now = Snapshot(
        "PyROS", facts=[("now", text) for text in texts], processes=[ProcessLine(text, "RUNNING") for text in texts],
        journal=texts * 20, log=[Text(text) for text in texts] * 20,
    )  # fmt: skip
    lines = plain(render(now, width, height))
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


# From the database -----------------------------------------------------------------------------------------------


def test_an_observer_of_a_new_observatory_says_what_there_is_not(observatory):
    from pyros.front.night_facts import Observer

    facts = dict(Observer().look().facts)
    assert facts["clock"] == "2026-11-21 05:00:00 UTC"
    assert facts["night"] == "none so far"
    assert facts["safety"].startswith("UNKNOWN: ")
    assert facts["roof"] == "UNKNOWN   (opening not allowed)"
    assert (facts["now"], facts["next"]) == ("nothing is observed", "no schedule so far")


def test_the_night_the_run_its_frames_and_what_comes_next_are_told(observatory, clock):
    from datetime import date, timedelta

    from apps.devices.models import Camera, Node
    from apps.majordome.models import Night
    from apps.observation_manager.models import AlbumRun, Image, Run
    from apps.routine_manager.models import Plan, Request
    from apps.scheduler.models import Schedule, ScheduleRow
    from apps.user_manager.models import ScientificProgram
    from pyros.front.night_facts import Observer

    now = clock.now()
    request = Request.objects.create(name="M31", program=ScientificProgram.objects.first(), priority=50, created_at=now)
    running, waiting = (
        request.sequences.create(name=name, state=state) for name, state in (("a", "EXECUTING"), ("b", "PLANNED"))
    )
    camera = Camera.objects.first()
    album = running.albums.create(camera=camera)
    plan = Plan.objects.create(album=album, order=1, exposure_s=60, images=10)
    run = Run.objects.create(sequence=running, telescope=observatory, epoch=7, started_at=now)
    album_run = AlbumRun.objects.create(run=run, album=album)
    for number, state in enumerate(["STORED", "STORED", "ABORTED", "EXPOSING"], start=1):
        Image.objects.create(
            album_run=album_run, plan=plan, camera=camera, number=number, state=state, frame_type="LIGHT", exposure_s=60
        )
    schedule = Schedule.objects.create(
        node=Node.objects.get(),
        night=date(2026, 11, 20),
        made_at=now,
        cause="test",
        starts_at=now,
        ends_at=now,
        value=1,
        bound=1,
    )
    for sequence, minutes in ((running, -5), (waiting, 20)):
        start = now + timedelta(minutes=minutes)
        ScheduleRow.objects.create(
            schedule=schedule,
            sequence=sequence,
            planned=True,
            starts_at=start,
            ends_at=start + timedelta(minutes=15),
            reason="",
        )
    Night.objects.create(telescope=observatory, date=date(2026, 11, 20), phase="NIGHT", step="WAIT_FOR_WORK")
    facts = dict(Observer().look().facts)
    assert facts["night"] == "2026-11-20  NIGHT, wait for work"
    assert facts["now"] == "M31/a: 2 of 10 frames (run 7)"
    assert facts["next"] == "05:20 M31/b"


def test_the_journal_is_told_in_words_and_each_entry_once(observatory):
    from pyros.front.night_facts import Observer

    observer = Observer()
    observer.journal_lines()
    append("night:1", "night.ended", {"night": "2026-11-20"})
    append("image:4", "image.stored", {"path": "PRODUCED_DATA/M31_0001.fits"})
    append("run:1", "run.started", {})  # as another version of PyROS might write it
    assert observer.journal_lines() == [
        "05:00:00  the night is over",
        "05:00:00  image 4 stored: M31_0001.fits",
        "05:00:00  run.started run:1",
    ]
    assert observer.journal_lines() == []


def test_log_lines_of_all_processes_are_merged_by_time_and_followed_through_rotation(tmp_path):
    from pyros.front.night_facts import LogTail

    def write(name, second, message, level="INFO", mode="a"):
        row = {
            "time": f"2026-11-21T05:00:{second:02}.000Z",
            "real": f"2026-11-20T22:00:{second:02}.000Z",
            "process": name,
        }
        with (tmp_path / f"{name}.jsonl").open(mode) as handle:
            handle.write(json.dumps({**row, "level": level, "message": message}) + "\n")

    tail = LogTail(tmp_path)
    write("web", 2, "second")
    write("majordome", 1, "first, rather long, so that the new file is shorter", "ERROR")
    assert tail.look() == [
        Text("05:00:01 majordome: first, rather long, so that the new file is shorter", "bad"),
        Text("05:00:02 web: second"),
    ]
    (tmp_path / "web.jsonl").open("a").write('{"torn')
    write("majordome", 3, "x", mode="w")
    assert [line.text for line in tail.look()][2:] == ["05:00:03 majordome: x"]


# As a process ----------------------------------------------------------------------------------------------------


@pytest.fixture
def site(front):
    """A prepared site whose journal has one entry worth telling."""
    assert front.run("prepare").returncode == 0
    program = (
        "import django; django.setup()\nfrom django.db import transaction\nfrom pyros.journal.writing import append\n"
        "with transaction.atomic(): append('night:1', 'night.ended', {})\n"
    )
    environment = {
        **os.environ,
        "PYROS_CONFIG": str(front.folder / "pyros.toml"),
        "DJANGO_SETTINGS_MODULE": "pyros.settings",
    }
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT, check=True)
    return front


FRAME_END = b"\x1b[J"


def read_until(descriptor, wanted):
    seen, end = b"", time.monotonic() + 30
    while wanted not in seen:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"waited in vain for {wanted!r} after {seen!r}"
        seen += os.read(descriptor, 65536)
    return seen


def test_watch_tells_lines_without_a_terminal_and_leaves_a_terminal_as_it_was_after_ctrl_c(site):
    command = [sys.executable, "-m", "pyros.front", "watch", "--config", str(site.folder / "pyros.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as lines:
        assert lines.stdout.readline().endswith("the night is over\n")
        lines.send_signal(signal.SIGINT)
        assert lines.wait(30) == 0

    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 100, 0, 0))
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True
    ) as view:
        os.close(theirs)
        try:
            first = read_until(ours, FRAME_END)  # a frame is one write, but a terminal may give it in pieces
            assert first.startswith(b"\x1b[?1049h\x1b[?25l") and b"the night is over" in first
            fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 8, 70, 0, 0))
            view.send_signal(signal.SIGWINCH)
            assert b"PyROS" in read_until(ours, FRAME_END)
            view.send_signal(signal.SIGINT)
            assert read_until(ours, b"\x1b[?1049l").endswith(b"\x1b[?25h\x1b[?1049l")
            assert view.wait(30) == 0
        finally:
            view.kill()
    os.close(ours)
