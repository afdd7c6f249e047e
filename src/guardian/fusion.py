"""From readings to a verdict: `step`, the pure heart of the guardian.

Rules that hold whatever happens: one bad source is enough (veto, never an average); what is not known is not safe;
good weather must last before it counts; every verdict says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from guardian.agreement import disagreements
from guardian.judging import Judgement, judge
from guardian.night import OPEN_PHASES
from guardian.overrides import Override
from guardian.policy import Policy, Source
from guardian.readings import Reading
from guardian.rules import Rule
from guardian.verdict import Reason, Verdict
from guardian.vocabulary import NightPhase, Role, Safety

PLC_LINK = "plc_link"
EMERGENCY_STOP = "emergency_stop"

_SensorKey = tuple[str, str]  # source, quantity
_RuleKey = tuple[str, str]  # source, code of the rule


@dataclass(frozen=True, slots=True)
class Hold:
    """A holdoff: until `last_bad_s + holdoff_s`, times the flapping factor."""

    code: str
    source: str
    quantity: str | None
    last_bad_s: float
    holdoff_s: float


_HoldKey = tuple[str, str, str | None]


@dataclass(frozen=True)
class GuardState:
    """All that the guardian remembers between two steps."""

    started_s: float
    since_s: float
    safety: Safety = Safety.UNSAFE
    starting: bool = True
    latest: Mapping[_SensorKey, Reading] = field(default_factory=dict)
    judgements: Mapping[_RuleKey, Judgement] = field(default_factory=dict)
    holds: Mapping[_HoldKey, Hold] = field(default_factory=dict)
    closes_tonight: int = 0

    @classmethod
    def initial(cls, now_s: float) -> GuardState:
        """Nothing known yet: not safe."""
        return cls(started_s=now_s, since_s=now_s)

    def held(self, hold: Hold) -> GuardState:
        """The same with one more holdoff (from before a restart, say)."""
        holds = {**self.holds, (hold.code, hold.source, hold.quantity): hold}
        return GuardState(
            self.started_s,
            self.since_s,
            self.safety,
            self.starting,
            self.latest,
            self.judgements,
            holds,
            self.closes_tonight,
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the verdict depends on besides readings."""

    now_s: float
    """Monotonic."""
    phase: NightPhase
    plc_contact_s: float | None
    """When the PLC last answered (monotonic); None: never yet."""
    emergency_stop: bool = False
    overrides: Sequence[Override] = ()
    software_floor_s: float = 0.0
    """Silence shorter than this says nothing, because programs do not run faster when the clock does."""


def step(
    policy: Policy, state: GuardState, readings: Iterable[Reading], around: Surroundings
) -> tuple[GuardState, Verdict]:
    """One decision. Give the readings that arrived since the last step; each is judged once.

    A reading of an unknown source, older than one already held, or dated in the future is not taken, so that its
    sensor counts as silent. Pure: the same arguments give the same result.
    """
    weighing = _Weighing(policy, state, around)
    weighing.take(readings)
    weighing.judge_sources()
    weighing.judge_cover()
    weighing.judge_link()
    return weighing.conclude()


