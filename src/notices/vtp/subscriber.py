"""The receiving end: stay connected to a broker, hand over every event, acknowledge it once it is safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from notices.notice import NoticeRefused
from notices.vtp import messages
from notices.vtp.frames import FrameError, close_writer, no_delay, read_frame, write_frame
from notices.vtp.messages import Event, TransportMessage, VtpError, read_message
from notices.vtp.waiting import within
from pyros.clock import Clock, DeadlineExceeded, patience, sleep_async

log = logging.getLogger(__name__)

OnNotice = Callable[[bytes], Awaitable[None]]
"""Takes one event's bytes; returns when it is safe, raises when it is not."""

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
SILENCE_S = 120.0
"""A broker says iamalive each 60 s; twice that without a word and it is taken for dead."""
CONNECT_S = 10.0


@dataclass
class SubscriberHealth:
    """What the watchers look at. Only the subscriber writes it."""

    connected: bool = False
    last_packet_monotonic_s: float | None = None
    """Of the clock's monotonic scale; any packet counts, iamalive too."""
    received: int = 0
    """Events handed over and acknowledged."""
    garbage: int = 0
    """Packets that were neither VOEvent nor Transport message."""
    failures: int = 0
    """Connections lost or not made since the last packet."""
    last_error: str = ""


class _NotTaken(Exception):
    """`on_notice` failed: the event is not acknowledged, the broker (or its archive) has to send it again."""


class Subscriber:
    """One connection to one broker, for as long as `run` runs.

    At least once: an event is acknowledged after `on_notice` returned; when it raises, the connection is dropped
    without an acknowledgement and made anew. Duplicates are possible; the caller stores by IVORN.
    """

    def __init__(
        self,
        host: str,
        port: int,
        local_ivorn: str,
        on_notice: OnNotice,
        clock: Clock,
        *,
        filters: Sequence[str] = (),
        silence_s: float = SILENCE_S,
        back_off_s: Sequence[float] = BACK_OFF_S,
    ) -> None:
        """`filters` are XPath expressions that the broker applies (any of them lets an event pass)."""
        self.host, self.port, self.local_ivorn = host, port, local_ivorn
        self.health = SubscriberHealth()
        self._on_notice = on_notice
        self._clock = clock
        self._filters = tuple(filters)
        self._silence_s = silence_s
        self._back_off_s = tuple(back_off_s)

    async def run(self) -> None:
        """Connect and receive until cancelled; every failure is logged, counted in `health`, and tried again."""
        while True:
            try:
                await self._converse()
            except (OSError, VtpError, FrameError, DeadlineExceeded, _NotTaken, asyncio.IncompleteReadError) as error:
                self.health.last_error = _in_words(error)
            finally:
                self.health.connected = False
            pause_s = self._back_off_s[min(self.health.failures, len(self._back_off_s) - 1)]
            self.health.failures += 1
            log.warning("VTP %s:%d: %s; again in %g s", self.host, self.port, self.health.last_error, pause_s)
            await sleep_async(self._clock, pause_s)

    async def _converse(self) -> None:
        reader, writer = await within(
            self._clock,
            patience(self._clock, CONNECT_S),
            f"connection to {self.host}:{self.port}",
            asyncio.open_connection(self.host, self.port),
        )
        try:
            no_delay(writer)
            self.health.connected = True
            log.info("VTP %s:%d: connected", self.host, self.port)
            while True:
                silence_s = patience(self._clock, self._silence_s)
                packet = await within(self._clock, silence_s, "word from the broker", read_frame(reader))
                await self._receive(packet, writer)
        finally:
            await close_writer(writer)

    async def _receive(self, packet: bytes, writer: asyncio.StreamWriter) -> None:
        self.health.last_packet_monotonic_s = self._clock.monotonic()
        self.health.failures = 0
        try:
            message = read_message(packet)
        except NoticeRefused as refusal:
            self.health.garbage += 1
            log.warning("VTP %s:%d: %d bytes are passed over: %s", self.host, self.port, len(packet), refusal)
            return
        if isinstance(message, Event):
            await self._take(message)
            await self._say(messages.ack(self.local_ivorn, message.ivorn), writer)
            self.health.received += 1
        elif message.role == "iamalive":
            await self._say(messages.echo(self.local_ivorn, message), writer)
        elif message.role == "authenticate":
            await self._say(messages.echo(self.local_ivorn, message, self._filters), writer)
        else:
            log.info("VTP %s:%d: a message of role %r is passed over", self.host, self.port, message.role)

    async def _take(self, event: Event) -> None:
        try:
            await self._on_notice(event.raw)
        except Exception as error:  # whatever failed, the event is not safe and must come again
            log.exception("VTP: event %s was not taken", event.ivorn)
            raise _NotTaken(f"event {event.ivorn} was not taken: {error!r}") from error

    async def _say(self, message: TransportMessage, writer: asyncio.StreamWriter) -> None:
        await write_frame(writer, messages.compose(message, self._clock.now()))


def _in_words(error: Exception) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "the broker closed the connection"
    return str(error) or type(error).__name__
