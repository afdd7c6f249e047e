"""The PLC: weather and site readings, the roof's switches, and the watchdog that closes the roof by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from devicelink.server import Call, Value
from pyros.clock import patience
from simulators.devices.base import SimulatedDevice
from simulators.devices.roof import RoofDrive
from simulators.devices.weather import Sensors
from simulators.models.roof import RoofMotion
from simulators.world import World

NO_HEARTBEAT_YET = "the PLC has had no heartbeat: send HEARTBEAT to arm its watchdog, then open"
HEARTBEAT_LOST = "the PLC's watchdog has closed the roof: no heartbeat; send HEARTBEAT again, then open"


class Plc(SimulatedDevice):
    """HEARTBEAT, OPEN, CLOSE, LAMP.

    The watchdog is armed by the first HEARTBEAT. When none comes for `heartbeat_loss_s` the PLC closes the roof by
    itself, keeps closing it whatever stops the motor, and refuses to open until the next one. Before the first
    heartbeat the roof cannot be opened either: an observatory without its guardian stays shut. Under a fast clock
    the sender is given real seconds (`patience`), because programs do not run faster with the clock.
    """

    def __init__(self, name: str, world: World, drive: RoofDrive | None, heartbeat_loss_s: float = 30.0) -> None:
        super().__init__(name, "plc", world)
        self.sensors = Sensors(name, world, sample_period_s=1.0)
        self.drive = drive
        self.lamp = False
        self.heartbeat_loss_s = heartbeat_loss_s
        self._heartbeats = 0
        self._last_heartbeat_s: float | None = None
        self._tripped = False
        self.on("HEARTBEAT", self._heartbeat, keys={}, optional={"seq": int})
        self.on("LAMP", self._lamp, keys={"on": bool})
        if drive is not None:
            drive.motor.inhibit = NO_HEARTBEAT_YET
            self.on("OPEN", self._open, keys={}, motion=True)
            self.on("CLOSE", self._close, keys={}, optional={"epoch": int})

    async def power_cycle(self) -> None:
        await super().power_cycle()
        self.lamp = False
        self._last_heartbeat_s, self._tripped = None, False
        if self.drive is not None:
            self.drive.motor.inhibit = NO_HEARTBEAT_YET

    def freeze(self, frozen: bool) -> None:
        self.sensors.freeze(frozen)

    @property
    def watchdog(self) -> str:
        """OFF (no heartbeat yet), ARMED or TRIPPED."""
        if self._tripped:
            return "TRIPPED"
        return "OFF" if self._last_heartbeat_s is None else "ARMED"

    def reading(self) -> Mapping[str, Value]:
        _, _, conditions = self.sensors.newest()
        beat: dict[str, Value] = {}
        if self._last_heartbeat_s is not None:
            beat = {"heartbeat_age_s": round(self.clock.monotonic() - self._last_heartbeat_s, 1)}
        return {
            **self.sensors.reading(),
            "mains": conditions.mains,
            "ups_percent": round(conditions.ups_percent, 1),
            "door": conditions.door_open,
            "lamp": self.lamp,
            **(self.drive.reading() if self.drive is not None else {}),
            "watchdog": self.watchdog,
            "heartbeats": self._heartbeats,
            **beat,
        }

    async def run(self) -> None:
        """The watchdog. It looks twenty times a real second, so that a fast clock does not make it late."""
        while True:
            await self.watch()
            await asyncio.sleep(0.05)

    async def watch(self) -> None:
        """One look: trip when the heartbeat is too old, and keep the roof closing while tripped."""
        if self._last_heartbeat_s is None or self.drive is None:
            return
        now_s = self.clock.monotonic()
        if not self._tripped and now_s - self._last_heartbeat_s > patience(self.clock, self.heartbeat_loss_s):
            self._tripped = True
            self.drive.motor.inhibit = HEARTBEAT_LOST
            await self.emit(
                "ALARM", "HEARTBEAT_LOST", f"no heartbeat for {self.heartbeat_loss_s:g} s: closing the roof"
            )
        if self._tripped:
            state = self.drive.motor.state(now_s)
            if not state.closed_switch and state.motion is not RoofMotion.CLOSING:
                self.drive.motor.drive(-1, now_s)

    async def _heartbeat(self, call: Call) -> Mapping[str, Value]:
        self._heartbeats += 1
        self._last_heartbeat_s = self.clock.monotonic()
        if self.drive is not None:
            self.drive.motor.inhibit = None
        if self._tripped:
            self._tripped = False
            await self.emit("ALARM", "HEARTBEAT_BACK", "heartbeat is back: the roof may be opened by command")
        return {"watchdog": self.watchdog, "heartbeats": self._heartbeats}

    async def _lamp(self, call: Call) -> Mapping[str, Value]:
        self.lamp = call.flag("on")
        return {"lamp": self.lamp}

    async def _open(self, call: Call) -> Mapping[str, Value]:
        assert self.drive is not None
        return await self.drive.open(call)

    async def _close(self, call: Call) -> Mapping[str, Value]:
        assert self.drive is not None
        await self.abort_motion()
        return await self.drive.close(call)
