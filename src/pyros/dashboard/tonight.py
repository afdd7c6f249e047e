"""Tonight: what is going on, what is next, what is wrong; a reduced form for those who are not logged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.alert_manager import selectors as alerts
from apps.alert_manager.models import Alert
from apps.alert_manager.waterfall import ROW_PX, bars
from apps.devices import safety as safety_of
from apps.devices.models import Telescope
from apps.majordome import selectors as nights
from apps.majordome.models import Night
from apps.monitoring import selectors as monitoring
from apps.observation_manager import selectors as observations
from apps.observation_manager.models import ImageState
from apps.routine_manager.models import FrameType
from apps.scheduler import selectors as schedules
from apps.scheduler.timeline import Timeline
from apps.user_manager.permissions import Ability, may
from apps.user_manager.selectors import programs_of
from pyros import current
from pyros.dashboard import commentary

NEXT_ROWS = 5
LAST_IMAGES = 8
STORY = 14


@dataclass(frozen=True)
class Moment:
    """A moment of the night and whether it is over."""

    name: str
    at: datetime | None
    over: bool


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page of the telescope that `?telescope=NAME` names, by default the first one."""
    telescopes = nights.telescopes()
    wanted = request.GET.get("telescope", "")
    telescope = next((t for t in telescopes if t.name == wanted), telescopes[0] if telescopes else None)
    night = nights.current_night(telescope) if telescope else None
    safety = safety_of.view()
    context: dict[str, Any] = {
        "telescope": telescope,
        "telescopes": telescopes,
        "night": night,
        "phase": safety.status.phase if safety.status else None,
        "sun_altitude_deg": safety.status.sun_altitude_deg if safety.status else None,
        "step": nights.step_words(night),
        "safety": safety,
        "guardian_age_s": safety.status.age_s(current.clock()) if safety.status else None,
        "moments": moments(night, current.clock().now()),
    }
    if not request.user.is_authenticated:
        return render(request, "tonight_public.html", context)
    return render(request, "tonight.html", context | _inside(request, telescope, night))


def moments(night: Night | None, now: datetime) -> list[Moment]:
    """Sunset, night start and end, sunrise."""
    if night is None:
        return []
    named = (
        ("Sunset", night.sunset),
        ("Night starts", night.night_start),
        ("Night ends", night.night_end),
        ("Sunrise", night.sunrise),
    )
    return [Moment(name, at, at is not None and at <= now) for name, at in named]


def _inside(request: HttpRequest, telescope: Telescope | None, night: Night | None) -> dict[str, Any]:
    clock = current.clock()
    schedule = schedules.newest()
    own = set(programs_of(request.user).values_list("pk", flat=True))
    sees_all = may(request.user, Ability.SEE_ALL_REQUESTS)
    rows = []
    if schedule is not None:
        rows = [
            schedules.Row(r, mine, sees_all or mine)
            for r in schedule.rows.filter(planned=True)
            .select_related("sequence__request__program", "telescope")
            .order_by("starts_at")
            for mine in (schedules.is_own(r.sequence.request, request.user, own),)
        ]
    return {
        "control": nights.control(telescope) if telescope else None,
        "may_operate": may(request.user, Ability.OPERATE),
        "run": observations.current_run(telescope) if telescope else None,
        "hardware": nights.hardware(telescope) if telescope else [],
        "poll": nights.last_poll(night),
        "schedule": schedule,
        "next_rows": [r for r in rows if r.row.starts_at and r.row.starts_at > clock.now()][:NEXT_ROWS],
        "timeline": _timeline(night, rows, own, request.user),
        "images": observations.images(state=ImageState.STORED, frame_type=FrameType.LIGHT)[:LAST_IMAGES],
        "alarms": list(monitoring.raised_alarms()[:20]),
        "story": commentary.story(STORY),
        **_alert(alerts.in_progress()),
    }


def _timeline(night: Night | None, rows: list[schedules.Row], own: set[int], user: Any) -> Timeline | None:
    if night is None or night.sunset is None or night.sunrise is None:
        return None
    start, end = schedules.span(night.date, night.sunset, night.sunrise)
    return schedules.night_timeline(start, end, rows, schedules.twilight(night.date), own, user)


def _alert(alert: Alert | None) -> dict[str, Any]:
    if alert is None:
        return {"alert": None}
    drawn = bars(alerts.stages(alert))
    return {"alert": alert, "bars": drawn, "bars_height": len(drawn) * ROW_PX + 6}
