"""Closing the roof: what to command now, from what the switches say now.

Nothing is inferred from commands given before (A9): the roof is where its two limit switches say it is. The close
command is repeated until they say CLOSED, for ever (A8). Opening is not this module's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from guardian.alarms import Alarm
from guardian.policy import Policy
from guardian.vocabulary import Severity, ShutterStatus


@dataclass(frozen=True, slots=True)
class Switches:
    """Two independent readings; None is a switch that gave no sense."""

    open: bool | None
    closed: bool | None


class Mount(StrEnum):
    """What the guardian knows of the mount below the roof."""

    NONE = "NONE"
    """No link to a mount is configured: nothing to wait for."""
    PARKED = "PARKED"
    NOT_PARKED = "NOT_PARKED"
    UNKNOWN = "UNKNOWN"


class Action(StrEnum):
    """A command to give now."""

    PARK = "PARK"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
class ClosingState:
    """What is remembered: moments on the monotonic clock, never a position."""

    between_since_s: float | None = None
    """Since when both switches have been off."""
    wanted_since_s: float | None = None
    first_close_s: float | None = None
    last_close_s: float | None = None
    last_park_s: float | None = None


@dataclass(frozen=True, slots=True)
class ClosingOutcome:
    """The roof as it is, and what follows."""

    shutter: ShutterStatus
    actions: tuple[Action, ...]
    alarms: tuple[Alarm, ...]


ROOF_SWITCHES = "roof_switches"
ROOF_NOT_CLOSED = "roof_not_closed"
MOUNT_NOT_PARKED = "mount_not_parked"


def judge_shutter(
    switches: Switches | None, between_since_s: float | None, now_s: float, between_allowed_s: float
) -> tuple[ShutterStatus, float | None]:
    """The status by the switches, and since when both are off (A10).

    Both on is ERROR at once; both off is MOVING for `between_allowed_s` and ERROR afterwards. Switches that are not
    known leave that time running: a roof that was between its switches may still be there.
    """
    if switches is None or switches.open is None or switches.closed is None:
        return ShutterStatus.UNKNOWN, between_since_s
    if switches.open and switches.closed:
        return ShutterStatus.ERROR, None
    if switches.open:
        return ShutterStatus.OPEN, None
    if switches.closed:
        return ShutterStatus.CLOSED, None
    since_s = now_s if between_since_s is None else between_since_s
    return (ShutterStatus.ERROR if now_s - since_s > between_allowed_s else ShutterStatus.MOVING), since_s


def step(
    policy: Policy,
    state: ClosingState,
    *,
    want_close: bool,
    switches: Switches | None,
    mount: Mount,
    now_s: float,
    software_floor_s: float = 0.0,
) -> tuple[ClosingState, ClosingOutcome]:
    """What to command at this moment.

    `switches` None: not read back since the link came up, so nothing is commanded to the roof yet (A14, C8).
    `software_floor_s`: no wait is shorter than this (0 at real speed).
    """
    timing = policy.timing
    travel_s = max(timing.travel_s + timing.travel_margin_s, software_floor_s)
    shutter, between_since_s = judge_shutter(switches, state.between_since_s, now_s, travel_s)
    alarms = list(_switch_alarm(shutter, switches, travel_s))
    if not want_close or shutter is ShutterStatus.CLOSED:
        return ClosingState(between_since_s), ClosingOutcome(shutter, (), tuple(alarms))

    wanted_since_s = now_s if state.wanted_since_s is None else state.wanted_since_s
    state = replace(state, between_since_s=between_since_s, wanted_since_s=wanted_since_s)
    repeat_s = max(timing.close_repeat_s, software_floor_s / 4)
    park_waited = now_s - wanted_since_s >= max(timing.park_deadline_s, software_floor_s)
    actions = []

    mount_is_clear = mount in (Mount.NONE, Mount.PARKED)
    if not mount_is_clear:
        if _is_due(state.last_park_s, now_s, repeat_s):
            actions.append(Action.PARK)
            state = replace(state, last_park_s=now_s)
        if park_waited:
            alarms.append(_mount_alarm(policy, mount))

    free_to_close = (
        mount_is_clear
        or policy.roof_clears_mount
        or state.first_close_s is not None
        or (park_waited and policy.close_without_park)
    )
    if switches is not None and free_to_close and _is_due(state.last_close_s, now_s, repeat_s):
        actions.append(Action.CLOSE)
        first_s = now_s if state.first_close_s is None else state.first_close_s
        state = replace(state, first_close_s=first_s, last_close_s=now_s)

    commanded_too_long = state.first_close_s is not None and now_s - state.first_close_s >= travel_s
    wanted_too_long = now_s - wanted_since_s >= max(timing.close_alarm_s, software_floor_s)
    if commanded_too_long or wanted_too_long:
        alarms.append(_roof_alarm(timing.close_repeat_s, shutter))
        if shutter is not ShutterStatus.UNKNOWN:
            shutter = ShutterStatus.ERROR
    return state, ClosingOutcome(shutter, tuple(actions), tuple(alarms))


def _is_due(last_s: float | None, now_s: float, every_s: float) -> bool:
    return last_s is None or now_s - last_s >= every_s


def _switch_alarm(shutter: ShutterStatus, switches: Switches | None, travel_s: float) -> tuple[Alarm, ...]:
    if shutter is not ShutterStatus.ERROR or switches is None:
        return ()
    what = (
        "both limit switches of the roof are on"
        if switches.open
        else f"the roof has been between its limit switches for more than {travel_s:g} s"
    )
    return (Alarm(ROOF_SWITCHES, Severity.CRITICAL, f"{what}; it counts as neither open nor closed"),)


def _mount_alarm(policy: Policy, mount: Mount) -> Alarm:
    waited = f"the mount is {mount} {policy.timing.park_deadline_s:g} s after it was told to park"
    decision = (
        "the roof passes above it and closes"
        if policy.roof_clears_mount
        else "the roof closes all the same (close_without_park)"
        if policy.close_without_park
        else "the roof stays as it is until the mount is parked (close_without_park is off)"
    )
    return Alarm(MOUNT_NOT_PARKED, Severity.CRITICAL, f"{waited}; {decision}")


def _roof_alarm(repeat_s: float, shutter: ShutterStatus) -> Alarm:
    sentence = f"the roof is to be closed and its switches say {shutter}; close is repeated every {repeat_s:g} s"
    return Alarm(ROOF_NOT_CLOSED, Severity.CRITICAL, sentence)
