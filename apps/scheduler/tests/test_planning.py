"""From the database to a schedule and back (design §6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

import ephemeris
import nightplan
from apps.devices.models import Telescope
from apps.routine_manager import composing, ledger, services
from apps.routine_manager.composing import PlanDraft, SequenceDraft
from apps.routine_manager.models import Request, Sequence, SequenceState
from apps.routine_manager.states import SEQUENCE
from apps.scheduler import services as scheduler
from apps.scheduler.instance import Span, document, waiting_sequences
from apps.scheduler.models import Schedule
from apps.scheduler.planner import CAUSES, NightSpan
from apps.user_manager.models import Allocation, ScientificProgram
from pyros.clock import ManualClock
from pyros.journal.models import Entry

NIGHT = date(2026, 11, 20)
START = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
END = datetime(2026, 11, 21, 13, 15, tzinfo=UTC)
"""Nearly the nautical night of San Pedro Mártir."""
M33 = (23.4621, 30.6602)
SOUTH_POLE = (0.0, -85.0)


@pytest.fixture
def telescope(observatory: Telescope) -> Telescope:
    return observatory


def waiting(name: str, where: tuple[float, float] = M33, **fields) -> Sequence:
    """A submitted sequence of SP-1: 5 s and ten images of 64 s."""
    request = Request.objects.create(
        name=name,
        program=ScientificProgram.objects.get(name="SP-1"),
        priority=fields.pop("priority", 50),
        created_at=START,
    )
    albums = {"vis1": [PlanDraft(exposure_s=60, images=10, filter_name="r")]}
    fields.setdefault("moon_distance_min_deg", 0.0)  # the Moon stands beside M33 this night
    draft = SequenceDraft(name=name, ra_deg=where[0], dec_deg=where[1], albums=albums, **fields)
    sequence = composing.add_sequence(request=request, draft=draft)
    services.submit(request=request, night=NIGHT)
    sequence.refresh_from_db()
    return sequence


def make(telescope: Telescope, **kwargs) -> Schedule:
    night = {"night": NIGHT, "night_start": START, "night_end": END}
    return scheduler.make_schedule(node=telescope.site.node, **night, cause="test", time_limit_s=0.1, **kwargs)


def instance(telescope: Telescope, now: datetime = START) -> dict:
    return document(telescope.site.node, waiting_sequences(), Span(START, END, now))


# The instance ---------------------------------------------------------------------------------------------------


def test_the_document_is_an_instance_that_the_engine_reads(telescope: Telescope) -> None:
    waiting("M33")
    read = nightplan.Instance.from_json(instance(telescope))
    assert (read.horizon_s, len(read.sequences), len(read.telescopes)) == (42_300.0, 1, 1)


def test_windows_are_whole_seconds_inside_the_visibility_and_long_enough(telescope: Telescope) -> None:
    """Airmass 2 is 30° of altitude: M33 leaves it some 6 h after its transit."""
    sequence = waiting("M33")
    (row,) = instance(telescope)["sequences"]
    site = ephemeris.Site("spm", 31.044, -115.464, 2800.0)
    assert row["duration_s"] == 645.0 and row["windows"]["gft"]
    for lower, upper in row["windows"]["gft"]:
        assert isinstance(lower, int) and isinstance(upper, int) and upper - lower >= 645
        for offset_s in (lower, upper):
            altitude_deg, _ = ephemeris.altaz(site, *M33, (START + timedelta(seconds=offset_s)).timestamp())
            assert altitude_deg > 29.9
    assert row["id"].endswith(str(sequence.pk))


def test_a_user_s_window_is_respected(telescope: Telescope) -> None:
    waiting("M33", window_start=START + timedelta(hours=2), window_end=START + timedelta(hours=3))
    (row,) = instance(telescope)["sequences"]
    ((lower, upper),) = row["windows"]["gft"]
    assert 7200 <= lower <= 7201 and 10_799 <= upper <= 10_800


def test_a_window_shorter_than_the_sequence_is_no_window(telescope: Telescope) -> None:
    waiting("M33", window_start=START, window_end=START + timedelta(minutes=10))
    assert instance(telescope)["sequences"][0]["windows"] == {}


def test_the_quota_is_what_is_left_with_these_sequences_own_reservations(telescope: Telescope) -> None:
    allocation = Allocation.objects.get(program__name="SP-1")
    before_s = ledger.balance_s(allocation)
    waiting("M33")
    assert ledger.balance_s(allocation) == before_s - 645.0
    assert instance(telescope)["programs"] == [{"id": "SP-1", "quota_pct": None, "quota_s": before_s}]


def test_a_busy_telescope_is_available_from_the_end_of_what_it_does(telescope: Telescope) -> None:
    busy = {telescope.pk: START + timedelta(minutes=20)}
    made = document(telescope.site.node, [], Span(START, END, START), busy_until=busy)
    assert made["telescopes"][0]["available_from_s"] == 1200.0


def test_calibrations_are_the_majordome_s_and_not_planned(telescope: Telescope) -> None:
    sequence = waiting("M33")
    Request.objects.filter(pk=sequence.request_id).update(kind="CALIBRATION")
    assert waiting_sequences() == []


# Schedules ------------------------------------------------------------------------------------------------------


def test_a_schedule_has_a_row_with_a_reason_for_each_sequence(telescope: Telescope) -> None:
    seen, never = waiting("M33"), waiting("south", SOUTH_POLE)
    schedule = make(telescope)
    rows = {row.sequence_id: row for row in schedule.rows.all()}
    planned, rejected = rows[seen.pk], rows[never.pk]
    assert planned.planned and planned.telescope == telescope and "priority 50 × 645 s" in planned.reason
    assert planned.ends_at - planned.starts_at == timedelta(seconds=645) and planned.starts_at >= START
    assert not rejected.planned and (rejected.code, rejected.starts_at) == ("not_visible", None) and rejected.reason
    assert 0 < schedule.value <= schedule.bound


def test_planned_sequences_are_planned_and_what_falls_out_waits_again(telescope: Telescope) -> None:
    first = waiting("M33", priority=10)
    make(telescope)
    first.refresh_from_db()
    assert first.state == SequenceState.PLANNED and Request.objects.get().state == "PLANNED"
    Sequence.objects.filter(pk=first.pk).update(window_end=START + timedelta(seconds=10))
    make(telescope)
    first.refresh_from_db()
    assert first.state == SequenceState.TO_BE_PLANNED


def test_planning_twice_changes_no_state_twice(telescope: Telescope) -> None:
    waiting("M33")
    make(telescope)
    told = Entry.objects.filter(verb="sequence.planned").count()
    make(telescope)
    assert (told, Entry.objects.filter(verb="sequence.planned").count()) == (1, 1)


def test_a_sequence_that_changed_meanwhile_keeps_its_new_state(
    telescope: Telescope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compare-and-set: the planning took its time, and the user cancelled."""
    sequence = waiting("M33")
    plan = nightplan.plan

    def slow(*args, **kwargs):
        services.cancel(request=sequence.request, reason="the user changed his mind")
        return plan(*args, **kwargs)

    monkeypatch.setattr(nightplan, "plan", slow)
    make(telescope)
    sequence.refresh_from_db()
    assert sequence.state == SequenceState.CANCELLED


