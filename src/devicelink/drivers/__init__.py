"""Drivers: plug-ins found by name. `devicelink.drivers.<driver>.<kind>` holds one device; a new driver is one file.

Such a module gives its class as `DRIVER`; the class is called with keywords alone and implements the interface of
its kind in `devicelink.interfaces`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
from typing import Any, Literal, cast, overload

from devicelink.interfaces import Camera, Device, Dome, FilterWheel, Focuser, Plc, Switch, Telescope, WeatherStation

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class DriverError(ValueError):
    """No such driver, or options it does not take: a fault of the configuration. Says what there is."""


@overload
def load(driver: str, kind: Literal["telescope"], **options: Any) -> Telescope: ...
@overload
def load(driver: str, kind: Literal["camera"], **options: Any) -> Camera: ...
@overload
def load(driver: str, kind: Literal["filter_wheel"], **options: Any) -> FilterWheel: ...
@overload
def load(driver: str, kind: Literal["focuser"], **options: Any) -> Focuser: ...
@overload
def load(driver: str, kind: Literal["dome"], **options: Any) -> Dome: ...
@overload
def load(driver: str, kind: Literal["plc"], **options: Any) -> Plc: ...
@overload
def load(driver: str, kind: Literal["weather"], **options: Any) -> WeatherStation: ...
@overload
def load(driver: str, kind: Literal["switch"], **options: Any) -> Switch: ...
@overload
def load(driver: str, kind: str, **options: Any) -> Device: ...
def load(driver: str, kind: str, **options: Any) -> Device:
    """Make the device of a driver, not connected yet.

    `options` go to the driver's class, e.g. `load("pyros", "telescope", host="127.0.0.1", port=7001, clock=clock)`.
    Raises `DriverError`.
    """
    if driver not in drivers():
        raise DriverError(f"driver is {driver!r}: use one of {', '.join(drivers())}")
    if kind not in kinds(driver):
        raise DriverError(f"kind is {kind!r}: the driver {driver} has {', '.join(kinds(driver))}")
    made = importlib.import_module(f"{__name__}.{driver}.{kind}").DRIVER
    try:
        inspect.signature(made).bind(**options)
    except TypeError as error:
        raise DriverError(f"options of {driver}.{kind}: {error}; it takes {inspect.signature(made)}") from None
    return cast(Device, made(**options))


def drivers() -> tuple[str, ...]:
    """The drivers there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def kinds(driver: str) -> tuple[str, ...]:
    """The kinds of device a driver has; none for an unknown driver."""
    if not _NAME.fullmatch(driver):
        return ()
    package = importlib.util.find_spec(f"{__name__}.{driver}")
    if package is None or package.submodule_search_locations is None:
        return ()
    modules = pkgutil.iter_modules(package.submodule_search_locations)
    return tuple(sorted(module.name for module in modules if not module.name.startswith("_")))
