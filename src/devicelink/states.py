"""The life of a device: a table of legal transitions and one step function. Pure: no clock, no line, no memory.

A `Place` is where a device is in its life; each place shows as one of the five states that the database knows, with
its reason. What a READY device is doing is told by its own activity. That the site is unsafe is no state of a device:
it is the guardian's verdict, which gates the verbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

PING_EVERY_S = 10.0
"""How often a DISABLED device is pinged."""
PINGS_MISSED_LIMIT = 3
"""Pings unanswered in a row after which the link counts as lost."""
AUTOMATIC_RESETS = 3
"""Resets out of FAULT that may be made without a person within `RESET_WINDOW_S`."""
RESET_WINDOW_S = 3600.0
ABORTS = 3
"""An abort is sent this many times, `ABORT_EVERY_S` apart: it is idempotent, and one line may be lost."""
ABORT_EVERY_S = 1.0
ABORT_WITHIN_S = 10.0
"""A motion not seen stopped by then is a FAULT."""


class DeviceState(StrEnum):
    """What users see and the database stores."""

    OFFLINE = "OFFLINE"
    INITIALIZING = "INITIALIZING"
    READY = "READY"
    DISABLED = "DISABLED"
    FAULT = "FAULT"


class Place(StrEnum):
    """Where a device is in its life."""

    OFFLINE = "OFFLINE"  # not wanted
    CONNECTING = "CONNECTING"  # wanted, no link so far
    STANDBY = "STANDBY"  # link up, hardware untouched
    INITIALIZING = "INITIALIZING"
    DISABLED = "DISABLED"  # initialised, refuses motion
    IDLE = "IDLE"  # ready
    BUSY = "BUSY"  # ready, a command runs
    ABORTING = "ABORTING"  # ready, a command is being aborted
    FAULT = "FAULT"
    LOST = "LOST"  # the link is gone, the hardware's state unknown


class DeviceEvent(StrEnum):
    START = "START"
    STOP = "STOP"
    LINK_UP = "LINK_UP"
    LINK_FAILED = "LINK_FAILED"  # could not be opened
    LINK_LOST = "LINK_LOST"  # or no byte for three heartbeats, or `PINGS_MISSED_LIMIT` pings missed
    INITIALISE = "INITIALISE"
    INITIALISED = "INITIALISED"
    INITIALISATION_FAILED = "INITIALISATION_FAILED"  # or its deadline passed
    REBOOTED = "REBOOTED"  # its status says: not initialised
    ENABLE = "ENABLE"
    DISABLE = "DISABLE"
    COMMAND = "COMMAND"  # accepted by the device
    DONE = "DONE"  # ended, and verified by readback
    ABORT = "ABORT"  # asked for, or the command's deadline passed
    STOPPED = "STOPPED"  # the motion was seen to have stopped
    NOT_STOPPED = "NOT_STOPPED"  # it was not, within `ABORT_WITHIN_S`
    HARDWARE_ERROR = "HARDWARE_ERROR"
    RESET = "RESET"  # by a person, or automatic (`may_reset`)


class Action(StrEnum):
    """What the transition asks of the one who keeps the device."""

    OPEN_LINK = "OPEN_LINK"
    RETRY_LATER = "RETRY_LATER"  # with growing pauses, no limit
    READ_STATUS = "READ_STATUS"  # all of it, before any command; never move
    RECONCILE = "RECONCILE"  # read position, moving?, exposing?; abort what still moves; resume nothing blindly
    INITIALISE = "INITIALISE"
    SEND_ABORT = "SEND_ABORT"
    END_PENDING = "END_PENDING"  # what was asked ends with LinkLost
    CLOSE_LINK = "CLOSE_LINK"


@dataclass(frozen=True)
class Transition:
    to: Place
    actions: tuple[Action, ...] = ()


class IllegalTransition(ValueError):
    """The event means nothing in this place: a fault of the caller, who must look at the place first."""


_P, _E, _A = Place, DeviceEvent, Action

TABLE: Mapping[tuple[Place, DeviceEvent], Transition] = {
    (_P.OFFLINE, _E.START): Transition(_P.CONNECTING, (_A.OPEN_LINK,)),
    (_P.CONNECTING, _E.LINK_UP): Transition(_P.STANDBY, (_A.READ_STATUS,)),
    (_P.CONNECTING, _E.LINK_FAILED): Transition(_P.CONNECTING, (_A.RETRY_LATER,)),
    (_P.LOST, _E.LINK_FAILED): Transition(_P.LOST, (_A.RETRY_LATER,)),
    (_P.LOST, _E.LINK_UP): Transition(_P.STANDBY, (_A.RECONCILE,)),
    (_P.STANDBY, _E.INITIALISE): Transition(_P.INITIALIZING, (_A.INITIALISE,)),
    (_P.INITIALIZING, _E.INITIALISED): Transition(_P.DISABLED),
    (_P.INITIALIZING, _E.INITIALISATION_FAILED): Transition(_P.FAULT),
    (_P.DISABLED, _E.ENABLE): Transition(_P.IDLE),
    (_P.IDLE, _E.COMMAND): Transition(_P.BUSY),
    (_P.BUSY, _E.DONE): Transition(_P.IDLE),
    (_P.BUSY, _E.ABORT): Transition(_P.ABORTING, (_A.SEND_ABORT,)),
    (_P.IDLE, _E.ABORT): Transition(_P.ABORTING, (_A.SEND_ABORT,)),  # something may move that we do not know of
    (_P.ABORTING, _E.ABORT): Transition(_P.ABORTING, (_A.SEND_ABORT,)),
    (_P.ABORTING, _E.DONE): Transition(_P.ABORTING),  # it ended well just before; still wait to see it stand
    (_P.ABORTING, _E.STOPPED): Transition(_P.IDLE),
    (_P.ABORTING, _E.NOT_STOPPED): Transition(_P.FAULT),
    (_P.IDLE, _E.DISABLE): Transition(_P.DISABLED),
    (_P.BUSY, _E.DISABLE): Transition(_P.DISABLED, (_A.SEND_ABORT,)),
    (_P.ABORTING, _E.DISABLE): Transition(_P.DISABLED, (_A.SEND_ABORT,)),
    (_P.DISABLED, _E.REBOOTED): Transition(_P.STANDBY, (_A.READ_STATUS,)),
    (_P.IDLE, _E.REBOOTED): Transition(_P.STANDBY, (_A.READ_STATUS,)),
    (_P.BUSY, _E.REBOOTED): Transition(_P.STANDBY, (_A.END_PENDING, _A.READ_STATUS)),
    (_P.ABORTING, _E.REBOOTED): Transition(_P.STANDBY, (_A.END_PENDING, _A.READ_STATUS)),
    (_P.FAULT, _E.RESET): Transition(_P.STANDBY, (_A.READ_STATUS,)),
    # A link that fails before it was ever up is LINK_FAILED; all others can lose theirs.
    **{(place, _E.LINK_LOST): Transition(_P.LOST, (_A.END_PENDING, _A.RETRY_LATER)) for place in Place
       if place not in (_P.OFFLINE, _P.CONNECTING)},
    **{(place, _E.HARDWARE_ERROR): Transition(_P.FAULT, (_A.SEND_ABORT,)) for place in Place
       if place not in (_P.OFFLINE, _P.CONNECTING, _P.LOST, _P.FAULT)},
    (_P.FAULT, _E.HARDWARE_ERROR): Transition(_P.FAULT),  # known already; its status goes on being read
    **{(place, _E.STOP): Transition(_P.OFFLINE, (_A.END_PENDING, _A.CLOSE_LINK)) for place in Place},
}  # fmt: skip
"""Every legal transition. What is not here is not legal."""

_SHOWN: Mapping[Place, tuple[DeviceState, str]] = {
    _P.OFFLINE: (DeviceState.OFFLINE, "not wanted"),
    _P.CONNECTING: (DeviceState.DISABLED, "no link yet"),
    _P.STANDBY: (DeviceState.DISABLED, "not initialised"),
    _P.INITIALIZING: (DeviceState.INITIALIZING, "being initialised"),
    _P.DISABLED: (DeviceState.DISABLED, "initialised, not enabled"),
    _P.IDLE: (DeviceState.READY, "ready"),
    _P.BUSY: (DeviceState.READY, "busy"),
    _P.ABORTING: (DeviceState.READY, "aborting"),
    _P.FAULT: (DeviceState.FAULT, "hardware fault"),
    _P.LOST: (DeviceState.DISABLED, "link lost, state unknown"),
}


def step(place: Place, event: DeviceEvent) -> Transition:
    """Where an event leads from a place, and what it asks for. Raises `IllegalTransition`."""
    try:
        return TABLE[place, event]
    except KeyError:
        legal = ", ".join(sorted(known.value for at, known in TABLE if at is place))
        raise IllegalTransition(f"{event} means nothing in {place}: legal there are {legal}") from None


def shown(place: Place) -> tuple[DeviceState, str]:
    """The state that users and the database see, and its reason in words."""
    return _SHOWN[place]


def accepts_motion(place: Place) -> bool:
    """Whether a motion may be commanded. (The guardian's verdict and the owner's epoch are asked besides.)"""
    return place is Place.IDLE


def command_deadline_s(eta_s: float) -> float:
    """How long a command may take that the device estimates at `eta_s`: half as long again and five seconds."""
    return 1.5 * eta_s + 5.0


def may_reset(resets_s: Sequence[float], now_s: float) -> bool:
    """Whether a FAULT may be reset without a person: at most `AUTOMATIC_RESETS` in the last hour.

    `resets_s` are the monotonic times of the automatic resets made so far.
    """
    return sum(1 for at_s in resets_s if now_s - at_s < RESET_WINDOW_S) < AUTOMATIC_RESETS
