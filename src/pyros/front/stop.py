"""`stop`: ask the SystemWatcher to stop everything in order, and see that it is done."""

from __future__ import annotations

import argparse
import os
import signal
import time

from pyros import current
from pyros.front.errors import CannotDo
from pyros.watcher.supervising import living, read_status

DOWN_REAL_S = 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Stop; nothing to do when nothing runs."""
    status = read_status(current.data_folder())
    left = [row for row in status.get("processes", []) if living(row)]
    if not living(status):
        if not left:
            print("PyROS does not run.")
            return 0
        for row in reversed(left):  # the watcher was killed: its processes are stopped one by one
            os.killpg(row["pid"], signal.SIGTERM)
        _wait(left)
        print("PyROS is stopped (its watcher was gone).")
        return 0
    os.kill(status["pid"], signal.SIGTERM)
    _wait([status, *left])
    print("PyROS is stopped.")
    return 0


def _wait(rows: list[dict[str, object]]) -> None:
    end = time.monotonic() + DOWN_REAL_S
    while time.monotonic() < end:
        if not any(living(row) for row in rows):
            return
        time.sleep(0.1)
    raise CannotDo(f"not everything has stopped after {DOWN_REAL_S:.0f} s: ./pyrosrun.sh status tells what is left")
