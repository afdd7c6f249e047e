"""Two ways to write a file that others read: whole at once, and line by line for ever."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path


def write_whole(path: Path, document: Mapping[str, object], *, durable: bool) -> None:
    """Write JSON so that a reader sees the old document or the new one, never a part.

    `durable` forces it to the disk first; without it a power cut may lose the newest document, not tear it for
    running readers. Raises OSError.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        json.dump(document, handle, allow_nan=False, separators=(",", ":"))
        if durable:
            handle.flush()
            os.fsync(handle.fileno())
    temporary.replace(path)


class EventLog:
    """Appends events as JSON lines, forced to the disk.

    A full or failing disk loses no safety: lines wait in memory (the newest `KEPT`) and are written when it works.
    """

    KEPT = 10_000

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: deque[str] = deque(maxlen=self.KEPT)
        self.problem: str | None = None
        """Why lines wait; None when all are on the disk."""
        self._check_end = True

    def append(self, event: Mapping[str, object]) -> None:
        """Take one event; `flush` writes it."""
        self._waiting.append(json.dumps(event, allow_nan=False, separators=(",", ":"), default=str))

    def flush(self) -> None:
        """Write what waits. Never raises for the disk: `problem` tells."""
        if not self._waiting:
            return
        try:
            with self._path.open("ab") as handle:
                start = handle.tell()
                torn = self._check_end and start > 0 and not self._ends_with_newline()
                text = ("\n" if torn else "") + "\n".join(self._waiting) + "\n"
                try:
                    handle.write(text.encode())
                    handle.flush()
                    os.fsync(handle.fileno())
                except OSError:
                    os.truncate(self._path, start)
                    raise
        except OSError as error:
            self.problem = f"{self._path}: {error.strerror or error}; {len(self._waiting)} events wait in memory"
            return
        self._check_end = False
        self._waiting.clear()
        self.problem = None

    def _ends_with_newline(self) -> bool:
        with self._path.open("rb") as handle:
            handle.seek(-1, os.SEEK_END)
            return handle.read(1) == b"\n"
