"""Runs simulated devices in one asyncio process: starts them, lets the fault plan happen, stops them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pyros.clock import Clock, sleep_async
from simulators import configuration as conf
from simulators.cone_search import ConeSearchServer
from simulators.devices.base import SimulatedDevice
from simulators.devices.control import Control
from simulators.faults import DEVICE_FAULTS, Fault, FaultError, FaultKind, fault_from
from simulators.faulty_wire import FaultyWire

log = logging.getLogger(__name__)

RENDER_THREADS = 2


class PortTaken(Exception):
    """A device cannot listen: its port is in use. Another simulator may be running."""


class Host:
    """The devices of one process.

    Each device listens on its public port itself, or, where faults may come (its name is in the plan, or there is a
    control server), on an inner one behind a `FaultyWire`.
    """

    def __init__(self, configuration: conf.Configuration, clock: Clock, only: Sequence[str] = ()) -> None:
        self._configuration = configuration
        self.entries = conf.chosen(configuration, only)
        self.world, self.scenario, self._moments = conf.make_world(configuration, clock)
        self._executor = ThreadPoolExecutor(RENDER_THREADS, thread_name_prefix="render")
        self._workshop = conf.Workshop(configuration, self.world, self._executor)
        self.devices: dict[str, SimulatedDevice] = {}
        self.ports: dict[str, int] = {}
        self._wires: dict[str, FaultyWire] = {}
        self._catalogues: list[ConeSearchServer] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._counted: list[tuple[Fault, int]] = []
        self._active: list[Fault] = []

    # --- life ----------------------------------------------------------------------------------------------------

    async def start(self, ready: Callable[[str, int], None] = lambda name, port: None) -> None:
        """Start all devices; `ready(name, port)` is told of each.

        Raises `PortTaken`, `ConfigurationError`, `FaultError`.
        """
        here = {entry.name for entry in self.entries}
        for fault in self.scenario.faults:
            self._check(fault)
        for entry in self.entries:
            try:
                port = await self._start_one(entry)
            except OSError as error:
                raise PortTaken(
                    f"{entry.name}: cannot listen on {self._configuration.host}:{entry.port} ({error.strerror}): "
                    "stop the program that uses the port, or give another one"
                ) from None
            self.ports[entry.name] = port
            ready(entry.name, port)
        for device in self.devices.values():
            self._begin(device.run())
        for fault in self.scenario.faults:
            if fault.device in here:
                await self.inject(fault)

    async def stop(self) -> None:
        """Stop everything that runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # cancelled, or logged when it failed
        for wire in self._wires.values():
            await wire.stop()
        for device in self.devices.values():
            await device.stop()
        for catalogue in self._catalogues:
            await asyncio.to_thread(catalogue.stop)
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _start_one(self, entry: conf.DeviceEntry) -> int:
        host = self._configuration.host
        if entry.kind == conf.CONE_SEARCH:
            catalogue = ConeSearchServer(self.world.stars, self._configuration.catalogue_limit_mag)
            port = catalogue.start(host, entry.port)
            self._catalogues.append(catalogue)
            return port
        device = Control(entry.name, self.world, self) if entry.kind == conf.CONTROL else self._workshop.build(entry)
        self.devices[entry.name] = device
        if entry.kind == conf.CONTROL or not self._may_fail(entry.name):
            port = await device.start(host, entry.port)
            self._workshop.runs_here(entry.name, port)
        else:
            inner_port = await device.start("127.0.0.1")
            self._workshop.runs_here(entry.name, inner_port)
            wire = FaultyWire(inner_port, lambda verb, name=entry.name: self._count(name, verb), self.world.seed)  # type: ignore[misc]
            self._wires[entry.name] = wire
            port = await wire.start(host, entry.port)
        return port

    def _may_fail(self, name: str) -> bool:
        controlled = any(entry.kind == conf.CONTROL for entry in self.entries)
        return controlled or any(fault.device == name for fault in self.scenario.faults)

    # --- faults --------------------------------------------------------------------------------------------------

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that run now."""
        return tuple(self._active)

    def parse(self, entry: Mapping[str, object]) -> Fault:
        """A fault from its JSON form. Raises `FaultError`."""
        return fault_from(entry, self._moments)

    async def inject(self, fault: Fault) -> None:
        """Let a fault happen when its time comes. Raises `FaultError` where the device cannot fail so."""
        device = self.devices.get(fault.device)
        if device is None:
            raise FaultError(f"device is {fault.device!r}: running here are {', '.join(self.devices)}")
        fault.check_possible(device.kind)
        if fault.kind not in DEVICE_FAULTS and fault.device not in self._wires:
            raise FaultError(f"{fault.device} has no faulty wire: name it in the scenario or run a control server")
        if fault.after_commands is not None:
            self._counted.append((fault, fault.after_commands))
            return
        now_unix_s = self.world.clock.unix_s()
        run_s = fault.still_to_run_s(now_unix_s)
        over = fault.at_unix_s is not None and fault.at_unix_s < now_unix_s and run_s == 0.0
        if over:
            log.info("fault %s of %s lies in the past: left out", fault.kind, fault.device)
            return
        if fault.at_unix_s is None or fault.at_unix_s <= now_unix_s:
            await self._strike(fault)
            self._begin(self._end_later(fault, run_s))
        else:
            self._begin(self._wait_and_strike(fault))

    def _check(self, fault: Fault) -> None:
        """Refuse a plan at the start of the night and not in the middle of it. Raises `FaultError`."""
        entry = self._configuration.devices.get(fault.device)
        if entry is None:
            known = ", ".join(self._configuration.devices)
            raise FaultError(f"scenario {self.scenario.name}: fault of {fault.device!r}: give one of {known}")
        fault.check_possible(entry.kind)

    async def clear(self) -> None:
        """End all faults that run; those still to come come."""
        for fault in tuple(self._active):
            await self._heal(fault)

    async def _wait_and_strike(self, fault: Fault) -> None:
        assert fault.at_unix_s is not None
        await sleep_async(self.world.clock, fault.at_unix_s - self.world.clock.unix_s())
        await self._strike(fault)
        await self._end_later(fault, fault.for_s)

    async def _end_later(self, fault: Fault, run_s: float | None) -> None:
        """End the fault when its time is over. A drop without a duration is over at once, all else lasts."""
        if run_s is None and fault.kind is not FaultKind.DROP:
            return
        await sleep_async(self.world.clock, run_s or 0.0)
        await self._heal(fault)

    def _count(self, name: str, verb: str) -> None:
        """One more command for a device: start the faults that waited for it."""
        waiting = []
        for fault, left in self._counted:
            if fault.device == name and fault.concerns(verb):
                left -= 1
            if left > 0:
                waiting.append((fault, left))
            else:
                self._begin(self._strike_now(fault))
        self._counted = waiting

    async def _strike_now(self, fault: Fault) -> None:
        await self._strike(fault)
        await self._end_later(fault, fault.for_s)

    async def _strike(self, fault: Fault) -> None:
        log.info("fault %s of %s begins", fault.kind, fault.device)
        device = self.devices[fault.device]
        if fault.kind not in DEVICE_FAULTS:
            await self._wires[fault.device].begin(fault)
        if fault.kind is FaultKind.KILL:
            await device.power_cycle()
        elif fault.kind is FaultKind.JAM:
            device.jam(fault.at_fraction)
        elif fault.kind is FaultKind.FREEZE:
            device.freeze(True)
        elif fault.kind is FaultKind.MISPOINT:
            device.mispoint(fault.offset_deg)
        self._active.append(fault)

    async def _heal(self, fault: Fault) -> None:
        if fault not in self._active:
            return
        log.info("fault %s of %s ends", fault.kind, fault.device)
        self._active.remove(fault)
        device = self.devices[fault.device]
        if fault.kind not in DEVICE_FAULTS:
            await self._wires[fault.device].end(fault)
        elif fault.kind is FaultKind.JAM:
            device.unjam()
        elif fault.kind is FaultKind.FREEZE:
            device.freeze(False)
        elif fault.kind is FaultKind.MISPOINT:
            device.mispoint(0.0)

    def _begin(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a simulated device's own work failed", exc_info=error)
