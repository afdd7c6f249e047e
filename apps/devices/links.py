"""The device links of this process: made by the driver that a device's row names, kept open, shared by its threads."""

from __future__ import annotations

import threading
from typing import Any

from apps.devices.models import Device
from devicelink import drivers
from pyros import current

CONNECT_S = 5.0
_DRIVER_KIND = {"filterwheel": "filter_wheel", "weatherstation": "weather"}

_links: dict[tuple[str, str, int], Any] = {}
_lock = threading.Lock()


def link(device: Device) -> Any:
    """The link to a device, connecting in the background; the same object at each call.

    Returns one of the interfaces of `devicelink.interfaces`, as the device's kind says.
    """
    key = (device.name, device.host, device.port)
    with _lock:
        if key not in _links:
            kind = type(device).kind
            made = drivers.load(
                device.driver,
                _DRIVER_KIND.get(kind, kind),
                host=device.host,
                port=device.port,
                clock=current.clock(),
                name=device.name,
            )
            made.connect()
            _links[key] = made
        return _links[key]


def connected(device: Device, timeout_s: float = CONNECT_S) -> Any:
    """The link to a device, up.

    Raises:
        LinkLost: it is not up within `timeout_s`.
    """
    made = link(device)
    made.connect(timeout_s)
    return made


def close_all() -> None:
    """Close every link of this process."""
    with _lock:
        for made in _links.values():
            made.disconnect()
        _links.clear()
