"""One turn of the guardian: everything it sees in, everything it does out. Pure.

The process around it only gathers the inputs, sends the commands and writes the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from guardian import closing, fusion
from guardian.alarms import Alarm, compare
from guardian.closing import Action, ClosingOutcome, Mount, Switches
from guardian.night import OPEN_PHASES, desired_enclosure, explain_desired, night_phase
from guardian.overrides import Override, in_force
from guardian.policy import Policy
from guardian.readings import Reading, Rejection
from guardian.remembering import Memory, Told
from guardian.requests import Request
from guardian.status import GuardianStatus
from guardian.verdict import Reason, Verdict
from guardian.vocabulary import Enclosure, NightPhase, OperatingMode, Safety, Severity
from pyros.clock import iso

_RISING_OVER_S = 60.0
_NIGHT_IS_OVER = frozenset({NightPhase.DAY, NightPhase.MORNING})
_CRITICAL_CODES = frozenset({"mains", "ups", "ups_critical", fusion.PLC_LINK, fusion.EMERGENCY_STOP})


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that one tick sees. Times are the clock's; `*_s` without more is monotonic."""

    now_s: float
    now_unix_s: float
    sun_altitude_deg: Callable[[float], float]
    """The Sun's altitude at a date in unix seconds."""
    readings: Sequence[Reading] = ()
    """Those that arrived since the last tick."""
    rejections: Sequence[Rejection] = ()
    plc_contact_s: float | None = None
    switches: Switches | None = None
    """The roof's, None while they have not been read back since the PLC's link came up."""
    mount: Mount = Mount.NONE
    request: Request | None = None
    complaints: Sequence[Alarm] = ()
    """Troubles of the process itself (request ignored, disk)."""
    software_floor_s: float = 0.0
    heartbeat_counter: int = 0
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Outputs:
    """What follows: the status to publish, the commands to give, the events to log."""

    status: GuardianStatus
    commands: tuple[Action, ...]
    events: tuple[Mapping[str, object], ...]


def tick(policy: Policy, memory: Memory, seen: Inputs) -> tuple[Memory, Outputs]:
    """One turn. Nothing but its arguments decides."""
    dates = memory.dates.seen(seen.now_unix_s, seen.now_s)
    suns = [_sun(policy, seen.sun_altitude_deg, date) for date in dates.candidates_unix_s(seen.now_s)]
    altitude_deg, phase = suns[0]
    mode = OperatingMode.STANDBY if seen.request is None else seen.request.mode

    ledger, holding = in_force(
        memory.overrides,
        () if seen.request is None else seen.request.overrides,
        now_s=seen.now_s,
        now_unix_s=seen.now_unix_s,
        longest_s=policy.timing.override_longest_s,
        night_is_over=phase in _NIGHT_IS_OVER,
    )
    guard = _with_start_hold(policy, memory, seen)
    guard, verdict = fusion.step(
        policy,
        guard,
        seen.readings,
        fusion.Surroundings(
            now_s=seen.now_s,
            phase=phase,
            plc_contact_s=seen.plc_contact_s,
            emergency_stop=seen.request is not None and seen.request.emergency_stop,
            overrides=holding,
            software_floor_s=seen.software_floor_s,
        ),
    )
    # After a step of the date every possible date must allow it (dates.py).
    allowed = all(desired_enclosure(each, mode, verdict.safety) is Enclosure.OPEN_ALLOWED for _, each in suns)
    desired = Enclosure.OPEN_ALLOWED if allowed else Enclosure.CLOSE
    closing_state, roof = closing.step(
        policy,
        memory.closing,
        want_close=desired is Enclosure.CLOSE
        and not _adopting(policy, guard.started_s, verdict, [p for _, p in suns], seen),
        switches=seen.switches,
        mount=seen.mount,
        now_s=seen.now_s,
        software_floor_s=seen.software_floor_s,
    )
    alarms = compare(
        memory.alarms, [*roof.alarms, *_verdict_alarms(verdict), *_date_alarms(dates.is_suspect), *seen.complaints]
    )
    explanation = explain_desired(phase, mode, verdict.safety)
    if desired is Enclosure.CLOSE and desired_enclosure(phase, mode, verdict.safety) is Enclosure.OPEN_ALLOWED:
        explanation = "closed because the date was stepped and by the former date the Sun is too high"
    status = _status(
        verdict, roof, seen, phase=phase, altitude_deg=altitude_deg, mode=mode, desired=desired,
        explanation=explanation, holding=holding, alarms=tuple(alarms.active.values()),
        readings=tuple(guard.latest.values()),
    )  # fmt: skip
    log = _Log(memory.told, seen)
    log.changes(status, seen)
    for alarm in alarms.raised:
        log.add("alarm_raised", {"key": alarm.key, "severity": alarm.severity, "sentence": alarm.sentence})
    for alarm in alarms.cleared:
        log.add("alarm_cleared", {"key": alarm.key, "severity": alarm.severity, "sentence": alarm.sentence})
    told = log.told(seen, holding)
    after = Memory(
        guard=guard,
        closing=closing_state,
        overrides=ledger,
        dates=dates,
        alarms=alarms.active,
        told=told,
        start_hold_pending=memory.start_hold_pending and seen.switches is None,
    )
    return after, Outputs(status, roof.actions, tuple(log.events))


