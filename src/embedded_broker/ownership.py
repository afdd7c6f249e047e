"""Who holds a message: a process, known by a lock file that the kernel unlocks when it is gone.

The lock is a `flock`: it belongs to the open file, not to the process, so children made by fork share it.
Killing a worker with SIGKILL therefore gives its messages back when, and only when, its last forked child
is gone too: an orphan that still drives a telescope keeps its message.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded_broker.files import BrokerFiles


@dataclass(frozen=True)
class Owner:
    """This process, or one that it knows from the database."""

    id: str
    pid: int
    boot_id: str


def boot_id() -> str:
    """Which start of the machine this is (Linux); elsewhere empty."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def process_owner(files: BrokerFiles) -> Owner:
    """This process as an owner, its lock held from now until it and its forked children are gone."""
    return _locks.get(files).owner


@contextlib.contextmanager
def seized(files: BrokerFiles, owner: Owner) -> Iterator[bool]:
    """Whether another owner is gone. While the block runs no one else can find the same.

    A missing lock file (a cleaned folder) leaves only weaker evidence: then the owner counts as gone
    when the machine has been started anew or no process has its number.
    """
    try:
        descriptor = os.open(files.owner_lock(owner.id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield owner.boot_id != boot_id() or not _process_exists(owner.pid)
        return
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


def forget_files(files: BrokerFiles, owner_id: str) -> None:
    """Remove the lock and the doorbells of an owner that is gone."""
    for path in (*files.doorbells_of(owner_id), files.owner_lock(owner_id)):
        path.unlink(missing_ok=True)


def keep_lock_file(files: BrokerFiles, owner: Owner) -> None:
    """Leave this process's lock file to the others at exit: the database knows the owner, it may hold messages."""
    held = _locks.get(files)
    if held.owner == owner:
        held.known = True


@dataclass
class _HeldLock:
    owner: Owner
    descriptor: int
    known: bool = False


def _take(files: BrokerFiles) -> _HeldLock:
    files.make_run_dir()
    owner = Owner(f"{os.getpid()}-{uuid.uuid4().hex[:12]}", os.getpid(), boot_id())
    path = files.owner_lock(owner.id)
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # before it has its name, so that no one finds it unlocked
    temporary.rename(path)
    held = _HeldLock(owner, descriptor)
    atexit.register(_tidy_at_exit, files, held)
    return held


def _tidy_at_exit(files: BrokerFiles, held: _HeldLock) -> None:
    # A forked child runs its parent's exit functions too; and a known owner's lock must stay for as
    # long as a forked child may hold it.
    if os.getpid() == held.owner.pid and not held.known:
        forget_files(files, held.owner.id)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _ProcessLocks:
    """The locks of this process, by run folder. Being a process is global by nature."""

    def __init__(self) -> None:
        self._held: dict[Path, _HeldLock] = {}
        self._mutex = threading.Lock()
        os.register_at_fork(after_in_child=self._in_child)

    def get(self, files: BrokerFiles) -> _HeldLock:
        with self._mutex:
            held = self._held.get(files.run_dir)
            if held is None or held.owner.pid != os.getpid():
                # The descriptor of a forked-off parent's lock stays open on purpose: see the module's text.
                held = self._held[files.run_dir] = _take(files)
            return held

    def _in_child(self) -> None:
        self._mutex = threading.Lock()


_locks = _ProcessLocks()
