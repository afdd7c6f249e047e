"""A camera with its cooler and its filter wheel, on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from enum import StrEnum

from devicelink.server import Call, CommandFailure, ErrorCode, Value
from ephemeris import separation_deg
from pyros.clock import sleep_async
from simulators.devices.base import SimulatedDevice
from simulators.devices.exposure import Optics, Shot, render
from simulators.devices.surroundings import Surroundings, View
from simulators.devices.weather import iso_of
from simulators.models.cooler import Cooler, CoolerLimits
from simulators.sky.bands import band
from simulators.sky.detector import Detector, DetectorDesign
from simulators.world import World

LONGEST_EXPOSURE_S = 3600.0
BINNINGS = (1, 2, 4)
STUCK_AFTER_S = 20.0
_SHUTTER_OPEN = {"LIGHT": True, "FLAT": True, "BIAS": False, "DARK": False}


class CameraActivity(StrEnum):
    IDLE = "IDLE"
    EXPOSING = "EXPOSING"
    READING = "READING"


@dataclass(frozen=True)
class CameraDesign:
    """One camera as configured."""

    detector: DetectorDesign
    optics: Optics
    filters: Sequence[str]
    readout_s: float = 2.0
    wheel_move_s: float = 2.0
    cooler: CoolerLimits = field(default_factory=CoolerLimits)


class Camera(SimulatedDevice):
    """EXPOSE, ABORT (no readout), STOP (end early, read out), COOL, WARM, FILTER.

    Wheel positions count from 0, in the order of `filters`; EXPOSE takes a filter by name. The final OK of EXPOSE
    flags `trailed` when the mount moved meanwhile (the image then shows the field of the start, not the trail).
    Frames are drawn in a thread of `executor`, so that answers are never late.
    """

    def __init__(
        self, name: str, world: World, design: CameraDesign, surroundings: Surroundings, executor: Executor
    ) -> None:
        super().__init__(name, "camera", world)
        if not design.filters:
            raise ValueError(f"camera {name}: filters is empty: give at least one")
        self._bands = tuple(band(filter_name) for filter_name in design.filters)
        self.design = design
        self.detector = Detector(design.detector)
        self._surroundings = surroundings
        self._executor = executor
        self._cooler = Cooler(self._ambient_c(), self.clock.monotonic(), design.cooler)
        self._activity = CameraActivity.IDLE
        self._ends_s = 0.0
        self._stop_asked = False
        self._position: int | None = 0  # None while the wheel turns
        self._wheel_jammed = False
        self._image_ready = False
        self._frames = 0
        exposure = {"t": float, "type": str}
        self.on("EXPOSE", self._expose, keys=exposure, optional={"bin": int, "filter": str}, motion=True)
        self.on("FILTER", self._filter, keys={"position": int}, motion=True)
        self.on("STOP", self._stop, keys={})
        self.on("COOL", self._cool, keys={"t_c": float})
        self.on("WARM", self._warm, keys={})

    # --- for the host and the fault plan -------------------------------------------------------------------------

    async def power_cycle(self) -> None:
        await super().power_cycle()
        self._cooler.warm(self._ambient_c(), self.clock.monotonic())
        self._image_ready = False

    def jam(self, at_fraction: float | None) -> None:
        self._wheel_jammed = True

    def unjam(self) -> None:
        self._wheel_jammed = False

    async def stop(self) -> None:
        await super().stop()
        await self._surroundings.close()

    # --- the wire ------------------------------------------------------------------------------------------------

    def reading(self) -> Mapping[str, Value]:
        now_s, ambient_c = self.clock.monotonic(), self._ambient_c()
        wheel: dict[str, Value] = {"wheel_moving": self._position is None}
        if self._position is not None:
            wheel |= {"filter": self.design.filters[self._position], "filter_position": self._position}
        exposing = self._activity is CameraActivity.EXPOSING
        return {
            "activity": self._activity.value,
            "temperature_c": round(self._cooler.temperature_c(now_s), 2),
            "set_point_c": round(self._cooler.set_point_c, 2),
            "cooler": self._cooler.on,
            "cooler_power_percent": round(self._cooler.power_percent(ambient_c, now_s), 1),
            **wheel,
            "filters": ",".join(self.design.filters),
            "remaining_s": round(max(0.0, self._ends_s - now_s), 3) if exposing else 0.0,
            "image_ready": self._image_ready,
            "width": self.design.detector.width,
            "height": self.design.detector.height,
            "scale_arcsec": self.design.optics.scale_arcsec,
            "gain_e_adu": self.design.detector.gain_e_adu,
            "read_noise_e": self.design.detector.read_noise_e,
            "readout_s": self.design.readout_s,
        }

    async def _expose(self, call: Call) -> Mapping[str, Value]:
        frame_type = call.text("type").upper()
        if frame_type not in _SHUTTER_OPEN:
            raise CommandFailure(ErrorCode.E_RANGE, f"type is {frame_type}: give one of {', '.join(_SHUTTER_OPEN)}")
        wanted_s = 0.0 if frame_type == "BIAS" else call.number("t")
        if not 0.0 <= wanted_s <= LONGEST_EXPOSURE_S:
            raise CommandFailure(ErrorCode.E_RANGE, f"t is {wanted_s}: give 0 to {LONGEST_EXPOSURE_S:g} s")
        bin_factor = call.integer("bin", 1)
        if bin_factor not in BINNINGS:
            raise CommandFailure(ErrorCode.E_RANGE, f"bin is {bin_factor}: give one of {BINNINGS}")
        position = self._position_of(call.text("filter")) if "filter" in call.arguments else self._position
        if position is None:
            raise CommandFailure(ErrorCode.E_HARDWARE, "filter wheel stands between two positions: send FILTER first")
        wheel_s = self.design.wheel_move_s if position != self._position else 0.0
        await call.acknowledge(wheel_s + wanted_s + self.design.readout_s)
        await self._turn_wheel(position)
        try:
            shot, view, trailed = await self._collect_light(call, frame_type, wanted_s, bin_factor)
            return await self._read_out(shot, view, trailed)
        finally:
            self._activity = CameraActivity.IDLE

    async def _collect_light(
        self, call: Call, frame_type: str, wanted_s: float, bin_factor: int
    ) -> tuple[Shot, View, bool]:
        self._stop_asked = False
        self._image_ready = False
        start_unix_s, start_s = self.clock.unix_s(), self.clock.monotonic()
        self._ends_s = start_s + wanted_s
        self._activity = CameraActivity.EXPOSING
        shutter_open = _SHUTTER_OPEN[frame_type]
        await call.data(shutter="open" if shutter_open else "closed", t=iso_of(start_unix_s))
        looking = asyncio.create_task(self._surroundings.look())
        try:
            while (left_s := self._ends_s - self.clock.monotonic()) > 0 and not self._stop_asked:
                await asyncio.sleep(min(left_s / self.clock.speed, 0.02))
            exposure_s = min(wanted_s, self.clock.monotonic() - start_s)
            view = await looking
        finally:
            looking.cancel()
        trailed = shutter_open and self._moved(view, await self._surroundings.look() if shutter_open else view)
        self._frames += 1
        shot = Shot(
            start_unix_s=start_unix_s,
            exposure_s=exposure_s,
            shutter_open=shutter_open,
            band=self._bands[self._position or 0],
            bin_factor=bin_factor,
            temperature_c=self._cooler.temperature_c(self.clock.monotonic()),
            number=self._frames,
        )
        return shot, view, trailed

    async def _read_out(self, shot: Shot, view: View, trailed: bool) -> Mapping[str, Value]:
        self._activity = CameraActivity.READING
        begun_s = self.clock.monotonic()
        image = await asyncio.get_running_loop().run_in_executor(
            self._executor, render, self.world, self.detector, self.design.optics, view, shot
        )
        await sleep_async(self.clock, self.design.readout_s - (self.clock.monotonic() - begun_s))
        self._image_ready = True
        return {
            **self.offer(image.astype("<u2", copy=False).tobytes()),
            "width": image.shape[1],
            "height": image.shape[0],
            "dtype": "uint16",
            "date_obs": iso_of(shot.start_unix_s),
            "exptime_s": round(shot.exposure_s, 6),
            "filter": shot.band.name,
            "bin": shot.bin_factor,
            "temperature_c": round(shot.temperature_c, 2),
            "trailed": trailed,
        }

    async def _stop(self, call: Call) -> Mapping[str, Value]:
        """End the exposure now and read it out; nothing exposing: nothing happens."""
        self._stop_asked = True
        return {}

    async def _cool(self, call: Call) -> Mapping[str, Value]:
        set_point_c = call.number("t_c")
        if not -120.0 <= set_point_c <= 40.0:
            raise CommandFailure(ErrorCode.E_RANGE, f"t_c is {set_point_c}: give -120 to 40 degrees Celsius")
        self._cooler.cool(set_point_c, self._ambient_c(), self.clock.monotonic())
        return {"set_point_c": set_point_c}

    async def _warm(self, call: Call) -> Mapping[str, Value]:
        self._cooler.warm(self._ambient_c(), self.clock.monotonic())
        return {"set_point_c": round(self._cooler.set_point_c, 2)}

    async def _filter(self, call: Call) -> Mapping[str, Value]:
        position = call.integer("position")
        if not 0 <= position < len(self.design.filters):
            raise CommandFailure(ErrorCode.E_RANGE, f"position is {position}: give 0 to {len(self.design.filters) - 1}")
        await call.acknowledge(0.0 if position == self._position else self.design.wheel_move_s)
        await self._turn_wheel(position)
        return {"position": position, "filter": self.design.filters[position]}

    async def _turn_wheel(self, position: int) -> None:
        if position == self._position:
            return
        self._position = None
        if self._wheel_jammed:
            await sleep_async(self.clock, STUCK_AFTER_S)
            raise CommandFailure(ErrorCode.E_HARDWARE, f"filter wheel is stuck, position {position} not reached")
        try:
            await sleep_async(self.clock, self.design.wheel_move_s)
        finally:
            self._position = position  # aborted on its way, the wheel still falls into its detent

    def _position_of(self, filter_name: str) -> int:
        if filter_name not in self.design.filters:
            known = ", ".join(self.design.filters)
            raise CommandFailure(ErrorCode.E_RANGE, f"filter is {filter_name}: this camera has {known}")
        return list(self.design.filters).index(filter_name)

    def _moved(self, before: View, after: View) -> bool:
        if before.mount_moves or after.mount_moves:
            return True
        if before.pointing is None or after.pointing is None:
            return False
        return bool(separation_deg(*before.pointing, *after.pointing) * 3600.0 > self.design.optics.scale_arcsec)

    def _ambient_c(self) -> float:
        return self.world.story.at(self.clock.unix_s()).temperature_c
