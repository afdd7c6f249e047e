"""Reading schedules, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

import ephemeris
from apps.devices.models import Site
from apps.observation_manager.models import Run
from apps.observation_manager.selectors import runs_between
from apps.routine_manager.models import Request
from apps.scheduler.models import Schedule, ScheduleRow
from apps.scheduler.timeline import Mark, Slot, Timeline, Twilight, draw
from apps.user_manager.permissions import Ability, may
from apps.user_manager.selectors import programs_of
from pyros import current
from pyros.journal.models import Entry

NIGHTS = 30
MARGIN = timedelta(minutes=40)
_KINDS = {"ACTIVE": "active", "COMPLETED": "done", "INTERRUPTED": "interrupted", "FAILED": "failed"}


def schedules() -> QuerySet[Schedule]:
    """All schedules with the numbers of their rows, the newest first."""
    return Schedule.objects.select_related("node").annotate(
        planned_count=Count("rows", filter=Q(rows__planned=True)),
        rejected_count=Count("rows", filter=Q(rows__planned=False)),
    )


def newest() -> Schedule | None:
    """The schedule in force."""
    return schedules().order_by("-id").first()


def neighbours(schedule: Schedule) -> tuple[int | None, int | None]:
    """The ids of the schedule before and of the one after."""
    before = (
        Schedule.objects.filter(node=schedule.node_id, pk__lt=schedule.pk)
        .order_by("-id")
        .values_list("pk", flat=True)
        .first()
    )
    after = (
        Schedule.objects.filter(node=schedule.node_id, pk__gt=schedule.pk)
        .order_by("id")
        .values_list("pk", flat=True)
        .first()
    )
    return before, after


def nights() -> list[dict[str, Any]]:
    """The last nights with schedules: how many each has, and the last of each (its archive once the night is over)."""
    days = Schedule.objects.order_by("-night").values("night").annotate(count=Count("pk")).order_by("-night")[:NIGHTS]
    found = []
    last: dict[date, int] = {}
    for pk, night in (
        Schedule.objects.filter(night__in=[d["night"] for d in days]).order_by("id").values_list("pk", "night")
    ):
        last[night] = pk
    for day in days:
        found.append({"night": day["night"], "count": day["count"], "last": last[day["night"]]})
    return found


@dataclass(frozen=True)
class Row:
    """A row of a schedule as a person sees it."""

    row: ScheduleRow
    own: bool
    may_open: bool


@dataclass(frozen=True)
class Sheet:
    """A whole schedule: rows, and the drawing of its night."""

    planned: list[Row]
    rejected: list[Row]
    timeline: Timeline | None


def sheet(schedule: Schedule, user: Any) -> Sheet:
    """The rows of a schedule, the user's own marked, and the drawing of its night."""
    own_programs = set(programs_of(user).values_list("pk", flat=True)) if user.is_authenticated else set()
    sees_all = may(user, Ability.SEE_ALL_REQUESTS)
    rows = [
        Row(
            row,
            is_own(row.sequence.request, user, own_programs),
            sees_all or is_own(row.sequence.request, user, own_programs),
        )
        for row in schedule.rows.select_related("sequence__request__program", "telescope").order_by("starts_at", "id")
    ]
    planned = [r for r in rows if r.row.planned]
    start, end = span(schedule.night, schedule.starts_at, schedule.ends_at)
    timeline = night_timeline(start, end, planned, twilight(schedule.night), own_programs, user)
    return Sheet(planned, [r for r in rows if not r.row.planned], timeline)


def is_own(request: Request, user: Any, own_programs: set[int]) -> bool:
    """Whether a request is the user's own or of one of the user's programs."""
    return request.owner_id == user.pk or request.program_id in own_programs


def span(night: date, starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """The axis of a night: from before sunset to after sunrise, where the Sun sets and rises."""
    sun = twilight(night)
    return (sun.sunset or starts_at) - MARGIN, (sun.sunrise or ends_at) + MARGIN


def twilight(night: date) -> Twilight:
    """The Sun's passages at the first site."""
    row = Site.objects.order_by("id").first()
    if row is None:
        return Twilight()
    found = ephemeris.night(row.place(), night)
    return Twilight(
        found.sun_set, found.civil_dusk, found.nautical_dusk, found.nautical_dawn, found.civil_dawn, found.sun_rise
    )


def night_timeline(
    start: datetime, end: datetime, planned: list[Row], sun: Twilight, own_programs: set[int], user: Any
) -> Timeline:
    """The drawing: planned rows over executed runs, alerts marked."""
    now = current.clock().now()
    slots = [_planned(r) for r in planned if r.row.starts_at and r.row.ends_at]
    slots += [_executed(run, now, own_programs, user) for run in runs_between(start, end)]
    return draw(
        start, end, lanes=("planned", "observed"), slots=slots, marks=_alerts(start, end), twilight=sun, now=now
    )


def _planned(item: Row) -> Slot:
    row, sequence = item.row, item.row.sequence
    assert row.starts_at and row.ends_at
    when = f"{row.starts_at:%H:%M:%S}–{row.ends_at:%H:%M:%S} UTC"
    title = f"{sequence.request.name} ({sequence.request.program.name}) {when}: {row.reason}"
    url = reverse("request", args=[sequence.request_id]) if item.may_open else ""
    return Slot("planned", row.starts_at, row.ends_at, sequence.request.name, title, "planned", url, item.own)


def _executed(run: Run, now: datetime, own_programs: set[int], user: Any) -> Slot:
    request = run.sequence.request
    end = run.ended_at or now
    own = is_own(request, user, own_programs)
    when = f"{run.started_at:%H:%M:%S}–{end:%H:%M:%S} UTC"
    title = f"{request.name} ({request.program.name}) {when}, {run.get_state_display()} {run.reason}".strip()
    url = reverse("request", args=[request.pk]) if own or may(user, Ability.SEE_ALL_REQUESTS) else ""
    return Slot(
        "observed",
        run.started_at,
        max(end, run.started_at),
        request.name,
        title,
        _KINDS.get(run.state, "done"),
        url,
        own,
    )


def _alerts(start: datetime, end: datetime) -> list[Mark]:
    """The alerts of the span, from the journal (alerts are a neighbour of this app, not below it)."""
    seen: dict[str, Mark] = {}
    for entry in Entry.objects.filter(verb="alert.decided", time__gte=start, time__lte=end).order_by("id")[:500]:
        number = entry.subject.partition(":")[2]
        if number.isdecimal() and number not in seen:
            seen[number] = Mark(
                entry.time,
                f"alert {entry.time:%H:%M:%S} UTC: {entry.data.get('sentence', '')}",
                reverse("alert", args=[number]),
            )
    return list(seen.values())
