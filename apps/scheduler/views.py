"""The schedule: the newest, those before, what stands where and why, and what is left out and why."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from apps.scheduler import selectors
from apps.scheduler.models import Schedule
from pyros import current

LISTED = 60


@login_required
def schedule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A schedule by its id, the newest without one; a page that says so where there is none yet."""
    newest = selectors.newest()
    row = newest if pk is None else get_object_or_404(selectors.schedules(), pk=pk)
    context: dict[str, object] = {"schedule": row, "nights": selectors.nights(), "now": current.clock().now()}
    if row is not None:
        before, after = selectors.neighbours(row)
        context |= {
            "sheet": selectors.sheet(row, request.user),
            "before": before,
            "after": after,
            "is_newest": newest is not None and row.pk == newest.pk,
            "of_night": Schedule.objects.filter(night=row.night).order_by("-id")[:LISTED],
        }
    return render(request, "scheduler/schedule.html", context)
