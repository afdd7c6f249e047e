"""Watching devices: each is asked for its status, its state follows the answers, its numbers become telemetry."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterator
from enum import Enum
from typing import Any

from django.db import transaction

from apps.devices import links
from apps.devices.models import Device, DeviceState
from apps.devices.states import DEVICE
from apps.monitoring import alarms
from apps.monitoring.models import Severity
from apps.monitoring.telemetry import Measured
from devicelink.errors import DeviceError
from pyros import current

log = logging.getLogger(__name__)

_UNITS = {
    "_deg": "°",
    "_c": "°C",
    "_mps": "m/s",
    "_percent": "%",
    "_hpa": "hPa",
    "_s": "s",
    "_um": "µm",
    "_arcsec": "arcsec",
}


class DeviceWatch:
    """One device."""

    def __init__(self, device: Device) -> None:
        self.device = device

    def look(self) -> list[Measured]:
        """Ask once; returns the numbers that it told. A device that does not answer is DISABLED, with an alarm."""
        try:
            link = links.link(self.device)
            state = link.plc_state() if hasattr(link, "plc_state") else link.state()
        except DeviceError as error:
            self._lost(str(error))
            return []
        status = dict(_flat(state))
        self._answered(status)
        now_s = current.clock().unix_s()
        return [
            Measured(self.device.name, name, _unit(name), now_s, float(value))
            for name, value in status.items()
            if isinstance(value, int | float) and math.isfinite(float(value))
        ]

    def _answered(self, status: dict[str, Any]) -> None:
        device = self.device
        if device.state in (DeviceState.OFFLINE, DeviceState.DISABLED, DeviceState.FAULT):
            DEVICE.try_move(device, DeviceState.INITIALIZING, state_reason="it answers")
        if device.state == DeviceState.INITIALIZING:
            DEVICE.try_move(device, DeviceState.READY, state_reason="")
            alarms.clear_alarm("device.lost", f"device:{device.pk}")
        activity = str(status.get("activity") or status.get("motion") or "")[:20]
        Device.objects.filter(pk=device.pk).update(status=status, status_at=current.clock().now(), activity=activity)

    def _lost(self, reason: str) -> None:
        device = self.device
        if device.state == DeviceState.OFFLINE:
            DEVICE.try_move(device, DeviceState.DISABLED, state_reason=reason[:200])
            return
        with transaction.atomic():
            if DEVICE.try_move(device, DeviceState.DISABLED, state_reason=reason[:200]):
                severity = Severity.CRITICAL if device.blocking else Severity.WARNING
                alarms.raise_alarm("device.lost", f"device:{device.pk}", severity, f"{device.name} is lost: {reason}")


def _flat(state: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a state dataclass as plain JSON values, nested ones with their name in front."""
    for field in dataclasses.fields(state):
        value = getattr(state, field.name)
        name = f"{prefix}{field.name}"
        if dataclasses.is_dataclass(value):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, Enum):
            yield name, str(value.value)
        elif isinstance(value, tuple):
            yield name, list(value)
        elif isinstance(value, float) and not math.isfinite(value):
            yield name, None  # a database takes no NaN in JSON, and unknown is a value of its own
        elif value is None or isinstance(value, bool | int | float | str):
            yield name, value
        else:
            yield name, str(value)


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")
