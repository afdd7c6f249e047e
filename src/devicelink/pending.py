"""A command that was sent and has not ended yet: its acknowledgement, its data, its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from devicelink.errors import Aborted, CommandTimeout, DeviceError, Refused
from devicelink.grammar import ErrorCode, Reply, ReplyKind, Value
from pyros.clock import Clock, Deadline, patience

log = logging.getLogger(__name__)

_NAP_REAL_S = 0.1  # so that a wait notices when the clock's speed changes or a manual clock is moved


class Pending:
    """The caller's end of one request. All methods may be called from any thread.

    `wait` may be called again after a `CommandTimeout`: the request stays pending until it ends or the link is lost.
    """

    def __init__(self, device: str, verb: str, request_id: int, clock: Clock, may_wait: Callable[[], None]) -> None:
        self.device = device
        self.verb = verb
        self.id = request_id
        self._clock = clock
        self._may_wait = may_wait
        self._changed = threading.Condition()
        self._acknowledged = False
        self._eta_s: float | None = None
        self._data: list[Mapping[str, Value]] = []
        self._values: Mapping[str, Value] | None = None
        self._error: DeviceError | None = None
        self._callbacks: list[Callable[[Pending], None]] = []

    @property
    def acknowledged(self) -> bool:
        """Whether the device has accepted it (also true once it ended OK)."""
        return self._acknowledged

    @property
    def eta_s(self) -> float | None:
        """Seconds it would take, told when it was acknowledged; None: not told."""
        return self._eta_s

    @property
    def done(self) -> bool:
        """Whether it has ended, well or badly. Never blocks, never raises."""
        return self._values is not None or self._error is not None

    @property
    def error(self) -> DeviceError | None:
        """Why it ended badly; None while it runs and when it ended well."""
        return self._error

    @property
    def data(self) -> tuple[Mapping[str, Value], ...]:
        """The DATA lines so far."""
        with self._changed:
            return tuple(self._data)

    def wait(self, timeout_s: float) -> Mapping[str, Value]:
        """The values of its OK, within `timeout_s` observatory seconds (with patience for programs).

        Raises `CommandTimeout` (still pending), `Refused`, `Aborted` or `LinkLost`.
        """
        self._wait_for(lambda: self.done, timeout_s, "no final answer")
        if self._error is not None:
            raise self._error.with_traceback(None)
        assert self._values is not None
        return self._values

    def wait_acknowledged(self, timeout_s: float = 2.0) -> float | None:
        """Wait until the device has accepted it; gives `eta_s`. Raises as `wait` does."""
        self._wait_for(lambda: self._acknowledged or self.done, timeout_s, "not acknowledged")
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._eta_s

    def wait_data(self, timeout_s: float) -> Mapping[str, Value]:
        """The first DATA line (a camera's shutter is open). Raises as `wait` does, also when it ends without one."""
        self._wait_for(lambda: bool(self._data) or self.done, timeout_s, "no data")
        with self._changed:
            if self._data:
                return self._data[0]
        if self._error is not None:
            raise self._error.with_traceback(None)
        raise CommandTimeout(self.device, f"{self.verb} ended without data")

    def add_done_callback(self, callback: Callable[[Pending], None]) -> None:
        """Call `callback` when it has ended (at once if it has), in the link's reader: it must not wait."""
        with self._changed:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)

    # --- for the link --------------------------------------------------------------------------------------------

    def receive(self, reply: Reply) -> None:
        """Take in one reply line."""
        if reply.kind is ReplyKind.ERR:
            self.fail(_error(self.device, self.verb, reply))
            return
        with self._changed:
            if reply.kind is ReplyKind.ACK:
                eta = reply.values.get("eta")
                self._eta_s = None if eta is None or isinstance(eta, str) else float(eta)
            elif reply.kind is ReplyKind.DATA:
                self._data.append(reply.values)
            else:
                self._values = reply.values
            self._acknowledged = True
            self._changed.notify_all()
        self._call_back()

    def fail(self, error: DeviceError) -> None:
        """End it badly; what ended already stays as it ended."""
        with self._changed:
            if self.done:
                return
            self._error = error
            self._changed.notify_all()
        self._call_back()

    def _call_back(self) -> None:
        if not self.done:
            return
        with self._changed:
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback(self)
            except Exception:  # another's code must not end the reader of this device
                log.exception("%s: callback at the end of %s failed", self.device, self.verb)

    def _wait_for(self, arrived: Callable[[], bool], timeout_s: float, complaint: str) -> None:
        if arrived():
            return
        self._may_wait()
        deadline = Deadline.after(self._clock, patience(self._clock, timeout_s), self.verb)
        with self._changed:
            while not arrived():
                if deadline.passed:
                    raise CommandTimeout(self.device, f"{self.verb}: {complaint} within {timeout_s:g} s")
                self._changed.wait(min(deadline.remaining_s / self._clock.speed, _NAP_REAL_S))


def _error(device: str, verb: str, reply: Reply) -> DeviceError:
    code = reply.code or ErrorCode.E_INTERNAL
    if code is ErrorCode.E_ABORTED:
        return Aborted(device, f"{verb} was aborted" + (f": {reply.text}" if reply.text else ""))
    if code is ErrorCode.E_TIMEOUT:
        return CommandTimeout(device, f"{verb}: its hardware did not answer in time: {reply.text}")
    return Refused(device, verb, code, reply.text, reply.retry_s)
