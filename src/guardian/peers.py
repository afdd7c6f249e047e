"""A device as the guardian talks to it: two threads a device, so that a dead line blocks nothing else.

One thread asks STATUS again and again, the other gives the orders. The guardian's loop only puts orders into a queue
and takes away what has come; it never waits for a line.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from devicelink.errors import DeviceError, LinkLost
from devicelink.grammar import Value
from devicelink.link import DeviceLink, LinkState
from devicelink.pending import Pending
from pyros.clock import Clock

ANSWER_S = 2.0
"""What a device is given to answer (default command reply)."""
_MOST_UNANSWERED: Mapping[str, int] = MappingProxyType({"HEARTBEAT": 8})
"""Orders that are not sent any more while so many are unanswered. CLOSE is none of them: it is repeated for ever."""
_MOST_KEPT = 256

ArgumentsMaker = Callable[[Mapping[str, Value]], Mapping[str, Value] | None]
"""Makes the arguments of an order from the device's last status; None means that the order is not needed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One answer to STATUS. `asked_s` is when it was asked for: its values are at least as young as that."""

    values: Mapping[str, Value]
    asked_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """How an order ended: `outcome` is "ok" or the device's or the line's own words."""

    verb: str
    outcome: str


@dataclass(slots=True)
class News:
    """What has come since the last `collect`."""

    snapshots: list[Snapshot] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    contact_s: float | None = None
    """When the device last answered STATUS, ever."""
    last: Mapping[str, Value] | None = None
    """Its last status since the link came up; None when the link is down."""
    trouble: str | None = None
    """Why STATUS does not come; None when it does."""
    answered: Mapping[str, int] = field(default_factory=dict)
    """Orders that ended ok so far, by verb."""


class Peer:
    """One device. `start` once, `order` and `collect` from the loop, `stop` at the end."""

    def __init__(self, name: str, host: str, port: int, clock: Clock, poll_real_s: Callable[[], float]) -> None:
        self.name = name
        self._clock = clock
        self._poll_real_s = poll_real_s
        self._stopping = threading.Event()
        self._orders: queue.SimpleQueue[tuple[str, ArgumentsMaker] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._snapshots: deque[Snapshot] = deque(maxlen=_MOST_KEPT)
        self._answers: deque[Answer] = deque(maxlen=_MOST_KEPT)
        self._contact_s: float | None = None
        self._last: Mapping[str, Value] | None = None
        self._trouble: str | None = "not connected yet"
        self._answered: dict[str, int] = {}
        self._unanswered: dict[str, int] = {}
        self._link = DeviceLink(host, port, clock, name, client="guardian", on_state=self._link_changed)
        self._threads = [
            threading.Thread(target=self._poll, name=f"{name}-status", daemon=True),
            threading.Thread(target=self._command, name=f"{name}-orders", daemon=True),
        ]

    def start(self) -> None:
        """Begin to connect and to ask; returns at once."""
        self._link.open()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads and the link; what is on its way is not waited for."""
        self._stopping.set()
        self._orders.put(None)
        self._link.close()

    def order(self, verb: str, arguments: ArgumentsMaker | None = None) -> None:
        """Have a command sent; a link that is down gives an answer with the trouble."""
        self._orders.put((verb, arguments or _no_arguments))

    def collect(self) -> News:
        """What has come since the last time."""
        with self._lock:
            news = News(
                snapshots=list(self._snapshots),
                answers=list(self._answers),
                contact_s=self._contact_s,
                last=self._last,
                trouble=self._trouble,
                answered=dict(self._answered),
            )
            self._snapshots.clear()
            self._answers.clear()
        return news

    def _poll(self) -> None:
        while not self._stopping.is_set():
            asked_s = self._clock.monotonic()
            try:
                values = self._link.request("STATUS", timeout_s=ANSWER_S)
            except LinkLost as error:
                self._note_trouble(str(error), link_is_down=True)
            except DeviceError as error:
                self._note_trouble(str(error), link_is_down=False)
            else:
                with self._lock:
                    self._snapshots.append(Snapshot(values, asked_s))
                    self._contact_s, self._last, self._trouble = asked_s, values, None
            self._stopping.wait(self._poll_real_s())

    def _link_changed(self, state: LinkState, reason: str) -> None:
        """What was read before a break is no knowledge after it, however short the break was."""
        if state is not LinkState.UP:
            self._note_trouble(reason, link_is_down=True)

    def _note_trouble(self, trouble: str, *, link_is_down: bool) -> None:
        with self._lock:
            self._trouble = trouble
            if link_is_down:
                self._last = None

    def _command(self) -> None:
        while (order := self._orders.get()) is not None:
            verb, make_arguments = order
            with self._lock:
                last = self._last
                waiting = self._unanswered.get(verb, 0)
            arguments = make_arguments(last or {})
            if arguments is None or waiting >= _MOST_UNANSWERED.get(verb, waiting + 1):
                continue
            try:
                pending = self._link.submit(verb, None, **arguments)
            except DeviceError as error:
                self._note_answer(verb, str(error))
                continue
            with self._lock:
                self._unanswered[verb] = self._unanswered.get(verb, 0) + 1
            pending.add_done_callback(self._ended)

    def _ended(self, pending: Pending) -> None:
        with self._lock:
            self._unanswered[pending.verb] -= 1
        self._note_answer(pending.verb, "ok" if pending.error is None else str(pending.error))

    def _note_answer(self, verb: str, outcome: str) -> None:
        with self._lock:
            if outcome == "ok":
                self._answered[verb] = self._answered.get(verb, 0) + 1
            self._answers.append(Answer(verb, outcome))


def _no_arguments(_status: Mapping[str, Value]) -> Mapping[str, Value]:
    return {}
