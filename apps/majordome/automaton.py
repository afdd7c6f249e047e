"""The night of one telescope as a pure step: (state, inputs) → (state, orders).

Nothing here waits, asks a device or reads a database: the process around it (`process.py`) gathers `Inputs`,
calls `step`, and carries the orders out. A whole night can therefore be run in a test by a hand-driven clock,
and by the thousand. Orders are idempotent: the same order may come again on the next step until the inputs show
that it was fulfilled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

OPENING_SUN_ALTITUDE_DEG = -1.0
FLATS_SUN_ALTITUDE_DEG = (-4.0, -10.0)
"""Twilight flats are taken while the Sun is between these (behaviours E1)."""
OBSERVING_SUN_ALTITUDE_DEG = -12.0
ALERT_SUN_ALTITUDE_DEG = -8.0
SLEW_RETRY_S = 60.0
"""A slew that neither ended nor failed after this is ordered again (the slowest takes 20 s)."""
OPEN_RETRY_S = 90.0
RUN_OVERRUN_S = 900.0
"""A run that lasts this much longer than it should is given up."""


class Step(StrEnum):
    """Where the night is."""

    STARTUP = "STARTUP"
    EVENING_CALIBRATION = "EVENING_CALIBRATION"
    WAIT_FOR_DUSK = "WAIT_FOR_DUSK"
    OPENING = "OPENING"
    FLATS = "FLATS"
    OBSERVING = "OBSERVING"
    CLOSING = "CLOSING"
    MORNING_CALIBRATION = "MORNING_CALIBRATION"
    ENDED = "ENDED"


class Enclosure(StrEnum):
    """What the roof's switches say."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MOVING = "MOVING"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class RunView:
    """The active run as the database shows it."""

    run_id: int
    sequence_id: int
    epoch: int
    needs_sky: bool
    needs_slew: bool
    is_alert: bool
    on_target: bool
    albums_over: bool
    overdue_s: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """A sequence that may be begun now, with the answer of the go/no-go poll if it was already asked."""

    sequence_id: int
    needs_sky: bool


@dataclass(frozen=True)
class Inputs:
    """What is known at one moment. Unknown is never good news."""

    now_s: float
    sun_altitude_deg: float
    sun_rising: bool
    """It rises at the end of this night. Shortly after noon, before the night, its rise does not count."""
    open_allowed: bool
    """The guardian's fresh verdict allows an open roof."""
    safety_sentence: str
    enclosure: Enclosure
    mount_ready: bool
    mount_parked: bool
    mount_moving: bool
    cameras_ready: bool
    automatic: bool
    paused: bool = False
    run: RunView | None = None
    slew_done_run_id: int | None = None
    """The run whose slew ended on target, as the mount told."""
    slew_failed: str = ""
    alert: int | None = None
    """The sequence of an alert that is to be observed at once."""
    stop_sequences: frozenset[int] = frozenset()
    """Sequences that must not go on (retracted, cancelled by an operator)."""
    next_planned: Candidate | None = None
    flats: Candidate | None = None
    biases_darks: Candidate | None = None
    morning: Candidate | None = None
    overrun_allowed_s: float = RUN_OVERRUN_S
    """Longer under a fast clock: workers that restart need real seconds."""
    switch_allowed: bool = True
    """The burst that is being observed has had its time: another one may take the telescope."""
    alert_is_same_burst: bool = False
    """The waiting alert is the burst that is being observed, at a better position."""


@dataclass(frozen=True)
class State:
    """What the automaton itself must remember; all else is in the inputs."""

    step: Step = Step.STARTUP
    slew_run_id: int | None = None
    slew_at_s: float = 0.0
    slew_attempts: int = 0
    open_at_s: float | None = None


# Orders -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EnterStep:
    """The night goes on to a step; told in the journal."""

    step: Step
    why: str


@dataclass(frozen=True)
class InitializeDevices:
    """Cool the cameras, unpark nothing."""


@dataclass(frozen=True)
class OpenRoof:
    """Poll go/no-go, then open."""


@dataclass(frozen=True)
class CloseRoof:
    """Close, whatever else is broken."""


@dataclass(frozen=True)
class Park:
    """Park the mount."""


@dataclass(frozen=True)
class StartRun:
    """Begin a sequence; `interrupting` says why what runs now has to end."""

    sequence_id: int
    interrupting: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Slew:
    """Point at the run's target."""

    run_id: int


@dataclass(frozen=True)
class MarkOnTarget:
    """Let the shutters open."""

    run_id: int


@dataclass(frozen=True)
class EndRun:
    """End the run by its albums, or before its time with a cause; what is left is planned anew unless `cancel`."""

    run_id: int
    cause: str = ""
    sentence: str = ""
    cancel: bool = False


@dataclass(frozen=True)
class AbortExposures:
    """Stop all exposures now, without reading them out."""


@dataclass(frozen=True)
class WantSchedule:
    """Ask the planner for the night's first schedule."""


@dataclass(frozen=True)
class EndNight:
    """Archive and report."""


