"""Each rule, on a night small enough to know the answer."""

from __future__ import annotations

import pytest

from nightplan import Fixed, Group, Instance, Program, Schedule, check, plan
from nightplan.tests.nights import night, sequence, telescope


def planned(instance: Instance, iterations: int = 60) -> Schedule:
    schedule = plan(instance, iterations=iterations)
    assert check(instance, schedule) == []
    assert schedule.value <= schedule.bound + 1e-6
    return schedule


def ids(schedule: Schedule) -> set[str]:
    return {o.sequence for o in schedule.observations}


def reason(schedule: Schedule, sequence_id: str) -> tuple[str, str]:
    return next((r.code, r.reason) for r in schedule.rejected if r.sequence == sequence_id)


def test_an_empty_instance_gives_an_empty_schedule() -> None:
    schedule = planned(night())
    assert (schedule.observations, schedule.value, schedule.bound, schedule.gap) == ((), 0, 0, 0)


def test_a_night_without_telescopes_gives_an_empty_schedule() -> None:
    schedule = planned(night(sequence("A", windows={}), telescopes=()))
    assert schedule.observations == ()


def test_when_nothing_is_possible_every_sequence_says_why() -> None:
    instance = night(
        sequence("below", windows={}),
        sequence("short", windows={"T1": ((0.0, 599.0),)}),
        sequence("late", deadline_s=599.0),
        sequence("over", windows={"T1": ((0.0, 1200.0),)}),
        sequence("closed", windows={"T1": ((1800.0, 3000.0),)}),
        now_s=700.0,
        telescopes=(telescope(unavailable_s=((1500.0, 3600.0),)),),
    )
    schedule = planned(instance)
    assert schedule.observations == ()
    assert schedule.value == 0
    assert reason(schedule, "below") == ("not_visible", "never visible tonight")
    assert reason(schedule, "short") == ("too_long", "its longest window is 599 s, it needs 600 s")
    assert reason(schedule, "late") == ("deadline", "cannot end before its deadline 00:10")
    assert reason(schedule, "over") == ("past", "its last window ended at 00:20, before it could be done")
    assert reason(schedule, "closed") == ("closure", "closure 00:25–01:00")


def test_the_first_observation_waits_for_the_slew_from_the_unknown() -> None:
    schedule = planned(night(sequence("A")))
    assert [o.start_s for o in schedule.observations] == [10.0]  # base 4 s + settle 6 s


def test_the_overhead_is_the_longer_of_slew_and_filter_change() -> None:
    instance = night(sequence("A", filter="r", priority=99), sequence("B", filter="g", deadline_s=1300.0))
    schedule = planned(instance)
    first, second = schedule.observations
    assert second.start_s == pytest.approx(first.start_s + 600 + 20, abs=1e-5)


def test_no_slew_is_needed_within_one_arc_second() -> None:
    same = {"ra_deg": 10.0, "dec_deg": 20.0}
    schedule = planned(night(sequence("A", **same), sequence("B", **same)))
    first, second = schedule.observations
    assert second.start_s == first.start_s + 600


def test_of_two_that_exclude_each_other_the_worthier_is_taken_and_the_other_told_what_it_would_cost() -> None:
    window = {"T1": ((0.0, 700.0),)}
    schedule = planned(night(sequence("A", priority=20, windows=window), sequence("B", windows=window)))
    assert ids(schedule) == {"A"}
    assert reason(schedule, "B") == ("outranked", "would cost 12 000, it is worth 6 000: outranked by A")


def test_a_window_is_met_to_the_second_and_the_slew_lies_outside_it() -> None:
    schedule = planned(night(sequence("A", windows={"T1": ((1000.0, 1600.0),)}), sequence("B", deadline_s=700.0)))
    assert [(o.sequence, o.start_s) for o in schedule.observations] == [("B", 10.0), ("A", 1000.0)]


def test_a_slew_may_lie_in_a_closure_but_an_exposure_may_not() -> None:
    instance = night(sequence("A"), telescopes=(telescope(unavailable_s=((0.0, 50.0), (640.0, 700.0))),))
    assert [o.start_s for o in planned(instance).observations] == [700.0]


def test_a_quota_is_a_hard_cap_and_the_reason_tells_what_is_left() -> None:
    instance = night(*(sequence(x, priority=p) for x, p in zip("ABC", (30, 20, 10), strict=True)),
                     programs=(Program("P", 1300.0),))  # fmt: skip
    schedule = planned(instance)
    assert ids(schedule) == {"A", "B"}
    assert reason(schedule, "C") == ("quota", "quota of P used up: 100 s left of 1300 s, 600 s needed")


def test_the_fixed_counts_against_the_quota() -> None:
    instance = night(sequence("A", priority=1), sequence("B", priority=100),
                     programs=(Program("P", 1000.0),), fixed=(Fixed("A", "T1", 20.0),))  # fmt: skip
    assert ids(planned(instance)) == {"A"}


def test_what_is_fixed_stands_as_it_is_and_the_rest_goes_around_it() -> None:
    instance = night(sequence("A", priority=1), sequence("B"), sequence("C", 1400.0), fixed=(Fixed("A", "T1", 1450.0),))
    schedule = planned(instance)
    assert {o.sequence: o.start_s for o in schedule.observations}["A"] == 1450.0
    assert ids(schedule) == {"A", "B", "C"}


def test_nothing_new_starts_before_now() -> None:
    schedule = planned(night(sequence("A"), sequence("B"), now_s=1000.0, fixed=(Fixed("A", "T1", 10.0),)))
    assert [o.start_s for o in schedule.observations] == pytest.approx([10.0, 1010.0], abs=1e-5)