def test_an_armed_sequence_is_left_armed(telescope: Telescope) -> None:
    sequence = waiting("M33")
    SEQUENCE.move(sequence, SequenceState.EXPECTED)
    make(telescope)
    sequence.refresh_from_db()
    assert sequence.state == SequenceState.EXPECTED


def test_of_two_that_want_the_same_time_the_worthier_is_planned(telescope: Telescope) -> None:
    window = {"window_start": START + timedelta(hours=4), "window_end": START + timedelta(hours=4, seconds=700)}
    low, high = waiting("low", priority=10, **window), waiting("high", priority=90, **window)
    rows = {row.sequence_id: row for row in make(telescope).rows.all()}
    assert rows[high.pk].planned and not rows[low.pk].planned
    assert rows[low.pk].code in {"outranked", "no_room"} and rows[low.pk].reason


def test_an_empty_database_makes_an_empty_schedule(telescope: Telescope) -> None:
    schedule = make(telescope)
    assert (schedule.rows.count(), schedule.value, schedule.bound) == (0, 0.0, 0.0)


def test_a_schedule_after_the_end_of_the_night_plans_nothing(telescope: Telescope, clock: ManualClock) -> None:
    waiting("M33")
    clock.advance(12 * 3600.0)
    assert make(telescope).rows.filter(planned=True).count() == 0


def test_the_moon_forbids_what_stands_beside_it(telescope: Telescope) -> None:
    """M33 on 2026-11-21: the Moon, three days before full, is less than 30° away."""
    waiting("M33", moon_distance_min_deg=30.0)
    assert instance(telescope)["sequences"][0]["windows"] == {}


def test_the_past_is_not_planned(telescope: Telescope, clock: ManualClock) -> None:
    """The clock of the tests stands at 05:00 UTC, 3.5 h into this night."""
    waiting("M33")
    row = make(telescope).rows.get()
    assert row.planned and row.starts_at >= clock.now()


def test_the_archive_is_the_last_schedule_and_what_is_over_expires(telescope: Telescope, clock: ManualClock) -> None:
    over = waiting("over", window_end=START + timedelta(hours=1))
    stays = waiting("stays")
    held = waiting("held", window_end=START + timedelta(hours=2))
    SEQUENCE.move(held, SequenceState.EXPECTED)
    make(telescope)
    last = make(telescope)
    archived = scheduler.archive(node=telescope.site.node, night=NIGHT)
    assert archived == last and list(Schedule.objects.filter(is_final=True)) == [last]
    states = {s.name: s.state for s in Sequence.objects.filter(pk__in=[over.pk, stays.pk, held.pk])}
    assert states == {"over": "EXPIRED", "stays": "PLANNED", "held": "EXPIRED"}
    scheduler.archive(node=telescope.site.node, night=NIGHT)
    assert Entry.objects.filter(verb="schedule.archived").count() == 1


def test_the_archive_of_a_night_without_a_schedule_is_none(telescope: Telescope) -> None:
    assert scheduler.archive(node=telescope.site.node, night=NIGHT) is None


# The planner ----------------------------------------------------------------------------------------------------


def test_a_schedule_asks_for_no_schedule_by_its_own_entries(telescope: Telescope) -> None:
    """The planner passes over what it wrote itself; moving states back would otherwise call it for ever."""
    waiting("M33")
    before = Entry.objects.latest("id").pk
    make(telescope)
    own = Entry.objects.filter(id__gt=before)
    assert {e.verb for e in own} == {"sequence.planned", "request.planned", "schedule.made"}
    assert not CAUSES.keys() & {e.verb for e in own}


def test_the_planner_remembers_where_a_telescope_points_and_until_when() -> None:
    span = NightSpan(NIGHT, START, END)
    until = START + timedelta(minutes=11)
    data = {"telescope": 1, "ra_deg": 23.5, "dec_deg": 30.7, "expected_end": until.isoformat()}
    span.note(Entry(verb="run.started", data=data))
    assert (span.pointings[1].ra_deg, span.busy_until) == (23.5, {1: until})
    span.note(Entry(verb="run.ended", data={"telescope": 1}))
    assert span.busy_until == {} and span.pointings[1].dec_deg == 30.7