Order = (
    EnterStep
    | InitializeDevices
    | OpenRoof
    | CloseRoof
    | Park
    | StartRun
    | Slew
    | MarkOnTarget
    | EndRun
    | AbortExposures
    | WantSchedule
    | EndNight
)


def step(state: State, now: Inputs) -> tuple[State, list[Order]]:
    """One step of the night."""
    orders: list[Order] = []
    state = _safety(state, now, orders)
    if not orders:
        state = _stops(state, now, orders)
    if not any(isinstance(order, EndRun) for order in orders):
        state = _alert(state, now, orders)
    if not orders:
        state = _run(state, now, orders)
    if not orders:
        state = _STEPS[state.step](state, now, orders)
    return state, orders


def _safety(state: State, now: Inputs, orders: list[Order]) -> State:
    """Weather always wins: what needs the sky ends, the mount is parked and the roof closed (behaviours A1)."""
    if now.open_allowed or now.enclosure is Enclosure.CLOSED:
        return state
    if now.run is not None and now.run.needs_sky:
        orders += [AbortExposures(), EndRun(now.run.run_id, "weather", now.safety_sentence)]
    if not now.mount_parked:
        orders.append(Park())
    orders.append(CloseRoof())
    return replace(state, open_at_s=None, slew_run_id=None)


def _stops(state: State, now: Inputs, orders: list[Order]) -> State:
    run = now.run
    if run is None:
        return state
    if run.sequence_id in now.stop_sequences:
        sentence = "it must not go on: retracted or cancelled"
        orders += [AbortExposures(), EndRun(run.run_id, "operator", sentence, cancel=True)]
    elif now.paused:
        orders += [AbortExposures(), EndRun(run.run_id, "operator", "the system was paused")]
    elif run.needs_sky and now.enclosure is not Enclosure.OPEN:
        cause = "fault" if now.enclosure in (Enclosure.UNKNOWN, Enclosure.ERROR) else "weather"
        orders += [
            AbortExposures(),
            EndRun(run.run_id, cause, f"the roof is {now.enclosure}: {now.safety_sentence}"),
        ]
    elif run.overdue_s > now.overrun_allowed_s:
        orders += [AbortExposures(), EndRun(run.run_id, "fault", f"{run.overdue_s:.0f} s over its time")]
    return state


_OVER = frozenset({Step.CLOSING, Step.MORNING_CALIBRATION, Step.ENDED})
"""No burst is begun once the night is over: it waits for the next one."""


def _can_observe(now: Inputs, sun_limit_deg: float) -> bool:
    return (
        now.automatic
        and not now.paused
        and now.open_allowed
        and now.enclosure is Enclosure.OPEN
        and now.mount_ready
        and now.cameras_ready
        and now.sun_altitude_deg < sun_limit_deg
    )


def _alert(state: State, now: Inputs, orders: list[Order]) -> State:
    """A burst: whatever runs is interrupted in this very step, and the slew is ordered in the same one."""
    if now.alert is None or state.step in _OVER or not _can_observe(now, ALERT_SUN_ALTITUDE_DEG):
        return state
    if now.run is not None and now.run.sequence_id == now.alert:
        return state
    if now.run is not None and now.run.is_alert and not (now.switch_allowed or now.alert_is_same_burst):
        return state
    orders[:] = [AbortExposures(), StartRun(now.alert, "interrupted for a burst", "alert")]
    return replace(state, slew_run_id=None)


def _run(state: State, now: Inputs, orders: list[Order]) -> State:
    """Drive the active run: slew, on target, end. An empty list of orders means that it goes on by itself."""
    run = now.run
    if run is None:
        return state
    if run.albums_over:
        orders.append(EndRun(run.run_id))
        return replace(state, slew_run_id=None)
    if run.on_target:
        return state
    if not run.needs_slew:
        orders.append(MarkOnTarget(run.run_id))
        return state
    if state.slew_run_id != run.run_id:
        orders.append(Slew(run.run_id))
        return replace(state, slew_run_id=run.run_id, slew_at_s=now.now_s, slew_attempts=1)
    if now.slew_done_run_id == run.run_id:
        orders.append(MarkOnTarget(run.run_id))
        return state
    if now.slew_failed or now.now_s - state.slew_at_s > SLEW_RETRY_S:
        if state.slew_attempts >= 2:
            sentence = now.slew_failed or "the slew did not end"
            orders += [AbortExposures(), EndRun(run.run_id, "fault", f"not on target after two slews: {sentence}")]
            return replace(state, slew_run_id=None)
        orders.append(Slew(run.run_id))
        return replace(state, slew_at_s=now.now_s, slew_attempts=state.slew_attempts + 1)
    return state


def _go(state: State, orders: list[Order], to: Step, why: str) -> State:
    orders.append(EnterStep(to, why))
    return replace(state, step=to)


