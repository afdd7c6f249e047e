"""Alarms: raised once, cleared once, acknowledged once (behaviours I7)."""

from __future__ import annotations

import pytest

from apps.monitoring import alarms
from apps.monitoring.models import Alarm, Severity
from pyros.journal.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def raised(code: str = "device.lost", subject: str = "device:1") -> bool:
    return alarms.raise_alarm(code, subject, Severity.CRITICAL, "gft is lost")


def verbs() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("verb", flat=True))


def test_an_alarm_is_raised_once_however_often_its_cause_is_seen() -> None:
    assert [raised(), raised(), raised()] == [True, False, False]
    assert Alarm.objects.count() == 1 and verbs() == ["alarm.raised"]


def test_an_alarm_is_cleared_once() -> None:
    raised()
    answers = [alarms.clear_alarm("device.lost", "device:1"), alarms.clear_alarm("device.lost", "device:1")]
    assert answers == [True, False] and verbs() == ["alarm.raised", "alarm.cleared"]
    assert Alarm.objects.get().cleared_at is not None


def test_after_it_was_cleared_the_same_alarm_is_a_new_one() -> None:
    raised()
    alarms.clear_alarm("device.lost", "device:1")
    assert raised() and Alarm.objects.count() == 2
    alarms.clear_alarm("device.lost", "device:1")
    assert raised()


def test_alarms_of_other_devices_are_others() -> None:
    assert raised(subject="device:1") and raised(subject="device:2") and raised(code="disk.low", subject="")


def test_an_acknowledged_alarm_stays_raised_and_remembers_who_was_first() -> None:
    raised()
    alarm = Alarm.objects.get()
    alarms.acknowledge(alarm, "olga")
    alarms.acknowledge(alarm, "otto")
    alarm.refresh_from_db()
    assert (alarm.state, alarm.acknowledged_by) == ("RAISED", "olga")
    assert not raised()