class _Weighing:
    """The working sheet of one step."""

    def __init__(self, policy: Policy, state: GuardState, around: Surroundings) -> None:
        self.policy = policy
        self.state = state
        self.around = around
        self.now_s = around.now_s
        self.latest = dict(state.latest)
        self.judgements = dict(state.judgements)
        self.holds = dict(state.holds)
        self.reasons: list[Reason] = []
        self.warnings: list[Reason] = []
        self.waiting: list[Reason] = []
        stale_after_s = max(policy.timing.stale_after_s, around.software_floor_s)
        self.fresh_from_s = self.now_s - stale_after_s
        grace_s = max(policy.timing.start_grace_s, around.software_floor_s)
        self.may_wait = state.starting and self.now_s - state.started_s < grace_s

    def take(self, readings: Iterable[Reading]) -> None:
        roles = {source.name: source.role for source in self.policy.sources}
        for reading in readings:
            if reading.source not in roles or reading.taken_monotonic_s > self.now_s:
                continue
            key = (reading.source, reading.quantity)
            held = self.latest.get(key)
            if held is not None and held.taken_monotonic_s >= reading.taken_monotonic_s:
                continue
            self.latest[key] = reading
            for rule in self.policy.rules:
                if rule.quantity != reading.quantity:
                    continue
                mark = (reading.source, rule.code)
                judgement = self.judgements[mark] = judge(rule, self.judgements.get(mark), reading)
                vetoes = roles[reading.source] is not Role.ADVISORY and not rule.warns_only
                if judgement.bad and vetoes and judgement.last_bad_s is not None:
                    self.hold(rule.code, reading.source, rule.quantity, judgement.last_bad_s, rule.holdoff_s)

    def hold(self, code: str, source: str, quantity: str | None, last_bad_s: float, holdoff_s: float) -> None:
        self.holds[(code, source, quantity)] = Hold(code, source, quantity, last_bad_s, holdoff_s)

    def is_fresh(self, source: str, quantity: str) -> bool:
        reading = self.latest.get((source, quantity))
        return reading is not None and reading.taken_monotonic_s >= self.fresh_from_s

    def is_overridden(self, source: str, quantity: str) -> bool:
        return any(override.covers(source, quantity) for override in self.around.overrides)

    def judge_sources(self) -> None:
        for source in self.policy.sources:
            self._judge_silence(source)
        by_name = {source.name: source for source in self.policy.sources}
        rules = {rule.code: rule for rule in self.policy.rules}
        for (name, code), judgement in self.judgements.items():
            if judgement.series:
                self._judge_bad(by_name[name], rules[code], judgement)

    def _judge_bad(self, source: Source, rule: Rule, judgement: Judgement) -> None:
        name, quantity = source.name, rule.quantity
        sentence = rule.sentence(name, self.latest[(name, quantity)].value)
        counts = source.role is not Role.ADVISORY and not rule.warns_only
        if not self.is_fresh(name, quantity):
            # Bad when last heard of and silent since: a required source keeps its veto, another leaves its holdoff.
            if source.role is not Role.REQUIRED or not judgement.bad or not counts:
                return
            sentence += ", and silent since"
            if not self.is_overridden(name, quantity):
                self.hold(rule.code, name, quantity, self.now_s, rule.holdoff_s)
        if self.is_overridden(name, quantity):
            self.warnings.append(Reason(f"overridden:{name}", f"ignored: {sentence}", name, Safety.SAFE, quantity))
        elif not judgement.bad:
            self.warnings.append(Reason(rule.code, f"not yet confirmed: {sentence}", name, Safety.SAFE, quantity))
        elif not counts:
            self.warnings.append(Reason(rule.code, f"advisory: {sentence}", name, Safety.SAFE, quantity))
        else:
            self.reasons.append(Reason(rule.code, sentence, name, rule.level, quantity))

    def _judge_silence(self, source: Source) -> None:
        silent = [name for name in source.must_give if not self.is_fresh(source.name, name)]
        counted = [name for name in silent if not self.is_overridden(source.name, name)]
        if not silent:
            return
        code = f"stale:{source.name}"
        never = all((source.name, name) not in self.latest for name in silent)
        how = "no reading yet" if never else f"no reading for more than {self.policy.timing.stale_after_s:g} s"
        sentence = f"{source.name}: {how} of {', '.join(counted or silent)}"
        if not counted:
            self.warnings.append(Reason(f"overridden:{source.name}", f"ignored: {sentence}", source.name, Safety.SAFE))
        elif source.role is not Role.REQUIRED:
            self.warnings.append(Reason(code, sentence, source.name, Safety.SAFE))
        elif never and self.may_wait:
            self.waiting.append(Reason("starting", sentence, source.name, Safety.HOLDOFF))
        else:
            self.reasons.append(Reason(code, sentence, source.name))
            for quantity in counted:
                self.hold("stale", source.name, quantity, self.now_s, self.policy.timing.link_holdoff_s)

    def judge_cover(self) -> None:
        """Each indispensable quantity must come freshly from enough sources that count."""
        counting = [source.name for source in self.policy.sources if source.role is not Role.ADVISORY]
        for quantity, needed in self.policy.covered_by.items():
            giving = [name for name in counting if self.is_fresh(name, quantity) or self.is_overridden(name, quantity)]
            if len(giving) >= needed:
                continue
            sentence = f"{quantity} comes from {len(giving)} sources, {needed} needed"
            if self.may_wait and not any((name, quantity) in self.latest for name in counting):
                self.waiting.append(Reason("starting", sentence, "guardian", Safety.HOLDOFF, quantity))
            else:
                self.reasons.append(Reason(f"uncovered:{quantity}", sentence, "guardian", Safety.UNSAFE, quantity))
                self.hold("uncovered", "guardian", quantity, self.now_s, self.policy.timing.link_holdoff_s)

    def judge_link(self) -> None:
        timing = self.policy.timing
        contact_s = self.around.plc_contact_s
        allowed_s = max(timing.plc_lost_after_s, self.around.software_floor_s)
        if contact_s is None or self.now_s - contact_s > allowed_s or contact_s > self.now_s:
            if contact_s is None and self.may_wait:
                self.waiting.append(Reason("starting", "plc link: not connected yet", "plc", Safety.HOLDOFF))
            else:
                sentence = f"plc link: no answer from the PLC for more than {timing.plc_lost_after_s:g} s"
                self.reasons.append(Reason(PLC_LINK, sentence, "plc"))
                self.hold(PLC_LINK, "plc", None, self.now_s, timing.link_holdoff_s)
        if self.around.emergency_stop:
            self.reasons.append(Reason(EMERGENCY_STOP, "emergency stop is asked for", "operator", Safety.EMERGENCY))

    def conclude(self) -> tuple[GuardState, Verdict]:
        closes = self._closes()
        factor = self.policy.flapping_factor if closes > self.policy.flapping_closes else 1.0
        running = {}
        until_s: float | None = None
        for key, hold in self.holds.items():
            end_s = hold.last_bad_s + hold.holdoff_s * factor
            if end_s <= self.now_s:
                continue
            running[key] = hold
            if hold.quantity is not None and self.is_overridden(hold.source, hold.quantity):
                continue
            until_s = end_s if until_s is None else max(until_s, end_s)
            longer = " (doubled: too many closes tonight)" if factor > 1 else ""
            sentence = (
                f"{hold.source}: {hold.code} was bad within the last {hold.holdoff_s * factor / 60:g} min{longer}"
            )
            self.waiting.append(Reason(f"holdoff:{hold.code}", sentence, hold.source, Safety.HOLDOFF, hold.quantity))
        safety = self._safety()
        starting = self.may_wait and any(reason.code == "starting" for reason in self.waiting)
        since_s = self.state.since_s if safety is self.state.safety else self.now_s
        state = GuardState(
            self.state.started_s, since_s, safety, starting, self.latest, self.judgements, running, closes
        )
        fresh = [reading for reading in self.latest.values() if reading.taken_monotonic_s >= self.fresh_from_s]
        self.warnings.extend(disagreements(fresh, self.policy.agreement))
        reasons = tuple(self.reasons) or tuple(self.waiting)
        return state, Verdict(safety, reasons, tuple(self.warnings), until_s, since_s, closes, starting)

    def _closes(self) -> int:
        """Closes of this night, this step's own included: from SAFE to bad while the roof may be open."""
        if self.around.phase is NightPhase.DAY:
            return 0
        closing = self.state.safety is Safety.SAFE and bool(self.reasons) and self.around.phase in OPEN_PHASES
        return self.state.closes_tonight + int(closing)

    def _safety(self) -> Safety:
        levels = {reason.level for reason in self.reasons}
        if Safety.EMERGENCY in levels:
            return Safety.EMERGENCY
        if levels:
            return Safety.UNSAFE
        return Safety.HOLDOFF if self.waiting else Safety.SAFE
