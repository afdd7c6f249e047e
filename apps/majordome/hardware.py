"""What the majordome knows of its devices: read by one small thread a device, so that a silent one blocks nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from apps.devices import links
from apps.devices.models import Camera, Device, Dome, Telescope
from devicelink.errors import DeviceError
from devicelink.interfaces.camera import CameraState
from devicelink.interfaces.dome import DomeState
from devicelink.interfaces.telescope import TelescopeState

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_REAL_S = 0.1
STALE_REAL_S = 2.5
"""A reading older than this is no reading (link loss is noticed within 2 s)."""
COOLED_WITHIN_C = 2.0


class Watched(Generic[T]):
    """The newest reading of one device, or None when it is unknown."""

    def __init__(self, device: Device, read: Callable[[Any], T]) -> None:
        self.device = device
        self._read = read
        self._newest: tuple[float, T] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watch {device.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End reading."""
        self._stop.set()

    @property
    def reading(self) -> T | None:
        """The newest reading; None when there is none or it is stale."""
        if self._newest is None or time.monotonic() - self._newest[0] > STALE_REAL_S:
            return None
        return self._newest[1]

    def read_now(self) -> T | None:
        """Read at once, in the caller's thread; None when the device does not answer."""
        try:
            value = self._read(links.link(self.device))
        except DeviceError:
            return None
        self._newest = (time.monotonic(), value)
        return value

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_REAL_S):
            self.read_now()


@dataclass
class Hardware:
    """The devices of one telescope."""

    telescope: Telescope
    mount: Watched[TelescopeState]
    dome: Watched[DomeState]
    cameras: dict[str, Watched[CameraState]]

    @classmethod
    def of(cls, telescope: Telescope) -> Hardware:
        """The devices as the database names them."""
        dome = Dome.objects.filter(site=telescope.site, wanted=True).order_by("id").first()
        if dome is None:
            raise LookupError(f"there is no dome at {telescope.site}: add one in the admin")
        cameras = Camera.objects.filter(on_telescope=telescope, wanted=True).select_related("on_telescope")
        return cls(
            telescope,
            Watched(telescope, lambda link: link.state()),
            Watched(dome, lambda link: link.state()),
            {camera.name: Watched(camera, lambda link: link.state()) for camera in cameras},
        )

    def all(self) -> list[Watched[Any]]:
        """Every device."""
        return [self.mount, self.dome, *self.cameras.values()]

    def start(self) -> None:
        """Begin to read all."""
        for watched in self.all():
            watched.start()

    def wait_for_readings(self, timeout_real_s: float) -> None:
        """Wait until each device was read once, or until the time is up (a dead one must not stop the others)."""
        end = time.monotonic() + timeout_real_s
        while time.monotonic() < end:
            if all(watched.reading is not None for watched in self.all()):
                return
            threading.Event().wait(0.02)

    def stop(self) -> None:
        """End reading, close the links."""
        for watched in self.all():
            watched.stop()
        links.close_all()

    def enclosure(self) -> str:
        """OPEN, CLOSED, MOVING, ERROR or UNKNOWN, by the switches."""
        state = self.dome.reading
        if state is None:
            return "UNKNOWN"
        status = str(state.shutter_status)
        return "MOVING" if status in {"OPENING", "CLOSING"} else status

    def cameras_ready(self) -> bool:
        """Whether every camera that blocks answers and is cold."""
        return all(self._ready(watched) for watched in self.cameras.values() if watched.device.blocking)

    def _ready(self, watched: Watched[CameraState]) -> bool:
        state, camera = watched.reading, watched.device
        assert isinstance(camera, Camera)
        return (
            state is not None
            and state.temperature_c is not None
            and state.set_point_c is not None
            and abs(state.temperature_c - camera.set_point_c) <= COOLED_WITHIN_C
        )

    def begin_cooling(self) -> None:
        """Ask each camera that is not told yet for its set point. Harmless to repeat."""
        for watched in self.cameras.values():
            state, camera = watched.reading, watched.device
            assert isinstance(camera, Camera)
            if state is not None and state.set_point_c != camera.set_point_c:
                try:
                    links.link(camera).initialise(30.0)
                    links.link(camera).cool(camera.set_point_c)
                except DeviceError as error:
                    log.warning("%s can't be cooled: %s", camera, error)

    def abort_exposures(self) -> None:
        """Stop all exposures without read-out, all cameras at the same time; a silent one does not delay the others."""
        threads = [threading.Thread(target=self._abort, args=(w.device,), daemon=True) for w in self.cameras.values()]
        for thread in threads:
            thread.start()

    def _abort(self, camera: Device) -> None:
        try:
            links.link(camera).abort_exposure()
        except DeviceError as error:
            log.warning("%s: abort: %s", camera, error)

    def epoch(self) -> int:
        """The telescope's present epoch."""
        from apps.observation_manager.models import TelescopeEpoch

        row = TelescopeEpoch.objects.filter(telescope=self.telescope).first()
        return row.epoch if row else 0
