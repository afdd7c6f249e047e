"""Whatever happens: random readings, links, requests and dates, and whole random nights (I1, I7, E2)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from guardian import (
    Action,
    Enclosure,
    Mount,
    NightPhase,
    OperatingMode,
    Override,
    Policy,
    Reading,
    Role,
    Safety,
    ShutterStatus,
    Source,
    Switches,
)
from guardian.remembering import Memory
from guardian.tests.sheet import GOOD
from guardian.tests.turning import BETWEEN, CLOSED, EPOCH_UNIX_S, OPEN, Turning, asking

QUANTITIES = {
    "rain": st.sampled_from([0.0, 0.0, 1.0]),
    "wind_mps": st.floats(0, 30),
    "humidity_percent": st.floats(0, 105),
    "mains": st.sampled_from([0.0, 1.0, 1.0]),
    "ups_percent": st.floats(0, 100),
}
LIMITS = {"rain": 1.0, "wind_mps": 15.0, "humidity_percent": 85.0}


class WhateverHappens(RuleBasedStateMachine):
    """Two required stations; the machine keeps its own books of what they gave last."""

    def __init__(self) -> None:
        super().__init__()
        self.turning = Turning()
        self.now_s = 0.0
        self.given: dict[tuple[str, str], tuple[float, float]] = {}
        self.waiting: list[Reading] = []
        self.bad_rain_s = -1e9
        self.raised: set[str] = set()

    @rule(source=st.sampled_from("AB"), quantity=st.sampled_from(sorted(QUANTITIES)), data=st.data())
    def give(self, source: str, quantity: str, data: st.DataObject) -> None:
        value = data.draw(QUANTITIES[quantity])
        self.waiting.append(Reading(source, quantity, value, "", self.now_s))

    @rule()
    def give_all_good(self) -> None:
        self.waiting += [
            Reading(source, quantity, value, "", self.now_s) for source in "AB" for quantity, value in GOOD.items()
        ]

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0, 61.0, 900.0, 3600.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self._turn()

    @rule(seconds=st.sampled_from([900.0, 4000.0]))
    def a_good_spell(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += 30.0
            self.give_all_good()
            self._turn()

    @rule(answers=st.booleans())
    def plc(self, answers: bool) -> None:
        self.turning.plc_answers = answers

    @rule(altitude_deg=st.sampled_from([-30.0, -30.0, -5.0, -0.5, 20.0, float("nan")]))
    def sun(self, altitude_deg: float) -> None:
        self.turning.sun = lambda unix_s: altitude_deg

    @rule(mode=st.one_of(st.none(), st.sampled_from(OperatingMode)), stop=st.booleans(), override=st.booleans())
    def request(self, mode: OperatingMode | None, stop: bool, override: bool) -> None:
        overrides = (Override("o", "A", None, EPOCH_UNIX_S + 1e6, "ops", "test"),) if override else ()
        self.turning.request = None if mode is None else asking(mode, emergency_stop=stop, overrides=overrides)

    @rule(switches=st.sampled_from([OPEN, CLOSED, BETWEEN, None, Switches(True, True), Switches(None, True)]))
    def roof(self, switches: Switches | None) -> None:
        self.turning.switches = switches

    @rule(mount=st.sampled_from(Mount))
    def mount(self, mount: Mount) -> None:
        self.turning.mount = mount

    @rule(step_s=st.sampled_from([-3600.0, 0.0, 3600.0]))
    def date(self, step_s: float) -> None:
        self.turning.date_step_s = step_s

    @rule()
    def restart(self) -> None:
        turning = self.turning
        former = turning.status if turning.out is not None else None
        turning.memory = Memory.initial(
            self.now_s, EPOCH_UNIX_S + self.now_s + turning.date_step_s, former=former, alarms=turning.memory.alarms
        )
        self.given.clear()
        turning.out = None

    def _turn(self) -> None:
        for reading in self.waiting:
            self.given[(reading.source, reading.quantity)] = (reading.taken_monotonic_s, reading.value)
            if reading.quantity == "rain" and reading.value == 1.0:
                self.bad_rain_s = max(self.bad_rain_s, reading.taken_monotonic_s)
        self.turning.turn(self.now_s, self.waiting)
        self.waiting = []
        for event in self.turning.events:
            data = event["data"]
            assert isinstance(data, dict)
            if event["kind"] == "alarm_raised":
                assert data["key"] not in self.raised
                self.raised.add(data["key"])
            elif event["kind"] == "alarm_cleared":
                self.raised.remove(data["key"])
        self.turning.events.clear()

    @invariant()
    def I1_open_is_allowed_only_when_all_is_known_and_good(self) -> None:
        if self.turning.out is None or self.turning.status.desired is not Enclosure.OPEN_ALLOWED:
            return
        now = self.turning.status
        at_s = now.written_monotonic_s
        assert now.safety is Safety.SAFE
        assert now.phase in (NightPhase.DUSK, NightPhase.NIGHT, NightPhase.DAWN)
        assert now.mode in (OperatingMode.AUTOMATIC, OperatingMode.MANUAL)
        assert self.turning.plc_contact_s is not None
        assert at_s - self.turning.plc_contact_s <= 10.0
        for source in "AB":
            for quantity, limit in LIMITS.items():
                if now.overrides and source == "A" and quantity != "rain":
                    continue
                taken_s, value = self.given[(source, quantity)]
                assert at_s - taken_s <= 60.0
                assert value < limit

    @invariant()
    def A7_no_opening_within_an_hour_of_rain(self) -> None:
        if self.turning.out is not None and self.turning.status.desired is Enclosure.OPEN_ALLOWED:
            assert self.turning.status.written_monotonic_s - self.bad_rain_s >= 3600.0

    @invariant()
    def I7_what_was_raised_and_not_cleared_is_active(self) -> None:
        if self.turning.out is not None:
            assert self.raised == {alarm.key for alarm in self.turning.status.alarms}

    @invariant()
    def every_verdict_but_safe_has_its_reasons_and_safe_has_none(self) -> None:
        if self.turning.out is not None:
            assert bool(self.turning.status.reasons) == (self.turning.status.safety is not Safety.SAFE)


WhateverHappens.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestWhateverHappens = WhateverHappens.TestCase


# --- whole random nights -------------------------------------------------------------------------------------------

NIGHT_S = 10_800
QUIET_S = 30.0
BUSY_S = 2.0
TRAVEL_S = 60.0


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong between two moments."""

    kind: str
    start_s: float
    end_s: float

    def now(self, now_s: float) -> bool:
        return self.start_s <= now_s < self.end_s


