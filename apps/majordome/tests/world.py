"""A tiny world around the automaton: a Sun, a roof, a mount, cameras, and runs that take their time.

It carries the orders out as the real majordome does, keeps a diary, and protests as soon as an order is unsafe.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from apps.majordome import automaton as a
from apps.majordome.automaton import Candidate, Enclosure, Inputs, RunView, State, Step, step

NOON_TO_NOON_S = 86_400.0
ROOF_TRAVEL_S = 60.0
SLEW_S = 15.0
COOLING_S = 600.0
BIASES_DARKS, FLATS = 1, 2
FIRST_PLANNED = 10
MOST_STEPS_A_TURN = 6


class Unsafe(AssertionError):
    """An order that must never be given as things are."""


@dataclass
class Sequence:
    """What waits, runs, or is over."""

    duration_s: float
    needs_sky: bool = True
    needs_slew: bool = True
    is_alert: bool = False
    burst: str = ""
    state: str = "WAITING"
    refused_until_s: float = 0.0


@dataclass
class Run:
    """A run of a sequence; over when it was long enough on target."""

    id: int
    sequence: int
    started_s: float
    on_target_s: float | None = None


def sun_altitude_deg(now_s: float) -> float:
    """A simple Sun: +50° at noon (0 s), −70° at midnight; it sets near 5.35 h and rises near 18.65 h."""
    return 60.0 * math.cos(2 * math.pi * now_s / NOON_TO_NOON_S) - 10.0


@dataclass
class World:
    """All of it, at one moment. Tests change the fields that they are about."""

    now_s: float = 4.8 * 3600.0
    weather_good: bool = True
    automatic: bool = True
    paused: bool = False
    stop_sequences: set[int] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    """Devices that do not answer now: roof, mount, cameras."""
    slew_ends_at_arcsec: Callable[[], float] = lambda: 4.0
    switch_interval_s: float = 300.0

    roof: float = 0.0
    roof_goal: float = 0.0
    parked: bool = True
    slew: tuple[int, float, float] | None = None
    """(run, when it ends, how far from the target it will be, arcsec)."""
    cooling_since_s: float | None = None
    runs: list[Run] = field(default_factory=list)
    active: Run | None = None
    sequences: dict[int, Sequence] = field(default_factory=dict)
    state: State = field(default_factory=State)
    diary: list[tuple[float, str, object]] = field(default_factory=list)
    before: a.Order | None = None

    def __post_init__(self) -> None:
        self.sequences[BIASES_DARKS] = Sequence(900.0, needs_sky=False, needs_slew=False)
        self.sequences[FLATS] = Sequence(300.0, needs_slew=False)

    # What the automaton sees -----------------------------------------------------------------------------------

    @property
    def sun_deg(self) -> float:
        return sun_altitude_deg(self.now_s)

    @property
    def open_allowed(self) -> bool:
        """As the guardian decides it: weather, mode, and the Sun below the horizon."""
        return self.weather_good and self.automatic and self.sun_deg < 0.0

    @property
    def enclosure(self) -> Enclosure:
        if "roof" in self.silent:
            return Enclosure.UNKNOWN
        return {0.0: Enclosure.CLOSED, 1.0: Enclosure.OPEN}.get(self.roof, Enclosure.MOVING)

    def inputs(self) -> Inputs:
        run = self.active
        mount = "mount" not in self.silent
        waiting = self._waiting_alert()
        cold = self.cooling_since_s is not None and self.now_s - self.cooling_since_s >= COOLING_S
        in_step = self.state.step
        return Inputs(
            now_s=self.now_s,
            sun_altitude_deg=self.sun_deg,
            sun_rising=self.now_s > NOON_TO_NOON_S / 2,
            open_allowed=self.open_allowed,
            safety_sentence="" if self.weather_good else "humidity 92 % > 85 %",
            enclosure=self.enclosure,
            mount_ready=mount,
            mount_parked=mount and self.parked,
            mount_moving=self.slew is not None and self.now_s < self.slew[1],
            cameras_ready=cold and "cameras" not in self.silent,
            automatic=self.automatic,
            paused=self.paused,
            run=self._view(run) if run else None,
            slew_done_run_id=self.slew[0] if self._slew_ended() and self.slew and self.slew[2] <= 60.0 else None,
            slew_failed=f"{self.slew[2]:.0f} arcsec from the target"
            if self._slew_ended() and self.slew and self.slew[2] > 60
            else "",
            alert=waiting,
            stop_sequences=frozenset(self.stop_sequences),
            next_planned=self._planned() if in_step is Step.OBSERVING and run is None else None,
            flats=self._candidate(FLATS) if in_step is Step.FLATS else None,
            biases_darks=self._candidate(BIASES_DARKS) if in_step is Step.EVENING_CALIBRATION else None,
            morning=self._candidate(BIASES_DARKS) if in_step is Step.MORNING_CALIBRATION else None,
            switch_allowed=run is None or self.now_s - run.started_s >= self.switch_interval_s,
            alert_is_same_burst=run is not None
            and waiting is not None
            and self.sequences[run.sequence].burst == self.sequences[waiting].burst != "",
        )

    def _view(self, run: Run) -> RunView:
        sequence = self.sequences[run.sequence]
        on_target_s = self.now_s - run.on_target_s if run.on_target_s is not None else 0.0
        return RunView(
            run.id, run.sequence, run.id, sequence.needs_sky, sequence.needs_slew, sequence.is_alert,
            run.on_target_s is not None, run.on_target_s is not None and on_target_s >= sequence.duration_s,
            max(0.0, self.now_s - run.started_s - sequence.duration_s),
        )  # fmt: skip

    def _slew_ended(self) -> bool:
        return self.slew is not None and self.now_s >= self.slew[1] and "mount" not in self.silent

    def _candidate(self, sequence: int) -> Candidate | None:
        row = self.sequences[sequence]
        return Candidate(sequence, row.needs_sky) if row.state == "WAITING" else None

    def _planned(self) -> Candidate | None:
        for number, row in self.sequences.items():
            waits = number >= FIRST_PLANNED and row.state == "WAITING" and not row.is_alert
            if waits and row.refused_until_s <= self.now_s and sun_altitude_deg(self.now_s + row.duration_s) < -12.0:
                return Candidate(number, True)
        return None

    def _waiting_alert(self) -> int | None:
        return max((n for n, s in self.sequences.items() if s.is_alert and s.state == "WAITING"), default=None)

    # What happens ----------------------------------------------------------------------------------------------

    def add(self, number: int, sequence: Sequence) -> int:
        """Something more to observe."""
        self.sequences[number] = sequence
        return number

    def restart(self) -> None:
        """The majordome is killed and begins again with what the database tells: the step, nothing more."""
        self.state = State(step=self.state.step)

    def tick(self, duration_s: float = 10.0) -> None:
        """Let time pass, then take steps until nothing is left to do, as the majordome's turn does."""
        self.now_s += duration_s
        self._move(duration_s)
        for _ in range(MOST_STEPS_A_TURN):
            seen = self.inputs()
            self.state, orders = step(self.state, seen)
            for order in orders:
                self._carry_out(order, seen)
            if not orders:
                return

    def until(self, reached: Callable[[World], bool], within_s: float, tick_s: float = 10.0) -> None:
        """Tick until something is so."""
        end_s = self.now_s + within_s
        while not reached(self):
            assert self.now_s < end_s, f"not reached within {within_s:.0f} s; step {self.state.step}, roof {self.roof}"
            self.tick(tick_s)

    def until_step(self, wanted: Step, within_s: float = 43_200.0) -> None:
        """Tick until a step of the night is reached."""
        self.until(lambda world: world.state.step is wanted, within_s)

    def _move(self, duration_s: float) -> None:
        if not self.open_allowed and "roof" not in self.silent:
            self.roof_goal = 0.0  # the guardian closes by itself, whatever the majordome does
        way = duration_s / ROOF_TRAVEL_S
        self.roof = (
            min(self.roof_goal, self.roof + way) if self.roof < self.roof_goal else max(self.roof_goal, self.roof - way)
        )

    def _carry_out(self, order: a.Order, seen: Inputs) -> None:
        if order != self.before:
            self.diary.append((self.now_s, type(order).__name__, order))
        self.before = order
        match order:
            case a.InitializeDevices():
                self.cooling_since_s = self.cooling_since_s if self.cooling_since_s is not None else self.now_s
            case a.OpenRoof():
                if not seen.open_allowed or seen.sun_altitude_deg >= -1.0 or seen.paused or not seen.automatic:
                    raise Unsafe(f"the roof was told to open: {seen}")
                self.roof_goal = 1.0 if "roof" not in self.silent else self.roof_goal
            case a.CloseRoof():
                self.roof_goal = 0.0 if "roof" not in self.silent else self.roof_goal
            case a.Park():
                if "mount" not in self.silent:
                    self.parked, self.slew = True, None
            case a.StartRun():
                self._start(order, seen)
            case a.Slew():
                assert self.active is not None and self.active.id == order.run_id
                self._slew(self.active, seen)
            case a.MarkOnTarget():
                assert self.active is not None and self.active.id == order.run_id
                self.active.on_target_s = self.now_s
            case a.EndRun():
                self._end(order)

    def _start(self, order: a.StartRun, seen: Inputs) -> None:
        sequence = self.sequences[order.sequence_id]
        if self.active is not None:
            if not order.interrupting:
                raise Unsafe(f"{order} while run {self.active.id} is active")
            other = self.sequences[self.active.sequence]
            self._close("CANCELLED" if other.burst == sequence.burst != "" else "WAITING")
        if sequence.needs_sky and seen.enclosure is not Enclosure.OPEN:
            raise Unsafe(f"{order} needs the sky while the roof is {seen.enclosure}")
        if not seen.automatic or seen.paused:
            raise Unsafe(f"{order} while paused or not automatic")
        sequence.state = "EXECUTING"
        self.active = Run(len(self.runs) + 1, order.sequence_id, self.now_s)
        self.runs.append(self.active)
        if sequence.needs_slew:
            self._slew(self.active, seen)

    def _slew(self, run: Run, seen: Inputs) -> None:
        if seen.enclosure is not Enclosure.OPEN:
            raise Unsafe(f"run {run.id} slews while the roof is {seen.enclosure}")
        if self.slew is not None and self.slew[0] == run.id and not self._slew_ended():
            return  # it is under way
        if "mount" not in self.silent:
            self.parked, self.slew = False, (run.id, self.now_s + SLEW_S, self.slew_ends_at_arcsec())
            self.diary.append((self.now_s, "slewing", run.sequence))

    def _end(self, order: a.EndRun) -> None:
        assert self.active is not None and self.active.id == order.run_id
        if order.cause == "fault":
            self.sequences[self.active.sequence].refused_until_s = self.now_s + 720.0
        self._close(("CANCELLED" if order.cancel else "WAITING") if order.cause else "COMPLETED")

    def _close(self, state: str) -> None:
        assert self.active is not None
        self.sequences[self.active.sequence].state = state
        self.active = None

    # What was seen ---------------------------------------------------------------------------------------------

    def orders(self, kind: type) -> list[tuple[float, object]]:
        """When orders of a kind were given, repetitions left out."""
        return [(at_s, order) for at_s, name, order in self.diary if name == kind.__name__]

    def steps(self) -> list[str]:
        """The steps of the night in the order they were entered."""
        return [str(order.step) for _, order in self.orders(a.EnterStep)]  # type: ignore[attr-defined]
