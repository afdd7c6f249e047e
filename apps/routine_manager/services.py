"""What users do with requests: submit, cancel; and how a request's state follows its sequences."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from apps.routine_manager import ledger
from apps.routine_manager.models import Request, Sequence, SequenceState
from apps.routine_manager.states import OPEN, SEQUENCE, request_state
from pyros import current
from pyros.journal.writing import append


class NotSubmittable(Exception):
    """The request has nothing to submit."""


def submit(*, request: Request, night: date, who: str | None = None) -> None:
    """Submit a request's drafts: time is reserved and they wait to be planned. All or none of them.

    Raises:
        NotSubmittable: it has no drafted sequence.
        QuotaExceeded: the program has too little time left; nothing was submitted.
    """
    with transaction.atomic():
        drafts = list(request.sequences.filter(state=SequenceState.DRAFT))
        if not drafts:
            raise NotSubmittable(f"request {request.name} has no drafted sequence to submit")
        for sequence in drafts:
            ledger.reserve(sequence=sequence, night=night)
            SEQUENCE.move(sequence, SequenceState.TO_BE_PLANNED, who=who)
        request.submitted_at = current.clock().now()
        request.save(update_fields=["submitted_at"])
        refresh_state(request)


def cancel(*, request: Request, reason: str, who: str | None = None) -> int:
    """Cancel what of a request is not executing and not over; the time comes back. Returns how many were cancelled."""
    cancelled = 0
    with transaction.atomic():
        for sequence in request.sequences.filter(state__in=[*OPEN, SequenceState.DRAFT, SequenceState.UNPLANNABLE]):
            if SEQUENCE.try_move(sequence, SequenceState.CANCELLED, state_reason=reason, who=who):
                ledger.settle(sequence=sequence, used_s=0.0, note=reason)
                cancelled += 1
        refresh_state(request)
    return cancelled


def expire(*, sequence: Sequence, reason: str) -> None:
    """A sequence whose last window is over: it can't be observed any more, and its time comes back."""
    with transaction.atomic():
        if SEQUENCE.try_move(sequence, SequenceState.EXPIRED, state_reason=reason):
            ledger.settle(sequence=sequence, used_s=0.0, note=reason)
            refresh_state(sequence.request)


def refresh_state(request: Request) -> None:
    """Store the state that follows from a request's sequences (a pure function of them) if it changed."""
    state = request_state(
        request.sequences.values_list("state", "mandatory"),
        all_or_nothing=request.strategy == Request.Strategy.ALL_OR_NOTHING,
    )
    if Request.objects.filter(pk=request.pk).exclude(state=state).update(state=state):
        append(f"request:{request.pk}", f"request.{state.lower()}", {"name": request.name})
    request.state = state
