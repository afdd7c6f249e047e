"""The go/no-go poll: named checks, all evaluated, recorded with the decision."""

from __future__ import annotations

from django.db import transaction

from apps.devices.safety import SafetyView
from apps.majordome.hardware import Hardware
from apps.majordome.models import GoNoGo, Night
from apps.observation_manager import files
from pyros import current
from pyros.journal.writing import append

Check = tuple[str, bool, str]


def poll(night: Night, before: str, safety: SafetyView, hardware: Hardware, extra: list[Check] | None = None) -> bool:
    """Ask every check; record all answers; go only when all say go.

    Args:
        before: `opening` or `slew`.
        extra: further checks, e.g. the target's constraints.
    """
    checks: list[Check] = [
        ("safety", safety.open_allowed, safety.sentence),
        ("mount", hardware.mount.reading is not None, _answers(hardware.mount.reading)),
        ("roof", hardware.enclosure() not in {"UNKNOWN", "ERROR"}, f"the roof is {hardware.enclosure()}"),
        (
            "cameras",
            hardware.cameras_ready(),
            "cold and answering" if hardware.cameras_ready() else "a blocking camera is not ready",
        ),
        _disk(),
        *(extra or []),
    ]
    go = all(ok for _, ok, _ in checks)
    with transaction.atomic():
        row = GoNoGo.objects.create(
            night=night, time=current.clock().now(), before=before, go=go, checks=[list(c) for c in checks]
        )
        append(
            f"gonogo:{row.pk}",
            "gonogo.polled",
            {"before": before, "go": go, "against": [f"{name}: {sentence}" for name, ok, sentence in checks if not ok]},
        )
    return go


def _answers(reading: object) -> str:
    return "answers" if reading is not None else "does not answer"


def _disk() -> Check:
    try:
        files.check_space(current.data_folder())
    except files.DiskFull as full:
        return ("disk", False, str(full))
    return ("disk", True, "room enough")
