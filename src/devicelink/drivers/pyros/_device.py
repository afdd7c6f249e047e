"""What all drivers of the PyROS grammar share: the link, connecting, pinging, INIT, ABORT."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from devicelink.drivers.pyros._reading import Reading
from devicelink.grammar import Event
from devicelink.link import DeviceLink, LinkState
from devicelink.transports import Transport
from pyros.clock import Clock

STOPPED_WITHIN_S = 15.0
"""ABORT and STOP are answered when the motion has stopped; a heavy mount needs its time."""


class PyrosDevice:
    """Implements `devicelink.interfaces.Device`.

    Give `host` and `port`, or a `transport` (a serial line), or the `link` of another driver of the same box, which
    is then shared. `on_event` and `on_state` are called in the link's reader thread and must not wait.
    """

    KIND: ClassVar[str]
    """What the device must call itself."""

    def __init__(
        self,
        *,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str | None = None,
        transport: Transport | None = None,
        link: DeviceLink | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_state: Callable[[LinkState, str], None] | None = None,
        status_period_s: float = 0.0,
    ) -> None:
        self.clock = clock
        self.host = host
        self.link = link or DeviceLink(
            host,
            port,
            clock,
            name or f"{self.KIND} at {host}:{port}",
            kind=self.KIND,
            on_event=on_event,
            on_state=on_state,
            status_period_s=status_period_s,
            transport=transport,
        )
        self._name = name or self.link.name

    @property
    def name(self) -> str:
        return self._name

    @property
    def connected(self) -> bool:
        return self.link.state is LinkState.UP

    @property
    def connection_reason(self) -> str:
        return self.link.reason

    def connect(self, timeout_s: float | None = None) -> None:
        self.link.open()
        if timeout_s is not None:
            self.link.wait_up(timeout_s)

    def disconnect(self) -> None:
        self.link.close()

    def ping(self) -> datetime:
        return Reading(self.name, self.link.request("PING")).date("time")

    def initialise(self, timeout_s: float) -> None:
        self.link.request("INIT", timeout_s=timeout_s)

    def _status(self) -> Reading:
        return Reading(self.name, self.link.request("STATUS"))

    def _abort(self) -> None:
        self.link.request("ABORT", timeout_s=STOPPED_WITHIN_S)
