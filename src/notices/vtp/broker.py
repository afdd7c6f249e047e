"""A small broker: takes events from authors, gives them to subscribers. For tests and for the simulation.

It keeps the last events in memory, and what each subscriber (known by the IVORN that it authenticates with) has
acknowledged: one that was away gets the rest when it comes back. It does not survive its own process.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Self

from notices.notice import NoticeRefused
from notices.vtp import messages
from notices.vtp.frames import FrameError, close_writer, no_delay, read_frame, write_frame
from notices.vtp.messages import Event, TransportMessage, read_message
from notices.vtp.waiting import within
from pyros.clock import Clock, DeadlineExceeded, patience, sleep_async

log = logging.getLogger(__name__)

ALIVE_INTERVAL_S = 60.0
AUTHOR_PATIENCE_S = 20.0
_MISSED_ANSWERS = 2
_KEPT_EVENTS = 10_000

_GONE = (OSError, FrameError, DeadlineExceeded, asyncio.IncompleteReadError)


class Broker:
    """Two listening ports, on loopback unless told otherwise. Use as `async with Broker(...) as broker`.

    After `start`, `receive_port` and `broadcast_port` hold the ports in use (0 asks the system for free ones).
    """

    def __init__(
        self,
        local_ivorn: str,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        receive_port: int = 0,
        broadcast_port: int = 0,
        alive_interval_s: float = ALIVE_INTERVAL_S,
    ) -> None:
        self.local_ivorn, self.host = local_ivorn, host
        self.receive_port, self.broadcast_port = receive_port, broadcast_port
        self._clock = clock
        self._alive_interval_s = alive_interval_s
        self._events: OrderedDict[str, Event] = OrderedDict()
        self._acknowledged: dict[str, set[str]] = {}
        self._links: set[_SubscriberLink] = set()
        self._servers: list[asyncio.Server] = []
        self._conversations: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. `OSError` when a port is taken."""
        receiver = await asyncio.start_server(self._serve_author, self.host, self.receive_port)
        self._servers.append(receiver)
        broadcaster = await asyncio.start_server(self._serve_subscriber, self.host, self.broadcast_port)
        self._servers.append(broadcaster)
        self.receive_port = receiver.sockets[0].getsockname()[1]
        self.broadcast_port = broadcaster.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up and stop listening. Events and acknowledgements stay for another `start`."""
        for server in self._servers:
            server.close()
        conversations = set(self._conversations)
        for task in conversations:
            task.cancel()
        if conversations:
            await asyncio.wait(conversations)
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    @property
    def subscribers(self) -> int:
        """How many are connected now."""
        return len(self._links)

    def acknowledged_by(self, ivorn: str) -> frozenset[str]:
        """The subscribers (their IVORNs) that have acknowledged this event."""
        return frozenset(name for name, events in self._acknowledged.items() if ivorn in events)

    def publish(self, raw: bytes) -> bool:
        """Broadcast an event; False when it was seen before. `NoticeRefused` when it is no VOEvent with an IVORN."""
        event = read_message(raw)
        if not isinstance(event, Event) or not event.ivorn:
            raise NoticeRefused("NOT_A_VOEVENT", "a VOEvent with an ivorn is needed")
        if event.ivorn in self._events:
            return False
        self._events[event.ivorn] = event
        if len(self._events) > _KEPT_EVENTS:
            forgotten, _ = self._events.popitem(last=False)
            for known in self._acknowledged.values():
                known.discard(forgotten)
        for link in self._links:
            link.offer(event)
        return True

    async def _serve_author(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _Registered(self._conversations):
            try:
                no_delay(writer)
                wait_s = patience(self._clock, AUTHOR_PATIENCE_S)
                packet = await within(self._clock, wait_s, "event from an author", read_frame(reader))
                answer = self._judge(packet)
                await write_frame(writer, messages.compose(answer, self._clock.now()))
            except (*_GONE, NoticeRefused) as error:
                log.warning("VTP broker: an author was sent away: %s", error)
            finally:
                await close_writer(writer)

    def _judge(self, packet: bytes) -> TransportMessage:
        """Ack or nak for what an author sent. `NoticeRefused` when it is not even XML: there is nobody to answer to."""
        message = read_message(packet)
        if not isinstance(message, Event):
            raise NoticeRefused("NOT_A_VOEVENT", f"an author sent a transport message of role {message.role!r}")
        if not message.ivorn:
            return messages.nak(self.local_ivorn, "", "Event rejected: it has no ivorn")
        if not self.publish(packet):
            return messages.nak(self.local_ivorn, message.ivorn, "Event rejected: Previously seen by this broker")
        return messages.ack(self.local_ivorn, message.ivorn)

    async def _serve_subscriber(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _Registered(self._conversations):
            link = _SubscriberLink(self._clock, writer)
            self._links.add(link)
            talking = [asyncio.ensure_future(part) for part in (link.send_events(), self._keep_alive(link))]
            reading: asyncio.Task[bytes] | None = None
            try:
                no_delay(writer)
                await link.say(messages.authenticate(self.local_ivorn))
                while not any(task.done() for task in talking):
                    reading = asyncio.ensure_future(read_frame(reader))
                    await asyncio.wait({reading, *talking}, return_when=asyncio.FIRST_COMPLETED)
                    if reading.done():
                        self._hear(reading.result(), link)
            except _GONE as error:
                log.info("VTP broker: subscriber %s is gone: %s", link.name, error)
            finally:
                self._links.discard(link)
                parts = [*talking, *([reading] if reading is not None else [])]
                for task in parts:
                    task.cancel()
                await asyncio.gather(*parts, return_exceptions=True)
                await close_writer(writer)

    def _hear(self, packet: bytes, link: _SubscriberLink) -> None:
        try:
            message = read_message(packet)
        except NoticeRefused as refusal:
            log.warning("VTP broker: subscriber %s sent garbage: %s", link.name, refusal)
            return
        if isinstance(message, Event):
            log.warning("VTP broker: subscriber %s sent an event; authors use the other port", link.name)
        elif message.role == "iamalive":
            link.unanswered = 0
        elif message.role == "authenticate" and message.response:
            self._recognise(link, message.response)
        elif message.role == "ack":
            self._acknowledged.setdefault(link.name, set()).add(message.origin)
        elif message.role == "nak":
            log.warning("VTP broker: subscriber %s refused %s: %s", link.name, message.origin, message.result)

    def _recognise(self, link: _SubscriberLink, name: str) -> None:
        """A known subscriber gets what it has not acknowledged; a new one gets what comes from now on."""
        link.name = name
        if name not in self._acknowledged:
            self._acknowledged[name] = set(self._events) - link.offered
            return
        for ivorn, event in self._events.items():
            if ivorn not in self._acknowledged[name]:
                link.offer(event)

    async def _keep_alive(self, link: _SubscriberLink) -> None:
        """Returns when the subscriber no longer answers."""
        while link.unanswered < _MISSED_ANSWERS:
            await sleep_async(self._clock, patience(self._clock, self._alive_interval_s, at_least_real_s=0.2))
            link.unanswered += 1
            await link.say(messages.iamalive(self.local_ivorn))
        log.info("VTP broker: subscriber %s does not answer", link.name)


class _SubscriberLink:
    """One subscriber's connection: what it was offered, what waits to be sent."""

    def __init__(self, clock: Clock, writer: asyncio.StreamWriter) -> None:
        self.name = ""
        self.unanswered = 0
        self.offered: set[str] = set()
        self._clock = clock
        self._writer = writer
        self._waiting: asyncio.Queue[Event] = asyncio.Queue()

    def offer(self, event: Event) -> None:
        """Send it, once on this connection."""
        if event.ivorn not in self.offered:
            self.offered.add(event.ivorn)
            self._waiting.put_nowait(event)

    async def send_events(self) -> None:
        while True:
            event = await self._waiting.get()
            await write_frame(self._writer, event.raw)

    async def say(self, message: TransportMessage) -> None:
        await write_frame(self._writer, messages.compose(message, self._clock.now()))


class _Registered:
    """Keeps the running conversation in a set for as long as the block runs, so that `stop` finds and ends it.

    Only `stop` cancels a conversation. That is its proper end and goes no further: asyncio's stream server would
    log a cancelled conversation as an error.
    """

    def __init__(self, tasks: set[asyncio.Task[None]]) -> None:
        self._tasks = tasks
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[None] = task

    def __enter__(self) -> None:
        self._tasks.add(self._task)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._tasks.discard(self._task)
        return kind is asyncio.CancelledError