def _startup(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.sun_rising and now.sun_altitude_deg > OPENING_SUN_ALTITUDE_DEG:
        return _go(state, orders, Step.CLOSING, "started after the night")
    if now.cameras_ready and now.mount_ready:
        if now.sun_altitude_deg < FLATS_SUN_ALTITUDE_DEG[1]:
            # a restart in mid-night: calibrations wait for the morning (behaviours C8)
            return _go(state, orders, Step.OPENING, "devices are ready, the night has begun")
        return _go(state, orders, Step.EVENING_CALIBRATION, "devices are ready")
    orders.append(InitializeDevices())
    return state


def _evening_calibration(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.sun_altitude_deg < OPENING_SUN_ALTITUDE_DEG:
        return _go(state, orders, Step.WAIT_FOR_DUSK, "the dusk does not wait for biases and darks")
    if now.run is not None:
        return state
    if now.biases_darks is None:
        return _go(state, orders, Step.WAIT_FOR_DUSK, "biases and darks are taken")
    if now.automatic and not now.paused:
        orders.append(StartRun(now.biases_darks.sequence_id))
    return state


def _wait_for_dusk(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.sun_rising and now.sun_altitude_deg > OBSERVING_SUN_ALTITUDE_DEG:
        return _go(state, orders, Step.CLOSING, "the night is over")
    if now.sun_altitude_deg < OPENING_SUN_ALTITUDE_DEG:
        return _go(state, orders, Step.OPENING, f"the Sun is at {now.sun_altitude_deg:+.1f}°")
    return state


def _opening(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.sun_rising and now.sun_altitude_deg > OBSERVING_SUN_ALTITUDE_DEG:
        return _go(state, orders, Step.CLOSING, "the night is over")
    if now.enclosure is Enclosure.OPEN:
        dark = now.sun_altitude_deg < FLATS_SUN_ALTITUDE_DEG[1]
        orders.append(WantSchedule())
        return _go(replace(state, open_at_s=None), orders, Step.OBSERVING if dark else Step.FLATS, "the roof is open")
    due = state.open_at_s is None or now.now_s - state.open_at_s > OPEN_RETRY_S
    if due and now.open_allowed and now.automatic and not now.paused:
        orders.append(OpenRoof())
        return replace(state, open_at_s=now.now_s)
    return state


def _flats(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.enclosure is Enclosure.CLOSED:
        return _go(state, orders, Step.OPENING, "the roof was closed")
    first, last = FLATS_SUN_ALTITUDE_DEG
    if now.sun_altitude_deg < last or now.sun_rising:
        return _go(state, orders, Step.OBSERVING, "the Sun rises" if now.sun_rising else "it is too dark for flats")
    if now.run is not None:
        return state
    if now.flats is None:
        return _go(state, orders, Step.OBSERVING, "flats are taken")
    if now.sun_altitude_deg < first and _can_observe(now, first):
        orders.append(StartRun(now.flats.sequence_id))
    return state


def _observing(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.sun_rising and now.sun_altitude_deg > OBSERVING_SUN_ALTITUDE_DEG:
        return _go(state, orders, Step.CLOSING, f"the Sun is at {now.sun_altitude_deg:+.1f}° and rises")
    if now.enclosure is Enclosure.CLOSED:
        return _go(state, orders, Step.OPENING, "the roof was closed")
    if now.run is None and now.next_planned is not None and _can_observe(now, OBSERVING_SUN_ALTITUDE_DEG):
        orders.append(StartRun(now.next_planned.sequence_id))
    return state


def _closing(state: State, now: Inputs, orders: list[Order]) -> State:
    if now.run is not None:
        orders += [AbortExposures(), EndRun(now.run.run_id, "dawn", "the night is over")]
        return state
    if not now.mount_parked:
        orders.append(Park())
    if now.enclosure is not Enclosure.CLOSED:
        orders.append(CloseRoof())
    if now.mount_parked and now.enclosure is Enclosure.CLOSED:
        return _go(state, orders, Step.MORNING_CALIBRATION, "parked and closed")
    return state


def _morning_calibration(state: State, now: Inputs, orders: list[Order]) -> State:
    """Calibration frames by day only once all is proven safe: closed by its switch and parked."""
    safe = now.enclosure is Enclosure.CLOSED and now.mount_parked
    if not safe:
        return _go(state, orders, Step.CLOSING, "not closed or not parked")
    if now.run is not None:
        return state
    if now.morning is None or now.paused or not now.automatic:
        orders.append(EndNight())
        return _go(state, orders, Step.ENDED, "the night is over")
    orders.append(StartRun(now.morning.sequence_id))
    return state


def _ended(state: State, now: Inputs, orders: list[Order]) -> State:
    return state


_STEPS: dict[Step, Callable[[State, Inputs, list[Order]], State]] = {
    Step.STARTUP: _startup,
    Step.EVENING_CALIBRATION: _evening_calibration,
    Step.WAIT_FOR_DUSK: _wait_for_dusk,
    Step.OPENING: _opening,
    Step.FLATS: _flats,
    Step.OBSERVING: _observing,
    Step.CLOSING: _closing,
    Step.MORNING_CALIBRATION: _morning_calibration,
    Step.ENDED: _ended,
}
