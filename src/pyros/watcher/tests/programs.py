"""Small real programs to supervise, and waiting for them without sleeping blindly."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pyros.watcher.child import birth
from pyros.watcher.supervising import Watcher
from pyros.watcher.table import ProcessSpec

PATIENCE_S = 20.0

STEADY = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nsignal.pause()"
"""Runs until it is asked to stop."""
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(600)"
)
"""Ignores being asked."""
FAILING = "raise SystemExit(3)"
BEATS_ONCE = "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\ntime.sleep(600)"
"""Gives one heartbeat, then hangs."""
TELLS_ITS_END = (
    "import os, signal, sys\n"
    "def end(*_):\n"
    "    with open(sys.argv[1], 'a') as order: order.write(sys.argv[2] + '\\n')\n"
    "    sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "open(sys.argv[1] + '.' + sys.argv[2], 'w').close()\n"
    "signal.pause()"
)
"""Writes its name into a file when it is asked to stop."""
WITH_A_CHILD = (
    "import subprocess, sys, pathlib, signal\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "pathlib.Path(sys.argv[1] + '.tmp').write_text(str(child.pid))\n"
    "pathlib.Path(sys.argv[1] + '.tmp').rename(sys.argv[1])\n"
    "signal.pause()"
)
"""Leaves a child behind when it is killed."""


def spec(name: str, program: str, *arguments: object, heartbeat_s: float = 0.0, stop_s: float = 10.0) -> ProcessSpec:
    """A process that runs a program given as text."""
    return ProcessSpec(name, (sys.executable, "-c", program, *map(str, arguments)), heartbeat_s, stop_s)


class Told(list[str]):
    """The sentences that a watcher told."""

    def __call__(self, sentence: str) -> None:
        self.append(sentence)


@contextlib.contextmanager
def watching(folder: Path, *specs: ProcessSpec) -> Iterator[tuple[Watcher, Told]]:
    """A watcher that has started its processes; nothing is left running afterwards."""
    told = Told()
    watcher = Watcher(list(specs), folder, dict(os.environ), told)
    try:
        yield watcher, told
    finally:
        for child in watcher.children:
            child.signal(signal.SIGKILL)
        watcher.stop_all()


def look_until(watcher: Watcher, condition: Callable[[], object], what: str) -> None:
    """Let the watcher look until something is so."""
    _until(condition, what, watcher.look)


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    _until(condition, what, lambda: None)


def _until(condition: Callable[[], object], what: str, look: Callable[[], None]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for: {what}")
        look()
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether the kernel knows no such running process."""
    return birth(pid) is None
