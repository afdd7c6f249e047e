"""Reading requests: each user sees those of the own programs, experts and administrators see all."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.routine_manager.models import Album, LedgerEntry, Request, Sequence
from apps.user_manager.permissions import Ability, may


def visible_requests(user: Any) -> QuerySet[Request]:
    """The requests that a user may see."""
    rows = Request.objects.select_related("program", "owner").order_by("-id")
    if may(user, Ability.SEE_ALL_REQUESTS):
        return rows
    own = Q(owner=user.pk) | Q(program__members=user.pk) | Q(program__principal_investigator=user.pk)
    return rows.filter(own).distinct()


def visible_sequences(user: Any) -> QuerySet[Sequence]:
    """The sequences that a user may see."""
    rows = Sequence.objects.select_related("request__program").order_by("-id")
    return (
        rows
        if may(user, Ability.SEE_ALL_REQUESTS)
        else rows.filter(request__in=visible_requests(user).order_by().values("pk"))
    )


def filtered(
    rows: QuerySet[Request], *, state: str = "", program: str = "", kind: str = "", text: str = ""
) -> QuerySet[Request]:
    """Requests narrowed by what a person chose; what makes no sense is no filter."""
    if state:
        rows = rows.filter(state=state)
    if program.isdecimal():
        rows = rows.filter(program=int(program))
    if kind:
        rows = rows.filter(kind=kind)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(sequences__target_name__icontains=text)).distinct()
    return rows


def with_counts(rows: QuerySet[Request]) -> QuerySet[Request]:
    """Each with how many sequences it has and how many of them are completed."""
    return rows.annotate(
        sequences_count=Count("sequences", distinct=True),
        completed_count=Count("sequences", filter=Q(sequences__state="COMPLETED"), distinct=True),
    )


def sequences_of(request: Request) -> QuerySet[Sequence]:
    """A request's sequences with albums, plans and runs."""
    albums = Album.objects.select_related("camera").prefetch_related("plans__filter")
    return request.sequences.order_by("id").prefetch_related(Prefetch("albums", queryset=albums), "runs__telescope")


def ledger_of(request: Request) -> QuerySet[LedgerEntry]:
    """The lines of telescope time that a request made."""
    return (
        LedgerEntry.objects.filter(sequence__request=request)
        .select_related("allocation__program", "allocation__semester", "sequence")
        .order_by("id")
    )