def _sun(policy: Policy, altitude_at: Callable[[float], float], unix_s: float) -> tuple[float, NightPhase]:
    altitude_deg = altitude_at(unix_s)
    rising = altitude_at(unix_s + _RISING_OVER_S) > altitude_deg
    return altitude_deg, night_phase(altitude_deg, rising, policy.sun)


def _with_start_hold(policy: Policy, memory: Memory, seen: Inputs) -> fusion.GuardState:
    """The start holdoff, once it is known where the roof stands: an open roof is adopted, not held (C8)."""
    if not memory.start_hold_pending or seen.switches is None:
        return memory.guard
    if seen.switches.open is True and seen.switches.closed is False:
        return memory.guard
    return memory.guard.held(
        fusion.Hold("start", "guardian", None, memory.guard.started_s, policy.timing.start_holdoff_s)
    )


def _adopting(policy: Policy, started_s: float, verdict: Verdict, phases: Iterable[NightPhase], seen: Inputs) -> bool:
    """Whether closing waits: just started, by night, nothing known to be bad, first readings or a first request due."""
    grace_s = max(policy.timing.start_grace_s, seen.software_floor_s)
    return (
        seen.now_s - started_s < grace_s
        and verdict.safety not in (Safety.UNSAFE, Safety.EMERGENCY)
        and all(phase in OPEN_PHASES for phase in phases)
        and (verdict.starting or seen.request is None)
    )


def _verdict_alarms(verdict: Verdict) -> Iterable[Alarm]:
    for reason in verdict.reasons:
        if reason.code in _CRITICAL_CODES:
            yield Alarm(reason.code, Severity.CRITICAL, reason.sentence)
        elif reason.code.startswith(("stale:", "uncovered:")):
            yield Alarm(reason.code, Severity.WARNING, reason.sentence)


def _date_alarms(suspect: bool) -> Iterable[Alarm]:
    if suspect:
        remedy = "set it back, or restart the guardian if it is right"
        sentence = f"the date was stepped: the roof opens only if both dates allow it; {remedy}"
        yield Alarm("date_step", Severity.CRITICAL, sentence)


