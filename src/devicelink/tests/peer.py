"""Real peers for the tests: a small telescope on a loop of its own, and a bare socket to speak to it by hand."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Self, TypeVar

from devicelink.server import Call, CommandFailure, DeviceServer, ErrorCode, Value
from pyros.clock import RealClock

T = TypeVar("T")
WITHIN_S = 10.0  # deadline of every wait; nothing here takes it


class Telescope(DeviceServer):
    """Its slews end when the test says so."""

    def __init__(self, name: str = "T1") -> None:
        super().__init__(name, "telescope", RealClock())
        self.ra, self.dec = 10.0, -20.0
        self.parked = False
        self.carried_out: list[str] = []
        self.begun = threading.Event()
        self.stopped = threading.Event()
        self._arrive = asyncio.Event()
        self._release = asyncio.Event()
        self.on("GOTO", self._goto, keys={"ra": float, "dec": float}, optional={"frame": str}, motion=True)
        self.on("PARK", self._park, keys={}, motion=True, preempts=True)
        self.on("UNPARK", self._unpark, keys={}, optional={"epoch": int})
        self.on("TRACK", self._track, keys={"on": bool})
        self.on("SLOW", self._slow, keys={"answer": int})
        self.on("BROKEN", self._broken, keys={})
        self.on("COLD", self._cold, keys={})

    def status(self) -> Mapping[str, Value]:
        return {
            "ra": self.ra,
            "dec": self.dec,
            "moving": bool(self.motions),
            "tracking": not self.parked,
            "parked": self.parked,
            "at_target": not self.motions,
            "activity": "PARKED" if self.parked else "TRACKING",
        }

    def arrive(self) -> None:
        self._arrive.set()

    def release(self) -> None:
        self._release.set()

    async def _goto(self, call: Call) -> Mapping[str, Value]:
        self.carried_out.append(f"GOTO {call.number('ra'):g}")
        if self.parked:
            raise CommandFailure(ErrorCode.E_STATE, "parked: UNPARK first")
        await call.acknowledge(12.5)
        self._arrive.clear()
        self.begun.set()
        try:
            await self._arrive.wait()
        finally:
            self.stopped.set()
        self.ra, self.dec = call.number("ra"), call.number("dec")
        return {"ra": self.ra, "dec": self.dec, "err_arcsec": 0.8}

    async def _park(self, call: Call) -> Mapping[str, Value]:
        self.carried_out.append("PARK")
        self.parked = True
        return {}

    async def _unpark(self, call: Call) -> Mapping[str, Value]:
        self.parked = False
        return {}

    async def _track(self, call: Call) -> Mapping[str, Value]:
        return {"on": call.flag("on")}

    async def _slow(self, call: Call) -> Mapping[str, Value]:
        self.begun.set()
        await self._release.wait()
        return {"answer": call.integer("answer")}

    async def _broken(self, call: Call) -> Mapping[str, Value]:
        raise ZeroDivisionError("encoder count is 0")

    async def _cold(self, call: Call) -> Mapping[str, Value]:
        raise CommandFailure(ErrorCode.E_LIMIT, 'altitude 12.0 is below the limit "20"', retry_s=5.0)


S = TypeVar("S", bound=DeviceServer)


class Served:
    """Runs servers on an event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._servers: list[DeviceServer] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            self.run(server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WITHIN_S)
        self.loop.close()

    def serve(self, make: Callable[[], S]) -> S:
        async def start() -> S:
            server = make()
            await server.start()
            return server

        server = self.run(start())
        self._servers.append(server)
        return server

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WITHIN_S)

    def call(self, function: Callable[[], object]) -> None:
        async def call() -> None:
            function()

        self.run(call())


class Wire:
    """A bare TCP connection: lines in, lines out, and nothing clever between."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *lines: str) -> None:
        """All lines in one packet."""
        self.socket.sendall("".join(line + "\n" for line in lines).encode("ascii"))

    def line(self) -> str:
        raw = self._file.readline()
        assert raw.endswith(b"\n"), f"connection ended; last bytes {raw!r}"
        return raw.decode("ascii").rstrip("\n")

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def ended(self) -> bool:
        return self._file.read(1) == b""


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens in another thread."""
    give_up = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < give_up, f"{what}: not within {WITHIN_S} s"
        time.sleep(0.002)
