"""The roll-off roof on the wire. Its motor is wired to the PLC, whose interlock it obeys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from devicelink.server import Call, CommandFailure, ErrorCode, Value
from simulators.devices.base import SimulatedDevice
from simulators.models.roof import RoofMotion, RoofMotor
from simulators.world import World

POLL_REAL_S = 0.01
LATE_S = 15.0
"""How much longer than its travel the roof may take before OPEN and CLOSE end E_HARDWARE."""


class RoofDrive:
    """The motor and its moving parts as the roof's and the PLC's shells share them, on one clock."""

    def __init__(self, world: World, motor: RoofMotor) -> None:
        self.clock = world.clock
        self.motor = motor

    async def open(self, call: Call) -> Mapping[str, Value]:
        """Serve OPEN. Cancelled, it stops an opening roof, but never what another has made of it: a closing one."""
        try:
            return await self._move(+1, call)
        except asyncio.CancelledError:
            if self.motor.state(self.clock.monotonic()).motion is RoofMotion.OPENING:
                self.halt()
            raise

    async def close(self, call: Call) -> Mapping[str, Value]:
        """Serve CLOSE: always allowed."""
        return await self._move(-1, call)

    async def _move(self, direction: int, call: Call) -> dict[str, Value]:
        """Start the motor, acknowledge, and wait until the switch of that side is made; already there: nothing moves.

        Raises `CommandFailure`: E_UNSAFE (interlock; opening only), E_BUSY (opening while it closes), E_ABORTED
        (stopped or turned round on the way), E_HARDWARE (not there in time: stuck; the motor goes on pulling).
        """
        opening = direction > 0
        now_s = self.clock.monotonic()
        if opening:
            if self.motor.inhibit is not None:
                raise CommandFailure(ErrorCode.E_UNSAFE, self.motor.inhibit)
            if self.motor.state(now_s).motion is RoofMotion.CLOSING:
                raise CommandFailure(ErrorCode.E_BUSY, "roof is closing: wait for it, or STOP it first")
        travel_s = self.motor.remaining_s(direction, now_s)
        self.motor.drive(direction, now_s)
        await call.acknowledge(travel_s)
        while True:
            moment_s = self.clock.monotonic()
            state = self.motor.state(moment_s)
            if state.open_switch if opening else state.closed_switch:
                return self.reading()
            place = f"{100 * state.fraction_open:.0f} % open"
            if state.motion is not (RoofMotion.OPENING if opening else RoofMotion.CLOSING):
                raise CommandFailure(ErrorCode.E_ABORTED, f"roof was stopped or turned round at {place}")
            if moment_s > now_s + travel_s + LATE_S:
                switch = "open" if opening else "closed"
                raise CommandFailure(
                    ErrorCode.E_HARDWARE,
                    f"roof is stuck at {place}, {switch} switch not made: command it again or send someone",
                )
            await asyncio.sleep(POLL_REAL_S)

    def halt(self) -> None:
        """Stop the motor where it is."""
        self.motor.drive(0, self.clock.monotonic())

    def reading(self) -> dict[str, Value]:
        """Switches and motion, as STATUS tells them."""
        state = self.motor.state(self.clock.monotonic())
        return {
            "open_switch": state.open_switch,
            "closed_switch": state.closed_switch,
            "moving": state.motion is not RoofMotion.NONE,
            "motion": state.motion.value,
            "percent_open": round(100.0 * state.fraction_open, 1),
        }


class Roof(SimulatedDevice):
    """OPEN (needs `epoch`), CLOSE (always allowed; turns an opening roof round), STOP and ABORT halt it."""

    def __init__(self, name: str, world: World, drive: RoofDrive) -> None:
        super().__init__(name, "dome", world)
        self.drive = drive
        self.on("OPEN", self._open, keys={}, motion=True)
        self.on("CLOSE", self._close, keys={}, optional={"epoch": int})
        self.on("ABORT", self._halt, keys={})
        self.on("STOP", self._stop, keys={})

    async def power_cycle(self) -> None:
        await super().power_cycle()
        self.drive.halt()

    def jam(self, at_fraction: float | None) -> None:
        self.drive.motor.jam(self.clock.monotonic(), at_fraction)

    def unjam(self) -> None:
        self.drive.motor.release(self.clock.monotonic())

    def reading(self) -> Mapping[str, Value]:
        return self.drive.reading()

    async def _open(self, call: Call) -> Mapping[str, Value]:
        return await self.drive.open(call)

    async def _close(self, call: Call) -> Mapping[str, Value]:
        await self.abort_motion()
        return await self.drive.close(call)

    async def _stop(self, call: Call) -> Mapping[str, Value]:
        await self.abort_motion()
        return await self._halt(call)

    async def _halt(self, call: Call) -> Mapping[str, Value]:
        self.drive.halt()
        return {}
