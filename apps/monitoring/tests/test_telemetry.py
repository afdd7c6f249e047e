"""Telemetry: every value stored, and its roll-ups exact. Expected numbers are worked out by hand."""

from __future__ import annotations

import pytest

from apps.monitoring.models import Channel, Rollup, Sample
from apps.monitoring.telemetry import Measured, TelemetryWriter

pytestmark = pytest.mark.django_db

MINUTE_S = 1_795_237_200.0
"""2026-11-21T05:00:00Z, the start of a minute and of an hour."""


def wind(offset_s: float, value: float, quantity: str = "wind_mps") -> Measured:
    return Measured("weather1", quantity, "m/s", MINUTE_S + offset_s, value)


def rollup(period_s: int, start_s: float = MINUTE_S) -> tuple[int, float, float, float, float]:
    row = Rollup.objects.get(period_s=period_s, start_s=start_s)
    return row.count, row.minimum, row.maximum, row.mean, row.last


def test_a_batch_is_stored_and_rolled_up_per_minute_and_hour() -> None:
    assert TelemetryWriter().write([wind(0, 4.0), wind(20, 8.0), wind(40, 6.0), wind(61, 2.0)]) == 4
    assert Sample.objects.count() == 4 and Channel.objects.get().unit == "m/s"
    assert rollup(60) == (3, 4.0, 8.0, 6.0, 6.0)
    assert rollup(60, MINUTE_S + 60) == (1, 2.0, 2.0, 2.0, 2.0)
    assert rollup(3600) == (4, 2.0, 8.0, 5.0, 2.0)


def test_a_roll_up_goes_on_over_batches_and_over_a_restart() -> None:
    TelemetryWriter().write([wind(0, 4.0), wind(10, 8.0)])
    TelemetryWriter().write([wind(30, -3.0)])
    assert rollup(60) == (3, -3.0, 8.0, 3.0, -3.0)
    assert Channel.objects.count() == 1


def test_channels_do_not_mix() -> None:
    TelemetryWriter().write([wind(0, 4.0), wind(0, 90.0, "humidity_percent")])
    assert set(Rollup.objects.filter(period_s=60).values_list("channel__quantity", "mean")) == {
        ("wind_mps", 4.0), ("humidity_percent", 90.0),
    }  # fmt: skip


def test_nothing_to_write_writes_nothing() -> None:
    assert TelemetryWriter().write([]) == 0


def test_telemetry_lives_in_its_own_database() -> None:
    TelemetryWriter().write([wind(0, 4.0)])
    assert Sample.objects.all().db == "telemetry"
