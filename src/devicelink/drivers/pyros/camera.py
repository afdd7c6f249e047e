"""A camera over the PyROS grammar. Its pixels come by a second port."""

from __future__ import annotations

from datetime import datetime

from devicelink.drivers.pyros._device import STOPPED_WITHIN_S, PyrosDevice
from devicelink.drivers.pyros._operation import LinkOperation
from devicelink.drivers.pyros._reading import Reading
from devicelink.grammar import Value
from devicelink.interfaces.camera import CameraActivity, CameraState, ExposureResult, FrameType, RawImage
from devicelink.pixels import fetch_pixels


class PyrosExposure(LinkOperation[ExposureResult]):
    """Implements `devicelink.interfaces.ExposureOperation`."""

    def wait_shutter_open(self, timeout_s: float) -> datetime:
        return Reading(self.pending.device, self.pending.wait_data(timeout_s)).date("t")


class PyrosCamera(PyrosDevice):
    """Implements `devicelink.interfaces.Camera`."""

    KIND = "camera"

    def state(self) -> CameraState:
        reading = self._status()
        return CameraState(
            activity=reading.word("activity", CameraActivity),
            temperature_c=reading.number_or_none("temperature_c"),
            set_point_c=reading.number_or_none("set_point_c"),
            cooler_on=reading.flag_or_none("cooler"),
            cooler_power_percent=reading.number_or_none("cooler_power_percent"),
            filter_name=reading.text_or_none("filter"),
            remaining_s=reading.number_or_none("remaining_s"),
            image_ready=reading.flag("image_ready"),
            epoch=reading.integer_or_none("epoch"),
            initialised=reading.flag_or_none("initialised"),
        )

    def start_exposure(
        self,
        duration_s: float,
        frame_type: FrameType = FrameType.LIGHT,
        *,
        epoch: int,
        binning: int = 1,
        filter_name: str | None = None,
    ) -> PyrosExposure:
        arguments: dict[str, Value] = {"t": float(duration_s), "type": frame_type.value, "bin": binning, "epoch": epoch}
        if filter_name is not None:
            arguments["filter"] = filter_name
        return PyrosExposure(self.link.submit("EXPOSE", **arguments), _exposure_result)

    def stop_exposure(self) -> None:
        self.link.request("STOP", timeout_s=STOPPED_WITHIN_S)

    def abort_exposure(self) -> None:
        self._abort()

    def image(self, exposure: ExposureResult, *, timeout_s: float = 60.0) -> RawImage:
        offer: dict[str, Value] = {
            "token": exposure.token,
            "port": exposure.port,
            "size": exposure.size_bytes,
            "sha256": exposure.sha256,
        }
        data = fetch_pixels(self.host, offer, self.clock, timeout_s=timeout_s, device=self.name)
        return RawImage(exposure.width, exposure.height, exposure.dtype, data)

    def cool(self, set_point_c: float) -> None:
        self.link.request("COOL", t_c=float(set_point_c))

    def warm(self) -> None:
        self.link.request("WARM")


def _exposure_result(reading: Reading) -> ExposureResult:
    return ExposureResult(
        token=reading.text("token"),
        port=reading.integer("port"),
        size_bytes=reading.integer("size"),
        sha256=reading.text("sha256"),
        width=reading.integer("width"),
        height=reading.integer("height"),
        dtype=reading.text("dtype"),
        date_obs=reading.date("date_obs"),
        exposure_s=reading.number("exptime_s"),
        filter_name=reading.text_or_none("filter"),
        trailed=reading.flag_or_none("trailed"),
    )


DRIVER = PyrosCamera
