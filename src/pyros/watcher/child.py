"""One supervised process: started by us, or adopted from a watcher that died."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pyros.clock import real_unix_s
from pyros.watcher.table import ProcessSpec

BACK_OFF_REAL_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses before the restarts that follow each other without a steady run in between."""
STEADY_REAL_S = 30.0
"""A process that ran this long is steady again: its next restart is at once."""


class ChildState(StrEnum):
    """What the watcher knows of a process."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    DISABLED = "DISABLED"


@dataclass
class Child:
    """A process and its history. Durations are the machine's monotonic seconds."""

    spec: ProcessSpec
    environment: dict[str, str]
    out_folder: Path
    heartbeat: Path
    state: ChildState = ChildState.STOPPED
    pid: int | None = None
    born: int | None = None
    """The kernel's start time of the pid: a number that is used again by another process is not ours."""
    started_s: float = 0.0
    restarts: int = 0
    failures_in_row: int = 0
    next_start_s: float = 0.0
    reason: str = ""
    _popen: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it now in a session of its own, its output going to `logs/NAME.out`.

        A start that fails (no such program, no memory, a full disk) counts as a failure of the process: the
        watcher goes on with the others.
        """
        self.started_s = time.monotonic()
        try:
            self.heartbeat.unlink(missing_ok=True)
            with (self.out_folder / f"{self.spec.name}.out").open("ab") as out:
                self._popen = subprocess.Popen(
                    self.spec.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                    start_new_session=True, env=self.environment,
                )  # fmt: skip
        except OSError as error:
            self._failed(f"could not be started: {error}", 0.0)
            return
        self.pid, self.born = self._popen.pid, birth(self._popen.pid)
        self.state = ChildState.RUNNING

    def adopt(self, pid: int, born: int) -> bool:
        """Take over a process that a former watcher started; False when it is gone."""
        if birth(pid) != born:
            return False
        self.pid, self.born, self._popen = pid, born, None
        self.state, self.started_s = ChildState.RUNNING, time.monotonic()
        return True

    def alive(self) -> bool:
        """Whether the process runs."""
        if self.pid is None:
            return False
        if self._popen is not None:
            return self._popen.poll() is None
        return birth(self.pid) == self.born

    def heartbeat_age_s(self) -> float | None:
        """Real seconds since the last heartbeat; None before the first."""
        try:
            return max(0.0, real_unix_s() - self.heartbeat.stat().st_mtime)
        except FileNotFoundError:
            return None

    def hung(self) -> bool:
        """Whether its loop stands still, by its heartbeat (starting up is given three times as long)."""
        limit_s = self.spec.heartbeat_real_s
        if not limit_s or self.state is not ChildState.RUNNING:
            return False
        age_s = self.heartbeat_age_s()
        if age_s is None:
            return time.monotonic() - self.started_s > 3 * limit_s
        return age_s > limit_s

    def signal(self, number: int) -> None:
        """Send a signal to the process's whole group; nothing when it is gone."""
        if self.pid is not None and self.alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def died(self) -> bool:
        """It ended without being asked to: plan the restart, with a growing pause (True), or give up (False)."""
        lasted_s = time.monotonic() - self.started_s
        how = (
            "ended (adopted, so how is not known)"
            if self._popen is None
            else f"ended by {_how(self._popen.returncode)}"
        )
        self._sweep_group()
        self.pid = self.born = self._popen = None
        return self._failed(f"{how} after {lasted_s:.0f} s", lasted_s)

    def _failed(self, reason: str, lasted_s: float) -> bool:
        if lasted_s >= STEADY_REAL_S:
            self.failures_in_row = 0
        self.reason = reason
        if self.failures_in_row >= len(BACK_OFF_REAL_S):
            self.state, self.reason = (
                ChildState.DISABLED,
                f"{self.reason}; given up after {self.failures_in_row} restarts in a row",
            )
            return False
        pause_s = 0.0 if self.failures_in_row == 0 and lasted_s >= 2.0 else BACK_OFF_REAL_S[self.failures_in_row]
        self.failures_in_row += 1
        self.restarts += 1
        self.state, self.next_start_s = ChildState.WAITING, time.monotonic() + pause_s
        return True

    def _sweep_group(self) -> None:
        """Kill what the dead process left in its group: an orphan must not go on driving beside its successor."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def stopped(self) -> None:
        """It ended because it was asked to."""
        self._sweep_group()
        self.pid = self.born = self._popen = None
        self.state = ChildState.STOPPED


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal has no name
        return f"signal {-code}"


def birth(pid: int) -> int | None:
    """The kernel's start time of a process in clock ticks since boot; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])
