"""What to do about a burst: a pure function of the burst, the sky, the conditions and the strategy.

Every answer carries a code, a sentence with the numbers, the limits used and, where waiting helps, the time of
the next look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.alert_manager.models import DecisionCode as Code

REFUSING_MOON_DEG = 5.0


@dataclass(frozen=True)
class Burst:
    """What is known of the burst after the newest notice. Angles in degrees; None is unknown."""

    name: str
    trigger_time: datetime | None
    ra_deg: float | None
    dec_deg: float | None
    error_r90_deg: float | None
    is_test: bool = False
    is_retracted: bool = False
    is_grb: bool | None = None


@dataclass(frozen=True)
class Limits:
    """The limits of telescope and strategy that the decision uses."""

    error_r90_max_deg: float
    age_max_s: float
    minimum_altitude_deg: float
    sun_cone_deg: float
    night_sun_altitude_deg: float = -8.0
    """The Sun lower than this: dark enough for an alert (bright filters in twilight, behaviours D4)."""

    def as_dict(self) -> dict[str, float]:
        """The limits for the record."""
        return dict(vars(self))


@dataclass(frozen=True)
class Sky:
    """Where the burst, the Sun and the Moon stand, now and later. Altitudes and separations in degrees.

    `next_visible` is when it is first above the limit in the dark within the strategy's validity, or None.
    """

    altitude_deg: float
    sun_altitude_deg: float
    sun_separation_deg: float
    moon_separation_deg: float
    next_visible: datetime | None


@dataclass(frozen=True)
class Conditions:
    """What the observatory can do now."""

    safe: bool
    safety_sentence: str = ""
    automatic: bool = True


@dataclass(frozen=True)
class Decided:
    """The answer."""

    code: Code
    reason_code: str
    sentence: str
    review_at: datetime | None = None
    limits: dict[str, float] = field(default_factory=dict)


def decide(
    burst: Burst, now: datetime, limits: Limits | None, sky: Callable[[], Sky], conditions: Conditions
) -> Decided:
    """The decision about a burst.

    Args:
        limits: None when no strategy answers this kind of alert.
        sky: computed only when the position matters, so that a test or a retraction costs nothing.
    """
    if burst.is_retracted:
        return Decided(Code.STOP, "RETRACTED", f"{burst.name} was retracted")
    if burst.is_test:
        return Decided(Code.RECORD_ONLY, "TEST", f"{burst.name} is a test")
    if burst.is_grb is False:
        return Decided(Code.STOP, "NOT_A_BURST", f"{burst.name} is not a gamma-ray burst")
    if burst.ra_deg is None or burst.dec_deg is None:
        return Decided(Code.RECORD_ONLY, "NO_POSITION", f"{burst.name} has no position yet")
    if burst.error_r90_deg is None:
        return Decided(Code.RECORD_ONLY, "NO_ERROR_RADIUS", f"the position of {burst.name} has no error radius")
    if limits is None:
        return Decided(
            Code.RECORD_ONLY,
            "NO_STRATEGY",
            f"no active strategy answers {burst.name} (error radius {burst.error_r90_deg:.3f}°)",
        )
    recorded = limits.as_dict()
    if burst.error_r90_deg > limits.error_r90_max_deg:
        return Decided(
            Code.REFUSE,
            "ERROR_BOX",
            f"error radius {burst.error_r90_deg:.3f}° > {limits.error_r90_max_deg:.3f}°, more than the field holds",
            limits=recorded,
        )
    if burst.trigger_time is not None and (age_s := (now - burst.trigger_time).total_seconds()) > limits.age_max_s:
        return Decided(
            Code.REFUSE,
            "TOO_LATE",
            f"{burst.name} is {age_s:.0f} s old, more than {limits.age_max_s:.0f} s",
            limits=recorded,
        )
    return _where(burst, now, limits, sky(), conditions, recorded)


def _where(
    burst: Burst, now: datetime, limits: Limits, sky: Sky, conditions: Conditions, recorded: dict[str, float]
) -> Decided:
    later = sky.next_visible
    if sky.sun_altitude_deg > limits.night_sun_altitude_deg:
        if later is None:
            return Decided(
                Code.REFUSE,
                "NOT_VISIBLE",
                f"{burst.name} does not come above {limits.minimum_altitude_deg:.0f}° in the dark "
                "while it is worth observing",
                limits=recorded,
            )
        return Decided(
            Code.WAIT_FOR_NIGHT,
            "DAY",
            f"the Sun is at {sky.sun_altitude_deg:+.1f}°; visible from {later:%H:%M} UTC",
            later,
            recorded,
        )
    if sky.altitude_deg < limits.minimum_altitude_deg:
        if later is None:
            return Decided(
                Code.REFUSE,
                "NOT_VISIBLE",
                f"altitude {sky.altitude_deg:.1f}° < {limits.minimum_altitude_deg:.0f}°, and it does not rise "
                "in the dark while it is worth observing",
                limits=recorded,
            )
        return Decided(
            Code.WAIT_FOR_RISE,
            "BELOW_HORIZON",
            f"altitude {sky.altitude_deg:.1f}° < {limits.minimum_altitude_deg:.0f}°; visible from {later:%H:%M} UTC",
            later,
            recorded,
        )
    if sky.sun_altitude_deg > -10 and sky.sun_separation_deg < limits.sun_cone_deg:
        return Decided(
            Code.REFUSE,
            "SUN",
            f"{sky.sun_separation_deg:.0f}° from the Sun < {limits.sun_cone_deg:.0f}°",
            limits=recorded,
        )
    if not conditions.automatic:
        return Decided(Code.RECORD_ONLY, "MANUAL", "the telescope is not in automatic mode", limits=recorded)
    if not conditions.safe:
        return Decided(
            Code.WAIT_FOR_WEATHER,
            "UNSAFE",
            f"the roof stays closed: {conditions.safety_sentence}",
            now + timedelta(minutes=1),
            recorded,
        )
    warning = (
        f"; only {sky.moon_separation_deg:.0f}° from the Moon"
        if sky.moon_separation_deg < REFUSING_MOON_DEG * 2
        else ""
    )
    return Decided(
        Code.OBSERVE_NOW,
        "VISIBLE",
        f"altitude {sky.altitude_deg:.0f}°, error radius {burst.error_r90_deg:.3f}°{warning}",
        limits=recorded,
    )


def after_update(
    decided: Decided, *, under_way: bool, moved_deg: float | None, half_field_deg: float, margin: float
) -> Decided:
    """What a new decision means for an alert that is already being observed, or waits for it.

    The telescope is pointed anew only when the position moved by more than `margin` times half the field
    (behaviours D10: a refinement inside the field interrupts nothing).
    """
    if not under_way or decided.code != Code.OBSERVE_NOW:
        return decided
    if moved_deg is not None and moved_deg > margin * half_field_deg:
        return Decided(
            Code.REPOINT,
            "POSITION_MOVED",
            f"the position moved by {moved_deg * 60:.1f}′, more than the field allows",
            limits=decided.limits,
        )
    moved = "did not move" if not moved_deg else f"moved by {moved_deg * 60:.2f}′, inside the field"
    return Decided(Code.KEEP_OBSERVING, "INSIDE_FIELD", f"the position {moved}", limits=decided.limits)
