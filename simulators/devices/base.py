"""What all simulated devices have in common besides the grammar: INIT, loss of power, frozen sensors, jams."""

from __future__ import annotations

from collections.abc import Mapping

from devicelink.server import Call, DeviceServer, Value
from simulators.world import World


class SimulatedDevice(DeviceServer):
    """A device server in a simulated world. Subclasses add verbs in their constructor and override `reading`."""

    def __init__(self, name: str, kind: str, world: World) -> None:
        super().__init__(name, kind, world.clock)
        self.world = world
        self.initialised = False
        self.on("INIT", self._init, keys={})

    # --- for the host and the fault plan -------------------------------------------------------------------------

    async def run(self) -> None:
        """Override: what the device does by itself until cancelled (a watchdog). Nothing by default."""

    async def power_cycle(self) -> None:
        """Power went and came back: what was running is gone, INIT is needed. Subclasses add what they lose."""
        await self.abort_motion()
        self.initialised = False

    def jam(self, at_fraction: float | None) -> None:
        """Override where `faults.DEVICE_FAULTS` says so: the mechanism sticks."""
        raise NotImplementedError

    def unjam(self) -> None:
        """End of the jam."""
        raise NotImplementedError

    def freeze(self, frozen: bool) -> None:
        """Override: sensors stop (or go on): values stay, their age grows."""
        raise NotImplementedError

    def mispoint(self, offset_deg: float) -> None:
        """Override: the tube points elsewhere than the mount believes."""
        raise NotImplementedError

    # --- the wire ------------------------------------------------------------------------------------------------

    def reading(self) -> Mapping[str, Value]:
        """Override: the device's own part of STATUS."""
        return {}

    def status(self) -> Mapping[str, Value]:
        return {"initialised": self.initialised, **self.reading()}

    async def _init(self, call: Call) -> Mapping[str, Value]:
        self.initialised = True
        return {"initialised": True}
