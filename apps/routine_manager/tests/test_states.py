"""The state of a request follows from its sequences, the outcome of a sequence from its albums."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.routine_manager.models import AlbumState, SequenceState
from apps.routine_manager.states import request_state, sequence_state

REQUESTS = [
    ("draft", [], "DRAFT"),
    ("drafts only", ["DRAFT", "DRAFT"], "DRAFT"),
    ("one executes, the others don't matter", ["EXECUTING", "FAILED", "COMPLETED", "PLANNED"], "EXECUTING"),
    ("armed before planned", ["PLANNED", "EXPECTED", "COMPLETED"], "EXPECTED"),
    ("one waits to be planned", ["COMPLETED", "TO_BE_PLANNED"], "TO_BE_PLANNED"),
    ("all that is left was observed", ["COMPLETED", "COMPLETED"], "COMPLETED"),
    ("an optional one failed, another was observed", ["COMPLETED", "FAILED"], "COMPLETED"),
    ("nothing was observed", ["FAILED", "EXPIRED"], "FAILED"),
    ("all windows went by", ["EXPIRED", "EXPIRED"], "EXPIRED"),
    ("all cancelled", ["CANCELLED", "CANCELLED"], "CANCELLED"),
    ("nothing can be planned", ["UNPLANNABLE"], "UNPLANNABLE"),
    ("what was interrupted is not over", ["INTERRUPTED", "COMPLETED"], "INTERRUPTED"),
]


@pytest.mark.parametrize(("states", "expected"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS])
def test_a_best_effort_request_has_the_state_of(states, expected):
    assert request_state([(state, False) for state in states]) == expected


@pytest.mark.parametrize("lost", ["FAILED", "CANCELLED", "EXPIRED"])
def test_a_request_fails_when_a_mandatory_sequence_is_lost(lost):
    assert request_state([(lost, True), ("COMPLETED", False), ("PLANNED", False)]) == "FAILED"


def test_a_request_whose_sequences_were_all_cancelled_is_cancelled_and_not_failed():
    assert request_state([("CANCELLED", True), ("CANCELLED", False)]) == "CANCELLED"


@pytest.mark.parametrize("lost", ["FAILED", "EXPIRED"])
def test_all_or_nothing_fails_with_any_loss(lost):
    assert request_state([(lost, False), ("COMPLETED", False)], all_or_nothing=True) == "FAILED"


ROWS = st.lists(st.tuples(st.sampled_from(SequenceState.values), st.booleans()), max_size=8)


@given(ROWS, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_sequences_never_matters(rows, strict, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert request_state(shuffled, all_or_nothing=strict) == request_state(rows, all_or_nothing=strict)


@given(ROWS, st.booleans())
def test_a_request_has_a_state_of_one_of_its_sequences_or_is_failed_or_a_draft(rows, strict):
    assert request_state(rows, all_or_nothing=strict) in {state for state, _ in rows} | {"FAILED", "DRAFT"}


@given(ROWS, st.booleans())
def test_a_request_is_never_completed_while_one_of_its_sequences_may_still_be_observed(rows, strict):
    may = {"DRAFT", "TO_BE_PLANNED", "UNPLANNABLE", "PLANNED", "EXPECTED", "EXECUTING", "INTERRUPTED"}
    if may & {state for state, _ in rows}:
        assert request_state(rows, all_or_nothing=strict) != "COMPLETED"


SEQUENCES = [
    ("all blocking cameras done", [("COMPLETED", True), ("COMPLETED", True)], "COMPLETED"),
    ("a camera that does not block failed", [("COMPLETED", True), ("FAILED", False)], "COMPLETED"),
    ("a blocking camera failed", [("FAILED", True), ("COMPLETED", False)], "FAILED"),
    ("no camera blocks and one is done", [("FAILED", False), ("COMPLETED", False)], "COMPLETED"),
    ("no camera blocks and none is done", [("FAILED", False)], "FAILED"),
    ("one still exposes", [("COMPLETED", True), ("EXECUTING", False)], "EXECUTING"),
    ("one has not begun", [("COMPLETED", True), ("TO_DO", True)], "EXECUTING"),
    ("one was interrupted", [("COMPLETED", True), ("INTERRUPTED", True)], "INTERRUPTED"),
    ("no albums", [], "FAILED"),
]


@pytest.mark.parametrize(("albums", "expected"), [row[1:] for row in SEQUENCES], ids=[row[0] for row in SEQUENCES])
def test_a_sequence_ends_as(albums, expected):
    assert sequence_state(albums) == expected


@given(st.lists(st.tuples(st.sampled_from(AlbumState.values), st.booleans()), min_size=1, max_size=6))
def test_a_sequence_is_completed_only_when_no_blocking_album_is_missing(albums):
    if sequence_state(albums) == "COMPLETED":
        assert all(state == "COMPLETED" for state, blocking in albums if blocking)
        assert any(state == "COMPLETED" for state, _ in albums)
