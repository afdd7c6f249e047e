"""The transport in Celery's event loop: woken by the doorbell, by deaths of other processes, and once a second."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from kombu.log import get_logger

from embedded_broker.doorbell import Ring
from embedded_broker.ownership import Owner, boot_id

if TYPE_CHECKING:
    from embedded_broker.transport import Transport

logger = get_logger(__name__)

POLL_S = 1.0
_FIRST_RECHECK_S = 0.005


class HubLink:
    """One connection's registrations in one event loop; `close` takes them all back."""

    def __init__(self, transport: Transport, loop: Any) -> None:
        self._transport = transport
        self._loop = loop
        self._watched: dict[str, int] = {}  # pidfd by owner: readable when that process has ended
        self._doorbell = transport.doorbell
        self._timer = loop.call_repeatedly(POLL_S, self._poll)
        loop.add_reader(self._doorbell.fileno(), self._rung)
        loop.on_tick.add(self._tick)
        self._watch_others()
        transport.look_again()

    def close(self) -> None:
        """Leave the loop."""
        self._loop.on_tick.discard(self._tick)
        self._timer.cancel()
        self._loop.remove_reader(self._doorbell.fileno())
        for owner_id in list(self._watched):
            self._unwatch(owner_id)

    def _tick(self) -> None:
        """Before each wait of the loop: deliver if there may be something to deliver."""
        if self._transport.deliver_round():
            # The loop is about to sleep, and there may be more.
            self._transport.broker.ring_self(self._doorbell.name)

    def _rung(self) -> None:
        if Ring.OWNER in self._doorbell.drain():
            self._watch_others()
        self._transport.look_again()

    def _poll(self) -> None:
        self._transport.poll()
        self._watch_others()

    def _watch_others(self) -> None:
        others = {owner.id: owner for owner in self._transport.broker.others()}
        for gone in self._watched.keys() - others.keys():
            self._unwatch(gone)
        for owner in others.values():
            if owner.id not in self._watched and owner.boot_id == boot_id():
                self._watch(owner)

    def _watch(self, owner: Owner) -> None:
        if not hasattr(os, "pidfd_open"):
            return  # not Linux: the poll finds the dead
        try:
            descriptor = os.pidfd_open(owner.pid)
        except ProcessLookupError:
            return  # dead already; its lock is looked at once a second
        except OSError as error:
            logger.debug("cannot watch process %s: %s", owner.pid, error.strerror)
            return
        self._watched[owner.id] = descriptor
        self._loop.add_reader(descriptor, self._died, owner)

    def _unwatch(self, owner_id: str) -> None:
        descriptor = self._watched.pop(owner_id)
        self._loop.remove_reader(descriptor)
        os.close(descriptor)

    def _died(self, owner: Owner, recheck_s: float = _FIRST_RECHECK_S) -> None:
        if owner.id in self._watched:
            self._unwatch(owner.id)
        if self._transport.closed:
            return
        if self._transport.broker.recover([owner]):
            self._transport.look_again()
        elif recheck_s < POLL_S:
            # Its forked children end a moment later; or an orphan goes on, keeps what it holds, and is
            # left to the poll.
            self._loop.call_later(recheck_s, self._died, owner, 2 * recheck_s)
