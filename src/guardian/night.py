"""The phase of the night and what the enclosure is wanted to be: two pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guardian.vocabulary import Enclosure, NightPhase, OperatingMode, Safety


@dataclass(frozen=True, slots=True)
class SunLimits:
    """Altitudes of the Sun's centre that part the phases (behaviours E1)."""

    open_below_deg: float = -1.0
    """The enclosure may be open below this: flats, focus, night."""
    night_below_deg: float = -10.0
    """Telescope pointings are free of the Sun cone below this."""
    day_above_deg: float = 25.0
    """Between this and `open_below_deg` cameras are cooled or warmed: about two hours at middle latitudes."""

    def __post_init__(self) -> None:
        if not self.night_below_deg < self.open_below_deg < self.day_above_deg:
            raise ValueError(
                f"Sun limits night_below_deg={self.night_below_deg:g}, open_below_deg={self.open_below_deg:g}, "
                f"day_above_deg={self.day_above_deg:g}: give them in rising order"
            )
        if self.open_below_deg > 0.0:
            raise ValueError(f"open_below_deg is {self.open_below_deg:g}: the Sun must be down, give 0 or less")


OPEN_PHASES = frozenset({NightPhase.DUSK, NightPhase.NIGHT, NightPhase.DAWN})
OPEN_MODES = frozenset({OperatingMode.AUTOMATIC, OperatingMode.MANUAL})


def night_phase(sun_altitude_deg: float, rising: bool, limits: SunLimits | None = None) -> NightPhase:
    """The phase for an altitude of the Sun; an altitude that is not finite is unknown and counts as DAY."""
    limits = limits or SunLimits()
    if not math.isfinite(sun_altitude_deg) or sun_altitude_deg >= limits.day_above_deg:
        return NightPhase.DAY
    if sun_altitude_deg >= limits.open_below_deg:
        return NightPhase.MORNING if rising else NightPhase.EVENING
    if sun_altitude_deg >= limits.night_below_deg:
        return NightPhase.DAWN if rising else NightPhase.DUSK
    return NightPhase.NIGHT


def desired_enclosure(phase: NightPhase, mode: OperatingMode, safety: Safety) -> Enclosure:
    """What the enclosure is wanted to be. Anything that is not exactly "open allowed" means close."""
    if phase in OPEN_PHASES and mode in OPEN_MODES and safety is Safety.SAFE:
        return Enclosure.OPEN_ALLOWED
    return Enclosure.CLOSE


def explain_desired(phase: NightPhase, mode: OperatingMode, safety: Safety) -> str:
    """The decision of `desired_enclosure` in words: every cause that keeps the enclosure closed."""
    causes = []
    if phase not in OPEN_PHASES:
        causes.append(f"the phase is {phase}")
    if mode not in OPEN_MODES:
        causes.append(f"the mode is {mode}")
    if safety is not Safety.SAFE:
        causes.append(f"the safety verdict is {safety}")
    return "closed because " + " and ".join(causes) if causes else "opening is allowed"
