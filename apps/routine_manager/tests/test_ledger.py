"""The account of telescope time: the balance is the sum of lines that are never changed."""

import threading
from datetime import date

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.routine_manager import ledger, services
from apps.routine_manager.ledger import QuotaExceeded, balance_s
from apps.routine_manager.models import LedgerEntry, Request, Sequence
from apps.user_manager.models import Allocation, Semester
from pyros import current
from pyros.journal.models import Entry
from pyros.operations.observatory import load

NIGHT = date(2026, 11, 20)
QUOTA_S = 3600.0


@pytest.fixture
def allocation(observatory):
    return an_hour()


def an_hour():
    """An allocation of exactly one hour."""
    semester = Semester.objects.get(name="2026B")
    semester.dark_time_s = 36_000
    semester.save()
    allocation = Allocation.objects.filter(semester=semester).first()
    allocation.share_percent = 10
    allocation.save()
    assert allocation.quota_s == QUOTA_S
    return allocation


def new_request(allocation, *durations_s):
    request = Request.objects.create(
        name="M31", program=allocation.program, priority=50, created_at=current.clock().now()
    )
    for duration_s in durations_s:
        Sequence.objects.create(request=request, name="M31", duration_s=duration_s)
    return request


def new_sequence(allocation, duration_s=600.0):
    return new_request(allocation, duration_s).sequences.get()


def lines(sequence):
    return [(entry.kind, entry.effect_s, entry.lost_s) for entry in sequence.ledger_entries.order_by("id")]


def test_a_reservation_is_taken_from_the_balance_and_told_in_the_journal(allocation):
    sequence = new_sequence(allocation)
    ledger.reserve(sequence=sequence, night=NIGHT)
    assert balance_s(allocation) == 3000.0
    assert sequence.reserved_s == 600.0
    assert lines(sequence) == [("RESERVE", -600.0, 0.0)]
    entry = Entry.objects.get(verb="ledger.reserve")
    assert entry.data["effect_s"] == -600.0
    assert entry.time.isoformat() == "2026-11-21T05:00:00+00:00"


def test_more_than_is_left_is_refused_in_words_and_nothing_is_written(allocation):
    sequence = new_sequence(allocation, 3601.0)
    with pytest.raises(QuotaExceeded, match=r"has 3600 s left of its 3600 s in 2026B; 3601 s were asked for"):
        ledger.reserve(sequence=sequence, night=NIGHT)
    assert balance_s(allocation) == QUOTA_S
    assert lines(sequence) == []
    assert not Entry.objects.filter(verb="ledger.reserve").exists()


def test_exactly_what_is_left_may_be_reserved(allocation):
    ledger.reserve(sequence=new_sequence(allocation, 3600.0), night=NIGHT)
    assert balance_s(allocation) == 0.0


def test_reserving_a_sequence_again_replaces_what_it_held(allocation):
    sequence = new_sequence(allocation, 3000.0)
    ledger.reserve(sequence=sequence, night=NIGHT)
    sequence.duration_s = 3600.0
    ledger.reserve(sequence=sequence, night=NIGHT)
    assert balance_s(allocation) == 0.0
    ledger.settle(sequence=sequence, used_s=0.0)
    assert balance_s(allocation) == QUOTA_S


def test_a_completed_execution_gives_the_reservation_back_and_charges_what_was_used(allocation):
    sequence = new_sequence(allocation)
    ledger.reserve(sequence=sequence, night=NIGHT)
    ledger.settle(sequence=sequence, used_s=550.0)
    assert lines(sequence) == [("RESERVE", -600.0, 0.0), ("RELEASE", 600.0, 0.0), ("CHARGE", -550.0, 0.0)]
    assert balance_s(allocation) == 3050.0


def test_time_lost_by_weather_is_noted_and_charged_to_nobody(allocation):
    sequence = new_sequence(allocation)
    ledger.reserve(sequence=sequence, night=NIGHT)
    ledger.settle(sequence=sequence, used_s=200.0, lost=LedgerEntry.Kind.LOSS_WEATHER)
    assert balance_s(allocation) == 3400.0
    assert lines(sequence)[-1] == ("LOSS_WEATHER", 0.0, 400.0)


def test_what_an_interruption_leaves_stays_reserved_for_the_frames_planned_anew(allocation):
    sequence = new_sequence(allocation)
    ledger.reserve(sequence=sequence, night=NIGHT)
    ledger.settle(sequence=sequence, used_s=200.0, lost=LedgerEntry.Kind.LOSS_ALERT, keep_s=400.0)
    assert balance_s(allocation) == 3000.0  # 200 s charged, 400 s held
    ledger.settle(sequence=sequence, used_s=400.0)
    assert balance_s(allocation) == 3000.0
    assert sequence.reserved_s == 0.0


