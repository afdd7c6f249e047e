"""What operators order: one row a telescope, one transaction and one journal entry an order.

The majordome reads the row and acts on it; nothing here touches a device.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.devices.models import Telescope
from apps.majordome.models import Control, OperatingMode
from pyros import current
from pyros.journal.writing import append


class Refused(Exception):
    """The order makes no sense as things are; the text says what to do instead."""


def control_of(telescope: Telescope) -> Control:
    """The telescope's control, made with the configured mode when there is none yet."""
    control, _ = Control.objects.get_or_create(
        telescope=telescope, defaults={"mode": current.config().night.operating_mode}
    )
    return control


def set_mode(*, telescope: Telescope, mode: str, who: str, reason: str = "") -> Control:
    """Say who drives.

    Raises:
        Refused: there is no such mode.
    """
    if mode not in OperatingMode.values:
        raise Refused(f"there is no mode {mode}; choose one of {', '.join(OperatingMode.values)}")
    return _order(telescope, "control.mode_set", who, reason, mode=mode)


def pause(*, telescope: Telescope, who: str, reason: str = "") -> Control:
    """Observe nothing more until resumed: the run under way is interrupted, the roof may stay open."""
    return _order(telescope, "control.paused", who, reason, paused=True)


def resume(*, telescope: Telescope, who: str, reason: str = "") -> Control:
    """End a pause.

    Raises:
        Refused: an emergency stop is in force; lift it first.
    """
    with transaction.atomic():
        if control_of(telescope).emergency_stop:
            raise Refused("an emergency stop is in force: lift it first")
        return _order(telescope, "control.resumed", who, reason, paused=False)


def emergency_stop(*, telescope: Telescope, who: str, reason: str = "") -> Control:
    """Stop everything and close the roof; it stays closed until the stop is lifted."""
    return _order(telescope, "control.stopped", who, reason, emergency_stop=True, paused=True)


def lift_emergency_stop(*, telescope: Telescope, who: str, reason: str = "") -> Control:
    """End an emergency stop. Observing stays paused: resuming is an order of its own."""
    return _order(telescope, "control.stop_lifted", who, reason, emergency_stop=False)


def _order(telescope: Telescope, verb: str, who: str, reason: str, **changes: Any) -> Control:
    with transaction.atomic():
        control = control_of(telescope)
        for name, value in changes.items():
            setattr(control, name, value)
        control.reason, control.changed_by, control.changed_at = reason[:200], who[:150], current.clock().now()
        control.save()
        append(
            f"control:{telescope.pk}",
            verb,
            {"telescope": telescope.name, "reason": reason[:200], **changes},
            who=who[:60],
        )
    return control
