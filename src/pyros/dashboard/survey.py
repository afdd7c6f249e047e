"""What the system page shows of the machine: processes, sizes, disk, versions, log lines. Reads only."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pyros import current
from pyros.clock import real_unix_s
from pyros.watcher.supervising import living, read_status

PACKAGES = (
    "pyros",
    "django",
    "djangorestframework",
    "celery",
    "gunicorn",
    "astropy",
    "astropy-iers-data",
    "numpy",
    "pyerfa",
    "sep",
)
TAIL_BYTES = 400_000
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class ProcessRow:
    """A process as the kernel and its heartbeat tell."""

    name: str
    state: str
    pid: int | None
    restarts: int
    heartbeat_age_s: float | None
    reason: str


def processes() -> list[ProcessRow]:
    """The processes of the SystemWatcher, itself first; empty when it never ran."""
    folder = current.data_folder()
    status = read_status(folder)
    if not status:
        return []
    rows = [ProcessRow("SystemWatcher", "RUNNING" if living(status) else "DOWN", status.get("pid"), 0, None, "")]
    for row in status.get("processes", []):
        alive = living(row)
        state = row["state"] if alive or row["state"] in {"WAITING", "DISABLED"} else "DOWN"
        rows.append(
            ProcessRow(
                row["name"],
                str(state),
                row["pid"] if alive else None,
                row["restarts"],
                _beat_age_s(folder, row["name"]),
                row["reason"],
            )
        )
    return rows


def _beat_age_s(folder: Path, name: str) -> float | None:
    try:
        return max(0.0, real_unix_s() - (folder / "run" / "heartbeats" / name).stat().st_mtime)
    except FileNotFoundError:
        return None


def database_sizes() -> list[tuple[str, int]]:
    """Name and bytes of each database file (with its write-ahead log); empty where a server holds them."""
    found = []
    for path in sorted(current.data_folder().glob("*.sqlite3")):
        wal = path.with_name(f"{path.name}-wal")
        found.append((path.name, path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)))
    return found


def disk() -> tuple[int, int]:
    """Free and total bytes of the data folder's disk."""
    usage = shutil.disk_usage(current.data_folder())
    return usage.free, usage.total


def versions() -> list[tuple[str, str]]:
    """Python and the packages that matter."""
    found = [("python", platform.python_version())]
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue  # an extra that this site did not install
    return found


@dataclass(frozen=True)
class LogLine:
    """One line of a log."""

    time: str
    level: str
    process: str
    logger: str
    message: str
    journal: int | None
    exception: str


def log_processes() -> list[str]:
    """The names of the processes that have a log."""
    return sorted(path.stem for path in (current.data_folder() / "logs").glob("*.jsonl"))


def log_tail(*, process: str = "", level: str = "", limit: int = 200) -> list[LogLine]:
    """The newest lines, the newest first, of one process or all, from a level up. Reads the end of each file only."""
    names = log_processes()
    wanted = [process] if process in names else names
    least = LEVELS.index(level) if level in LEVELS else 0
    lines = [
        line
        for name in wanted
        for line in _lines(current.data_folder() / "logs" / f"{name}.jsonl")
        if line.level not in LEVELS or LEVELS.index(line.level) >= least
    ]
    return sorted(lines, key=lambda line: line.time, reverse=True)[:limit]


def _lines(path: Path) -> Iterator[LogLine]:
    try:
        with path.open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - TAIL_BYTES))
            content = handle.read()
    except FileNotFoundError:  # rotated away meanwhile
        return
    for raw in content.split(b"\n"):
        try:
            found: Any = json.loads(raw)
        except ValueError:
            continue  # the torn first line of the tail, or the empty last one
        if isinstance(found, dict):
            journal = found.get("journal")
            yield LogLine(
                str(found.get("time") or ""), str(found.get("level") or ""), str(found.get("process") or path.stem),
                str(found.get("logger") or ""), str(found.get("message") or ""),
                journal if isinstance(journal, int) else None, str(found.get("exception") or ""),
            )  # fmt: skip
