"""The server side of the grammar, in asyncio: what a simulator, a bridge or a device's own program serves.

Built in: HELLO, PING, STATUS, SUBSCRIBE, BYE, ABORT, STOP; the acknowledgement, ownership by epoch, one motion at a
time, repeated ids, the line limit. A device adds its verbs with `on` and overrides `status`.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
from collections.abc import Callable, Mapping

from devicelink.calls import EPOCH, Call, Command, Handler, checked
from devicelink.connection import Connection, Exchange
from devicelink.errors import CommandFailure
from devicelink.framing import Overlong
from devicelink.grammar import (
    LINE_LIMIT,
    PROTOCOL_VERSION,
    ErrorCode,
    Event,
    GrammarError,
    Request,
    Value,
    format_event,
    parse_request,
)
from devicelink.motion import MotionSlot, Ownership
from devicelink.pixels import PixelServer
from pyros.clock import Clock, now_iso, patience

log = logging.getLogger(__name__)

__all__ = ["Call", "CommandFailure", "DeviceServer", "ErrorCode", "Handler", "Value"]

SHORTEST_PERIOD_REAL_S = 0.1
"""STATUS is sent to a subscriber at most this often, however fast the clock runs."""
_STOP_PATIENCE_S = 10.0


class DeviceServer:
    """One device on one TCP port.

    `name` is the device's name ("T1"), `kind` its kind ("telescope"), both told in HELLO.
    """

    def __init__(self, name: str, kind: str, clock: Clock) -> None:
        self.name = name
        self.kind = kind
        self.clock = clock
        self.port = 0
        self.ownership = Ownership()
        self._motion = MotionSlot()
        self._pixels = PixelServer()
        self._commands: dict[str, Command] = {}
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[Mapping[str, Value]]] = set()
        self._listener: asyncio.Server | None = None
        self._silent = False
        for verb in ("ABORT", "STOP"):
            self._commands[verb] = Command(self._wait_stopped, {}, {"id": int}, aborts=True)
        self._built_in: dict[str, tuple[Command, Callable[[Connection, Call], Mapping[str, Value]]]] = {
            "HELLO": (_declared({"proto": int}, {"client": str}), self._hello),
            "PING": (_declared({}, {"seq": int}), self._ping),
            "STATUS": (_declared({}, {}), lambda _connection, _call: self.full_status()),
            "SUBSCRIBE": (_declared({}, {"period_s": float}), self._subscribe),
            "BYE": (_declared({}, {}), lambda _connection, _call: {}),
        }

    # --- for the device ------------------------------------------------------------------------------------------

    def on(
        self,
        verb: str,
        handler: Handler,
        *,
        keys: Mapping[str, type],
        motion: bool = False,
        optional: Mapping[str, type] | None = None,
        objects: frozenset[str] = frozenset(),
        preempts: bool = False,
    ) -> None:
        """Serve a verb.

        `keys` must be given and `optional` may be: name → float, int, bool or str. Unknown keys are refused with
        E_UNKNOWN, missing ones with E_SYNTAX, NaN and infinity with E_RANGE. A `motion` verb also needs `epoch=`,
        is refused with E_OWNER when it is older than the owner's and with E_BUSY while another motion runs
        (`preempts`: it aborts that one instead), and is cancelled by ABORT: its handler gets CancelledError, stops
        its motor in `finally`, and must end soon. The final OK holds what the handler returns; a handler refuses by
        raising `CommandFailure`.

        A handler for ABORT runs after the running motion has stopped. A handler for STOP replaces the built-in one,
        which is the same as ABORT; it is told nothing of the motion and ends it in its own way (a camera reads out).
        """
        if verb in self._built_in:
            raise ValueError(f"{verb} is built in: override status() instead of serving it")
        if verb == "ABORT":
            self._commands[verb] = Command(
                self._after_stop(handler), keys, {"id": int, **(optional or {})}, objects, aborts=True
            )
            return
        epoch: dict[str, type] = {EPOCH: int} if motion else {}
        self._commands[verb] = Command(handler, {**keys, **epoch}, dict(optional or {}), objects, motion, preempts)

    def status(self) -> Mapping[str, Value]:
        """Override: everything STATUS tells. What is not known is left out."""
        return {}

    async def emit(self, kind: str, /, *words: str, **values: Value) -> None:
        """Send the unsolicited line `* KIND words… key=value…` to all subscribers."""
        line = format_event(Event(kind, words, values))
        for connection in tuple(self._connections):
            if connection.subscribed:
                connection.send(line)

    def offer(self, data: bytes) -> Mapping[str, Value]:
        """Offer pixels for fetching; gives `token port size sha256` for the final OK. The last two offers are kept."""
        return self._pixels.offer(data)

    async def abort_motion(self) -> None:
        """Cancel the running motion and wait until it has stopped, for handlers that must go first (closing a roof)."""
        await self._motion.abort(timeout_real_s=self._stop_patience_real_s)

    def cancel_motion(self) -> None:
        """Begin to abort the running motion, without waiting (power was cut)."""
        self._motion.cancel()

    @property
    def motions(self) -> tuple[str, ...]:
        """The verbs of the motions that run."""
        return self._motion.running

    @property
    def clients(self) -> tuple[str, ...]:
        """Who is connected."""
        return tuple(connection.client for connection in self._connections)

    # --- life ----------------------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, pixel_port: int = 0) -> int:
        """Listen; returns the port (a free one when `port` is 0). Raises OSError when it cannot."""
        self._pixels.configure(host, pixel_port)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, host, port)
        self.port = int(self._listener.sockets[0].getsockname()[1])
        return self.port

    async def stop(self) -> None:
        """Close the port and all connections, and cancel what runs. Ownership is kept; `start` may follow."""
        if self._listener is not None:
            self._listener.close()
        self.drop_clients()
        tasks = tuple(self._tasks)
        self._motion.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # their outcomes were answered or nobody listens
        await self._pixels.stop()
        if self._listener is not None:
            await self._listener.wait_closed()
            self._listener = None

    def drop_clients(self) -> None:
        """Break every connection at once, as a pulled cable does; motions go on."""
        for connection in tuple(self._connections):
            connection.close(at_once=True)

    @property
    def silent(self) -> bool:
        """Set it to True to hang: connections stay open, nothing is read or answered (a fault for simulations)."""
        return self._silent

    @silent.setter
    def silent(self, silent: bool) -> None:
        self._silent = silent
        for connection in self._connections:
            connection.silent = silent

    # --- requests ------------------------------------------------------------------------------------------------

    def _connection(self) -> Connection:
        connection = Connection(self._receive, self._connections.discard)
        connection.silent = self._silent
        self._connections.add(connection)
        return connection

    def _receive(self, connection: Connection, line: str | Overlong) -> None:
        if isinstance(line, Overlong):
            line = line.head + "…"  # not ASCII: refused below, answered to its id
            remedy = f"a line has at most {LINE_LIMIT} bytes"
        elif not line.strip() or line.startswith("PONG"):
            return  # an empty line, or the answer to a PING of ours: a sign of life that asks for nothing
        else:
            remedy = ""
        try:
            request = parse_request(line)
        except GrammarError as error:
            failure = CommandFailure(ErrorCode.E_SYNTAX, remedy or str(error))
            if error.request_id is None:
                connection.send(format_event(Event("ERROR", (failure.code, failure.text[:500]))))
            else:
                Exchange(connection, error.request_id, line).fail(failure)
            return
        try:
            exchange, new = connection.exchange(request.id, line)
        except CommandFailure as failure:
            Exchange(connection, request.id, line).fail(failure)
            return
        if not new:
            exchange.repeat()
            return
        try:
            self._dispatch(connection, exchange, request)
        except CommandFailure as failure:
            exchange.fail(failure)

    def _dispatch(self, connection: Connection, exchange: Exchange, request: Request) -> None:
        """Everything that decides is done here, in the order of arrival; only the work itself is a task."""
        if request.verb in self._built_in:
            self._answer_built_in(connection, exchange, request)
            return
        if (command := self._commands.get(request.verb)) is None:
            known = ", ".join(sorted((*self._built_in, *self._commands)))
            raise CommandFailure(ErrorCode.E_UNKNOWN, f"{request.verb} is unknown to this {self.kind}: {known}")
        call = Call(checked(request, command), connection.client, None, exchange)
        work = functools.partial(_run, command.handler, call)
        if command.motion:
            call.epoch = call.integer(EPOCH)
            self.ownership.admit(call.epoch)
            task = self._motion.start(request.verb, work, preempts=command.preempts)
        else:
            if command.aborts:
                self._motion.cancel(self._targets(connection, call))
            task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        exchange.watch(task)

    def _answer_built_in(self, connection: Connection, exchange: Exchange, request: Request) -> None:
        command, answer = self._built_in[request.verb]
        call = Call(checked(request, command), connection.client, None, exchange)
        try:
            values = answer(connection, call)
        except CommandFailure:
            raise
        except Exception as error:  # status() is the device's own code; the line must survive it
            log.exception("%s of %s failed", request.verb, self.name)
            raise CommandFailure(ErrorCode.E_INTERNAL, f"{type(error).__name__}: {error}") from error
        exchange.succeed(values)
        if request.verb == "BYE":
            connection.close()

    def _targets(self, connection: Connection, call: Call) -> tuple[asyncio.Task[Mapping[str, Value]], ...] | None:
        """What an ABORT means: the motion it names (none when that has ended), or every one."""
        if "id" not in call.arguments:
            return None
        named = connection.exchange_of(call.integer("id"))
        return () if named is None or named.task is None else (named.task,)

    async def _wait_stopped(self, _call: Call) -> Mapping[str, Value]:
        await self._motion.abort((), timeout_real_s=self._stop_patience_real_s)
        return {}

    def _after_stop(self, handler: Handler) -> Handler:
        async def stop_then_handle(call: Call) -> Mapping[str, Value]:
            await self._wait_stopped(call)
            return await handler(call)

        return stop_then_handle

    @property
    def _stop_patience_real_s(self) -> float:
        return patience(self.clock, _STOP_PATIENCE_S) / self.clock.speed

    # --- built-in verbs ------------------------------------------------------------------------------------------

    def full_status(self) -> Mapping[str, Value]:
        """What STATUS answers: the device's own `status()` with its name, kind, owner's epoch and the date."""
        epoch: dict[str, Value] = {} if self.ownership.epoch is None else {EPOCH: self.ownership.epoch}
        return {"name": self.name, "kind": self.kind, "time": now_iso(self.clock), **epoch, **self.status()}

    def _hello(self, connection: Connection, call: Call) -> Mapping[str, Value]:
        if (asked := call.integer("proto")) != PROTOCOL_VERSION:
            raise CommandFailure(ErrorCode.E_RANGE, f"proto is {asked}: this device speaks {PROTOCOL_VERSION}")
        connection.client = call.text("client", connection.client)
        return {"proto": PROTOCOL_VERSION, "name": self.name, "kind": self.kind}

    def _ping(self, _connection: Connection, call: Call) -> Mapping[str, Value]:
        return {**call.arguments, "time": now_iso(self.clock)}

    def _subscribe(self, connection: Connection, call: Call) -> Mapping[str, Value]:
        """Events from now on, and STATUS every `period_s` observatory seconds (0 or left out: events alone)."""
        period_s = call.number("period_s", 0.0)
        if period_s < 0:
            raise CommandFailure(ErrorCode.E_RANGE, f"period_s is {period_s}: give 0 or more")
        connection.subscribed = True
        if connection.subscription is not None:
            connection.subscription.cancel()
            connection.subscription = None
        if period_s > 0:
            connection.subscription = asyncio.get_running_loop().create_task(self._stream(connection, period_s))
        return {"period_s": period_s}

    async def _stream(self, connection: Connection, period_s: float) -> None:
        for sequence in itertools.count(1):
            try:
                line = format_event(Event("STATUS", (), {"seq": sequence, **self.full_status()}))
            except Exception as error:  # as for STATUS asked: told, and the subscription goes on
                log.exception("STATUS of %s failed", self.name)
                line = format_event(Event("ERROR", (ErrorCode.E_INTERNAL, f"STATUS: {type(error).__name__}")))
            connection.send(line)
            await asyncio.sleep(max(period_s / self.clock.speed, SHORTEST_PERIOD_REAL_S))


def _declared(keys: Mapping[str, type], optional: Mapping[str, type]) -> Command:
    """A built-in verb's keys; it is answered at once, without a handler."""
    return Command(_answered_at_once, keys, optional)


async def _answered_at_once(call: Call) -> Mapping[str, Value]:
    raise AssertionError(f"{call.request.verb} is answered where it is received")


async def _run(handler: Handler, call: Call) -> Mapping[str, Value]:
    return await handler(call)
