from __future__ import annotations

import pytest

from devicelink.states import (
    TABLE,
    Action,
    DeviceEvent,
    DeviceState,
    IllegalTransition,
    Place,
    accepts_motion,
    command_deadline_s,
    may_reset,
    shown,
    step,
)


def walk(*events: DeviceEvent) -> Place:
    place = Place.OFFLINE
    for event in events:
        place = step(place, event).to
    return place


E = DeviceEvent
TO_READY = (E.START, E.LINK_UP, E.INITIALISE, E.INITIALISED, E.ENABLE)


def test_a_device_becomes_ready_step_by_step() -> None:
    seen = [shown(walk(*TO_READY[:count]))[0] for count in range(6)]
    assert seen == ["OFFLINE", "DISABLED", "DISABLED", "INITIALIZING", "DISABLED", "READY"]


def test_it_reads_the_whole_status_before_anything_else() -> None:
    assert step(Place.CONNECTING, E.LINK_UP).actions == (Action.READ_STATUS,)


def test_a_lost_link_shows_as_disabled_and_ends_what_is_pending() -> None:
    lost = step(Place.BUSY, E.LINK_LOST)
    assert shown(lost.to) == (DeviceState.DISABLED, "link lost, state unknown")
    assert Action.END_PENDING in lost.actions


def test_after_a_loss_the_device_is_reconciled_and_initialised_anew() -> None:
    back = step(Place.LOST, E.LINK_UP)
    assert (back.to, back.actions) == (Place.STANDBY, (Action.RECONCILE,))
    assert walk(*TO_READY, E.COMMAND, E.LINK_LOST, E.LINK_UP, E.INITIALISE, E.INITIALISED, E.ENABLE) is Place.IDLE


def test_a_rebooted_device_is_initialised_anew() -> None:
    assert step(Place.DISABLED, E.REBOOTED).to is Place.STANDBY


def test_only_an_idle_device_accepts_a_motion() -> None:
    assert [place for place in Place if accepts_motion(place)] == [Place.IDLE]


def test_a_command_while_not_ready_is_illegal_and_the_error_names_what_is_legal() -> None:
    with pytest.raises(IllegalTransition, match=r"COMMAND means nothing in FAULT: legal there are .*RESET"):
        step(Place.FAULT, E.COMMAND)


def test_an_abort_is_legal_whenever_something_may_move_and_twice() -> None:
    assert {place for place, event in TABLE if event is E.ABORT} == {Place.IDLE, Place.BUSY, Place.ABORTING}
    assert step(Place.ABORTING, E.ABORT).actions == (Action.SEND_ABORT,)


def test_a_motion_that_does_not_stop_is_a_fault() -> None:
    assert walk(*TO_READY, E.COMMAND, E.ABORT, E.NOT_STOPPED) is Place.FAULT


def test_every_place_can_be_stopped_and_every_wanted_one_can_come_back_to_ready() -> None:
    for place in Place:
        assert step(place, E.STOP).to is Place.OFFLINE
        reached, frontier = {place}, {place}
        while frontier:
            frontier = {to.to for (at, _), to in TABLE.items() if at in frontier} - reached
            reached |= frontier
        assert Place.IDLE in reached


def test_a_deadline_is_half_as_long_again_and_five_seconds() -> None:
    assert command_deadline_s(20.0) == 35.0


def test_a_fault_is_reset_automatically_three_times_an_hour() -> None:
    assert may_reset([], 0.0)
    assert not may_reset([100.0, 200.0, 300.0], 400.0)
    assert may_reset([100.0, 200.0, 300.0], 3700.0)
