"""What this process runs with: its configuration, its clock, its data folder and its name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pyros import config as configuration
from pyros.clock import Clock, RealClock, SharedClock
from pyros.config.loading import data_folder as folder_of

_override: list[Clock] = []
_name = "console"


@cache
def config() -> configuration.Config:
    """The checked configuration of this process (read once)."""
    return configuration.load(configuration.locate())


@cache
def data_folder() -> Path:
    """The absolute folder of database, images, logs and products."""
    return folder_of(config(), configuration.locate())


def run_folder() -> Path:
    """The folder of what lives only while PyROS runs: sockets, status files, pid files."""
    return data_folder() / "run"


def shared_clock_file() -> Path | None:
    """The file of the clock that all processes share; None where they run by the machine's own time.

    A simulation shares a clock, and so does development mode with a speed other than 1.
    """
    development = config().development
    if config().clock.kind == "shared" or (development.enabled and development.clock_speed != 1.0):
        return data_folder() / config().clock.file
    return None


@cache
def _configured_clock() -> Clock:
    file = shared_clock_file()
    return SharedClock(file) if file is not None else RealClock()


def clock() -> Clock:
    """The clock of this process, as configured, or the one a test put in its place."""
    return _override[-1] if _override else _configured_clock()


@contextlib.contextmanager
def use_clock(replacement: Clock) -> Iterator[None]:
    """Run with another clock, e.g. a `ManualClock` in a test."""
    _override.append(replacement)
    try:
        yield
    finally:
        _override.remove(replacement)


def process_name() -> str:
    """Who acts, in journal and logs: `majordome`, `listener`, `web`…"""
    return _name


def set_process_name(name: str) -> None:
    """Say once, at the start of a process, under which name it acts."""
    global _name  # noqa: PLW0603 — one name a process, set at its start
    _name = name
