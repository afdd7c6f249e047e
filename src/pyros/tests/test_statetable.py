"""Legal transitions, applied by compare-and-set, each with its journal entry."""

import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.alert_manager.states import ALERT
from apps.analyzer.states import ANALYSIS
from apps.devices.states import DEVICE
from apps.observation_manager.states import ALBUM_RUN, IMAGE, RUN
from apps.routine_manager.models import Request, Sequence
from apps.routine_manager.states import ALBUM, SEQUENCE
from apps.user_manager.models import ScientificProgram
from pyros.journal.models import Entry
from pyros.statetable import StateTable, TransitionRefused

PATIENCE_S = 20.0
LEGAL = """
DRAFT -> TO_BE_PLANNED UNPLANNABLE CANCELLED
TO_BE_PLANNED -> PLANNED EXPECTED UNPLANNABLE CANCELLED EXPIRED DRAFT
UNPLANNABLE -> TO_BE_PLANNED CANCELLED EXPIRED DRAFT
PLANNED -> TO_BE_PLANNED EXPECTED UNPLANNABLE CANCELLED EXPIRED DRAFT
EXPECTED -> EXECUTING TO_BE_PLANNED CANCELLED EXPIRED FAILED
EXECUTING -> COMPLETED INTERRUPTED FAILED CANCELLED
COMPLETED ->
INTERRUPTED -> TO_BE_PLANNED CANCELLED EXPIRED
FAILED -> TO_BE_PLANNED
CANCELLED ->
EXPIRED -> TO_BE_PLANNED
"""
"""The life of a sequence, written a second time on purpose: a change of the table has to be meant."""


def legal_pairs():
    pairs = set()
    for line in LEGAL.strip().splitlines():
        state, _, following = line.partition("->")
        pairs |= {(state.strip(), to) for to in following.split()}
    return pairs


STATES = [line.split()[0] for line in LEGAL.strip().splitlines()]


def new_sequence(state="DRAFT"):
    from pyros import current

    program = ScientificProgram.objects.first()
    request = Request.objects.create(name="M31", program=program, priority=50, created_at=current.clock().now())
    return Sequence.objects.create(request=request, name="M31", state=state)


def entries_of(sequence):
    return list(Entry.objects.filter(subject=f"sequence:{sequence.pk}").order_by("id").values_list("verb", flat=True))


def test_the_life_of_a_sequence_is_the_one_that_was_meant():
    assert {(state, to) for state, following in SEQUENCE.transitions.items() for to in following} == legal_pairs()


@pytest.mark.parametrize(
    "table", [SEQUENCE, ALBUM, RUN, ALBUM_RUN, IMAGE, ALERT, ANALYSIS, DEVICE], ids=lambda table: table.kind
)
def test_every_state_of_a_table_can_be_left_or_is_final(table):
    for state, following in table.transitions.items():
        assert state in table.final or following, state
        assert state not in following, f"{state} follows itself"


def test_a_table_that_leads_to_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match=r"state table roof: OPEN leads to unknown \['AJAR'\]"):
        StateTable("roof", {"OPEN": frozenset({"AJAR"})})


def test_a_state_that_the_table_does_not_know_is_an_error_of_the_caller():
    with pytest.raises(KeyError, match="AJAR is no state of sequence"):
        SEQUENCE.sources("AJAR")


def test_a_legal_move_changes_the_row_and_tells_it_in_the_journal(observatory):
    sequence = new_sequence()
    SEQUENCE.move(sequence, "TO_BE_PLANNED", who="ada", data={"night": "2026-11-20"}, state_reason="submitted")
    assert (sequence.state, sequence.state_reason) == ("TO_BE_PLANNED", "submitted")
    sequence.refresh_from_db()
    assert (sequence.state, sequence.state_reason) == ("TO_BE_PLANNED", "submitted")
    entry = Entry.objects.get(subject=f"sequence:{sequence.pk}")
    assert (entry.verb, entry.who, entry.data) == (
        "sequence.to_be_planned",
        "ada",
        {"from": "DRAFT", "night": "2026-11-20"},
    )


