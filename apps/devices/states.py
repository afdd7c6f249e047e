"""The life cycle of a device."""

from apps.devices.models import DeviceState as S
from pyros.statetable import StateTable

DEVICE = StateTable(
    "device",
    {
        S.OFFLINE: frozenset({S.INITIALIZING, S.DISABLED}),
        S.INITIALIZING: frozenset({S.READY, S.DISABLED, S.FAULT, S.OFFLINE}),
        S.READY: frozenset({S.DISABLED, S.FAULT, S.OFFLINE}),
        S.DISABLED: frozenset({S.INITIALIZING, S.OFFLINE, S.FAULT}),
        S.FAULT: frozenset({S.INITIALIZING, S.OFFLINE, S.DISABLED}),
    },
)
