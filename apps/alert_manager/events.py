"""Which burst a notice tells of, and what is known of the burst after it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

import notices
from apps.alert_manager.models import Alert, AlertState, Notice
from notices import association
from pyros import current
from pyros.journal.writing import append

NEIGHBOURS = timedelta(days=1)


def alert_of(row: Notice, parsed: notices.Notice) -> tuple[Alert | None, bool]:
    """The alert that a notice belongs to, made when there is none; None for what is never a burst's news.

    Returns the alert and whether it was made now.
    """
    found = _by_event_id(row) or _by_citation(parsed) or _by_association(row, parsed)
    if found is not None:
        return found, False
    if not parsed.opens_event and not parsed.is_retraction:
        return None, False
    state = AlertState.RETRACTED if parsed.is_retraction else AlertState.ACTIVE
    alert = Alert.objects.create(
        name=row.event_id or row.ivorn.rsplit("#", 1)[-1][:60],
        state=state,
        is_test=parsed.is_test,
        created_at=current.clock().now(),
    )
    verb = "alert.tombstone" if parsed.is_retraction else "alert.created"
    append(f"alert:{alert.pk}", verb, {"name": alert.name, "mission": row.mission})
    return alert, True


def update_knowledge(alert: Alert) -> None:
    """Compute the alert's time and position anew from all its notices.

    T0 is the earliest trigger of a gamma-ray notice that was not retracted; the position is the best of those
    that can be trusted (rules: `notices.best_position`).
    """
    rows = list(alert.notices.exclude(is_retraction=True).order_by("id"))
    parsed = {row.pk: notices.parse(bytes(row.raw)) for row in rows}
    best = association.best_position(list(parsed.values()))
    alert.trigger_time = notices.event_t0(parsed.values())
    if best is not None:
        alert.ra_deg, alert.dec_deg, alert.error_r90_deg = best.ra_deg, best.dec_deg, best.error_r90_deg
        alert.position_from_id = next(pk for pk, notice in parsed.items() if notice is best)
    alert.save(update_fields=["trigger_time", "ra_deg", "dec_deg", "error_r90_deg", "position_from"])


def _by_event_id(row: Notice) -> Alert | None:
    if not row.event_id:
        return None
    earlier = (
        Notice.objects.filter(mission=row.mission, event_id=row.event_id, alert__isnull=False)
        .exclude(pk=row.pk)
        .select_related("alert")
        .first()
    )
    return earlier.alert if earlier else None


def _by_citation(parsed: notices.Notice) -> Alert | None:
    cited = Notice.objects.filter(ivorn__in=[c.ivorn for c in parsed.cites], alert__isnull=False).select_related(
        "alert"
    )
    first = cited.first()
    return first.alert if first else None


def _by_association(row: Notice, parsed: notices.Notice) -> Alert | None:
    if parsed.trigger_time_utc is None or parsed.is_test or parsed.is_retraction or not parsed.opens_event:
        return None
    near = Q(
        trigger_time__gte=parsed.trigger_time_utc - NEIGHBOURS, trigger_time__lte=parsed.trigger_time_utc + NEIGHBOURS
    )
    mine = association.view(parsed)
    for alert in Alert.objects.filter(near, is_test=False).exclude(state=AlertState.RETRACTED).order_by("-id"):
        for other in alert.notices.exclude(mission=row.mission).exclude(is_retraction=True):
            link = association.compare(mine, association.view(notices.parse(bytes(other.raw))))
            if link.merges:
                append(f"alert:{alert.pk}", "alert.associated", {"notice": row.ivorn, "sentence": link.sentence})
                return alert
            if link.worth_telling:
                append(f"alert:{alert.pk}", "alert.link_suggested", {"notice": row.ivorn, "sentence": link.sentence})
    return None
