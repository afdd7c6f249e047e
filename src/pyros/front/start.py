"""`start`: prepare, check, and run the SystemWatcher in the background (or in the foreground, for a unit)."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pyros import current
from pyros.config import ROOT, locate
from pyros.front import check
from pyros.front.checks import require
from pyros.front.errors import CannotDo
from pyros.front.prepare import make_development_clock, prepare
from pyros.watcher.supervising import AlreadyRunning, Watcher, living, read_status
from pyros.watcher.table import processes

UP_REAL_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--foreground` for systemd, containers and debugging."""
    parser.add_argument(
        "--pages", action="store_true", help="only the web pages, e.g. of a simulated night that is over"
    )
    parser.add_argument(
        "--foreground", action="store_true", help="stay in this terminal; Ctrl-C stops everything in order"
    )


def run(options: argparse.Namespace) -> int:
    """Start, and tell the address of the pages."""
    config = current.config()
    if living(read_status(current.data_folder())):
        print("PyROS runs already: ./pyrosrun.sh status shows it.")
        return 0
    require(check.find(pages_only=options.pages))
    if not (current.data_folder() / "prepared").exists():
        prepare()
    if options.foreground:
        supervise(pages_only=options.pages)
        return 0
    logs = current.data_folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "watcher.out").open("ab") as out:
        child = subprocess.Popen(
            [
                sys.executable, "-m", "pyros.front", "start", "--foreground", "--config", str(locate()),
                *(["--pages"] if options.pages else []),
            ],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, cwd=ROOT,
        )  # fmt: skip
    wait_until_up(child)
    print(f"PyROS runs: http://{config.web.host}:{config.web.port}/   (./pyrosrun.sh status, stop)")
    return 0


def wait_until_up(child: subprocess.Popen[bytes]) -> None:
    """Wait until every process has started and the pages answer.

    Raises:
        CannotDo: the watcher ended, or it took too long.
    """
    end = time.monotonic() + UP_REAL_S
    while time.monotonic() < end:
        if child.poll() is not None:
            last = (current.data_folder() / "logs" / "watcher.out").read_text().strip().splitlines()
            raise CannotDo(f"PyROS did not start: {last[-1] if last else 'see logs/watcher.out'}")
        status = read_status(current.data_folder())
        rows = status.get("processes", [])
        ours = status.get("pid") == child.pid  # not what a dead watcher left
        if ours and rows and all(living(row) for row in rows) and _pages_answer():
            return
        time.sleep(0.1)
    raise CannotDo(f"not every process was up after {UP_REAL_S:.0f} s: ./pyrosrun.sh status tells which")


def _pages_answer() -> bool:
    web = current.config().web
    try:
        socket.create_connection((web.host, web.port), timeout=1.0).close()
    except OSError:
        return False
    return True


def supervise(*, pages_only: bool = False) -> None:
    """Be the SystemWatcher until a signal comes.

    Raises:
        CannotDo: another one runs this data folder.
    """
    make_development_clock(anew=True)
    import django

    django.setup()
    from pyros.operations import process_files

    process_files.write()
    watcher = build_watcher(only=("web",) if pages_only else ())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watcher.stop())
    try:
        with watcher.lock():
            watcher.start_all()
            watcher.run()
    except AlreadyRunning as error:
        raise CannotDo(str(error)) from error


def build_watcher(tell: Callable[[str], None] = print, only: tuple[str, ...] = ()) -> Watcher:
    """A watcher of the configured processes, or of some of them."""
    config, folder = current.config(), current.data_folder()
    specs = [spec for spec in processes(config, Path(locate()), folder) if not only or spec.name in only]
    return Watcher(specs, folder, {**os.environ, "PYTHONUNBUFFERED": "1"}, tell)
