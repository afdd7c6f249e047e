"""The frame of a long-running process: name, logs, heartbeat, ordered stop.

A heartbeat is a file `run/heartbeats/NAME` whose modification time the SystemWatcher reads. It is touched
from the process's own loop, never from a helper thread: a loop that hangs must look dead.
"""

from __future__ import annotations

import logging
import signal
import time
from types import FrameType

from pyros import current, logs
from pyros.stopping import SignalSafeEvent

HEARTBEAT_REAL_S = 1.0


class Process:
    """One of ours: `with Process("listener") as process: while not process.stopping: …; process.beat()`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stop = SignalSafeEvent()
        self._last_beat_s = 0.0

    def __enter__(self) -> Process:
        current.set_process_name(self.name)
        table = current.config().log
        logs.set_up(
            current.data_folder() / "logs", table.level, keep_files=table.keep_files, file_size_mb=table.file_size_mb
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        self._heartbeat = current.run_folder() / "heartbeats" / self.name
        self._heartbeat.parent.mkdir(parents=True, exist_ok=True)
        self.beat()
        logging.getLogger(__name__).info("%s started", self.name)
        return self

    def __exit__(self, *_: object) -> None:
        self._heartbeat.unlink(missing_ok=True)
        logging.getLogger(__name__).info("%s stopped", self.name)

    @property
    def stopping(self) -> bool:
        """Whether this process was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask this process to stop at the end of its present step."""
        self._stop.set()

    def beat(self) -> None:
        """Show that the loop turns; cheap, call it on every turn."""
        now = time.monotonic()
        if now - self._last_beat_s >= HEARTBEAT_REAL_S:
            self._heartbeat.touch()
            self._last_beat_s = now

    def nap(self, duration_real_s: float) -> None:
        """Wait in real seconds, or until asked to stop."""
        self._stop.wait(duration_real_s)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()
