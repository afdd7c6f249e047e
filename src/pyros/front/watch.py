"""`watch`: a live view of the night in the terminal. It only reads, and goes on whatever is down."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from pyros import current
from pyros.config import CONFIG_VARIABLE, ROOT, load
from pyros.config.loading import data_folder
from pyros.front.errors import CannotDo
from pyros.front.terminal_view import printable, render
from pyros.stopping import SignalSafeEvent
from pyros.watcher.supervising import living, read_status

REFRESH_REAL_S = 1.0
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""The terminal's second screen without a cursor, and back: what stood there before is shown again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--plain` for a terminal that should scroll."""
    parser.epilog = "example: ./pyrosrun.sh watch   (while ./pyrosrun.sh simulate runs in another terminal)"
    parser.add_argument("--plain", action="store_true", help="lines of the journal as they come, as without a terminal")


def run(options: argparse.Namespace) -> int:
    """Show it until Ctrl-C.

    Raises:
        CannotDo: nothing has ever run with this configuration.
    """
    chosen = _what_runs(options.config)
    os.environ[CONFIG_VARIABLE] = str(chosen)
    if current.config().database.engine == "sqlite" and not (current.data_folder() / "pyros.sqlite3").exists():
        raise CannotDo(f"PyROS has not run yet on {current.data_folder()}: ./pyrosrun.sh simulate or start")
    import django

    django.setup()
    from pyros.front.night_facts import Observer

    try:
        observer = Observer()
    except FileNotFoundError as error:
        raise CannotDo(f"{error}. It stands in {chosen}: is the simulation over and removed?") from error
    stop, redraw = SignalSafeEvent(), SignalSafeEvent()

    def end(*_: object) -> None:
        stop.set()
        redraw.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        if options.plain or not sys.stdout.isatty():
            _lines(observer, stop, redraw)
        else:
            signal.signal(signal.SIGWINCH, lambda *_: redraw.set())
            with _second_screen():
                _pictures(observer, stop, redraw)
    except BrokenPipeError:  # whoever read our lines has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _what_runs(asked: Path) -> Path:
    """The asked configuration; where it is the default one and does not run, that of a simulation which does."""
    default = ROOT / "pyros.toml"
    folder = data_folder(load(asked), asked)
    if asked != default or living(read_status(folder)):
        return asked.resolve()
    for path in sorted(folder.glob("simulations/*/pyros.toml"), key=lambda p: p.stat().st_mtime, reverse=True):
        if living(read_status(data_folder(load(path), path))):
            return path
    return asked.resolve()


@contextlib.contextmanager
def _second_screen() -> Iterator[None]:
    sys.stdout.write(_ENTER)
    try:
        yield
    finally:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()


def _pictures(observer, stop: SignalSafeEvent, redraw: SignalSafeEvent) -> None:  # type: ignore[no-untyped-def]
    while not stop.is_set():
        size = shutil.get_terminal_size()
        lines = render(observer.look(), size.columns, size.lines)
        sys.stdout.write("\x1b[H" + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J")  # one write a picture: no flicker
        sys.stdout.flush()
        redraw.wait(REFRESH_REAL_S)
        redraw.clear()


def _lines(observer, stop: SignalSafeEvent, redraw: SignalSafeEvent) -> None:  # type: ignore[no-untyped-def]
    while not stop.is_set():
        for line in observer.journal_lines():
            print(printable(line))
        sys.stdout.flush()
        redraw.wait(REFRESH_REAL_S)