def _status(
    verdict: Verdict,
    roof: ClosingOutcome,
    seen: Inputs,
    *,
    phase: NightPhase,
    altitude_deg: float,
    mode: OperatingMode,
    desired: Enclosure,
    explanation: str,
    holding: Sequence[Override],
    alarms: tuple[Alarm, ...],
    readings: tuple[Reading, ...],
) -> GuardianStatus:
    until_s = verdict.holdoff_until_s
    return GuardianStatus(
        safety=verdict.safety,
        reasons=verdict.reasons,
        warnings=verdict.warnings,
        since_monotonic_s=verdict.since_s,
        holdoff_until_monotonic_s=until_s,
        holdoff_until_unix_s=None if until_s is None else seen.now_unix_s + until_s - seen.now_s,
        closes_tonight=verdict.closes_tonight,
        phase=phase,
        sun_altitude_deg=round(altitude_deg, 4) if altitude_deg == altitude_deg else None,
        mode=mode,
        desired=desired,
        explanation=explanation,
        shutter=roof.shutter,
        open_switch=None if seen.switches is None else seen.switches.open,
        closed_switch=None if seen.switches is None else seen.switches.closed,
        mount=seen.mount,
        readings=readings,
        overrides=tuple(override.id for override in holding),
        alarms=alarms,
        heartbeat_counter=seen.heartbeat_counter,
        written_unix_s=seen.now_unix_s,
        written_monotonic_s=seen.now_s,
        pid=seen.pid,
        running=True,
    )


def event(kind: str, data: Mapping[str, object], now_unix_s: float, now_s: float) -> Mapping[str, object]:
    """One line of the event log."""
    time = iso(datetime.fromtimestamp(now_unix_s, UTC))
    return {"time": time, "unix_s": now_unix_s, "monotonic_s": now_s, "kind": kind, "data": data}


class _Log:
    """Turns differences from what was told before into events."""

    def __init__(self, before: Told, seen: Inputs) -> None:
        self._before = before
        self._values = dict(before.values)
        self._seen = seen
        self.events: list[Mapping[str, object]] = []

    def add(self, kind: str, data: Mapping[str, object]) -> None:
        self.events.append(event(kind, data, self._seen.now_unix_s, self._seen.now_s))

    def changes(self, status: GuardianStatus, seen: Inputs) -> None:
        intent = None if seen.request is None else seen.request.opening_intent
        reasons = [
            {"code": r.code, "sentence": r.sentence, "source": r.source, "level": r.level} for r in status.reasons
        ]
        warnings = [{"code": r.code, "sentence": r.sentence, "source": r.source} for r in status.warnings]
        self._change("verdict", (status.safety, _codes(status.reasons)), {"safety": status.safety, "reasons": reasons})
        self._change("warnings", _codes(status.warnings), {"warnings": warnings})
        self._change("phase", status.phase, {"phase": status.phase, "sun_altitude_deg": status.sun_altitude_deg})
        self._change("mode", status.mode, {"mode": status.mode})
        self._change("desired", status.desired, {"desired": status.desired, "explanation": status.explanation})
        self._change("opening_intent", intent, {"opening_intent": intent})
        shutter = {
            "shutter": status.shutter,
            "open_switch": status.open_switch,
            "closed_switch": status.closed_switch,
            "opening_intent": intent,
        }
        self._change("enclosure", status.shutter, shutter)
        self._change("mount", status.mount, {"mount": status.mount})

    def _change(self, kind: str, value: object, data: Mapping[str, object]) -> None:
        if kind not in self._values and value in (None, frozenset()):
            return
        if kind not in self._values or self._values[kind] != value:
            self._values[kind] = value
            self.add(kind, data)

    def told(self, seen: Inputs, holding: Sequence[Override]) -> Told:
        """What has now been told; logs rejected samples at the first of a series, and overrides at both ends."""
        rejected = set(self._before.rejected)
        for rejection in seen.rejections:
            key = (rejection.source, rejection.quantity)
            if key not in rejected:
                self.add("reading_rejected", {"source": key[0], "quantity": key[1], "sentence": rejection.sentence})
                rejected.add(key)
        rejected -= {(reading.source, reading.quantity) for reading in seen.readings}
        ids = {override.id: override for override in holding}
        for name in sorted(ids.keys() - self._before.overrides):
            override = ids[name]
            data = {"id": name, "source": override.source, "quantity": override.quantity}
            self.add("override_started", {**data, "by": override.by, "reason": override.reason})
        for name in sorted(self._before.overrides - ids.keys()):
            self.add("override_ended", {"id": name})
        return Told(self._values, frozenset(rejected), frozenset(ids))


def _codes(reasons: Iterable[Reason]) -> frozenset[tuple[str, str, str | None]]:
    return frozenset((reason.code, reason.source, reason.quantity) for reason in reasons)
