"""The camera: exposures, pixels and cooling (Alpaca ICamera)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from devicelink.interfaces.device import Device
from devicelink.interfaces.operation import Operation


class FrameType(StrEnum):
    LIGHT = "LIGHT"
    BIAS = "BIAS"
    DARK = "DARK"
    FLAT = "FLAT"


class CameraActivity(StrEnum):
    IDLE = "IDLE"
    EXPOSING = "EXPOSING"
    READING = "READING"


@dataclass(frozen=True)
class CameraState:
    """One reading; None is unknown."""

    activity: CameraActivity
    temperature_c: float | None
    set_point_c: float | None
    cooler_on: bool | None
    cooler_power_percent: float | None
    filter_name: str | None
    remaining_s: float | None
    image_ready: bool
    epoch: int | None
    initialised: bool | None


@dataclass(frozen=True)
class ExposureResult:
    """An exposure that was read out. `token`, `port`, `size_bytes` and `sha256` fetch its pixels."""

    token: str
    port: int
    size_bytes: int
    sha256: str
    width: int
    height: int
    dtype: str
    date_obs: datetime
    exposure_s: float
    filter_name: str | None
    trailed: bool | None


@dataclass(frozen=True)
class RawImage:
    """Pixels in rows from the bottom (FITS order), little-endian, `dtype` in numpy's words ("uint16")."""

    width: int
    height: int
    dtype: str
    data: bytes


class ExposureOperation(Operation[ExposureResult], Protocol):
    """An exposure under way."""

    def wait_shutter_open(self, timeout_s: float) -> datetime:
        """Wait until light falls on the detector; gives the moment it began (UTC). Raises: as `wait`."""
        ...


class Camera(Device, Protocol):
    """`epoch` is the number of the run that commands; a device refuses an older one with E_OWNER."""

    def state(self) -> CameraState:
        """Read everything. Raises: see `Device`."""
        ...

    def start_exposure(
        self,
        duration_s: float,
        frame_type: FrameType = FrameType.LIGHT,
        *,
        epoch: int,
        binning: int = 1,
        filter_name: str | None = None,
    ) -> ExposureOperation:
        """Begin an exposure, through `filter_name` if given. Returns at once.

        Raises (from the operation): Refused E_BUSY, E_RANGE, E_STATE, E_OWNER, E_HARDWARE (wheel stuck); Aborted.
        """
        ...

    def stop_exposure(self) -> None:
        """End the exposure now and read out what was collected; the running operation then ends well."""
        ...

    def abort_exposure(self) -> None:
        """End the exposure now without readout; the running operation ends with Aborted. Idle: nothing happens."""
        ...

    def image(self, exposure: ExposureResult, *, timeout_s: float = 60.0) -> RawImage:
        """Fetch the pixels, checked by size and SHA-256. A camera keeps its last two images. Raises: TransferFailed."""
        ...

    def cool(self, set_point_c: float) -> None:
        """Begin to cool to a set point; `state` tells the temperature. Raises: Refused E_RANGE."""
        ...

    def warm(self) -> None:
        """Switch the cooler off gently."""
        ...
