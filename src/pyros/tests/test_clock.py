"""The clocks: by hand, shared between processes, deadlines, patience."""

import asyncio
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyros.clock import (
    Clock,
    Deadline,
    DeadlineExceeded,
    ManualClock,
    RealClock,
    SharedClock,
    iso,
    now_iso,
    patience,
    sleep_async,
)

START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
START_UNIX_S = 1_795_237_200.0  # date -u -d 2026-11-21T05:00:00Z +%s


@pytest.mark.parametrize("make", [RealClock, lambda: ManualClock(START)])
def test_every_clock_has_the_same_face(make):
    assert isinstance(make(), Clock)


def test_the_shared_clock_has_the_same_face(tmp_path):
    assert isinstance(SharedClock.create(tmp_path / "clock", START, 1.0), Clock)


def test_a_manual_clock_stands_still_until_it_is_advanced():
    clock = ManualClock(START)
    assert clock.now() == START
    assert clock.unix_s() == START_UNIX_S
    clock.advance(90.5)
    assert iso(clock.now()) == "2026-11-21T05:01:30.500Z"
    assert clock.monotonic() == 90.5


def test_a_manual_clock_refuses_a_date_without_time_zone():
    with pytest.raises(ValueError, match="give an aware datetime"):
        ManualClock(datetime(2026, 11, 21, 5, 0))


def test_a_manual_clock_does_not_run_backwards():
    with pytest.raises(ValueError, match=r"duration_s is -1; time does not run backwards"):
        ManualClock(START).advance(-1)


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_step_of_the_date_does_not_touch_monotonic_time_nor_deadlines(step_s):
    clock = ManualClock(START)
    deadline = Deadline.after(clock, 60.0)
    clock.step_date(step_s)
    assert clock.now() == START + timedelta(seconds=step_s)
    assert clock.monotonic() == 0.0
    assert not deadline.passed
    assert deadline.remaining_s == 60.0


def test_sleeping_on_a_manual_clock_advances_it_at_once():
    clock = ManualClock(START)
    clock.sleep(300)
    clock.sleep(-5)
    assert clock.monotonic() == 300


def test_a_sleeper_that_waits_is_woken_by_whoever_advances_the_clock():
    clock = ManualClock(START, sleepers_wait=True)
    woken = threading.Event()
    thread = threading.Thread(target=lambda: (clock.sleep(10), woken.set()))
    thread.start()
    while not woken.wait(0.01):  # the thread may not have begun its sleep yet
        clock.advance(1)
    assert clock.monotonic() >= 10
    thread.join(10)


def test_a_deadline_names_its_wait_when_it_has_passed():
    clock = ManualClock(START)
    deadline = Deadline.after(clock, 5, "dome: waiting for OPEN")
    deadline.check()
    clock.advance(5)
    assert deadline.passed
    assert deadline.remaining_s == 0.0
    with pytest.raises(DeadlineExceeded, match="dome: waiting for OPEN: deadline exceeded"):
        deadline.check()


class Fast(ManualClock):
    speed = 300.0


def test_patience_with_a_program_is_never_less_than_two_real_seconds():
    assert patience(ManualClock(START), 1.0) == 2.0
    assert patience(ManualClock(START), 10.0) == 10.0
    assert patience(Fast(START), 10.0) == 600.0  # 2 s of real time at 300 times real speed
    assert patience(Fast(START), 900.0) == 900.0
    assert patience(Fast(START), 1.0, at_least_real_s=5.0) == 1500.0


def test_iso_writes_utc_with_milliseconds_and_z():
    assert (
        iso(datetime(2026, 11, 20, 21, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=-8))))
        == "2026-11-21T05:00:00.123Z"
    )
    assert now_iso(ManualClock(START)) == "2026-11-21T05:00:00.000Z"


# The shared clock ------------------------------------------------------------------------------------------------


