"""A tiny observatory on the wire: a PLC with its roof, and a mount, served from a thread of the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from devicelink.grammar import Value
from devicelink.server import Call, DeviceServer
from pyros.clock import Clock, SharedClock, sleep_async

TRAVEL_S = 60.0
MIDNIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)  # 00:18 local mean time at San Pedro Martir


class HutPlc(DeviceServer):
    """The roof moves at a constant rate; its switches tell its true position."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("plc", "plc", clock)
        self.weather: dict[str, Value] = {"rain": 0, "wind_mps": 5.0, "humidity_percent": 40.0, "mains": 1}
        self.heartbeats = 0
        self.closes: list[float] = []
        self._open_fraction = 1.0
        self._closing_since_s: float | None = None
        self.jammed = False
        self.on("HEARTBEAT", self._heartbeat, keys={})
        self.on("CLOSE", self._close, keys={}, optional={"epoch": int})

    @property
    def open_fraction(self) -> float:
        if self._closing_since_s is None or self.jammed:
            return self._open_fraction
        return max(0.0, self._open_fraction - (self.clock.monotonic() - self._closing_since_s) / TRAVEL_S)

    def open_by_hand(self) -> None:
        self._open_fraction, self._closing_since_s = 1.0, None

    def status(self) -> Mapping[str, Value]:
        fraction = self.open_fraction
        return {
            **self.weather,
            "open_switch": int(fraction >= 1.0),
            "closed_switch": int(fraction <= 0.0),
            "sample_age_s": 0.5,
        }

    async def _heartbeat(self, call: Call) -> Mapping[str, Value]:
        self.heartbeats += 1
        return {}

    async def _close(self, call: Call) -> Mapping[str, Value]:
        self.closes.append(self.clock.monotonic())
        if self._closing_since_s is None:
            self._closing_since_s = self.clock.monotonic()
        await call.acknowledge(TRAVEL_S)
        while self.open_fraction > 0.0:
            await asyncio.sleep(0.01)
        return {}


class HutMount(DeviceServer):
    """Parks in 5 s unless it is stuck; the run with epoch 7 owns it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("mount", "telescope", clock)
        self.activity = "TRACKING"
        self.stuck = False
        self.parks = 0
        self.ownership.admit(7)
        self.on("PARK", self._park, keys={}, motion=True, preempts=True)

    def status(self) -> Mapping[str, Value]:
        return {
            "activity": self.activity,
            "parked": int(self.activity == "PARKED"),
            "moving": int(self.activity == "PARKING"),
        }

    async def _park(self, call: Call) -> Mapping[str, Value]:
        self.parks += 1
        if not self.stuck:
            self.activity = "PARKING"
            await sleep_async(self.clock, 5.0)
            self.activity = "PARKED"
        return {}


class Hut:
    """Runs the servers; `do` carries a change into their thread."""

    def __init__(self, folder: Path, speed: float) -> None:
        self.clock = SharedClock.create(folder / "clock", MIDNIGHT, speed)
        self.folder = folder
        self.plc = HutPlc(self.clock)
        self.mount = HutMount(self.clock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for device in (self.plc, self.mount):
            asyncio.run_coroutine_threadsafe(device.start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for device in (self.plc, self.mount):
            asyncio.run_coroutine_threadsafe(device.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, change: Callable[[], object]) -> None:
        async def changed() -> None:
            change()

        asyncio.run_coroutine_threadsafe(changed(), self._loop).result(10)

    def stop_plc(self) -> None:
        asyncio.run_coroutine_threadsafe(self.plc.stop(), self._loop).result(10)

    def start_plc(self) -> None:
        asyncio.run_coroutine_threadsafe(self.plc.start(port=self.plc.port), self._loop).result(10)

    @property
    def configuration(self) -> dict[str, object]:
        return {
            "clock": {"kind": "shared", "path": str(self.folder / "clock")},
            "site": {"name": "SPM", "latitude_deg": 31.044, "longitude_deg": -115.464, "elevation_m": 2800},
            "plc": {"name": "plc", "port": self.plc.port},
            "mount": {"port": self.mount.port},
            "status_path": str(self.folder / "status.json"),
            "events_path": str(self.folder / "events.jsonl"),
            "request_path": str(self.folder / "request.json"),
        }
