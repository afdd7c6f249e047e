"""The wire with faults: stands between clients and a device's own server and does to the lines what a plan says.

The device behind it is whole and truthful; everything that is wrong is done here, to bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable

from devicelink.grammar import (
    LINE_LIMIT,
    Event,
    GrammarError,
    Reply,
    ReplyKind,
    Value,
    format_event,
    format_reply,
    parse_answer,
    parse_request,
)
from simulators.faults import Fault, FaultKind

UNTOUCHED = frozenset({"HELLO", "PING", "STATUS", "SUBSCRIBE", "BYE"})
"""Verbs that `refuse` leaves alone unless it names one of them."""
_UNFINISHED_LIMIT = 4 * LINE_LIMIT


class FaultyWire:
    """One public port in front of one device.

    `on_command(verb)` is told each request that arrives, for faults that start after some commands.
    """

    def __init__(self, inner_port: int, on_command: Callable[[str], None], seed: int = 0) -> None:
        self.port = 0
        self._host = "127.0.0.1"
        self._inner_port = inner_port
        self._on_command = on_command
        self._random = random.Random(seed)
        self._active: list[Fault] = []
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self.free = asyncio.Event()
        self.free.set()

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port. Raises OSError when it cannot."""
        self._host = host
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            self._break()
            await self._server.wait_closed()
            self._server = None
        self.free.set()

    # --- faults --------------------------------------------------------------------------------------------------

    @property
    def active(self) -> tuple[Fault, ...]:
        return tuple(self._active)

    async def begin(self, fault: Fault) -> None:
        """Let a fault start."""
        self._active.append(fault)
        self._update()
        if fault.kind is FaultKind.KILL:
            await self.stop()
        elif fault.kind is FaultKind.DROP:
            self._break()

    async def end(self, fault: Fault) -> None:
        """Let a fault end; what was held back goes out now, late. Raises OSError when the port is taken meanwhile."""
        if fault not in self._active:
            return
        self._active.remove(fault)
        self._update()
        if fault.kind is FaultKind.KILL and not self.having(FaultKind.KILL):
            await self.start(self._host, self.port)
        for link in tuple(self._links):
            link.release_held()

    def having(self, kind: FaultKind) -> Fault | None:
        """A running fault of a kind."""
        return next((fault for fault in self._active if fault.kind is kind), None)

    def _update(self) -> None:
        if any(fault.kind is FaultKind.STALL and fault.verb is None for fault in self._active):
            self.free.clear()
        else:
            self.free.set()

    def _break(self) -> None:
        for link in tuple(self._links):
            link.abort()

    # --- what happens to lines -----------------------------------------------------------------------------------

    def refusal(self, line: bytes) -> bytes | None:
        """The answer to a request that a fault refuses, else None; counts the request."""
        try:
            request = parse_request(line.decode("ascii", "replace"))
        except GrammarError:
            return None  # not ours to judge: the device answers it
        self._on_command(request.verb)
        for fault in self._active:
            named = fault.verb is not None and fault.verb == request.verb
            if fault.kind is FaultKind.REFUSE and (named or (fault.verb is None and request.verb not in UNTOUCHED)):
                return format_reply(Reply(request.id, ReplyKind.ERR, {}, fault.code, fault.text)).encode() + b"\n"
        return None

    def told(self, line: bytes, verb_of: dict[int, str]) -> tuple[bytes, bool]:
        """A line of the device as the client shall get it, and whether it is held back."""
        if not any(fault.kind in (FaultKind.LIE, FaultKind.STALL, FaultKind.GARBLE) for fault in self._active):
            return line, False
        try:
            answer = parse_answer(line.decode("ascii"))
        except (GrammarError, UnicodeDecodeError):
            return line, False
        verb = "STATUS" if isinstance(answer, Event) and answer.kind == "STATUS" else ""
        if isinstance(answer, Reply):
            verb = verb_of.get(answer.id, "")
        lies: dict[str, Value] = {}
        held = False
        for fault in self._active:
            if fault.kind is FaultKind.LIE and verb == (fault.verb or "STATUS"):
                lies.update(fault.values)
            elif fault.kind is FaultKind.STALL and fault.verb is not None and fault.verb == verb:
                held |= isinstance(answer, Reply) and answer.is_final
        if lies and isinstance(answer, Event):
            line = format_event(Event(answer.kind, answer.words, {**answer.values, **lies})).encode() + b"\n"
        elif lies and isinstance(answer, Reply) and answer.kind is ReplyKind.OK:
            line = format_reply(Reply(answer.id, answer.kind, {**answer.values, **lies})).encode() + b"\n"
        if self.having(FaultKind.GARBLE):
            line = self._garbled(line)
        return line, held

    def _garbled(self, line: bytes) -> bytes:
        damaged = bytearray(line[:-1])
        for _ in range(max(2, len(damaged) // 10)):
            damaged[self._random.randrange(len(damaged))] = self._random.choice(b"\x00\x07#%~\xff\xfe")
        return bytes(damaged) + b"\n"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.having(FaultKind.DROP):
            writer.transport.abort()
            return
        try:
            device = await asyncio.open_connection("127.0.0.1", self._inner_port, limit=2**20)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, (reader, writer), device)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            link.close()


class _Link:
    """One client's connection through the wire."""

    def __init__(
        self,
        wire: FaultyWire,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        device: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._wire = wire
        self._from_client, self._to_client = client
        self._from_device, self._to_device = device
        self._verb_of: dict[int, str] = {}
        self._held: list[bytes] = []
        for writer in (self._to_client, self._to_device):
            line: socket.socket = writer.get_extra_info("socket")
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self) -> None:
        """Carry lines both ways until either side hangs up."""
        pumps = [
            asyncio.ensure_future(self._pump(self._from_client, self._request)),
            asyncio.ensure_future(self._pump(self._from_device, self._answer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def abort(self) -> None:
        """Break both ends at once, as a pulled cable does."""
        self._to_client.transport.abort()
        self._to_device.transport.abort()

    def close(self) -> None:
        """Hang up in order: what was written still arrives."""
        self._to_client.close()
        self._to_device.close()

    def release_held(self) -> None:
        """Send what was held back, too late."""
        held, self._held = self._held, []
        for line in held:
            self._to_client.write(line)

    async def _pump(self, reader: asyncio.StreamReader, handle: Callable[[bytes], None]) -> None:
        unfinished = b""
        with contextlib.suppress(ConnectionError):
            while block := await reader.read(65536):
                await self._wire.free.wait()
                *lines, unfinished = (unfinished + block).split(b"\n")
                if len(unfinished) > _UNFINISHED_LIMIT:  # no line at all: let the device refuse it
                    self._to_device.write(unfinished)
                    unfinished = b""
                for line in lines:
                    handle(line + b"\n")

    def _request(self, line: bytes) -> None:
        refusal = self._wire.refusal(line)
        if refusal is not None:
            self._to_client.write(refusal)
            return
        words = line.split(None, 2)
        if len(words) >= 2 and words[0].isdigit():
            self._verb_of[int(words[0])] = words[1].decode("ascii", "replace")
            while len(self._verb_of) > 512:
                del self._verb_of[next(iter(self._verb_of))]
        self._to_device.write(line)

    def _answer(self, line: bytes) -> None:
        line, held = self._wire.told(line, self._verb_of)
        slow = self._wire.having(FaultKind.SLOW)
        if held:
            self._held.append(line)
        elif slow is not None:
            asyncio.get_running_loop().call_later(slow.delay_real_s, self._late, line)
        else:
            self._to_client.write(line)

    def _late(self, line: bytes) -> None:
        if not self._to_client.is_closing():
            self._to_client.write(line)
