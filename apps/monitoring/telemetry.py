"""The write path of telemetry: batches into a database of its own, rolled up per minute and hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from apps.monitoring.models import Channel, Rollup, Sample

PERIODS_S = (60, 3600)


@dataclass(frozen=True)
class Measured:
    """One value to be stored."""

    source: str
    quantity: str
    unit: str
    time_s: float
    value: float


class TelemetryWriter:
    """Stores values and keeps the roll-ups of the periods that are under way."""

    def __init__(self) -> None:
        self._channels: dict[tuple[str, str], int] = {}

    def write(self, values: Iterable[Measured]) -> int:
        """Store a batch in one transaction; returns how many values there were."""
        batch = list(values)
        if not batch:
            return 0
        with transaction.atomic(using=settings.TELEMETRY_ALIAS):
            rows = [Sample(channel_id=self._channel(v), time_s=v.time_s, value=v.value) for v in batch]
            Sample.objects.bulk_create(rows)
            self._roll_up(rows)
        return len(batch)

    def _channel(self, value: Measured) -> int:
        key = (value.source, value.quantity)
        if key not in self._channels:
            channel, _ = Channel.objects.get_or_create(
                source=value.source, quantity=value.quantity, defaults={"unit": value.unit}
            )
            self._channels[key] = channel.pk
        return self._channels[key]

    def _roll_up(self, rows: list[Sample]) -> None:
        groups: dict[tuple[int, int, float], list[float]] = defaultdict(list)
        for row in rows:
            for period_s in PERIODS_S:
                groups[row.channel_id, period_s, row.time_s // period_s * period_s].append(row.value)
        for (channel, period_s, start_s), values in groups.items():
            there = Rollup.objects.filter(channel_id=channel, period_s=period_s, start_s=start_s).first()
            count = len(values) + (there.count if there else 0)
            total = sum(values) + (there.mean * there.count if there else 0.0)
            Rollup.objects.update_or_create(
                channel_id=channel,
                period_s=period_s,
                start_s=start_s,
                defaults={
                    "count": count,
                    "minimum": min([*values, there.minimum] if there else values),
                    "maximum": max([*values, there.maximum] if there else values),
                    "mean": total / count,
                    "last": values[-1],
                },
            )