def test_a_shared_clock_begins_at_its_start_and_runs_at_its_speed(tmp_path):
    before_s = time.monotonic()
    clock = SharedClock.create(tmp_path / "clock", START, 1000.0)
    shown_s = clock.unix_s() - START_UNIX_S
    assert 0 <= shown_s <= (time.monotonic() - before_s) * 1000.0
    assert clock.speed == 1000.0


def test_opening_a_shared_clock_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no shared clock at .*clock: create it first"):
        SharedClock(tmp_path / "clock")


@pytest.mark.parametrize("speed", [0, -1, 100_001, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused_and_leaves_the_clock_running(tmp_path, speed):
    with pytest.raises(ValueError, match="clock speed is"):
        SharedClock.create(tmp_path / "other", START, speed)
    clock = SharedClock.create(tmp_path / "clock", START, 10.0)
    with pytest.raises(ValueError, match="give a number above 0"):
        clock.set_speed(speed)
    assert SharedClock(tmp_path / "clock").speed == 10.0


def test_another_process_sees_the_same_time_and_a_change_of_speed(tmp_path):
    path = tmp_path / "clock"
    clock = SharedClock.create(path, START, 300.0)
    program = (
        "import sys\nfrom pathlib import Path\nfrom pyros.clock import SharedClock\n"
        "clock = SharedClock(Path(sys.argv[1]))\n"
        "for _ in sys.stdin: print(clock.speed, repr(clock.unix_s()), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:

        def ask():
            other.stdin.write("now\n")
            other.stdin.flush()
            speed, unix_s = other.stdout.readline().split()
            return float(speed), float(unix_s)

        for speed in (300.0, 1.0, 1000.0):
            clock.set_speed(speed)
            before_s = clock.unix_s()
            seen_speed, seen_s = ask()
            assert seen_speed == speed
            assert before_s <= seen_s <= clock.unix_s()
        other.stdin.close()


def test_shared_time_never_goes_back_however_often_the_speed_changes(tmp_path):
    clock = SharedClock.create(tmp_path / "clock", START, 1.0)
    done = threading.Event()
    went_back = []

    def read():
        mine = SharedClock(tmp_path / "clock")
        last_s = mine.monotonic()
        while not done.is_set():
            now_s = mine.monotonic()
            if now_s < last_s:
                went_back.append(last_s - now_s)
            last_s = now_s

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(400):
        clock.set_speed((1.0, 300.0, 100_000.0)[turn % 3])
    done.set()
    for reader in readers:
        reader.join(10)
    assert went_back == []


def test_a_long_sleep_ends_soon_after_the_clock_is_made_fast(tmp_path):
    """An hour at real speed; the test would time out if the change of speed went unnoticed."""
    clock = SharedClock.create(tmp_path / "clock", START, 1.0)
    sleeper = threading.Thread(target=clock.sleep, args=(3600,))
    sleeper.start()
    clock.set_speed(100_000.0)
    sleeper.join(30)
    assert not sleeper.is_alive()
    assert clock.now() >= START + timedelta(hours=1)


def test_an_asynchronous_sleep_is_true_under_a_change_of_speed(tmp_path):
    clock = SharedClock.create(tmp_path / "clock", START, 1.0)

    async def night():
        sleeping = asyncio.create_task(sleep_async(clock, 3600))
        await asyncio.sleep(0)
        clock.set_speed(100_000.0)
        await asyncio.wait_for(sleeping, 30)

    asyncio.run(night())
    assert clock.now() >= START + timedelta(hours=1)


@given(st.lists(st.one_of(st.floats(0, 1e6), st.floats(-1e6, 1e6).map(lambda s: ("step", s))), max_size=30))
def test_monotonic_time_is_the_sum_of_what_passed_whatever_the_date_did(moves):
    clock, passed_s = ManualClock(START), 0.0
    for move in moves:
        if isinstance(move, tuple):
            clock.step_date(move[1])
        else:
            clock.advance(move)
            passed_s += move
    assert clock.monotonic() == passed_s
