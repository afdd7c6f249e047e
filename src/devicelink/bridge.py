"""Shares one line (a serial port, say) among any number of TCP clients.

Requests get ids of the bridge's own on the line, answers go back to the one who asked under the id he chose, events
go to all who subscribed. The bridge knows nothing of the device: ownership by epoch and the rest stay the device's.
While the line is down nobody is connected: clients see a lost link, which is the truth.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from devicelink.backoff import Backoff
from devicelink.framing import LineBuffer, Overlong
from devicelink.grammar import (
    MAX_ID,
    ErrorCode,
    Event,
    GrammarError,
    Reply,
    ReplyKind,
    Request,
    format_event,
    format_reply,
    format_request,
    parse_answer,
    parse_request,
)
from devicelink.transports import SerialTransport, Transport, TransportError

log = logging.getLogger(__name__)

_REMEMBERED_IDS = 256  # as many as a server remembers answers


class _Client(asyncio.Protocol):
    """One TCP client of the bridge."""

    def __init__(self, receive: Callable[[_Client, str | Overlong], None], closed: Callable[[_Client], None]) -> None:
        self.subscribed = False
        self.line_ids: OrderedDict[int, int] = OrderedDict()  # his id → the id on the line
        self._receive, self._closed = receive, closed
        self._buffer = LineBuffer()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        for line in self._buffer.feed(data):
            self._receive(self, line)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._closed(self)

    def send(self, line: str) -> None:
        if self._transport is not None:
            self._transport.write(line.encode("ascii") + b"\n")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Bridge:
    """Keeps the line open and serves it on a TCP port."""

    def __init__(self, transport: Transport, backoff: Backoff | None = None) -> None:
        self._line = transport
        self._backoff = backoff or Backoff()
        self._buffer = LineBuffer()
        self._clients: set[_Client] = set()
        self._asked: dict[int, tuple[_Client, int]] = {}  # id on the line → who asked, under which id
        self._last_id = 0
        self._broken = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._host, self._port = "127.0.0.1", 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Begin; returns the TCP port, which listens while the line is up. Raises OSError when the port is taken."""
        with socket.create_server((host, port)) as probe:  # reserve the number now, so that it can be told
            self._host, self._port = host, int(probe.getsockname()[1])
        self._keeper = asyncio.get_running_loop().create_task(self._keep())
        return self._port

    async def stop(self) -> None:
        """End: the port, the clients, the line."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def _keep(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._line.open)
                log.info("bridge: %s is open", self._line.address)
                self._backoff.reset()
                await self._serve()
            except TransportError as error:
                log.warning("bridge: %s", error)
            finally:
                self._line.close()
            await asyncio.sleep(self._backoff.next_s())

    async def _serve(self) -> None:
        """Serve until the line breaks."""
        loop = asyncio.get_running_loop()
        self._broken.clear()
        self._buffer = LineBuffer()
        descriptor = self._line.fileno()
        listener = await loop.create_server(
            lambda: self._welcome(_Client(self._from_client, self._farewell)), self._host, self._port
        )
        loop.add_reader(descriptor, self._from_line)
        try:
            await self._broken.wait()
        finally:
            loop.remove_reader(descriptor)
            listener.close()
            for client in tuple(self._clients):
                client.close()
            self._asked.clear()

    def _welcome(self, client: _Client) -> _Client:
        self._clients.add(client)
        return client

    def _farewell(self, client: _Client) -> None:
        self._clients.discard(client)

    def _from_client(self, client: _Client, line: str | Overlong) -> None:
        text = line.head + "…" if isinstance(line, Overlong) else line
        if not text.strip() or text.startswith("PONG"):
            return
        try:
            request = parse_request(text)
        except GrammarError as error:
            self._refuse(client, error)
            return
        if request.verb == "BYE":
            client.send(format_reply(Reply(request.id, ReplyKind.OK)))
            client.close()
            return
        if request.verb == "SUBSCRIBE":
            client.subscribed = True
        named = request.arguments.get("id")
        if request.verb in ("ABORT", "STOP") and isinstance(named, int):
            if named not in client.line_ids:  # nothing of his runs under that id: an abort of nothing is well done
                client.send(format_reply(Reply(request.id, ReplyKind.OK)))
                return
            request = replace(request, arguments={**request.arguments, "id": client.line_ids[named]})
        self._write(format_request(replace(request, id=self._line_id(client, request))))

    def _line_id(self, client: _Client, request: Request) -> int:
        """The id on the line; a repeated id keeps the one it had, so that the device sees the repetition."""
        line_id = client.line_ids.get(request.id)
        if line_id is None:
            self._last_id = self._last_id % MAX_ID + 1
            line_id = client.line_ids[request.id] = self._last_id
            if len(client.line_ids) > _REMEMBERED_IDS:
                client.line_ids.popitem(last=False)
        self._asked[line_id] = (client, request.id)
        return line_id

    def _refuse(self, client: _Client, error: GrammarError) -> None:
        if error.request_id is None:
            client.send(format_event(Event("ERROR", (ErrorCode.E_SYNTAX, str(error)[:500]))))
        else:
            reply = Reply(error.request_id, ReplyKind.ERR, {}, ErrorCode.E_SYNTAX, str(error)[:500])
            client.send(format_reply(reply))

    def _write(self, line: str) -> None:
        try:
            self._line.write(line.encode("ascii") + b"\n")
        except TransportError as error:
            log.warning("bridge: %s", error)
            self._broken.set()

    def _from_line(self) -> None:
        try:
            data = self._line.read()
        except TransportError as error:
            log.warning("bridge: %s", error)
            self._broken.set()
            return
        for line in self._buffer.feed(data):
            try:
                answer = parse_answer(line.head if isinstance(line, Overlong) else line)
            except GrammarError as error:
                log.warning("bridge: dropped from the line: %s", error)
                continue
            self._hand_out(answer, "" if isinstance(line, Overlong) else line)

    def _hand_out(self, answer: Reply | Event, line: str) -> None:
        if isinstance(answer, Event):
            if answer.kind == "PING":
                self._write(f"PONG seq={answer.values.get('seq', 0)}")
                return
            for client in tuple(self._clients):
                if client.subscribed:
                    client.send(line)
            return
        asked = self._asked.pop(answer.id, None) if answer.is_final else self._asked.get(answer.id)
        if asked is not None:
            client, his_id = asked
            client.send(format_reply(replace(answer, id=his_id)))


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m devicelink.bridge`."""
    parser = argparse.ArgumentParser(
        prog="python -m devicelink.bridge",
        description="Share one serial device among TCP clients.",
        epilog="example: python -m devicelink.bridge /dev/ttyUSB0 --baud 115200 --port 7001",
    )
    parser.add_argument("device", help="the serial port")
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")

    async def serve() -> None:
        bridge = Bridge(SerialTransport(asked.device, asked.baud))
        await bridge.start(asked.host, asked.port)
        await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except OSError as error:
        print(f"bridge: cannot listen on {asked.host}:{asked.port}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