def test_all_or_none_takes_the_whole_group_where_it_pays() -> None:
    pair = (sequence("A", 1100.0, 50), sequence("B", 1100.0, 50))
    instance = night(*pair, sequence("C", 1600.0, 40), groups=(Group("G", "all_or_none", ("A", "B")),))
    assert ids(planned(instance)) == {"A", "B"}


def test_all_or_none_takes_nothing_of_a_group_one_member_of_which_cannot_be() -> None:
    instance = night(sequence("A", priority=100), sequence("B", windows={}), sequence("C", priority=1),
                     groups=(Group("G", "all_or_none", ("A", "B")),))  # fmt: skip
    schedule = planned(instance)
    assert ids(schedule) == {"C"}
    assert reason(schedule, "A") == ("group", "group G is all or none and B cannot be: never visible tonight")


def test_the_rest_of_a_group_that_was_begun_is_scheduled_whatever_it_displaces() -> None:
    window = {"T1": ((1000.0, 1700.0),)}
    rivals = (sequence("B", priority=1, windows=window), sequence("C", priority=100, windows=window))
    instance = night(sequence("A"), *rivals,
                     groups=(Group("G", "all_or_none", ("A", "B")),), fixed=(Fixed("A", "T1", 20.0),))  # fmt: skip
    assert ids(planned(instance)) == {"A", "B"}


def test_at_most_one_takes_the_worthiest_of_its_group() -> None:
    instance = night(*(sequence(x, priority=p) for x, p in zip("ABC", (10, 30, 20), strict=True)),
                     groups=(Group("G", "at_most_one", ("A", "B", "C")),))  # fmt: skip
    schedule = planned(instance)
    assert ids(schedule) == {"B"}
    assert reason(schedule, "A") == ("group", "B of group G was chosen (at most one of 3)")


def test_a_cadence_keeps_its_gaps() -> None:
    visits = [sequence(x, 300.0) for x in ("V1", "V2", "V3")]
    instance = night(
        *visits, sequence("other", 500.0, 9), groups=(Group("G", "cadence", ("V1", "V2", "V3"), 1200.0, 1300.0),)
    )
    schedule = planned(instance)
    start = {o.sequence: o.start_s for o in schedule.observations}
    assert set(start) == {"V1", "V2", "V3", "other"}
    assert 1200 - 1e-6 <= start["V2"] - start["V1"] <= 1300 + 1e-6
    assert 1200 - 1e-6 <= start["V3"] - start["V2"] <= 1300 + 1e-6


def test_a_cadence_may_end_early_but_not_begin_late() -> None:
    instance = night(sequence("V1", 300.0), sequence("V2", 300.0), sequence("V3", 300.0, windows={}),
                     groups=(Group("G", "cadence", ("V1", "V2", "V3"), 1200.0, 1300.0),))  # fmt: skip
    schedule = planned(instance)
    assert ids(schedule) == {"V1", "V2"}


def test_a_cadence_begun_goes_on_from_where_its_visit_really_was() -> None:
    instance = night(sequence("V1", 300.0), sequence("V2", 300.0), now_s=500.0, fixed=(Fixed("V1", "T1", 123.0),),
                     groups=(Group("G", "cadence", ("V1", "V2"), 1200.0, 1200.0),))  # fmt: skip
    start = {o.sequence: o.start_s for o in planned(instance).observations}
    assert start == {"V1": 123.0, "V2": 1323.0}


def test_groups_that_share_members_are_kept_together() -> None:
    instance = night(*(sequence(x, 300.0, p) for x, p in zip("ABCD", (10, 20, 30, 40), strict=True)), groups=(
        Group("G1", "all_or_none", ("A", "B")),
        Group("G2", "at_most_one", ("B", "C")),
        Group("G3", "cadence", ("C", "D"), 600.0, 900.0),
    ))  # fmt: skip
    schedule = planned(instance)
    assert ids(schedule) == {"C", "D"}  # 70 × 300 against A, B: 30 × 300


def test_a_mandatory_sequence_displaces_what_is_worth_more() -> None:
    window = {"T1": ((0.0, 700.0),)}
    instance = night(
        sequence("A", priority=100, windows=window), sequence("M", priority=1, windows=window, mandatory=True)
    )
    schedule = planned(instance)
    assert ids(schedule) == {"M"}
    assert schedule.complete


def test_a_mandatory_sequence_that_cannot_be_is_named_and_the_rest_is_planned_all_the_same() -> None:
    instance = night(sequence("A"), sequence("M", windows={}, mandatory=True))
    schedule = plan(instance, iterations=60)
    assert ids(schedule) == {"A"}
    assert not schedule.complete
    assert reason(schedule, "M") == ("not_visible", "mandatory, but never visible tonight")
    assert [v.code for v in check(instance, schedule)] == ["MANDATORY"]


def test_two_telescopes_share_the_work() -> None:
    both = {"T1": ((0.0, 700.0),), "T2": ((0.0, 700.0),)}
    instance = night(
        sequence("A", windows=both), sequence("B", windows=both), telescopes=(telescope(), telescope("T2"))
    )
    schedule = planned(instance)
    assert {(o.sequence, o.start_s) for o in schedule.observations} == {("A", 10.0), ("B", 10.0)}


def test_the_bound_proves_a_simple_night_optimal() -> None:
    schedule = planned(night(sequence("A"), sequence("B")))
    assert (schedule.value, schedule.bound, schedule.gap) == (12000, 12000, 0)
