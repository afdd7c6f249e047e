"""The client side: a thread-safe, blocking link to one device, which keeps itself connected.

One reader thread a link opens the line, greets the device, reads its status, and hands each answer to its request
by id. It finds out within two real seconds that the peer is gone, ends every pending request with `LinkLost`, and
tries again with growing pauses. Nothing is ever sent twice by itself.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import TracebackType
from typing import Self

from devicelink.backoff import Backoff
from devicelink.errors import CommandTimeout, LinkLost, ProtocolViolation
from devicelink.framing import LineBuffer, Overlong
from devicelink.grammar import (
    MAX_ID,
    PROTOCOL_VERSION,
    Event,
    GrammarError,
    Request,
    Value,
    format_request,
    parse_answer,
)
from devicelink.heartbeat import Heartbeat, Pulse
from devicelink.pending import Pending
from devicelink.transports import TcpTransport, Transport, TransportError
from pyros.clock import Clock, Deadline, patience

log = logging.getLogger(__name__)

REPLY_WITHIN_S = 2.0
"""How long a command that moves nothing may take."""
_SHORTEST_PAUSE_REAL_S = 0.1
_JOIN_WITHIN_REAL_S = 5.0


class LinkState(StrEnum):
    CLOSED = "CLOSED"  # not wanted
    CONNECTING = "CONNECTING"  # never up so far
    UP = "UP"
    LOST = "LOST"  # was up; the hardware's state is unknown


class DeviceLink:
    """A link to the device called `name` at `host:port`.

    `kind`, when given, must be what the device says it is. `on_event` is called with each unsolicited line (and a
    subscription is made, with STATUS every `status_period_s` if that is above 0); `on_state` with each new state and
    its reason. Both are called in the reader thread: they may `submit` but not wait.

        with DeviceLink("127.0.0.1", 7001, clock, "T1") as link:
            link.wait_up(10.0)
            slew = link.submit("GOTO", ra=83.63, dec=22.01, epoch=7)
            slew.wait(60.0)
    """

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        name: str,
        *,
        kind: str | None = None,
        client: str = "pyros",
        on_event: Callable[[Event], None] | None = None,
        on_state: Callable[[LinkState, str], None] | None = None,
        status_period_s: float = 0.0,
        transport: Transport | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.transport = transport or TcpTransport(host, port)
        self.late_replies = 0
        self.malformed_lines = 0
        self._kind = kind
        self._client = client
        self._on_event = on_event
        self._on_state = on_state
        self._status_period_s = status_period_s
        self._backoff = backoff or Backoff()
        self._lock = threading.Lock()  # the pending table, the ids, the writes
        self._changed = threading.Condition()  # state, reason
        self._state, self._reason = LinkState.CLOSED, "not opened"
        self._greeting: Mapping[str, Value] = {}
        self._first_status: Mapping[str, Value] = {}
        self._pending: dict[int, Pending] = {}
        self._last_id = 0
        self._broken: str | None = None  # what a writer found out; the reader acts on it
        self._reader: threading.Thread | None = None
        self._closing = threading.Event()
        self._wake_read, self._wake_write = -1, -1

    # --- state ---------------------------------------------------------------------------------------------------

    @property
    def state(self) -> LinkState:
        return self._state

    @property
    def reason(self) -> str:
        """Why the link is in its state, in words."""
        return self._reason

    @property
    def greeting(self) -> Mapping[str, Value]:
        """What the device answered to HELLO at the last connection."""
        return self._greeting

    @property
    def status_at_connect(self) -> Mapping[str, Value]:
        """The device's whole status as it was read at the last connection, before any command."""
        return self._first_status

    # --- life ----------------------------------------------------------------------------------------------------

    def open(self) -> Self:
        """Start to connect, and keep connected until `close`. Returns at once; opening twice is the same as once."""
        if self._reader is None:
            self._closing.clear()
            self._wake_read, self._wake_write = os.pipe()
            self._enter(LinkState.CONNECTING, f"connecting to {self.transport.address}")
            self._reader = threading.Thread(target=self._run, name=f"link {self.name}", daemon=True)
            self._reader.start()
        return self

    def close(self) -> None:
        """End the link; what is pending ends with `LinkLost`."""
        reader = self._reader
        if reader is None:
            return
        with self._lock:
            self._closing.set()
            self._wake()
        if reader is not threading.current_thread():
            reader.join(_JOIN_WITHIN_REAL_S)
        with self._lock:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read, self._wake_write = -1, -1
        self._reader = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait_up(self, timeout_s: float) -> None:
        """Wait until the link is up. Raises `LinkLost` with the reason when it is not by then."""
        self._refuse_in_reader()
        deadline = Deadline.after(self.clock, patience(self.clock, timeout_s), "link")
        with self._changed:
            while self._state is not LinkState.UP:
                if deadline.passed or self._state is LinkState.CLOSED:
                    raise LinkLost(self.name, self._reason)
                self._changed.wait(min(deadline.remaining_s / self.clock.speed, 0.1))

    # --- commands ------------------------------------------------------------------------------------------------

    def submit(self, verb: str, object_name: str | None = None, /, **arguments: Value) -> Pending:
        """Send a command and return at once.

        Raises `LinkLost` when the link is not up, `GrammarError` for arguments that cannot be written.
        """
        return self._send(verb, object_name, arguments)

    def request(
        self, verb: str, object_name: str | None = None, /, *, timeout_s: float = REPLY_WITHIN_S, **arguments: Value
    ) -> Mapping[str, Value]:
        """Send a command and wait for its end; gives the values of its OK. An answer after the timeout is dropped.

        Raises `LinkLost`, `Refused`, `Aborted`, `CommandTimeout`, `GrammarError`.
        """
        pending = self.submit(verb, object_name, **arguments)
        try:
            return pending.wait(timeout_s)
        except CommandTimeout:
            with self._lock:
                self._pending.pop(pending.id, None)
            raise

    def _send(
        self, verb: str, object_name: str | None, arguments: Mapping[str, Value], *, by_reader: bool = False
    ) -> Pending:
        with self._lock:
            # Asked under the lock: no command may slip into a new connection before the status was read there.
            if self._state is not LinkState.UP and not by_reader:
                raise LinkLost(self.name, f"{verb} not sent: {self._reason}")
            self._last_id = self._last_id % MAX_ID + 1
            line = format_request(Request(self._last_id, verb, object_name, arguments))
            pending = Pending(self.name, verb, self._last_id, self.clock, self._refuse_in_reader)
            self._pending[pending.id] = pending  # before the write: the answer may be faster than we are
            try:
                self.transport.write(line.encode("ascii") + b"\n")
            except TransportError as error:
                del self._pending[pending.id]
                self._broken = str(error)
                self._wake()
                raise LinkLost(self.name, f"{verb}: {error}") from error
        return pending

    def _wake(self) -> None:
        if self._wake_write >= 0:
            os.write(self._wake_write, b"x")

    def _refuse_in_reader(self) -> None:
        if threading.current_thread() is self._reader:
            raise RuntimeError(f"{self.name}: a callback of the link may not wait: it runs in the thread that reads")

    # --- the reader thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with self._lock:
                    self.transport.open()
                self._converse()
            except (TransportError, GrammarError, LinkLost, ProtocolViolation) as error:
                never_up = self._state is LinkState.CONNECTING
                self._lose(LinkState.CONNECTING if never_up else LinkState.LOST, str(error))
            self._pause(self._backoff.next_s())
        self._lose(LinkState.CLOSED, "link closed")

    def _converse(self) -> None:
        """Greet, read the status, then read until the link breaks or is closed."""
        heart = Heartbeat(self.transport.ping_after_s, self.transport.answer_within_s)
        heart.heard(time.monotonic())
        buffer = LineBuffer()
        watch = select.poll()
        watch.register(self.transport.fileno(), select.POLLIN)
        watch.register(self._wake_read, select.POLLIN)

        def exchange(verb: str, **arguments: Value) -> Mapping[str, Value]:
            pending = self._send(verb, None, arguments, by_reader=True)
            while not pending.done and not self._closing.is_set():
                self._step(watch, buffer, heart)
            if pending.error is not None:
                raise TransportError(str(pending.error))
            return pending.wait(0.0) if pending.done else {}

        greeting = exchange("HELLO", proto=PROTOCOL_VERSION, client=self._client)
        if self._kind is not None and greeting.get("kind") != self._kind and not self._closing.is_set():
            found = f"{greeting.get('kind')} {greeting.get('name')}"
            raise ProtocolViolation(self.name, f"{self.transport.address} is {found}, not a {self._kind}")
        status = exchange("STATUS")
        if self._on_event is not None:
            exchange("SUBSCRIBE", period_s=self._status_period_s)
        self._greeting, self._first_status = greeting, status
        self._backoff.reset()
        self._enter(LinkState.UP, f"connected to {self.transport.address}")
        while not self._closing.is_set():
            self._step(watch, buffer, heart)

    def _step(self, watch: select.poll, buffer: LineBuffer, heart: Heartbeat) -> None:
        """Wait for bytes or for the next heartbeat, and deal with what came. Raises `TransportError` at loss."""
        _, left_s = heart.feel(time.monotonic())
        ready = watch.poll(max(0.0, left_s) * 1000.0 + 1.0)
        if any(fd == self._wake_read for fd, _ in ready):
            os.read(self._wake_read, 64)
        if self._broken is not None:
            raise TransportError(self._broken)
        data = self.transport.read() if any(fd != self._wake_read for fd, _ in ready) else b""
        if data:
            heart.heard(time.monotonic())
            for line in buffer.feed(data):
                self._receive(line)
            return
        pulse, _ = heart.feel(time.monotonic())
        if pulse is Pulse.LOST:
            raise TransportError(f"{self.transport.address} is silent")
        if pulse is Pulse.PING_DUE:
            self._send("PING", None, {}, by_reader=True)
            heart.pinged(time.monotonic())

    def _receive(self, line: str | Overlong) -> None:
        if isinstance(line, Overlong):
            self.malformed_lines += 1
            log.warning("%s: line too long: %s…", self.name, line.head)
            return
        if not line:
            return
        try:
            answer = parse_answer(line)
        except GrammarError as error:
            # Dropped, not fatal: ids keep all other answers apart from it.
            self.malformed_lines += 1
            log.warning("%s: %s", self.name, error)
            return
        if isinstance(answer, Event):
            self._tell(answer)
            return
        with self._lock:
            pending = self._pending.get(answer.id)
            if pending is not None and answer.is_final:
                del self._pending[answer.id]
        if pending is None:
            self.late_replies += 1
            log.info("%s: late answer dropped: %s", self.name, line)
            return
        pending.receive(answer)

    def _tell(self, event: Event) -> None:
        if event.kind == "PING":
            with self._lock:
                self.transport.write(f"PONG seq={event.values.get('seq', 0)}\n".encode("ascii"))
            return
        if event.kind == "ERROR":
            log.warning("%s: %s", self.name, " ".join(event.words))
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception:  # another's code must not end the reader of this device
            log.exception("%s: event callback failed", self.name)

    def _lose(self, state: LinkState, reason: str) -> None:
        with self._lock:
            self.transport.close()
            lost, self._pending = tuple(self._pending.values()), {}
            self._broken = None
        self._enter(state, reason)
        for pending in lost:
            pending.fail(LinkLost(self.name, f"link lost during {pending.verb}, state unknown: {reason}"))

    def _enter(self, state: LinkState, reason: str) -> None:
        with self._changed:
            news = state is not self._state
            self._state, self._reason = state, reason
            self._changed.notify_all()
        if news:
            log.info("%s: %s: %s", self.name, state, reason)
        if news and self._on_state is not None:
            try:
                self._on_state(state, reason)
            except Exception:  # as for events
                log.exception("%s: state callback failed", self.name)

    def _pause(self, pause_s: float) -> None:
        """A pause in observatory seconds, at least a tenth of a real one, cut short by `close`."""
        nap_real_s = _SHORTEST_PAUSE_REAL_S
        while not self._closing.wait(nap_real_s):
            pause_s -= nap_real_s * self.clock.speed
            if pause_s <= 0:
                return
            nap_real_s = min(_SHORTEST_PAUSE_REAL_S, pause_s / self.clock.speed)
