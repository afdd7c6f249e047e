"""The words of the guardian: small enumerations that every process of the observatory shares."""

from __future__ import annotations

from enum import StrEnum


class Safety(StrEnum):
    """Whether the sky may come in. Whatever is not known to be safe is not SAFE."""

    SAFE = "SAFE"
    HOLDOFF = "HOLDOFF"
    """Nothing is bad now, but it was too short a time ago (or the guardian has just started)."""
    UNSAFE = "UNSAFE"
    EMERGENCY = "EMERGENCY"
    """Unsafe, and more than the roof is at stake: emergency stop, or the UPS is nearly empty."""


class NightPhase(StrEnum):
    """Where the Sun stands; see `guardian.night.night_phase`."""

    DAY = "DAY"
    EVENING = "EVENING"
    DUSK = "DUSK"
    NIGHT = "NIGHT"
    DAWN = "DAWN"
    MORNING = "MORNING"


class OperatingMode(StrEnum):
    """Who drives: nobody, a person, nobody for now, the majordome."""

    OFF = "OFF"
    MANUAL = "MANUAL"
    STANDBY = "STANDBY"
    AUTOMATIC = "AUTOMATIC"


class Enclosure(StrEnum):
    """What the enclosure is wanted to be. There is no command to open here: opening is only allowed."""

    OPEN_ALLOWED = "OPEN_ALLOWED"
    CLOSE = "CLOSE"


class ShutterStatus(StrEnum):
    """What the two limit switches say (Alpaca's ShutterStatus, with MOVING for opening and closing alike)."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MOVING = "MOVING"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"


class Severity(StrEnum):
    """How loudly an alarm speaks."""

    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class Role(StrEnum):
    """What a source of readings counts for."""

    REQUIRED = "required"
    """Its bad values veto; its silence is unsafe."""
    REDUNDANT = "redundant"
    """Its bad values veto; its silence is borne while the other sources cover its quantities."""
    ADVISORY = "advisory"
    """Its bad values and its silence are warnings only."""
