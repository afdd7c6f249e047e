"""The one clock of the observatory.

Nothing else calls `time.time()`, `datetime.now()` or `sleep()` for observatory time. Three clocks
share one face (`Clock`):

* `RealClock`: the time of the machine.
* `SharedClock`: N times real speed, the same in every process of a simulation. Its state lives in a
  32-byte file that all processes map; the simulator may change the speed at any moment.
* `ManualClock`: stands still until a test moves it.

Two kinds of time are kept apart:

* `now()` is a date (UTC), for people, files and the sky. It may step when the machine's date is set.
* `monotonic()` counts seconds and never steps. Every duration, timeout and lease uses it.

Both run in *observatory seconds*. Software does not run faster when the clock does, so what waits for a
program rather than for the sky or a motor asks `patience()`.

This module needs only the standard library and may be imported from every floor.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import struct
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

MINIMUM_PATIENCE_S = 2.0
"""Real seconds that a program is always given to answer, however fast the clock runs."""


class DeadlineExceeded(TimeoutError):
    """A wait lasted longer than it was allowed to. Retrying is the caller's decision."""


@runtime_checkable
class Clock(Protocol):
    """What everything that needs time asks. All durations are observatory seconds."""

    @property
    def speed(self) -> float:
        """Observatory seconds that pass in one real second."""
        ...

    def now(self) -> datetime:
        """The date, an aware datetime in UTC."""
        ...

    def unix_s(self) -> float:
        """The date as seconds since 1970-01-01T00:00:00 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary origin; never goes back, unaffected by steps of the date."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Block for a duration in observatory seconds; zero or less returns at once."""
        ...


@dataclass(frozen=True)
class Deadline:
    """A moment after which a wait has failed, on the monotonic scale of one clock."""

    clock: Clock
    at_monotonic_s: float
    what: str = "wait"

    @classmethod
    def after(cls, clock: Clock, duration_s: float, what: str = "wait") -> Self:
        """A deadline `duration_s` observatory seconds from now; `what` names the wait in the error."""
        return cls(clock, clock.monotonic() + duration_s, what)

    @property
    def remaining_s(self) -> float:
        """Observatory seconds left, never negative."""
        return max(0.0, self.at_monotonic_s - self.clock.monotonic())

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.clock.monotonic() >= self.at_monotonic_s

    def check(self) -> None:
        """Raise `DeadlineExceeded`, naming the wait, when the time is up."""
        if self.passed:
            raise DeadlineExceeded(f"{self.what}: deadline exceeded")


def patience(clock: Clock, duration_s: float, at_least_real_s: float = MINIMUM_PATIENCE_S) -> float:
    """How long to wait for another program, in observatory seconds.

    `duration_s` at real speed; under a fast clock never less than `at_least_real_s` of real time,
    because processes do not run faster when the clock does.
    """
    return max(duration_s, at_least_real_s * clock.speed)


async def sleep_async(clock: Clock, duration_s: float, longest_real_nap_s: float = 0.05) -> None:
    """Asynchronous `Clock.sleep`, true under a clock whose speed changes during the wait."""
    end = clock.monotonic() + duration_s
    while (left := end - clock.monotonic()) > 0:
        await asyncio.sleep(min(left / clock.speed, longest_real_nap_s) if clock.speed > 0 else longest_real_nap_s)


def now_iso(clock: Clock) -> str:
    """The date as ISO 8601 with milliseconds and `Z`."""
    return iso(clock.now())


def iso(moment: datetime) -> str:
    """An aware datetime as ISO 8601 in UTC with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RealClock:
    """The machine's own time."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def unix_s(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, duration_s: float) -> None:
        if duration_s > 0:
            time.sleep(duration_s)


