"""Small devices of the other kinds, for the drivers' tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from devicelink.server import Call, CommandFailure, DeviceServer, ErrorCode, Value
from pyros.clock import RealClock

PIXELS = b"\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00"  # 3 columns by 2 rows of uint16, little-endian


class CameraBox(DeviceServer):
    """Exposures end when `finish` is called or STOP comes."""

    def __init__(self) -> None:
        super().__init__("C1", "camera", RealClock())
        self.settings: dict[str, Value] = {"temperature_c": -39.5, "cooler": True, "filter": "r", "image_ready": False}
        self.asked: Mapping[str, Value] = {}
        self._end = asyncio.Event()
        keys: dict[str, type] = {"t": float, "type": str}
        self.on("EXPOSE", self._expose, keys=keys, optional={"bin": int, "filter": str}, motion=True)
        self.on("FILTER", self._filter, keys={"position": int}, motion=True)
        self.on("STOP", self._stop, keys={})
        self.on("COOL", self._cool, keys={"t_c": float})
        self.on("WARM", self._warm, keys={})
        self.on("INIT", self._warm, keys={})

    def finish(self) -> None:
        self._end.set()

    def status(self) -> Mapping[str, Value]:
        wheel: dict[str, Value] = {"filters": "g,r,i", "filter_position": 1, "wheel_moving": 0}
        return {"activity": "EXPOSING" if self.motions else "IDLE", **wheel, **self.settings}

    async def _expose(self, call: Call) -> Mapping[str, Value]:
        self.asked = call.arguments
        self._end.clear()
        await call.acknowledge(30.0)
        await call.data(shutter="open", t="2026-11-20T20:28:39.123Z")
        await self._end.wait()
        image: dict[str, Value] = {
            "width": 3,
            "height": 2,
            "dtype": "uint16",
            "date_obs": "2026-11-20T20:28:39.123Z",
            "exptime_s": 12.5,
        }
        return {**self.offer(PIXELS), **image}

    async def _stop(self, call: Call) -> Mapping[str, Value]:
        self._end.set()
        return {}

    async def _filter(self, call: Call) -> Mapping[str, Value]:
        if call.integer("position") > 2:
            raise CommandFailure(ErrorCode.E_RANGE, "position is beyond 2")
        return {"position": call.integer("position")}

    async def _cool(self, call: Call) -> Mapping[str, Value]:
        self.settings["set_point_c"] = call.number("t_c")
        return {}

    async def _warm(self, call: Call) -> Mapping[str, Value]:
        self.settings["cooler"] = False
        return {}


class SiteBox(DeviceServer):
    """A dome, a PLC or a weather station: `told` is its whole status."""

    def __init__(self, kind: str, told: Mapping[str, Value]) -> None:
        super().__init__("BOX", kind, RealClock())
        self.told = dict(told)
        self.heartbeats = 0
        self.on("OPEN", self._open, keys={}, motion=True)
        self.on("CLOSE", self._close, keys={})
        self.on("HEARTBEAT", self._heartbeat, keys={})
        self.on("LAMP", self._lamp, keys={"on": bool})

    def status(self) -> Mapping[str, Value]:
        return self.told

    async def _open(self, call: Call) -> Mapping[str, Value]:
        self.told |= {"open_switch": 1, "closed_switch": 0, "motion": "NONE", "percent_open": 100.0}
        return self.told

    async def _close(self, call: Call) -> Mapping[str, Value]:
        self.told |= {"open_switch": 0, "closed_switch": 1, "motion": "NONE", "percent_open": 0.0}
        return self.told

    async def _heartbeat(self, call: Call) -> Mapping[str, Value]:
        self.heartbeats += 1
        return {}

    async def _lamp(self, call: Call) -> Mapping[str, Value]:
        self.told["lamp"] = call.flag("on")
        return {}


class FocuserBox(DeviceServer):
    def __init__(self) -> None:
        super().__init__("F1", "focuser", RealClock())
        self.position = 12000
        self.on("FOCUS", self._focus, keys={"position": int}, motion=True)

    def status(self) -> Mapping[str, Value]:
        return {"position": self.position, "moving": bool(self.motions), "temperature_c": float("nan")}

    async def _focus(self, call: Call) -> Mapping[str, Value]:
        self.position = call.integer("position")
        return {"position": self.position}
