"""The whole guardian, turned by hand."""

from __future__ import annotations

import pytest

from guardian import Action, Enclosure, OperatingMode, Override, Safety, ShutterStatus
from guardian.remembering import Memory
from guardian.tests.turning import BETWEEN, CLOSED, EPOCH_UNIX_S, OPEN, Turning, asking


def test_by_night_safe_and_automatic_opening_is_allowed_and_nothing_is_commanded() -> None:
    turning = Turning()
    out = turning.good_until(10.0)
    assert out.status.desired is Enclosure.OPEN_ALLOWED
    assert out.status.explanation == "opening is allowed"
    assert out.commands == ()


def test_A1_a_bad_sample_commands_close_in_the_same_turn() -> None:
    turning = Turning()
    turning.good_until(10.0)
    assert turning.good(10.5, humidity_percent=92.0).commands == (Action.CLOSE,)


def test_A15_lost_mains_close_and_raise_a_critical_alarm() -> None:
    turning = Turning()
    turning.good_until(10.0)
    for now_s in range(15, 80, 5):
        out = turning.good(float(now_s), mains=0.0)
    assert out.status.safety is Safety.UNSAFE
    assert [(alarm.key, alarm.severity) for alarm in out.status.alarms] == [("mains", "CRITICAL")]
    assert turning.kinds().count("alarm_raised") == 1


@pytest.mark.parametrize("mode", [OperatingMode.OFF, OperatingMode.STANDBY])
def test_a_mode_that_opens_nothing_closes_an_open_roof(mode: OperatingMode) -> None:
    turning = Turning()
    turning.good_until(40.0)
    turning.request = asking(mode)
    out = turning.good(41.0)
    assert out.commands == (Action.CLOSE,)
    assert out.status.explanation == f"closed because the mode is {mode}"


def test_a_missing_request_is_standby_and_closes_after_the_start_grace_of_30_s() -> None:
    turning = Turning()
    turning.request = None
    for now_s in range(30):
        assert turning.good(float(now_s)).commands == ()
    out = turning.good(30.0)
    assert out.commands == (Action.CLOSE,)
    assert out.status.mode is OperatingMode.STANDBY


def test_C11_in_manual_mode_the_sun_closes_all_the_same() -> None:
    turning = Turning()
    turning.request = asking(OperatingMode.MANUAL)
    assert turning.good_until(40.0).status.desired is Enclosure.OPEN_ALLOWED
    turning.sun = lambda unix_s: -0.9 + (unix_s - EPOCH_UNIX_S) * 1e-3  # rising
    assert turning.good(41.0).commands == (Action.CLOSE,)
    assert turning.status.phase == "MORNING"


def test_C8_an_open_roof_found_at_start_is_adopted_when_the_first_readings_are_good() -> None:
    turning = Turning()
    for now_s in range(20):
        assert turning.turn(float(now_s)).commands == ()
    out = turning.good(20.0)
    assert (out.status.safety, out.commands) == (Safety.SAFE, ())


def test_C8_an_open_roof_found_at_start_is_closed_after_30_s_without_readings() -> None:
    turning = Turning()
    assert turning.turn(29.5).commands == ()
    assert turning.turn(30.0).commands == (Action.CLOSE,)


def test_C8_an_open_roof_found_at_start_in_rain_or_daylight_is_closed_at_once() -> None:
    assert Turning().good(0.0, rain=1.0).commands == (Action.CLOSE,)
    turning = Turning()
    turning.sun = lambda unix_s: 20.0
    assert turning.turn(0.0).commands == (Action.CLOSE,)


def test_C8_a_closed_roof_found_at_start_stays_closed_for_5_minutes() -> None:
    turning = Turning()
    turning.switches = CLOSED
    assert turning.good_until(299.5).status.safety is Safety.HOLDOFF
    assert turning.good(300.0).status.safety is Safety.SAFE


