"""An event that signal handlers may set."""

import subprocess
import sys
import threading

from pyros.stopping import SignalSafeEvent

STORM = """
import os, signal, sys, threading
from pyros.stopping import SignalSafeEvent

event, count = SignalSafeEvent(), 0
def handler(*_):
    global count
    count += 1
    event.set()
signal.signal(signal.SIGUSR1, handler)
pid = os.getpid()
over = threading.Event()
def storm():
    for _ in range(3000):
        os.kill(pid, signal.SIGUSR1)
    over.set()
threading.Thread(target=storm, daemon=True).start()
while not over.is_set():
    event.wait(0.001)
    event.clear()
print("alive", count > 0)
"""


def test_signals_that_come_in_the_middle_of_a_wait_never_block_the_process():
    """With threading.Event the interrupted thread may hold the very lock that `set` wants."""
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "alive True\n", done.stderr


def test_a_waiting_thread_is_woken_and_told():
    event, told = SignalSafeEvent(), []
    thread = threading.Thread(target=lambda: told.append(event.wait(30)))
    thread.start()
    event.set()
    thread.join(30)
    assert told == [True]


def test_once_set_every_wait_returns_at_once_until_it_is_cleared():
    event = SignalSafeEvent()
    event.set()
    assert event.wait(30)
    assert event.wait(30)
    event.clear()
    assert not event.is_set()
    assert not event.wait(0.0)
