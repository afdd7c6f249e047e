"""One client of a server: its lines, its answers, its subscription. Knows the wire, not the device."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable, Mapping

from devicelink.errors import CommandFailure
from devicelink.framing import LineBuffer, Overlong
from devicelink.grammar import ErrorCode, GrammarError, Reply, ReplyKind, Value, format_reply

log = logging.getLogger(__name__)

ACKNOWLEDGE_AFTER_S = 0.15
"""Real seconds after which a request that is still running is acknowledged by itself (the grammar allows 250 ms)."""
REMEMBERED_ANSWERS = 256
"""Finished requests a connection remembers, so that a repeated id gets the first answer."""
UNREAD_LIMIT_BYTES = 1_000_000
"""A client that leaves more than this unread is dropped: it must not fill our memory."""


class Exchange:
    """One request and its answers. Exactly one final line is sent, whatever happens."""

    def __init__(self, connection: Connection, request_id: int, line: str) -> None:
        self.line = line
        self.task: asyncio.Task[Mapping[str, Value]] | None = None
        self.final: str | None = None
        self._id = request_id
        self._connection = connection
        self._ack: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def client(self) -> str:
        return self._connection.client

    def watch(self, task: asyncio.Task[Mapping[str, Value]]) -> None:
        """Let the end of `task` end this exchange. In a callback, because a task that is cancelled before its
        first step never runs a line of its own."""
        self.task = task
        self._timer = asyncio.get_running_loop().call_later(ACKNOWLEDGE_AFTER_S, self.acknowledge, None)
        task.add_done_callback(self._ended)

    def acknowledge(self, eta_s: float | None) -> None:
        if self.final is None and self._ack is None:
            values: dict[str, Value] = {} if eta_s is None else {"eta": float(eta_s)}
            self._ack = format_reply(Reply(self._id, ReplyKind.ACK, values))
            self._connection.send(self._ack)

    def data(self, values: Mapping[str, Value]) -> None:
        if self.final is not None:
            raise RuntimeError(f"request {self._id} has ended: no DATA after its final line")
        self._connection.send(format_reply(Reply(self._id, ReplyKind.DATA, values)))

    def succeed(self, values: Mapping[str, Value]) -> None:
        self._finish(Reply(self._id, ReplyKind.OK, values))

    def fail(self, failure: CommandFailure) -> None:
        self._finish(Reply(self._id, ReplyKind.ERR, {}, failure.code, failure.text[:500], failure.retry_s))

    def repeat(self) -> None:
        """Send again what was answered so far; what is still running will answer by itself."""
        if (latest := self.final or self._ack) is not None:
            self._connection.send(latest)

    def _finish(self, reply: Reply) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            self.final = format_reply(reply)
        except GrammarError as error:
            log.error("answer to %r cannot be written: %s", self.line, error)
            failure = Reply(self._id, ReplyKind.ERR, {}, ErrorCode.E_INTERNAL, f"the answer cannot be written: {error}")
            self.final = format_reply(failure)
        self._connection.send(self.final)

    def _ended(self, task: asyncio.Task[Mapping[str, Value]]) -> None:
        if task.cancelled():
            self.fail(CommandFailure(ErrorCode.E_ABORTED, "aborted"))
            return
        error = task.exception()
        if error is None:
            self.succeed(task.result())
        elif isinstance(error, CommandFailure):
            self.fail(error)
        else:
            log.error("handler of %r failed", self.line, exc_info=error)
            self.fail(CommandFailure(ErrorCode.E_INTERNAL, f"{type(error).__name__}: {error}"))


class Connection(asyncio.Protocol):
    """The server's end of one TCP connection."""

    def __init__(
        self, receive: Callable[[Connection, str | Overlong], None], closed: Callable[[Connection], None]
    ) -> None:
        self.client = "?"
        self.subscription: asyncio.Task[None] | None = None
        self.subscribed = False
        self.silent = False
        self._receive = receive
        self._closed = closed
        self._buffer = LineBuffer()
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client = "{}:{}".format(*transport.get_extra_info("peername", ("?", "?"))[:2])

    def data_received(self, data: bytes) -> None:
        if self.silent:
            return
        for line in self._buffer.feed(data):
            self._receive(self, line)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.subscription is not None:
            self.subscription.cancel()
        self._closed(self)

    def send(self, line: str) -> None:
        """Send a line in one write; nothing when the client is gone (its motions go on, nobody hears of them)."""
        if self._transport is None or self._transport.is_closing() or self.silent:
            return
        self._transport.write(line.encode("ascii") + b"\n")
        if self._transport.get_write_buffer_size() > UNREAD_LIMIT_BYTES:
            log.warning("client %s does not read: dropped", self.client)
            self._transport.abort()

    def exchange(self, request_id: int, line: str) -> tuple[Exchange, bool]:
        """The exchange of this id and whether it is a new one. Raises `CommandFailure` E_SYNTAX when the id was
        used for another request: its first answer would be taken for the answer to this one."""
        known = self._exchanges.get(request_id)
        if known is not None:
            if known.line != line:
                raise CommandFailure(ErrorCode.E_SYNTAX, f"id {request_id} was used for another request: use a new one")
            return known, False
        made = self._exchanges[request_id] = Exchange(self, request_id, line)
        if len(self._exchanges) > REMEMBERED_ANSWERS:
            # The oldest that has ended; what still runs (a long exposure) is never forgotten.
            ended = (known_id for known_id, known in self._exchanges.items() if known.final is not None)
            self._exchanges.pop(next(ended, 0), None)
        return made, True

    def exchange_of(self, request_id: int) -> Exchange | None:
        """The exchange of an id of this connection, if known."""
        return self._exchanges.get(request_id)

    def close(self, *, at_once: bool = False) -> None:
        """Close; `at_once` throws away what was not sent yet."""
        if self._transport is not None:
            if at_once:
                self._transport.abort()
            else:
                self._transport.close()
