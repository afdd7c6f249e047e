"""One logging system for every process: JSON lines in a file, words on the console.

Each line carries the observatory's time, the process and, where code reacts to or writes a journal entry,
that entry's id, so that logs and journal can be read side by side.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyros import current
from pyros.clock import iso

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


class Context(logging.Filter):
    """Adds observatory time, process and journal id to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        from pyros.journal.writing import entry_id

        record.time = iso(current.clock().now())
        record.process_role = current.process_name()
        record.journal = entry_id.get()
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line: time, real, level, process, logger, message, journal, what `extra` gave."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": getattr(record, "time", None),
            "real": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "process": getattr(record, "process_role", None),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            key: value
            for key, value in _extras(record).items()
            if key not in {"time", "process_role"} and value is not None
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class Words(logging.Formatter):
    """A line for people: time, process, level if it is not INFO, message."""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno == logging.INFO else f"{record.levelname}: "
        line = f"{getattr(record, 'time', '')} {getattr(record, 'process_role', '')}: {level}{record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(folder: Path, level: str, *, keep_files: int, file_size_mb: int) -> None:
    """Install the handlers of this process: `folder/PROCESS.jsonl` (rotated) and the console."""
    folder.mkdir(parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(
        folder / f"{current.process_name()}.jsonl",
        maxBytes=file_size_mb * 1_000_000,
        backupCount=keep_files,
        encoding="utf-8",
    )
    file.setFormatter(JsonLines())
    console = logging.StreamHandler()
    console.setFormatter(Words())
    root = logging.getLogger()
    root.handlers.clear()
    root.setLevel(level)
    for handler in (file, console):
        handler.addFilter(Context())
        root.addHandler(handler)
    logging.getLogger("django.server").setLevel(logging.WARNING)
    for noisy in ("amqp", "kombu", "PIL", "matplotlib"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
