"""The kombu transport: `embedded:////absolute/path/broker.sqlite3`."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import os
import sqlite3
from collections import deque
from typing import Any

from kombu.transport import virtual

from embedded_broker.broker import MAX_DELIVERIES, Broker
from embedded_broker.channel import Channel
from embedded_broker.doorbell import Doorbell
from embedded_broker.errors import BrokerUnavailable
from embedded_broker.files import BrokerFiles
from embedded_broker.hub import POLL_S, HubLink
from pyros.clock import RealClock


class Transport(virtual.Transport):
    """A connection to the broker file.

    `transport_options`: `max_deliveries` (5), after which a message whose work always fails is dead.
    Raises `BadBrokerAddress` for a URL that is not an absolute path.
    """

    Channel = Channel
    driver_type = "embedded"
    driver_name = "sqlite3"
    connection_errors = (*virtual.Transport.connection_errors, BrokerUnavailable)
    implements = virtual.Transport.implements.extend(
        asynchronous=True, exchange_type=frozenset(["direct", "topic", "fanout"])
    )

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        options = client.transport_options
        files = BrokerFiles.at(client.virtual_host)
        self.broker = Broker(files, max_deliveries=int(options.get("max_deliveries", MAX_DELIVERIES)))
        self.pid = os.getpid()
        self.closed = False
        self._clock = RealClock()
        self._doorbell: Doorbell | None = None
        self._link: HubLink | None = None
        self._look = True
        self._turn = 0
        self._polled_at_s = self._clock.monotonic()
        if files.database.parent.is_dir():
            # Now rather than on connection: Celery makes the transport, forks its pool, then connects, and
            # the pool's children must share the lock. An absent folder is told by `establish_connection`.
            _ = self.broker.owner

    @property
    def default_connection_params(self) -> dict[str, Any]:
        """None: a file has no host."""
        return {}

    def driver_version(self) -> str:
        """The version of the SQLite library."""
        return sqlite3.sqlite_version

    def establish_connection(self) -> Transport:
        """Open the file, make it if need be, and recover what dead processes held."""
        self.closed = False
        self.broker.recover()
        super().establish_connection()
        return self

    def close_connection(self, connection: Any) -> None:
        """Give back all that is held and leave. In a forked child: only forget, all of it is the parent's."""
        if self.pid != os.getpid():
            self._abandon()
            return
        self.closed = True
        if self._link is not None:
            self._link.close()
            self._link = None
        super().close_connection(connection)
        if self._doorbell is not None:
            self._doorbell.close()
            self._doorbell = None
        self.broker.close()

    def _abandon(self) -> None:
        self.closed = True
        self._link = None  # its descriptors are in the parent's poller: not to be touched
        for channel in [*self.channels, *self._avail_channels]:
            channel.close()
        self._avail_channels.clear()
        if self._doorbell is not None:
            self._doorbell.close(unlink=False)
            self._doorbell = None

    @property
    def doorbell(self) -> Doorbell:
        """This connection's doorbell, hung up on first need."""
        if self._doorbell is None:
            self.broker.files.make_run_dir()
            self._doorbell = Doorbell(self.broker.files.run_dir, self.broker.owner.id)
        return self._doorbell

    # With an event loop (Celery's worker)

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Deliver from Celery's hub from now on."""
        self.unregister_from_event_loop(connection, loop)
        self._link = HubLink(self, loop)

    def unregister_from_event_loop(self, connection: Any, loop: Any) -> None:
        """Leave Celery's hub."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def look_again(self) -> None:
        """Something may be ready: deliver at the next turn of the loop."""
        self._look = True

    def deliver_round(self) -> bool:
        """Let every channel deliver a batch if there may be something; whether there may be more."""
        if not self._look:
            return False
        self._look = False
        delivered = [channel.deliver() for channel in list(self.channels)]
        if any(delivered):
            self._look = True
        return self._look

    def poll(self) -> None:
        """Once a second: what the doorbell may have missed, the dead, the housekeeping."""
        self._polled_at_s = self._clock.monotonic()
        self.broker.recover()
        self.broker.keep_house()
        self.look_again()

    # Without one

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Deliver one message; raises `socket.timeout` when none came within `timeout` real seconds."""
        end_s = None if timeout is None else self._clock.monotonic() + timeout
        while not self._deliver_one():
            left_s = POLL_S if end_s is None else end_s - self._clock.monotonic()
            if left_s <= 0:
                raise TimeoutError("no message")
            if self.doorbell.wait(min(left_s, POLL_S)):
                self.doorbell.drain()
            if self._clock.monotonic() >= self._polled_at_s + POLL_S:
                self.poll()

    def _deliver_one(self) -> bool:
        channels = deque(self.channels)
        channels.rotate(-self._turn)  # so that none starves
        self._turn = (self._turn + 1) % max(1, len(channels))
        return any(channel.deliver(1) for channel in channels)
