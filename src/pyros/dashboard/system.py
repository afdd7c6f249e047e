"""System: processes, machine, journal and logs."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

import ephemeris
from apps.user_manager.permissions import Ability, may, needs
from pyros import current
from pyros.dashboard import survey
from pyros.journal.models import Entry

PAGE_SIZE = 100


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """What runs and on what."""
    free, total = survey.disk()
    last_day = ephemeris.earth_orientation_last_day()
    clock = current.clock()
    context = {
        "processes": survey.processes(),
        "databases": survey.database_sizes(),
        "disk_free": free,
        "disk_total": total,
        "disk_used": total - free,
        "clock_kind": current.config().clock.kind,
        "clock_speed": clock.speed,
        "iers_last_day": last_day,
        "iers_days": (last_day - clock.now().date()).days,
        "versions": survey.versions(),
        "entries": Entry.objects.order_by("-id")[:15],
        "may_see_logs": may(request.user, Ability.SEE_LOGS),
    }
    return render(request, "system.html", context)


@login_required
def journal(request: HttpRequest) -> HttpResponse:
    """The journal, the newest first, paged by id so that page one million costs what page one does."""
    text, before = request.GET.get("text", "").strip(), request.GET.get("before", "")
    rows = searched(text)
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before))
    entries = list(rows[: PAGE_SIZE + 1])
    context = {
        "entries": entries[:PAGE_SIZE],
        "older": entries[PAGE_SIZE - 1].pk if len(entries) > PAGE_SIZE else None,
        "text": text,
        "is_newest": not before,
    }
    return render(request, "journal.html", context)


def searched(text: str) -> QuerySet[Entry]:
    """Entries whose verb or subject begins with a text (indexed), or that a process or person of that name wrote."""
    rows = Entry.objects.order_by("-id")
    if not text:
        return rows
    return rows.filter(Q(verb__startswith=text) | Q(subject__startswith=text) | Q(who=text))


@needs(Ability.SEE_LOGS)
def logs(request: HttpRequest) -> HttpResponse:
    """The newest log lines."""
    process, level = request.GET.get("process", ""), request.GET.get("level", "")
    context = {
        "lines": survey.log_tail(process=process, level=level),
        "processes": survey.log_processes(),
        "levels": survey.LEVELS,
        "process": process,
        "level": level,
    }
    return render(request, "logs.html", context)
