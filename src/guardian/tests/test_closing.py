"""Closing the roof by its switches: A8 to A12, I1, at the pure level."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guardian import Action, ClosingOutcome, ClosingState, Mount, Policy, Severity, ShutterStatus, Source, Switches
from guardian.closing import step

OPEN = Switches(open=True, closed=False)
CLOSED = Switches(open=False, closed=True)
BETWEEN = Switches(open=False, closed=False)
BOTH = Switches(open=True, closed=True)
GARBLED = Switches(open=None, closed=False)


def policy(**limits: object) -> Policy:
    return Policy.from_dict(limits, (Source("A"),))


def run(
    switches: Callable[[float], Switches | None],
    until_s: float,
    *,
    mount: Callable[[float], Mount] = lambda now_s: Mount.NONE,
    want_close: bool = True,
    by: Policy | None = None,
) -> list[tuple[float, ClosingOutcome]]:
    """One step each half second."""
    state = ClosingState()
    outcomes = []
    for half in range(int(until_s * 2) + 1):
        now_s = half / 2
        state, outcome = step(
            by or policy(), state, want_close=want_close, switches=switches(now_s), mount=mount(now_s), now_s=now_s
        )
        outcomes.append((now_s, outcome))
    return outcomes


def times(outcomes: list[tuple[float, ClosingOutcome]], action: Action) -> list[float]:
    return [now_s for now_s, outcome in outcomes if action in outcome.actions]


def first_alarm(outcomes: list[tuple[float, ClosingOutcome]], key: str) -> float | None:
    return next((now_s for now_s, outcome in outcomes if key in {alarm.key for alarm in outcome.alarms}), None)


def test_A1_without_a_mount_to_wait_for_close_is_commanded_at_once() -> None:
    assert times(run(lambda now_s: OPEN, 1.0), Action.CLOSE) == [0.0]


def test_A1_a_roof_that_clears_the_mount_is_closed_and_the_mount_parked_together() -> None:
    outcomes = run(lambda now_s: OPEN, 1.0, mount=lambda now_s: Mount.NOT_PARKED, by=policy(roof_clears_mount=True))
    assert outcomes[0][1].actions == (Action.PARK, Action.CLOSE)


def test_A8_a_roof_stuck_half_way_is_in_error_at_90_s_with_a_critical_alarm_by_95_s_and_never_closed() -> None:
    outcomes = run(lambda now_s: OPEN if now_s < 1 else BETWEEN, 200.0)
    shutters = {now_s: outcome.shutter for now_s, outcome in outcomes}
    assert shutters[89.5] is ShutterStatus.MOVING
    assert shutters[90.0] is ShutterStatus.ERROR
    assert ShutterStatus.CLOSED not in shutters.values()
    alarm_s = first_alarm(outcomes, "roof_not_closed")
    assert alarm_s is not None
    assert alarm_s <= 95.0
    assert {alarm.severity for alarm in outcomes[-1][1].alarms} == {Severity.CRITICAL}


def test_A8_close_is_repeated_every_10_s_for_ever() -> None:
    outcomes = run(lambda now_s: BETWEEN, 3600.0)
    assert times(outcomes, Action.CLOSE) == [10.0 * index for index in range(361)]


def test_A8_the_alarm_ends_and_the_commands_stop_when_the_switches_say_closed() -> None:
    outcomes = run(lambda now_s: BETWEEN if now_s < 200 else CLOSED, 220.0)
    assert [outcome for now_s, outcome in outcomes if now_s >= 200.0] == [
        ClosingOutcome(ShutterStatus.CLOSED, (), ())
    ] * 41


def test_A9_a_roof_whose_switches_say_open_is_closed_whatever_was_commanded_before() -> None:
    closed_before = ClosingState()
    _, outcome = step(policy(), closed_before, want_close=True, switches=CLOSED, mount=Mount.NONE, now_s=0.0)
    assert outcome.actions == ()
    _, outcome = step(policy(), closed_before, want_close=True, switches=OPEN, mount=Mount.NONE, now_s=1.0)
    assert outcome.actions == (Action.CLOSE,)


def test_A10_both_switches_on_is_an_error_at_once_and_counts_as_not_closed() -> None:
    outcomes = run(lambda now_s: BOTH, 0.0)
    assert outcomes[0][1].shutter is ShutterStatus.ERROR
    assert outcomes[0][1].actions == (Action.CLOSE,)
    assert first_alarm(outcomes, "roof_switches") == 0.0


def test_A10_neither_switch_is_moving_for_90_s_and_an_error_after_even_when_open_is_allowed() -> None:
    outcomes = run(lambda now_s: BETWEEN, 91.0, want_close=False)
    shutters = {now_s: outcome.shutter for now_s, outcome in outcomes}
    assert shutters[90.0] is ShutterStatus.MOVING
    assert shutters[90.5] is ShutterStatus.ERROR


def test_A11_a_closed_roof_gets_no_command() -> None:
    assert times(run(lambda now_s: CLOSED, 60.0), Action.CLOSE) == []


def test_nothing_is_commanded_while_opening_is_allowed() -> None:
    assert all(outcome.actions == () for _, outcome in run(lambda now_s: OPEN, 60.0, want_close=False))


def test_A12_the_mount_parks_first_and_the_roof_closes_as_soon_as_it_has() -> None:
    outcomes = run(lambda now_s: OPEN, 25.0, mount=lambda now_s: Mount.PARKED if now_s >= 18 else Mount.NOT_PARKED)
    assert times(outcomes, Action.PARK)[0] == 0.0
    assert times(outcomes, Action.CLOSE) == [18.0]
    assert first_alarm(outcomes, "mount_not_parked") is None


@pytest.mark.parametrize("stuck", [Mount.NOT_PARKED, Mount.UNKNOWN])
def test_A12_over_a_stuck_mount_the_roof_closes_after_30_s_with_a_critical_alarm(stuck: Mount) -> None:
    outcomes = run(lambda now_s: OPEN, 60.0, mount=lambda now_s: stuck)
    assert times(outcomes, Action.CLOSE)[0] == 30.0
    assert first_alarm(outcomes, "mount_not_parked") == 30.0


def test_A12_where_it_must_not_close_over_the_mount_it_stays_open_alarms_within_35_s_and_goes_on_parking() -> None:
    outcomes = run(lambda now_s: OPEN, 300.0, mount=lambda now_s: Mount.NOT_PARKED, by=policy(close_without_park=False))
    assert times(outcomes, Action.CLOSE) == []
    assert times(outcomes, Action.PARK) == [10.0 * index for index in range(31)]
    assert first_alarm(outcomes, "mount_not_parked") == 30.0
    assert first_alarm(outcomes, "roof_not_closed") == 95.0
    alarm = next(alarm for alarm in outcomes[-1][1].alarms if alarm.key == "mount_not_parked")
    assert "close_without_park is off" in alarm.sentence


def test_I1_with_a_mount_that_never_parks_the_alarm_comes_within_travel_plus_40_s() -> None:
    outcomes = run(lambda now_s: OPEN, 120.0, mount=lambda now_s: Mount.NOT_PARKED)
    alarm_s = first_alarm(outcomes, "roof_not_closed")
    assert alarm_s is not None
    assert alarm_s <= 100.0


def test_I1_a_parking_of_30_s_and_a_travel_of_60_s_raise_no_alarm_about_the_roof() -> None:
    def roof(now_s: float) -> Switches:
        return OPEN if now_s < 31 else BETWEEN if now_s < 91 else CLOSED

    outcomes = run(roof, 120.0, mount=lambda now_s: Mount.PARKED if now_s >= 30 else Mount.NOT_PARKED)
    assert first_alarm(outcomes, "roof_not_closed") is None


def test_A14_before_the_switches_are_read_back_the_roof_gets_no_command_and_after_that_at_once() -> None:
    outcomes = run(lambda now_s: None if now_s < 20 else OPEN, 25.0)
    assert times(outcomes, Action.CLOSE) == [20.0]
    assert outcomes[0][1].shutter is ShutterStatus.UNKNOWN


def test_a_roof_that_stays_unknown_raises_the_alarm_too() -> None:
    assert first_alarm(run(lambda now_s: None, 100.0), "roof_not_closed") == 95.0


def test_switches_that_make_no_sense_do_not_keep_it_from_closing() -> None:
    outcomes = run(lambda now_s: GARBLED, 1.0)
    assert outcomes[0][1].shutter is ShutterStatus.UNKNOWN
    assert times(outcomes, Action.CLOSE) == [0.0]


def test_a_closing_that_began_over_a_parked_mount_goes_on_when_the_mount_falls_silent() -> None:
    outcomes = run(lambda now_s: BETWEEN, 12.0, mount=lambda now_s: Mount.PARKED if now_s < 5 else Mount.UNKNOWN)
    assert times(outcomes, Action.CLOSE) == [0.0, 10.0]
