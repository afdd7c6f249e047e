"""What the tasks of the test application tell, as it happens: a Unix datagram socket and its reader."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Witness:
    """Hears every event of the workers. A sender waits when the reader is slow, so nothing is lost."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while message := self._socket.recv(65536):
            heard_at = time.monotonic()
            with self._changed:
                self.events.append(json.loads(message) | {"heard_at": heard_at})
                self._changed.notify_all()
        self._socket.close()

    def close(self) -> None:
        """End the reader."""
        tell(str(self.path), None)

    def select(self, **wanted: Any) -> list[dict[str, Any]]:
        """The events so far that have these values."""
        with self._changed:
            return [e for e in self.events if all(e.get(key) == value for key, value in wanted.items())]

    def wait_for(self, count: int = 1, timeout_s: float = 30.0, **wanted: Any) -> list[dict[str, Any]]:
        """Wait until there are `count` events with these values; fails the test when they do not come."""
        self.wait_until(lambda: len(self.select(**wanted)) >= count, f"{count} × {wanted}", timeout_s)
        return self.select(**wanted)

    def wait_until(self, condition: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
        """Wait until the condition holds, looked at after each event."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise AssertionError(f"waited {timeout_s} s for {what}; heard {self.events[-20:]}")


def tell(path: str, event: dict[str, Any] | None) -> None:
    """Send one event; None ends the reader."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(json.dumps(event).encode() if event is not None else b"", path)
