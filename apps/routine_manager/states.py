"""The life cycles of sequences and albums, and the request's state that follows from them."""

from collections.abc import Iterable

from apps.routine_manager.models import AlbumState as A
from apps.routine_manager.models import SequenceState as S
from pyros.statetable import StateTable

SEQUENCE = StateTable(
    "sequence",
    {
        S.DRAFT: frozenset({S.TO_BE_PLANNED, S.UNPLANNABLE, S.CANCELLED}),
        S.TO_BE_PLANNED: frozenset({S.PLANNED, S.EXPECTED, S.UNPLANNABLE, S.CANCELLED, S.EXPIRED, S.DRAFT}),
        S.UNPLANNABLE: frozenset({S.TO_BE_PLANNED, S.CANCELLED, S.EXPIRED, S.DRAFT}),
        S.PLANNED: frozenset({S.TO_BE_PLANNED, S.EXPECTED, S.UNPLANNABLE, S.CANCELLED, S.EXPIRED, S.DRAFT}),
        S.EXPECTED: frozenset({S.EXECUTING, S.TO_BE_PLANNED, S.CANCELLED, S.EXPIRED, S.FAILED}),
        S.EXECUTING: frozenset({S.COMPLETED, S.INTERRUPTED, S.FAILED, S.CANCELLED}),
        S.COMPLETED: frozenset(),
        # what is left of it is planned anew
        S.INTERRUPTED: frozenset({S.TO_BE_PLANNED, S.CANCELLED, S.EXPIRED}),
        S.FAILED: frozenset({S.TO_BE_PLANNED}),
        S.CANCELLED: frozenset(),
        S.EXPIRED: frozenset({S.TO_BE_PLANNED}),
    },
)

ALBUM = StateTable(
    "album",
    {
        A.TO_DO: frozenset({A.EXECUTING, A.FAILED, A.INTERRUPTED}),
        A.EXECUTING: frozenset({A.COMPLETED, A.INTERRUPTED, A.FAILED}),
        A.COMPLETED: frozenset(),
        A.INTERRUPTED: frozenset({A.EXECUTING}),
        A.FAILED: frozenset({A.EXECUTING}),
    },
)

OPEN = frozenset({S.TO_BE_PLANNED, S.PLANNED, S.EXPECTED})
"""States in which a sequence waits for the telescope."""


def request_state(sequences: Iterable[tuple[str, bool]], *, all_or_nothing: bool = False) -> str:
    """The state of a request from its sequences' states and whether each is mandatory.

    Executing while one executes; failed when a mandatory one (or, all or nothing, any) failed, was cancelled or
    expired; open while one waits; completed when at least one was completed and none is left.
    """
    rows = list(sequences)
    states = {state for state, _ in rows}
    lost = {S.FAILED, S.CANCELLED, S.EXPIRED}
    if not rows or states == {S.DRAFT}:
        return S.DRAFT
    if S.EXECUTING in states:
        return S.EXECUTING
    if any(state in lost and (mandatory or all_or_nothing) for state, mandatory in rows):
        return S.CANCELLED if states <= {S.CANCELLED} else S.FAILED
    for state in (S.EXPECTED, S.PLANNED, S.TO_BE_PLANNED, S.INTERRUPTED, S.UNPLANNABLE, S.DRAFT):
        if state in states:
            return state
    if S.COMPLETED in states:
        return S.COMPLETED
    for state in (S.FAILED, S.EXPIRED):
        if state in states:
            return state
    return S.CANCELLED


def sequence_state(albums: Iterable[tuple[str, bool]]) -> str:
    """The outcome of a sequence from its albums' states and whether each camera is one that blocks.

    Completed when every blocking album (or, where none blocks, at least one) was completed; a non-blocking
    camera that failed is noted and costs nothing.
    """
    rows = list(albums)
    states = [state for state, _ in rows]
    if A.EXECUTING in states or A.TO_DO in states:
        return S.EXECUTING
    if A.INTERRUPTED in states:
        return S.INTERRUPTED
    needed = [state for state, blocking in rows if blocking]
    if needed:
        return S.COMPLETED if all(state == A.COMPLETED for state in needed) else S.FAILED
    return S.COMPLETED if A.COMPLETED in states else S.FAILED