class ManualClock:
    """Stands still until `advance` moves it. `sleep` advances it, so that code under test runs at once.

    With `sleepers_wait=True` a sleeping thread waits instead until another one calls `advance`.
    """

    def __init__(self, start: datetime, *, sleepers_wait: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError("ManualClock(start): give an aware datetime, e.g. datetime(2026, 11, 20, tzinfo=UTC)")
        self._unix_s = start.timestamp()
        self._monotonic_s = 0.0
        self._sleepers_wait = sleepers_wait
        self._moved = threading.Condition()

    speed = 1.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._unix_s, UTC)

    def unix_s(self) -> float:
        return self._unix_s

    def monotonic(self) -> float:
        return self._monotonic_s

    def advance(self, duration_s: float) -> None:
        """Let `duration_s` seconds pass (never negative: use `step_date` for a step of the date)."""
        if duration_s < 0:
            raise ValueError(f"ManualClock.advance: duration_s is {duration_s}; time does not run backwards")
        with self._moved:
            self._unix_s += duration_s
            self._monotonic_s += duration_s
            self._moved.notify_all()

    def step_date(self, step_s: float) -> None:
        """Set the date forward or back as NTP may do; monotonic time does not notice."""
        self._unix_s += step_s

    def sleep(self, duration_s: float) -> None:
        if duration_s <= 0:
            return
        if not self._sleepers_wait:
            self.advance(duration_s)
            return
        end = self._monotonic_s + duration_s
        with self._moved:
            self._moved.wait_for(lambda: self._monotonic_s >= end)


# version, observatory date at the base (unix s), machine-monotonic base (s), speed
_STATE = struct.Struct("<Qddd")


class SharedClock:
    """N times real speed, shared by every process that maps the same file.

    The state is one struct; a writer makes the version odd, writes, and makes it even again, and a
    reader that saw an odd or changed version reads anew (a sequence lock). `CLOCK_MONOTONIC` is the
    same in all processes of a machine, so all of them agree to the microsecond.
    Observatory date and monotonic time advance together here: `monotonic()` is the date in seconds.
    """

    _NAP_S = 0.05  # longest real nap, so that a change of speed is noticed during a sleep

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise FileNotFoundError(f"no shared clock at {path}: create it first with SharedClock.create") from None
        with contextlib.closing(os.fdopen(descriptor, "rb")) as handle:
            self._map = mmap.mmap(handle.fileno(), _STATE.size, access=mmap.ACCESS_READ)

    @classmethod
    def create(cls, path: Path, start: datetime, speed: float) -> Self:
        """Make the clock's file, showing `start` now and running at `speed`."""
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(_STATE.pack(0, start.timestamp(), time.monotonic(), _checked_speed(speed)))
        temporary.replace(path)
        return cls(path)

    def _read(self) -> tuple[float, float]:
        """Date (unix s) and speed now. The machine's clock is read between two looks at the version, so that
        no reader gets a moment later than the one from which a new speed counts: time never goes back."""
        while True:
            version, date_s, base_s, speed = _STATE.unpack(self._map[: _STATE.size])
            machine_s = time.monotonic()
            if version % 2 == 0 and self._map[:8] == version.to_bytes(8, "little"):
                return date_s + (machine_s - base_s) * speed, speed
            time.sleep(0)

    @property
    def speed(self) -> float:
        return self._read()[1]

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on, for every process (called by the simulation's director alone)."""
        speed = _checked_speed(speed)  # before the version is odd: readers wait until it is even again
        with self._path.open("r+b") as handle, mmap.mmap(handle.fileno(), _STATE.size) as state:
            version, date_s, base_s, old_speed = _STATE.unpack(state[: _STATE.size])
            state[:8] = (version + 1).to_bytes(8, "little")
            machine_s = time.monotonic()
            state[8:] = _STATE.pack(0, date_s + (machine_s - base_s) * old_speed, machine_s, speed)[8:]
            state[:8] = (version + 2).to_bytes(8, "little")

    def unix_s(self) -> float:
        return self._read()[0]

    def monotonic(self) -> float:
        return self.unix_s()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.unix_s(), UTC)

    def sleep(self, duration_s: float) -> None:
        end = self.monotonic() + duration_s
        while (left := end - self.monotonic()) > 0:
            time.sleep(min(left / self.speed, self._NAP_S))


def _checked_speed(speed: float) -> float:
    if not 0 < speed <= 100_000:
        raise ValueError(f"clock speed is {speed}: give a number above 0 and at most 100000 (1 = real time)")
    return speed


def real_unix_s() -> float:
    """The machine's date as unix seconds, for what concerns programs and not the sky: leases, heartbeats.

    Under a fast clock these must not run faster: a worker that needs a second to write a frame would lose
    its lease in between.
    """
    return time.time()
