"""Reading alerts with all that hangs on them."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, OuterRef, QuerySet, Subquery

from apps.alert_manager.models import Alert, AlertState, Decision
from apps.alert_manager.waterfall import Stage, waterfall
from apps.observation_manager.models import Image, Run
from pyros import current
from pyros.journal.models import Entry

SHOWN_S = 86400.0
"""An alert stands on the main page for a day."""
_FIRST_IMAGES = 6


def alerts() -> QuerySet[Alert]:
    """Alerts, the newest first, each with its last decision and its number of notices."""
    last = Decision.objects.filter(alert=OuterRef("pk")).order_by("-id")
    return Alert.objects.annotate(
        notices_count=Count("notices"),
        decision_code=Subquery(last.values("code")[:1]),
        decision_sentence=Subquery(last.values("sentence")[:1]),
    ).order_by("-id")


def in_progress() -> Alert | None:
    """The newest alert of the last day that is active."""
    since = current.clock().now() - timedelta(seconds=SHOWN_S)
    return alerts().filter(state=AlertState.ACTIVE, created_at__gte=since).first()


def stages(alert: Alert) -> list[Stage]:
    """The alert's waterfall."""
    notices = list(alert.notices.order_by("id").values("pk", "notice_time", "received_at"))
    runs = list(
        Run.objects.filter(sequence__request__alertrequest__alert=alert).order_by("id").values_list("pk", flat=True)
    )
    images = list(images_of(alert).order_by("id").values_list("pk", flat=True)[:_FIRST_IMAGES])
    subjects = [
        f"alert:{alert.pk}",
        *(f"notice:{row['pk']}" for row in notices),
        *(f"run:{pk}" for pk in runs),
        *(f"image:{pk}" for pk in images),
    ]
    entries = Entry.objects.filter(subject__in=subjects).order_by("id")
    return waterfall(
        entries,
        trigger=alert.trigger_time,
        sent=notices[0]["notice_time"] if notices else None,
        received=notices[0]["received_at"] if notices else None,
    )


def images_of(alert: Alert) -> QuerySet[Image]:
    """The images that were taken for an alert."""
    return Image.objects.filter(album_run__run__sequence__request__alertrequest__alert=alert)
