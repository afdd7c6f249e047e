"""The guardian's verdict as the other processes see it: unknown is unsafe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from guardian import status
from guardian.errors import StatusUnavailable
from guardian.vocabulary import Enclosure, Safety
from pyros import current


@dataclass(frozen=True)
class SafetyView:
    """What a process may act on now. `status` is None when there is none that can be believed."""

    safe: bool
    open_allowed: bool
    shutter: str
    sentence: str
    status: status.GuardianStatus | None


def status_path() -> Path:
    """Where the guardian writes its status."""
    return current.run_folder() / "guardian" / "status.json"


def request_path() -> Path:
    """Where the guardian is told mode and overrides."""
    return current.run_folder() / "guardian" / "request.json"


def events_path() -> Path:
    """Where the guardian keeps its own record."""
    return current.data_folder() / "guardian" / "events.jsonl"


def view() -> SafetyView:
    """The verdict now; a missing, broken or old one is unsafe and says so."""
    try:
        now = status.read(status_path())
    except StatusUnavailable:  # its text names a path, which is no matter for a page
        return SafetyView(False, False, "UNKNOWN", "no word of the guardian: is the guardian running?", None)
    clock = current.clock()
    if not now.is_fresh(clock):
        return SafetyView(False, False, "UNKNOWN", f"the guardian's status is {now.age_s(clock):.0f} s old", now)
    reasons = "; ".join(reason.sentence for reason in now.reasons) or now.explanation
    return SafetyView(now.safety is Safety.SAFE, now.desired is Enclosure.OPEN_ALLOWED, str(now.shutter), reasons, now)
