"""A hand-driven guardian for pure tests: say what the sensors give and when, ask for the verdict."""

from __future__ import annotations

from dataclasses import replace

from guardian import GuardState, NightPhase, Override, Policy, Reading, Role, Source, Surroundings, Verdict, step

GOOD = {"rain": 0.0, "wind_mps": 5.0, "humidity_percent": 40.0}
TWO_STATIONS = (Source("A"), Source("B"))


def policy_for(*sources: Source, **limits: object) -> Policy:
    return Policy.from_dict(limits, sources or TWO_STATIONS)


class Sheet:
    """Time in seconds from the start; every `look` is one step."""

    def __init__(self, policy: Policy | None = None, phase: NightPhase = NightPhase.NIGHT) -> None:
        self.policy = policy or policy_for()
        self.state = GuardState.initial(0.0)
        self.phase = phase
        self.overrides: tuple[Override, ...] = ()
        self.plc_answers = True
        self.plc_contact_s: float | None = None
        self.emergency_stop = False
        self.software_floor_s = 0.0
        self.arrived: list[Reading] = []

    def sample(self, source: str, at_s: float, **values: float) -> None:
        """One whole sample of a station; what is not said is good."""
        for quantity, value in {**GOOD, **values}.items():
            self.arrived.append(Reading(source, quantity, value, "", at_s))

    def give(self, source: str, at_s: float, quantity: str, value: float) -> None:
        """One single reading."""
        self.arrived.append(Reading(source, quantity, value, "", at_s))

    def look(self, now_s: float) -> Verdict:
        if self.plc_answers:
            self.plc_contact_s = now_s
        around = Surroundings(
            now_s, self.phase, self.plc_contact_s, self.emergency_stop, self.overrides, self.software_floor_s
        )
        self.state, verdict = step(self.policy, self.state, self.arrived, around)
        self.arrived = []
        return verdict

    def good_until(self, end_s: float, start_s: float = 0.0, every_s: float = 5.0) -> Verdict:
        """Good samples of every source, a look after each."""
        now_s = start_s
        while True:
            for source in self.policy.sources:
                self.sample(source.name, now_s)
            verdict = self.look(now_s)
            if now_s + every_s > end_s:
                return verdict
            now_s += every_s


def advisory(source: Source) -> Source:
    return replace(source, role=Role.ADVISORY)


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}