def test_C2_a_holdoff_outlives_a_restart_of_the_guardian() -> None:
    first = Turning()
    first.switches = CLOSED
    first.good_until(10.0)
    first.good(11.0, rain=1.0)
    first.good(12.0)
    second = Turning(memory=Memory.initial(17.0, EPOCH_UNIX_S + 17.0, former=first.status))
    second.switches = CLOSED
    out = second.good(17.0)
    assert out.status.safety is Safety.HOLDOFF
    assert out.status.holdoff_until_monotonic_s == pytest.approx(11.0 + 3600.0)


def test_I7_an_alarm_that_outlives_a_restart_is_not_raised_again_and_is_cleared_once() -> None:
    first = Turning()
    first.switches = BETWEEN
    for now_s in range(0, 120, 5):
        first.good(float(now_s), rain=1.0)
    active = first.memory.alarms
    assert "roof_not_closed" in active
    second = Turning(memory=Memory.initial(125.0, EPOCH_UNIX_S + 125.0, former=first.status, alarms=active))
    second.switches = CLOSED
    second.good(125.0)
    assert "alarm_raised" not in second.kinds()
    assert second.kinds().count("alarm_cleared") == len(active)


def test_A14_a_lost_plc_link_is_told_once_and_the_roof_is_read_back_before_it_is_closed() -> None:
    turning = Turning()
    turning.good_until(10.0)
    turning.plc_answers, turning.switches = False, None
    assert [action for step in range(1, 21) for action in turning.good(10.0 + step).commands] == []
    assert (turning.status.safety, turning.status.shutter) == (Safety.UNSAFE, ShutterStatus.UNKNOWN)
    turning.plc_answers, turning.switches = True, OPEN
    assert turning.good(31.0).commands == (Action.CLOSE,)
    raised = [event["data"] for event in turning.events if event["kind"] == "alarm_raised"]
    assert [data["key"] for data in raised if isinstance(data, dict)] == ["plc_link"]


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_C5_a_step_of_the_date_makes_no_reading_stale_or_fresh_and_raises_one_alarm(step_s: float) -> None:
    turning = Turning()
    turning.good_until(10.0)
    turning.date_step_s = step_s
    out = turning.good_until(60.0, start_s=15.0)
    assert out.status.safety is Safety.SAFE
    assert [alarm.key for alarm in out.status.alarms] == ["date_step"]
    assert turning.turn(121.0).status.safety is Safety.UNSAFE  # 61 s of silence, whatever the date says


def test_C5_after_a_step_the_roof_is_open_only_if_both_dates_allow_it() -> None:
    turning = Turning()
    day_begins = EPOCH_UNIX_S + 1800.0
    turning.sun = lambda unix_s: -30.0 if unix_s < day_begins else 30.0
    turning.good_until(10.0)
    turning.date_step_s = -3600.0  # by this date the day is an hour and a half away
    assert turning.good_until(1700.0, start_s=15.0).status.desired is Enclosure.OPEN_ALLOWED
    out = turning.good_until(1805.0, start_s=1705.0)
    assert out.status.desired is Enclosure.CLOSE
    assert out.status.explanation == "closed because the date was stepped and by the former date the Sun is too high"
    turning.date_step_s = 0.0
    turning.good(1806.0)
    assert turning.status.alarms == ()


def test_A17_an_override_is_told_at_both_ends() -> None:
    turning = Turning()
    override = Override("o1", "B", "wind_mps", EPOCH_UNIX_S + 1800.0, "ops", "repair")
    turning.request = asking(overrides=(override,))
    turning.good_until(1799.0)
    assert turning.status.overrides == ("o1",)
    turning.good(1800.0)
    assert not turning.status.overrides
    assert [kind for kind in turning.kinds() if kind.startswith("override")] == ["override_started", "override_ended"]


def test_only_changes_are_told() -> None:
    turning = Turning()
    turning.good_until(500.0)
    assert sorted(turning.kinds()) == ["desired", "enclosure", "mode", "mount", "phase", "verdict"]
    turning.good(505.0, wind_mps=20.0)
    assert turning.kinds()[6:] == ["verdict", "warnings", "desired"]