def test_an_illegal_move_is_refused_and_changes_nothing(observatory):
    sequence = new_sequence()
    with pytest.raises(
        TransitionRefused, match=f"sequence {sequence.pk} is DRAFT: it can't become EXECUTING"
    ) as refused:
        SEQUENCE.move(sequence, "EXECUTING", state_reason="no")
    assert (refused.value.found, refused.value.wanted) == ("DRAFT", "EXECUTING")
    assert (sequence.state, sequence.state_reason) == ("DRAFT", "")
    assert entries_of(sequence) == []
    assert SEQUENCE.try_move(sequence, "EXECUTING") is False


def test_a_row_in_memory_that_is_out_of_date_does_not_decide(observatory):
    sequence = new_sequence("PLANNED")
    Sequence.objects.filter(pk=sequence.pk).update(state="CANCELLED")
    with pytest.raises(TransitionRefused, match="is CANCELLED: it can't become EXPECTED"):
        SEQUENCE.move(sequence, "EXPECTED")


def test_a_row_that_is_gone_is_refused_as_gone(observatory):
    sequence = new_sequence()
    Sequence.objects.filter(pk=sequence.pk).delete()
    with pytest.raises(TransitionRefused, match="is gone: it can't become CANCELLED"):
        SEQUENCE.move(sequence, "CANCELLED")


def test_a_caller_may_allow_fewer_sources_than_the_table_but_not_more(observatory):
    sequence = new_sequence("PLANNED")
    with pytest.raises(TransitionRefused):
        SEQUENCE.move(sequence, "CANCELLED", only_from=frozenset({"DRAFT"}))
    with pytest.raises(TransitionRefused):
        SEQUENCE.move(sequence, "COMPLETED", only_from=frozenset({"PLANNED"}))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wanted", [("EXPECTED", "EXPECTED"), ("CANCELLED", "EXPIRED")])
def test_of_two_processes_that_move_a_row_at_once_exactly_one_wins(clock, wanted):
    from pyros.operations.observatory import load

    load("san_pedro_martir")
    for _ in range(10):
        sequence = new_sequence("PLANNED")
        line, answers = threading.Barrier(2), []

        def move(to, pk=sequence.pk, line=line, answers=answers):
            try:
                mine = Sequence.objects.get(pk=pk)
                line.wait(PATIENCE_S)
                answers.append((SEQUENCE.try_move(mine, to), to))
            finally:
                connection.close()

        racers = [threading.Thread(target=move, args=(to,)) for to in wanted]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(PATIENCE_S)
        assert sorted(won for won, _ in answers) == [False, True]
        (winner,) = (to for won, to in answers if won)
        sequence.refresh_from_db()
        assert sequence.state == winner
        assert entries_of(sequence) == [f"sequence.{winner.lower()}"]


class LifeOfASequence(RuleBasedStateMachine):
    """Whatever is tried in whatever order, by callers with old or new knowledge."""

    def __init__(self):
        super().__init__()
        self.sequence = new_sequence()
        self.old_copy = Sequence.objects.get(pk=self.sequence.pk)
        self.path = ["DRAFT"]

    def attempt(self, row, to, only_from=None):
        before = self.path[-1]
        allowed = (before, to) in legal_pairs() and (only_from is None or before in only_from)
        assert SEQUENCE.try_move(row, to, only_from=only_from) is allowed
        if allowed:
            self.path.append(to)

    @rule(to=st.sampled_from(STATES))
    def move(self, to):
        self.attempt(self.sequence, to)

    @rule(to=st.sampled_from(STATES))
    def move_with_old_knowledge(self, to):
        self.attempt(self.old_copy, to)

    @rule(to=st.sampled_from(STATES), only_from=st.frozensets(st.sampled_from(STATES)))
    def move_from_some(self, to, only_from):
        self.attempt(self.sequence, to, only_from)

    @precondition(lambda self: any(state == self.path[-1] for state, _ in legal_pairs()))
    @rule(data=st.data())
    def move_on(self, data):
        self.attempt(
            self.sequence,
            data.draw(st.sampled_from(sorted(to for state, to in legal_pairs() if state == self.path[-1]))),
        )

    @invariant()
    def the_database_has_the_last_state_and_the_journal_one_entry_a_step(self):
        assert Sequence.objects.values_list("state", flat=True).get(pk=self.sequence.pk) == self.path[-1]
        assert entries_of(self.sequence) == [f"sequence.{state.lower()}" for state in self.path[1:]]


def test_no_order_of_attempts_ever_makes_an_illegal_step_and_each_step_is_told_once(observatory):
    run_state_machine_as_test(
        LifeOfASequence,
        settings=settings(
            max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
