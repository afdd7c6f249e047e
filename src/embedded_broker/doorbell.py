"""A Unix datagram socket that wakes a consumer. What is rung is only a hint: the truth is in the database."""

from __future__ import annotations

import contextlib
import enum
import itertools
import os
import select
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

_SUN_PATH_BYTES = 107  # struct sockaddr_un, without the final zero


class Ring(bytes, enum.Enum):
    """Why the bell is rung."""

    MESSAGE = b"m"
    """A queue that you consume has something ready."""
    OWNER = b"o"
    """A process has begun to consume: watch over it."""

    @classmethod
    def _missing_(cls, value: object) -> Ring:
        return cls.MESSAGE  # from a later version perhaps: looking once too often does no harm


class Doorbell:
    """The receiving end. `fileno()` is readable when someone has rung."""

    _numbers = itertools.count(1)

    def __init__(self, run_dir: Path, owner_id: str) -> None:
        self.name = f"{owner_id}.{next(self._numbers)}.sock"
        self._path = run_dir / self.name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with _short_address(run_dir, self.name) as address:
            self._socket.bind(address)
        self._path.chmod(0o600)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def drain(self) -> set[Ring]:
        """Take all that was rung since the last time."""
        heard: set[Ring] = set()
        with contextlib.suppress(BlockingIOError):  # which says that all is read
            while True:
                heard.add(Ring(self._socket.recv(1)))
        return heard

    def wait(self, timeout_s: float) -> bool:
        """Wait until someone rings or real `timeout_s` have passed; whether someone rang."""
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        return bool(poller.poll(max(0.0, timeout_s) * 1000))

    def close(self, *, unlink: bool = True) -> None:
        """Close; a forked child passes `unlink=False`, since the name is its parent's."""
        self._socket.close()
        if unlink:
            self._path.unlink(missing_ok=True)


def ring(run_dir: Path, names: Iterable[str], why: Ring) -> None:
    """Wake the doorbells of these names; one that no longer answers is left to housekeeping."""
    names = list(names)
    if not names:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
        for name in names:
            # Full: it will wake anyway. Gone or refused: its process is dead, and its queue's other
            # consumers are rung too; all poll once a second besides.
            gone_or_full = contextlib.suppress(BlockingIOError, FileNotFoundError, ConnectionRefusedError)
            with gone_or_full, _short_address(run_dir, name) as address:
                sender.sendto(why.value, address)


@contextlib.contextmanager
def _short_address(run_dir: Path, name: str) -> Iterator[str]:
    """An address that fits the kernel's 107 bytes, by way of an open folder when the path is longer."""
    path = str(run_dir / name)
    if len(os.fsencode(path)) <= _SUN_PATH_BYTES:
        yield path
        return
    folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{name}"
    finally:
        os.close(folder)
