"""The control server of the simulation: injects faults while it runs. No real observatory has one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from devicelink.server import Call, CommandFailure, ErrorCode, Value
from simulators.devices.base import SimulatedDevice
from simulators.faults import Fault
from simulators.world import World


class FaultInjector(Protocol):
    """What the host offers."""

    @property
    def active(self) -> tuple[Fault, ...]: ...

    def parse(self, entry: Mapping[str, object]) -> Fault: ...

    async def inject(self, fault: Fault) -> None: ...

    async def clear(self) -> None: ...


class Control(SimulatedDevice):
    """FAULT device=mount kind=stall for_s=20 (the keys of a fault in a plan; `values` as JSON text); RESET ends all."""

    def __init__(self, name: str, world: World, injector: FaultInjector) -> None:
        super().__init__(name, "control", world)
        self._injector = injector
        numbers: dict[str, type] = {"for_s": float, "delay_real_s": float, "at_fraction": float, "offset_deg": float}
        texts: dict[str, type] = {"verb": str, "code": str, "text": str, "values": str, "at": str}
        optional = {**numbers, **texts, "after_commands": int}
        self.on("FAULT", self._fault, keys={"device": str, "kind": str}, optional=optional)
        self.on("RESET", self._reset, keys={})

    def reading(self) -> Mapping[str, Value]:
        return {"faults": ", ".join(f"{fault.device}:{fault.kind}" for fault in self._injector.active)}

    async def _fault(self, call: Call) -> Mapping[str, Value]:
        entry: dict[str, object] = dict(call.arguments)
        try:
            if "values" in entry:
                entry["values"] = json.loads(str(entry["values"]))
            fault = self._injector.parse(entry)
            await self._injector.inject(fault)
        except ValueError as error:
            raise CommandFailure(ErrorCode.E_RANGE, str(error)) from None
        return {"device": fault.device, "kind": fault.kind.value}

    async def _reset(self, call: Call) -> Mapping[str, Value]:
        await self._injector.clear()
        return {}
