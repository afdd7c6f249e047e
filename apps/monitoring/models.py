"""Telemetry (in a database of its own), alarms, and the conditions that they make."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Channel(models.Model):
    """One measured quantity of one source."""

    source = models.CharField(max_length=60)
    quantity = models.CharField(max_length=60)
    unit = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "quantity"], name="one_channel")]

    def __str__(self) -> str:
        return f"{self.source}.{self.quantity}"


class Sample(models.Model):
    """One value. Unix seconds and floats: written by the thousand, read as arrays."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="samples")
    time_s = models.FloatField(help_text="observatory time, unix s")
    value = models.FloatField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["channel", "time_s"], name="sample_channel_time")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.time_s}: {self.value}"


class Rollup(models.Model):
    """The values of a channel over a period of 60 or 3600 s."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="rollups")
    period_s = models.PositiveIntegerField()
    start_s = models.FloatField()
    count = models.PositiveIntegerField()
    minimum = models.FloatField()
    maximum = models.FloatField()
    mean = models.FloatField()
    last = models.FloatField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "period_s", "start_s"], name="one_rollup")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.start_s}+{self.period_s}"


class Severity(models.TextChoices):
    """How loud an alarm is."""

    WARNING = "WARNING", "warning"
    CRITICAL = "CRITICAL", "critical"


class Alarm(models.Model):
    """Something an operator must know. Raised once, cleared once; acknowledging it only silences it."""

    code = models.CharField(max_length=60)
    subject = models.CharField(max_length=80, blank=True)
    severity = models.CharField(max_length=10, choices=Severity)
    sentence = models.CharField(max_length=400)
    state = models.CharField(max_length=8, choices=[("RAISED", "raised"), ("CLEARED", "cleared")], default="RAISED")
    # `code|subject` while it is raised, NULL afterwards: unique on every database, unlike a conditional constraint
    raised_key = models.CharField(max_length=150, null=True, unique=True, editable=False)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.sentence


class SafetyRecord(models.Model):
    """A change of the guardian's verdict, as it was."""

    time = models.DateTimeField()
    safety = models.CharField(max_length=10)
    desired_enclosure = models.CharField(max_length=20)
    reasons = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.safety} at {self.time:%H:%M:%S}"