def test_a_sequence_of_a_program_without_allocation_costs_nobody_anything(allocation):
    sequence = new_sequence(allocation)
    ledger.reserve(sequence=sequence, night=date(2031, 1, 1))
    ledger.settle(sequence=sequence, used_s=600.0)
    assert lines(sequence) == []


def test_a_submission_that_exceeds_the_quota_reserves_and_submits_nothing(allocation):
    request = new_request(allocation, 3000.0, 700.0)
    with pytest.raises(QuotaExceeded):
        services.submit(request=request, night=NIGHT)
    assert balance_s(allocation) == QUOTA_S
    assert set(request.sequences.values_list("state", flat=True)) == {"DRAFT"}
    assert set(request.sequences.values_list("reserved_s", flat=True)) == {0.0}


def test_submitting_twice_is_refused_and_reserves_once(allocation):
    request = new_request(allocation, 600.0)
    services.submit(request=request, night=NIGHT)
    with pytest.raises(services.NotSubmittable, match="request M31 has no drafted sequence to submit"):
        services.submit(request=request, night=NIGHT)
    assert balance_s(allocation) == 3000.0
    assert request.state == "TO_BE_PLANNED"


def test_cancelling_twice_gives_the_time_back_once(allocation):
    request = new_request(allocation, 600.0, 300.0)
    services.submit(request=request, night=NIGHT)
    assert services.cancel(request=request, reason="clouds in my calendar") == 2
    assert services.cancel(request=request, reason="again") == 0
    assert balance_s(allocation) == QUOTA_S
    assert request.state == "CANCELLED"
    assert Entry.objects.filter(verb="sequence.cancelled").count() == 2
    assert Entry.objects.filter(verb="request.cancelled").count() == 1


def test_a_sequence_expires_once_and_its_time_comes_back(allocation):
    request = new_request(allocation, 600.0)
    services.submit(request=request, night=NIGHT)
    sequence = request.sequences.get()
    services.expire(sequence=sequence, reason="its last window is over")
    services.expire(sequence=Sequence.objects.get(), reason="its last window is over")
    assert balance_s(allocation) == QUOTA_S
    assert Entry.objects.filter(verb="request.expired").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_can_not_both_have_the_last_hour(clock):
    load("san_pedro_martir")
    allocation = an_hour()
    requests = [new_request(allocation, 2400.0) for _ in range(2)]
    line, answers = threading.Barrier(2), []

    def submit(request):
        try:
            line.wait(20)
            services.submit(request=request, night=NIGHT)
            answers.append("submitted")
        except QuotaExceeded:
            answers.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=submit, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["refused", "submitted"]
    assert balance_s(allocation) == 1200.0


class Account(RuleBasedStateMachine):
    """Any order of submissions, executions, interruptions and cancellations."""

    allocation: Allocation

    def __init__(self):
        super().__init__()
        self.begin = transaction.savepoint()
        self.sequences = []
        self.used_s, self.held_s = 0.0, {}

    def teardown(self):
        transaction.savepoint_rollback(self.begin)

    @rule(duration_s=st.integers(0, 2000))
    def reserve(self, duration_s):
        sequence = new_sequence(self.allocation, float(duration_s))
        before_s = balance_s(self.allocation)
        try:
            ledger.reserve(sequence=sequence, night=NIGHT)
        except QuotaExceeded:
            assert duration_s > before_s
        else:
            assert balance_s(self.allocation) == before_s - duration_s >= 0
            self.sequences.append(sequence)
            self.held_s[sequence.pk] = float(duration_s)

    @rule(data=st.data(), used_percent=st.integers(0, 100), finished=st.booleans())
    def execute(self, data, used_percent, finished):
        if not self.sequences:
            return
        sequence = data.draw(st.sampled_from(self.sequences))
        held_s = self.held_s[sequence.pk]
        used_s = held_s * used_percent // 100  # whole seconds: exact in a float
        keep_s = 0.0 if finished else held_s - used_s
        ledger.settle(sequence=sequence, used_s=used_s, keep_s=keep_s)
        self.used_s += used_s
        self.held_s[sequence.pk] = keep_s

    @invariant()
    def the_balance_is_the_quota_less_what_was_used_and_what_is_held_and_never_negative(self):
        balance = balance_s(self.allocation)
        assert balance == pytest.approx(QUOTA_S - self.used_s - sum(self.held_s.values()), abs=1e-6)
        assert balance >= -1e-6
        assert balance == pytest.approx(QUOTA_S + sum(LedgerEntry.objects.values_list("effect_s", flat=True)), abs=1e-6)

    @invariant()
    def every_line_is_told_in_the_journal(self):
        assert Entry.objects.filter(verb__startswith="ledger.").count() == LedgerEntry.objects.count()


def test_no_order_of_events_loses_or_makes_time(allocation):
    Account.allocation = allocation
    run_state_machine_as_test(
        Account,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
