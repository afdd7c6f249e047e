"""The physics of axes, roof, focuser and cooler: literal times from the laws of motion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.models.cooler import Cooler, CoolerLimits
from simulators.models.focuser import FocuserLimits, FocuserModel
from simulators.models.motion import Trapezoid, shortest_turn_deg
from simulators.models.mount import Activity, MountLimits, MountModel, MountRefusal
from simulators.models.roof import RoofMotion, RoofMotor


def test_a_long_move_cruises_at_full_speed() -> None:
    # 180° at 12°/s with 6°/s²: 2 s up, 13 s cruise, 2 s down.
    move = Trapezoid(180.0, 12.0, 6.0)
    assert move.duration_s == pytest.approx(17.0)
    assert move.travelled(2.0) == pytest.approx(12.0)
    assert move.travelled(8.5) == pytest.approx(90.0)
    assert move.travelled(17.0) == 180.0


def test_a_short_move_never_reaches_full_speed() -> None:
    # 6° at 6°/s²: half the way takes sqrt(6/6) = 1 s.
    move = Trapezoid(-6.0, 12.0, 6.0)
    assert move.duration_s == pytest.approx(2.0)
    assert move.travelled(1.0) == pytest.approx(-3.0)


@given(st.floats(-400, 400), st.floats(0.1, 20), st.floats(0.1, 20), st.floats(0, 1))
def test_a_move_is_monotonic_and_ends_at_its_distance(distance: float, speed: float, rate: float, part: float) -> None:
    move = Trapezoid(distance, speed, rate)
    here = move.travelled(part * move.duration_s)
    later = move.travelled(min(1.0, part + 0.05) * move.duration_s)
    assert abs(here) <= abs(later) + 1e-9
    assert move.travelled(move.duration_s) == distance


def test_azimuth_turns_the_short_way() -> None:
    assert shortest_turn_deg(350.0, 10.0) == pytest.approx(20.0)
    assert shortest_turn_deg(10.0, 350.0) == pytest.approx(-20.0)


def _simple_mount(**limits: float) -> MountModel:
    """A mount under a sky that stands still: altitude is Dec, azimuth is RA."""
    return MountModel(lambda ra, dec, t: (dec, ra), lambda alt, az, t: (az, alt), MountLimits(**limits))


def test_any_slew_takes_at_most_twenty_seconds() -> None:
    mount = _simple_mount()
    mount.unpark(0.0)
    mount.goto(0.0, 20.0, 0.0)
    assert mount.state(100.0).activity is Activity.TRACKING
    assert mount.goto(180.0, 20.0, 100.0) == pytest.approx(18.5)  # 17 s of turning, 1.5 s of settling


def test_a_slewing_mount_is_moving_until_it_has_settled() -> None:
    mount = _simple_mount()
    mount.unpark(0.0)
    mount.goto(180.0, 20.0, 0.0)
    assert mount.state(17.5).moving and mount.state(17.5).azimuth_deg == pytest.approx(180.0)
    arrived = mount.state(18.6)
    assert not arrived.moving and arrived.at_target and arrived.tracking


def test_a_parked_mount_refuses_to_slew() -> None:
    with pytest.raises(MountRefusal, match="UNPARK") as refusal:
        _simple_mount().goto(10.0, 45.0, 0.0)
    assert refusal.value.code == "E_STATE"


def test_a_target_below_fifteen_degrees_is_refused() -> None:
    mount = _simple_mount()
    mount.unpark(0.0)
    with pytest.raises(MountRefusal) as refusal:
        mount.goto(10.0, 14.9, 0.0)
    assert refusal.value.code == "E_LIMIT"


def test_a_mount_stopped_on_its_way_stands_where_it_was() -> None:
    mount = _simple_mount()
    mount.unpark(0.0)
    mount.goto(120.0, 20.0, 0.0)  # 12 s of turning
    mount.stop(6.0)
    state = mount.state(50.0)
    assert state.activity is Activity.IDLE and state.azimuth_deg == pytest.approx(60.0)


def test_B10_a_setting_target_stops_the_mount_at_its_limit() -> None:
    # A sky that sinks by 1° a minute.
    mount = MountModel(lambda ra, dec, t: (dec - t / 60.0, ra), lambda alt, az, t: (az, alt + t / 60.0))
    mount.unpark(0.0)
    mount.goto(10.0, 30.0, 0.0)
    assert mount.state(600.0).altitude_deg == pytest.approx(20.0)
    stopped = mount.state(1200.0)
    assert stopped.activity is Activity.IDLE and stopped.altitude_deg == 15.0


def test_the_roof_needs_its_travel_time_and_makes_one_switch_at_each_end() -> None:
    roof = RoofMotor(travel_s=60.0)
    assert roof.state(0.0).closed_switch and not roof.state(0.0).open_switch
    roof.drive(+1, 0.0)
    halfway = roof.state(30.0)
    assert (halfway.open_switch, halfway.closed_switch, halfway.motion) == (False, False, RoofMotion.OPENING)
    assert roof.state(60.0).open_switch and roof.state(60.0).motion is RoofMotion.NONE


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([-1, 0, 1, 2, 3])), max_size=20))
def test_the_roof_never_makes_both_switches(steps: list[tuple[float, int]]) -> None:
    roof, now_s = RoofMotor(60.0), 0.0
    for wait_s, command in steps:
        now_s += wait_s
        if command == 2:
            roof.jam(now_s)
        elif command == 3:
            roof.release(now_s)
        else:
            roof.drive(command, now_s)
        state = roof.state(now_s)
        assert not (state.open_switch and state.closed_switch)
        assert 0.0 <= state.fraction_open <= 1.0


def test_A8_a_jammed_roof_stays_where_it_stuck_and_says_that_it_is_not_closed() -> None:
    roof = RoofMotor(60.0, fraction_open=1.0)
    roof.jam(0.0, at_fraction=0.4)
    roof.drive(-1, 0.0)
    stuck = roof.state(500.0)
    assert stuck.fraction_open == 0.4 and not stuck.closed_switch and stuck.motion is RoofMotion.CLOSING
    roof.release(500.0)
    assert roof.state(524.1).closed_switch  # 0.4 of 60 s


def test_the_cooler_relaxes_to_its_set_point() -> None:
    cooler = Cooler(10.0, 0.0, CoolerLimits(tau_s=120.0, greatest_drop_c=65.0))
    cooler.cool(-40.0, 10.0, 0.0)
    assert cooler.temperature_c(120.0) == pytest.approx(-40.0 + 50.0 / math.e)
    assert cooler.temperature_c(1200.0) == pytest.approx(-40.0, abs=0.01)
    assert cooler.power_percent(10.0, 1200.0) == pytest.approx(100 * 50 / 65, abs=0.5)


def test_the_cooler_cannot_do_more_than_its_power_allows() -> None:
    cooler = Cooler(20.0, 0.0, CoolerLimits(tau_s=120.0, greatest_drop_c=50.0))
    cooler.cool(-60.0, 20.0, 0.0)
    assert cooler.temperature_c(3600.0) == pytest.approx(-30.0, abs=0.01)
    assert cooler.power_percent(20.0, 3600.0) == 100.0


def test_the_focuser_moves_at_its_speed_and_refuses_what_is_out_of_its_travel() -> None:
    focuser = FocuserModel(FocuserLimits(maximum=10000, speed_steps_s=500.0), position=5000)
    assert focuser.move(6000, 0.0) == pytest.approx(2.0)
    assert focuser.position(1.0) == 5500 and focuser.moving(1.0)
    assert focuser.position(3.0) == 6000 and not focuser.moving(3.0)
    with pytest.raises(ValueError, match="0 to 10000"):
        focuser.move(10001, 3.0)
