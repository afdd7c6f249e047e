"""The telescope's mount on the wire."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from devicelink.server import Call, CommandFailure, ErrorCode, Value
from pyros.clock import sleep_async
from simulators.devices.base import SimulatedDevice
from simulators.models.mount import Activity, MountLimits, MountModel, MountRefusal
from simulators.models.noise import gaussian
from simulators.world import World

SERVO_ERROR_ARCSEC = 0.3


class Mount(SimulatedDevice):
    """GOTO, TRACK, OFFSET, PARK, UNPARK.

    STATUS tells where the mount believes to point (ra, dec). `sky_ra` and `sky_dec` tell where it truly points: its
    pointing model is wrong by some arcseconds, another amount at each GOTO. They are for simulated cameras; a real
    mount has no such keys, and no driver should read them.
    """

    def __init__(self, name: str, world: World, limits: MountLimits, pointing_error_arcsec: float = 4.0) -> None:
        super().__init__(name, "telescope", world)
        self.model = MountModel(world.to_altaz, world.to_radec, limits)
        self._pointing_error_arcsec = pointing_error_arcsec
        self._gotos = 0
        self._error_arcsec = (0.0, 0.0)
        self._mispointed_arcsec = 0.0
        self._was_tracking = False
        position = {"ra": float, "dec": float}
        self.on("GOTO", self._goto, keys=position, optional={"frame": str}, motion=True, preempts=True)
        self.on("OFFSET", self._offset, keys={"dra_arcsec": float, "ddec_arcsec": float}, motion=True)
        self.on("PARK", self._park, keys={}, motion=True, preempts=True)
        self.on("UNPARK", self._unpark, keys={}, optional={"epoch": int})
        self.on("STOP", self._stop, keys={})
        self.on("TRACK", self._track, keys={"on": bool}, optional={"epoch": int})

    async def power_cycle(self) -> None:
        await super().power_cycle()
        self.model.power_cycle(self.clock.unix_s())

    def mispoint(self, offset_deg: float) -> None:
        """A pointing error: the tube looks this far north of where the mount believes; 0 ends it."""
        self._mispointed_arcsec = 3600.0 * offset_deg

    def reading(self) -> Mapping[str, Value]:
        state = self.model.state(self.clock.unix_s())
        sky_ra_deg, sky_dec_deg = self._true(state.ra_deg, state.dec_deg)
        target: dict[str, Value] = {}
        if state.target_ra_deg is not None and state.target_dec_deg is not None:
            target = {"target_ra": state.target_ra_deg, "target_dec": state.target_dec_deg}
        return {
            "ra": round(state.ra_deg, 6),
            "dec": round(state.dec_deg, 6),
            "alt": round(state.altitude_deg, 4),
            "az": round(state.azimuth_deg, 4),
            "moving": state.moving,
            "tracking": state.tracking,
            "parked": state.activity is Activity.PARKED,
            "at_target": state.at_target,
            "activity": state.activity.value,
            **target,
            "sky_ra": round(sky_ra_deg, 6),
            "sky_dec": round(sky_dec_deg, 6),
        }

    async def run(self) -> None:
        """Tell subscribers when tracking ends at the altitude limit, which the mount does by itself."""
        while True:
            state = self.model.state(self.clock.unix_s())
            if self._was_tracking and state.activity is Activity.IDLE:
                at_limit = state.altitude_deg <= self.model.limits.lowest_altitude_deg + 0.01
                if at_limit:
                    await self.emit("ALARM", "ALTITUDE_LIMIT", "tracking stopped at the altitude limit")
            self._was_tracking = state.tracking
            await asyncio.sleep(0.2)

    async def _goto(self, call: Call) -> Mapping[str, Value]:
        frame = call.text("frame", "icrs")
        if frame != "icrs":
            raise CommandFailure(ErrorCode.E_RANGE, f"frame is {frame}: this mount takes icrs only")
        ra_deg, dec_deg = call.number("ra"), call.number("dec")
        if not (0.0 <= ra_deg < 360.0 and -90.0 <= dec_deg <= 90.0):
            raise CommandFailure(ErrorCode.E_RANGE, f"ra={ra_deg} dec={dec_deg}: give 0 <= ra < 360, -90 <= dec <= 90")
        try:
            duration_s = self.model.goto(ra_deg, dec_deg, self.clock.unix_s())
        except MountRefusal as refusal:
            raise _failure(refusal) from None
        self._gotos += 1
        key = (self.world.seed, self.name, self._gotos)
        self._error_arcsec = (
            self._pointing_error_arcsec * gaussian(*key, "ra"),
            self._pointing_error_arcsec * gaussian(*key, "dec"),
        )
        return await self._move(call, duration_s)

    async def _offset(self, call: Call) -> Mapping[str, Value]:
        try:
            duration_s = self.model.offset(call.number("dra_arcsec"), call.number("ddec_arcsec"), self.clock.unix_s())
        except MountRefusal as refusal:
            raise _failure(refusal) from None
        return await self._move(call, duration_s)

    async def _park(self, call: Call) -> Mapping[str, Value]:
        await self._move(call, self.model.park(self.clock.unix_s()))
        return {"parked": True}

    async def _unpark(self, call: Call) -> Mapping[str, Value]:
        self._own(call)
        self.model.unpark(self.clock.unix_s())
        return {"parked": False}

    async def _track(self, call: Call) -> Mapping[str, Value]:
        self._own(call)
        try:
            self.model.track(call.flag("on"), self.clock.unix_s())
        except MountRefusal as refusal:
            raise _failure(refusal) from None
        return {"tracking": call.flag("on")}

    async def _stop(self, call: Call) -> Mapping[str, Value]:
        """Stand still: end a slew and tracking alike (ABORT ends a slew alone)."""
        await self.abort_motion()
        self.model.stop(self.clock.unix_s())
        return {}

    def _own(self, call: Call) -> None:
        """Honour an epoch where the verb does not need one."""
        if "epoch" in call.arguments:
            self.ownership.admit(call.integer("epoch"))

    async def _move(self, call: Call, duration_s: float) -> Mapping[str, Value]:
        await call.acknowledge(duration_s)
        arrived = False
        try:
            end_unix_s = self.clock.monotonic() + duration_s
            while (left_s := end_unix_s - self.clock.monotonic()) > 0:
                await sleep_async(self.clock, left_s)
            arrived = True
        finally:
            if not arrived:
                self.model.stop(self.clock.unix_s())
        state = self.model.state(self.clock.unix_s())
        return {"ra": round(state.ra_deg, 6), "dec": round(state.dec_deg, 6), "err_arcsec": SERVO_ERROR_ARCSEC}

    def _true(self, ra_deg: float, dec_deg: float) -> tuple[float, float]:
        east, north = self._error_arcsec
        north += self._mispointed_arcsec
        true_dec_deg = max(-90.0, min(90.0, dec_deg + north / 3600.0))
        return (ra_deg + east / 3600.0 / max(1e-6, math.cos(math.radians(dec_deg)))) % 360.0, true_dec_deg


def _failure(refusal: MountRefusal) -> CommandFailure:
    return CommandFailure(ErrorCode(refusal.code), str(refusal))