KINDS = ("rain", "wind", "humidity", "silence", "garbage", "plc", "jam", "mount", "standby", "no_request", "restart")


class RandomNight:
    """Stations, a roof with its travel, a mount, an opener that opens whenever it may, and up to five troubles."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.troubles = [
            Trouble(kind, start, start + chance.choice([1.0, 15.0, 90.0, 600.0]))
            for kind, start in ((chance.choice(KINDS), chance.uniform(100, 9000)) for _ in range(chance.randint(0, 5)))
        ]
        roles = chance.choice([(Role.REQUIRED, Role.REQUIRED), (Role.REDUNDANT, Role.REQUIRED)])
        limits = {"roof_clears_mount": chance.random() < 0.3}
        policy = Policy.from_dict(limits, (Source("A", roles[0]), Source("B", roles[1])))
        self.turning = Turning(policy)
        self.turning.sun = lambda unix_s: -30.0 if unix_s < EPOCH_UNIX_S + NIGHT_S - 600 else 0.0
        self.fraction_open = 0.0
        self.motion = 0
        self.mount_parked_s = 0.0
        self.parked = True
        self.unsafe_since_s: float | None = None
        self.opened = 0

    def troubled(self, kind: str, now_s: float) -> bool:
        return any(trouble.kind == kind and trouble.now(now_s) for trouble in self.troubles)

    def run(self) -> None:
        now_s, before_s = 0.0, 0.0
        while now_s < NIGHT_S:
            self._move(now_s, now_s - before_s)
            self._turn(now_s)
            self._check(now_s)
            calm = self.motion == 0 and self.unsafe_since_s is None
            before_s = now_s
            now_s += QUIET_S if calm and not self._near_trouble(now_s) else BUSY_S

    def _near_trouble(self, now_s: float) -> bool:
        return any(trouble.start_s - QUIET_S <= now_s <= trouble.end_s for trouble in self.troubles)

    def _move(self, now_s: float, passed_s: float) -> None:
        if not self.troubled("jam", now_s):
            self.fraction_open = min(1.0, max(0.0, self.fraction_open + self.motion * passed_s / TRAVEL_S))
        if self.fraction_open in (0.0, 1.0):
            self.motion = 0
        if not self.parked and now_s >= self.mount_parked_s and not self.troubled("mount", now_s):
            self.parked = True

    def _turn(self, now_s: float) -> None:
        turning = self.turning
        linked = not self.troubled("plc", now_s)
        turning.plc_answers = linked
        turning.switches = Switches(self.fraction_open == 1.0, self.fraction_open == 0.0) if linked else None
        turning.mount = Mount.PARKED if self.parked else Mount.NOT_PARKED
        mode = OperatingMode.STANDBY if self.troubled("standby", now_s) else OperatingMode.AUTOMATIC
        turning.request = None if self.troubled("no_request", now_s) else asking(mode)
        if self.troubled("restart", now_s):
            turning.memory = Memory.initial(
                now_s, EPOCH_UNIX_S + now_s, former=turning.status, alarms=turning.memory.alarms
            )
        out = turning.turn(now_s, self._readings(now_s))
        if Action.PARK in out.commands and not self.parked:
            self.mount_parked_s = min(self.mount_parked_s, now_s + 20.0)
        if Action.CLOSE in out.commands:
            self.motion = -1
        if out.status.desired is Enclosure.OPEN_ALLOWED and linked and self.fraction_open < 1.0 and self.motion == 0:
            self.motion, self.parked, self.mount_parked_s = 1, False, 1e9
            self.opened += 1

    def _readings(self, now_s: float) -> list[Reading]:
        values = dict(GOOD)
        if self.troubled("rain", now_s):
            values["rain"] = 1.0
        if self.troubled("wind", now_s):
            values["wind_mps"] = 19.0
        if self.troubled("humidity", now_s):
            values["humidity_percent"] = 92.0
        silent = self.troubled("silence", now_s)
        garbage = self.troubled("garbage", now_s)
        return [
            Reading(source, quantity, value, "", now_s)
            for source in ("A", "B")
            if not (silent and source == "B")
            for quantity, value in values.items()
            if not (garbage and source == "A" and quantity == "humidity_percent")
        ]

    def _check(self, now_s: float) -> None:
        now = self.turning.status
        if now.safety in (Safety.UNSAFE, Safety.EMERGENCY) and self.fraction_open > 0.0:
            self.unsafe_since_s = now_s if self.unsafe_since_s is None else self.unsafe_since_s
        else:
            self.unsafe_since_s = None
        alarmed = any(alarm.severity == "CRITICAL" for alarm in now.alarms)
        if self.unsafe_since_s is not None and now_s - self.unsafe_since_s > TRAVEL_S + 40.0:
            assert alarmed, f"I1: unsafe and open for {now_s - self.unsafe_since_s} s without a CRITICAL alarm"
        if now.shutter is ShutterStatus.CLOSED:
            assert self.fraction_open == 0.0, "a roof that is not closed says CLOSED"


def alarm_key(event: Mapping[str, object]) -> str:
    data = event["data"]
    assert isinstance(data, Mapping)
    return str(data["key"])


@pytest.mark.parametrize("first", range(0, 200, 25))
def test_E2_the_invariants_hold_in_200_random_nights(first: int) -> None:
    opened = 0
    for seed in range(first, first + 25):
        night = RandomNight(seed)
        try:
            night.run()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {night.troubles}: {error}") from error
        assert night.fraction_open == 0.0 or night.troubled("jam", NIGHT_S), f"seed {seed}: open in the morning"
        told = [
            (str(event["kind"]), alarm_key(event)) for event in night.turning.events if "alarm_" in str(event["kind"])
        ]
        for key in {key for _, key in told}:
            kinds = [kind for kind, each in told if each == key]
            assert kinds == ["alarm_raised", "alarm_cleared"] * (len(kinds) // 2) + ["alarm_raised"] * (len(kinds) % 2)
        opened += night.opened
    assert opened >= 25  # the nights are not safe by staying shut
