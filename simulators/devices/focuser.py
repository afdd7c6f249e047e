"""The focuser on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from devicelink.server import Call, CommandFailure, ErrorCode, Value
from pyros.clock import sleep_async
from simulators.devices.base import SimulatedDevice
from simulators.models.focuser import FocuserLimits, FocuserModel
from simulators.world import World


class Focuser(SimulatedDevice):
    """FOCUS. `blur_px` in STATUS is the true defocus, for simulated cameras; a real focuser has no such key."""

    def __init__(self, name: str, world: World, limits: FocuserLimits) -> None:
        super().__init__(name, "focuser", world)
        self.model = FocuserModel(limits)
        self.on("FOCUS", self._focus, keys={"position": int}, motion=True, preempts=True)

    def reading(self) -> Mapping[str, Value]:
        now_s = self.clock.monotonic()
        temperature_c = self.world.story.at(self.clock.unix_s()).temperature_c
        return {
            "position": self.model.position(now_s),
            "moving": self.model.moving(now_s),
            "temperature_c": round(temperature_c, 2),
            "blur_px": round(self.model.blur_px(now_s, temperature_c), 3),
        }

    async def _focus(self, call: Call) -> Mapping[str, Value]:
        try:
            duration_s = self.model.move(call.integer("position"), self.clock.monotonic())
        except ValueError as error:
            raise CommandFailure(ErrorCode.E_RANGE, str(error)) from None
        await call.acknowledge(duration_s)
        try:
            await sleep_async(self.clock, duration_s)
        finally:
            self.model.stop(self.clock.monotonic())
        return {"position": call.integer("position")}
