"""Helpers of the VTP tests: collecting events, waiting with a deadline, a real Comet in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from notices.compose import svom_wakeup
from notices.vtp import Subscriber
from pyros.clock import RealClock

US = "ivo://test.local/pyros"
THEM = "ivo://test.local/broker"
CLOCK = RealClock()
PATIENCE_S = 20.0

TWISTD = Path(sys.executable).with_name("twistd")
needs_comet = pytest.mark.skipif(
    importlib.util.find_spec("comet") is None or not TWISTD.exists(), reason="comet is not installed (group test)"
)


def wakeup(number: int) -> bytes:
    """A wake-up of its own IVORN for each number."""
    from datetime import UTC, datetime

    moment = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
    return svom_wakeup(f"sb261120{number:02d}", 10.0 + number, -20.0, 0.05, moment, moment)


def ivorn(number: int) -> str:
    return f"ivo://org.svom/fsc#sb261120{number:02d}_eclairs-wakeup"


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, for at most `PATIENCE_S`."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        pytest.fail(f"never happened: {what}")


class Listener:
    """Keeps what it gets; fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[bytes] = []
        self.calls = 0
        self._failures = failures

    async def __call__(self, raw: bytes) -> None:
        self.calls += 1
        if self.calls <= self._failures:
            raise RuntimeError("the database is away")
        self.events.append(raw)


@contextlib.asynccontextmanager
async def subscribed(port: int, listener: Listener, **settings: object) -> AsyncIterator[Subscriber]:
    """A subscriber that runs for as long as the block."""
    settings = {"back_off_s": (0.05, 0.1), **settings}
    subscriber = Subscriber("127.0.0.1", port, US, listener, CLOCK, **settings)  # type: ignore[arg-type]
    task = asyncio.create_task(subscriber.run())
    try:
        yield subscriber
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def comet(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real Comet; `folder` keeps its database from one run to the next."""
    folder.mkdir(exist_ok=True)
    command = [str(TWISTD), "-n", f"--pidfile={folder}/comet.pid", "comet", f"--eventdb={folder}", *arguments]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def comet_broker(folder: Path, receive_port: int, broadcast_port: int) -> contextlib.AbstractContextManager[object]:
    """Comet as a broker on loopback."""
    return comet(
        folder, f"--local-ivo={THEM}", "--receive", f"--receive-port={receive_port}", "--broadcast",
        f"--broadcast-port={broadcast_port}", "--broadcast-test-interval=0", "--author-whitelist=127.0.0.0/8",
        "--subscriber-whitelist=127.0.0.0/8", "-v",
    )  # fmt: skip


async def listening(port: int) -> None:
    """Wait until somebody listens on a port."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
