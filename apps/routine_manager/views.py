"""Requests: what was asked for, where it stands, what came of it, and what it cost."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from apps.routine_manager import ledger, selectors
from apps.routine_manager.models import Request, SequenceState
from apps.user_manager.models import ScientificProgram
from apps.user_manager.permissions import Ability, may
from apps.user_manager.selectors import programs_of

PAGE_SIZE = 50


@login_required
def requests(request: HttpRequest) -> HttpResponse:
    """The requests that the user may see, narrowed by state, program, kind and name."""
    chosen = {name: request.GET.get(name, "") for name in ("state", "program", "kind", "text")}
    rows = selectors.filtered(selectors.visible_requests(request.user), **chosen)
    sees_all = may(request.user, Ability.SEE_ALL_REQUESTS)
    context = {
        "page": Paginator(selectors.with_counts(rows), PAGE_SIZE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "states": SequenceState.choices,
        "kinds": Request.Kind.choices,
        "programs": ScientificProgram.objects.all() if sees_all else programs_of(request.user),
        "sees_all": sees_all,
        "is_filtered": any(chosen.values()),
    }
    return render(request, "routine_manager/requests.html", context)


@login_required
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request with sequences, albums, plans, runs, images and its lines in the ledger."""
    row = get_object_or_404(selectors.visible_requests(request.user), pk=pk)
    sequences = list(selectors.sequences_of(row))
    lines = list(selectors.ledger_of(row))
    allocations = {line.allocation_id: line.allocation for line in lines}
    camera_of_run = [run for sequence in sequences for run in sequence.runs.all()]
    context = {
        "item": row,
        "sequences": sequences,
        "lines": lines,
        "balances": [(a, ledger.balance_s(a)) for a in allocations.values()],
        "images": _images(sequences),
        "has_runs": bool(camera_of_run),
        "reserved_s": sum(s.reserved_s for s in sequences),
    }
    return render(request, "routine_manager/request.html", context)


def _images(sequences: list[Any]) -> list[Any]:
    """The newest images of some sequences, by the reverse relation: images live one floor up."""
    image_model = Request._meta.apps.get_model("observation_manager", "Image")
    return list(
        image_model._default_manager.filter(plan__album__sequence__in=[s.pk for s in sequences])
        .select_related("camera", "filter")
        .prefetch_related("products")
        .order_by("-id")[:24]
    )
