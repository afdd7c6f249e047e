"""The watcher's loop and the file in which it tells the truth about the processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyros.stopping import SignalSafeEvent
from pyros.watcher.child import Child, ChildState, birth
from pyros.watcher.table import ProcessSpec

LOOK_REAL_S = 0.2


class AlreadyRunning(Exception):
    """Another watcher runs this data folder; stop it first."""


class Watcher:
    """Supervises the processes of one data folder.

    Args:
        tell: called with a sentence for each thing worth telling.
    """

    def __init__(
        self, specs: list[ProcessSpec], data_folder: Path, environment: dict[str, str], tell: Callable[[str], None]
    ) -> None:
        self._run = data_folder / "run"
        self._tell = tell
        self._stop = SignalSafeEvent()
        self._status_lost = False
        logs = data_folder / "logs"
        for folder in (self._run / "heartbeats", logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.children = [Child(spec, environment, logs, self._run / "heartbeats" / spec.name) for spec in specs]

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the data folder for this watcher.

        Raises:
            AlreadyRunning: another one holds it.
        """
        with (self._run / "watcher.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise AlreadyRunning(
                    f"PyROS runs already on {self._run.parent}: "
                    "./pyrosrun.sh status shows it, ./pyrosrun.sh stop ends it"
                ) from None
            handle.write(str(os.getpid()))
            handle.flush()
            yield

    def stop(self) -> None:
        """Ask the loop to stop everything in order and return."""
        self._stop.set()

    def start_all(self) -> None:
        """Start what does not run yet, adopting what a dead watcher left."""
        left = {row["name"]: row for row in read_status(self._run.parent).get("processes", [])}
        for child in self.children:
            row = left.get(child.spec.name)
            if row and row.get("pid") and child.adopt(row["pid"], row["born"]):
                child.restarts = row["restarts"]
                self._tell(f"{child.spec.name} still runs (pid {child.pid}): adopted")
            else:
                self._start(child)
            self._write_status()

    def run(self, meanwhile: Callable[[], bool] | None = None) -> None:
        """Watch until asked to stop, or until `meanwhile` (called at each look) answers False; then stop all."""
        try:
            while not self._stop.wait(LOOK_REAL_S):
                self.look()
                if meanwhile is not None and not meanwhile():
                    break
        finally:
            self.stop_all()

    def look(self) -> None:
        """One look at every process."""
        for child in self.children:
            if child.state is ChildState.RUNNING and not child.alive():
                again = ", restarted" if child.died() else ""
                self._tell(f"{child.spec.name} {child.reason}{again}")
            elif child.hung():
                self._tell(f"{child.spec.name} has had no heartbeat for {child.spec.heartbeat_real_s:.0f} s: killed")
                child.signal(signal.SIGKILL)
            if child.state is ChildState.WAITING and time.monotonic() >= child.next_start_s:
                self._start(child)
        self._write_status()

    def _start(self, child: Child) -> None:
        child.start()
        if child.state is not ChildState.RUNNING:
            self._tell(f"{child.spec.name} {child.reason}")

    def stop_all(self) -> None:
        """Stop in the opposite order of the start; each gets its time, then is killed."""
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
            end = time.monotonic() + child.spec.stop_real_s
            while child.alive() and time.monotonic() < end:
                time.sleep(0.02)
            if child.alive():
                self._tell(f"{child.spec.name} did not stop within {child.spec.stop_real_s:.0f} s: killed")
                child.signal(signal.SIGKILL)
                while child.alive():
                    time.sleep(0.02)
            child.stopped()
            self._write_status()
        (self._run / "watcher.json").unlink(missing_ok=True)

    def status(self) -> dict[str, Any]:
        """What `status` shows."""
        return {
            "pid": os.getpid(),
            "born": birth(os.getpid()),
            "processes": [
                {
                    "name": child.spec.name,
                    "state": child.state,
                    "pid": child.pid,
                    "born": child.born,
                    "restarts": child.restarts,
                    "reason": child.reason,
                    "heartbeat_expected": bool(child.spec.heartbeat_real_s),
                }
                for child in self.children
            ],
        }

    def _write_status(self) -> None:
        path = self._run / "watcher.json"
        temporary = path.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(self.status()))
            temporary.replace(path)
        except OSError as error:  # a full disk must not end the supervision: the processes go on
            if not self._status_lost:
                self._tell(f"{path} can't be written ({error.strerror}): status is out of date until there is room")
            self._status_lost = True
        else:
            self._status_lost = False


def read_status(data_folder: Path) -> dict[str, Any]:
    """The last status that a watcher wrote; empty when there is none. Whether it is still true: `living`."""
    try:
        document: dict[str, Any] = json.loads((data_folder / "run" / "watcher.json").read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return {}
    return document


def living(row: dict[str, Any]) -> bool:
    """Whether the process of a status row (or the watcher itself) is really there."""
    return bool(row.get("pid")) and birth(row["pid"]) == row.get("born")
