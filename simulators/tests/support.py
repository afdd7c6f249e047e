"""An observatory in a thread, and a bare client that speaks the grammar over a socket."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from devicelink.grammar import ErrorCode, Event, ReplyKind, Request, Value, format_request, parse_answer
from pyros.clock import Clock
from simulators import configuration as conf
from simulators.example import example
from simulators.host import Host

PATIENCE_REAL_S = 15.0
_FINAL = (ReplyKind.OK, ReplyKind.ERR)


class Running:
    """A host whose event loop runs in a thread; tests talk to it through its ports."""

    def __init__(self, content: Mapping[str, Any], clock: Clock, only: tuple[str, ...] = ()) -> None:
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        self.host = Host(conf.parsed(content), clock, only)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE_REAL_S), "the host did not start"
        if self._failure is not None:
            raise self._failure

    @property
    def ports(self) -> Mapping[str, int]:
        return self.host.ports

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_REAL_S)
        assert not self._thread.is_alive(), "the host did not stop"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.host.start()
            self._ready.set()
            await self._stop.wait()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread, which raises it
            self._failure = error
        finally:
            await self.host.stop()
            self._ready.set()


@dataclass(frozen=True)
class Answer:
    """A reply whose values tests may compute with."""

    id: int
    kind: ReplyKind
    values: Mapping[str, Any]
    code: ErrorCode | None
    text: str

    @property
    def ok(self) -> bool:
        return self.kind is ReplyKind.OK


class Wire:
    """One connection; every read has a deadline."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_REAL_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._last_id = 0
        self.events: list[Event] = []
        self.replies: list[Answer] = []

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, verb: str, **arguments: Value) -> int:
        self._last_id += 1
        self._socket.sendall((format_request(Request(self._last_id, verb, None, arguments)) + "\n").encode())
        return self._last_id

    def line(self, timeout_s: float = PATIENCE_REAL_S) -> bytes:
        self._socket.settimeout(timeout_s)
        return self._file.readline()

    def quiet(self, real_s: float) -> bool:
        """Whether nothing arrives for a while."""
        return not select.select([self._socket], [], [], real_s)[0]

    def next(self, timeout_s: float = PATIENCE_REAL_S) -> Answer | Event:
        line = self.line(timeout_s)
        if not line:
            raise ConnectionError("closed by the device")
        answer = parse_answer(line.decode())
        if isinstance(answer, Event):
            self.events.append(answer)
            return answer
        self.replies.append(Answer(answer.id, answer.kind, answer.values, answer.code, answer.text))
        return self.replies[-1]

    def reply(self) -> Answer:
        """The next reply of any kind."""
        while isinstance(answer := self.next(), Event):
            pass
        return answer

    def alarm(self) -> Event:
        """The next ALARM, among past events too."""
        while not (alarms := [event for event in self.events if event.kind == "ALARM"]):
            self.next()
        return alarms[0]

    def final(self, request_id: int) -> Answer:
        while not (ended := [a for a in self.replies if a.id == request_id and a.kind in _FINAL]):
            self.next()
        return ended[0]

    def ask(self, verb: str, **arguments: Value) -> Answer:
        return self.final(self.send(verb, **arguments))

    def status(self) -> Mapping[str, Any]:
        return self.ask("STATUS").values


def content(**changes: Any) -> dict[str, Any]:
    """The example observatory on free ports."""
    made = example()
    for device in made["devices"].values():
        device["port"] = 0
    return {**made, **changes}


@contextmanager
def observatory(clock: Clock, *, only: tuple[str, ...] = (), **changes: Any) -> Iterator[Running]:
    running = Running(content(**changes), clock, only)
    try:
        yield running
    finally:
        running.stop()


def fetched(offer: Mapping[str, Any]) -> bytes:
    """The pixels of an EXPOSE's OK."""
    with socket.create_connection(("127.0.0.1", int(offer["port"])), timeout=PATIENCE_REAL_S) as line:
        line.sendall(f"{offer['token']}\n".encode())
        blocks = []
        while block := line.recv(1 << 16):
            blocks.append(block)
    return b"".join(blocks)
