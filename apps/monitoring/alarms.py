"""Alarms: raised once, cleared once (behaviours I7), each with its journal entry."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from apps.monitoring.models import Alarm, Severity
from pyros import current
from pyros.journal.writing import append


def raise_alarm(code: str, subject: str, severity: Severity, sentence: str) -> bool:
    """Raise an alarm unless it is raised already; tells whether it is new."""
    try:
        with transaction.atomic():
            alarm = Alarm.objects.create(
                code=code,
                subject=subject,
                severity=severity,
                sentence=sentence[:400],
                raised_at=current.clock().now(),
                raised_key=_key(code, subject),
            )
            append(
                f"alarm:{alarm.pk}",
                "alarm.raised",
                {"code": code, "subject": subject, "severity": severity, "sentence": sentence},
            )
    except IntegrityError:
        return False  # the unique constraint: it is raised already
    return True


def clear_alarm(code: str, subject: str) -> bool:
    """Clear an alarm; tells whether it was raised."""
    with transaction.atomic():
        alarm = Alarm.objects.filter(code=code, subject=subject, state="RAISED").first()
        if alarm is None:
            return False
        now = current.clock().now()
        if not Alarm.objects.filter(pk=alarm.pk, state="RAISED").update(
            state="CLEARED", cleared_at=now, raised_key=None
        ):
            return False
        append(f"alarm:{alarm.pk}", "alarm.cleared", {"code": code, "subject": subject})
    return True


def acknowledge(alarm: Alarm, who: str) -> None:
    """Note that a person has seen it; it stays raised until its cause is gone."""
    with transaction.atomic():
        now = current.clock().now()
        if Alarm.objects.filter(pk=alarm.pk, acknowledged_at__isnull=True).update(
            acknowledged_by=who, acknowledged_at=now
        ):
            append(f"alarm:{alarm.pk}", "alarm.acknowledged", {"code": alarm.code}, who=who)


def _key(code: str, subject: str) -> str:
    return f"{code}|{subject}"
