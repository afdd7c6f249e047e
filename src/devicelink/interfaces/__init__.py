"""The interfaces of an observatory's devices: what a driver gives and a caller may rely on.

Members are those of ASCOM Alpaca in snake_case, with units in the names. Long operations return an `Operation` at
once; every method that moves something takes the `epoch` of the run that commands it.
"""

from devicelink.interfaces.camera import (
    Camera,
    CameraActivity,
    CameraState,
    ExposureOperation,
    ExposureResult,
    FrameType,
    RawImage,
)
from devicelink.interfaces.device import Device
from devicelink.interfaces.dome import Dome, DomeState, ShutterMotion, ShutterStatus
from devicelink.interfaces.filter_wheel import FilterWheel, FilterWheelState
from devicelink.interfaces.focuser import Focuser, FocuserState
from devicelink.interfaces.operation import Operation
from devicelink.interfaces.plc import Plc, PlcState, Watchdog
from devicelink.interfaces.rotator import Rotator, RotatorState
from devicelink.interfaces.switch import Switch, SwitchState
from devicelink.interfaces.telescope import SlewResult, Telescope, TelescopeActivity, TelescopeState
from devicelink.interfaces.weather_station import WeatherState, WeatherStation

__all__ = [
    "Camera",
    "CameraActivity",
    "CameraState",
    "Device",
    "Dome",
    "DomeState",
    "ExposureOperation",
    "ExposureResult",
    "FilterWheel",
    "FilterWheelState",
    "Focuser",
    "FocuserState",
    "FrameType",
    "Operation",
    "Plc",
    "PlcState",
    "RawImage",
    "Rotator",
    "RotatorState",
    "ShutterMotion",
    "ShutterStatus",
    "SlewResult",
    "Switch",
    "SwitchState",
    "Telescope",
    "TelescopeActivity",
    "TelescopeState",
    "Watchdog",
    "WeatherState",
    "WeatherStation",
]
