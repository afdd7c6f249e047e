"""Schedules, kept for ever, each row with its reason."""

from __future__ import annotations

from django.db import models

from apps.devices.models import Node, Telescope
from apps.routine_manager.models import Sequence


class Schedule(models.Model):
    """One plan of what is left of a night, its value, and how far from the optimum it can be at most."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="schedules")
    night = models.DateField(help_text="local date of the evening")
    made_at = models.DateTimeField()
    cause = models.CharField(max_length=200, help_text="the event that asked for it")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    value = models.FloatField(help_text="sum of priority × duration, s")
    bound = models.FloatField(help_text="proven upper limit of the value")
    is_final = models.BooleanField(default=False, help_text="the archive of the night at its end")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["night", "id"], name="schedule_night")]

    def __str__(self) -> str:
        return f"schedule {self.pk} of {self.night}"

    @property
    def gap(self) -> float:
        """How far below the bound the value is, as a share of the bound."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


class ScheduleRow(models.Model):
    """A sequence in a schedule: when and where, or why not."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="rows")
    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="schedule_rows")
    planned = models.BooleanField()
    telescope = models.ForeignKey(Telescope, models.PROTECT, null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=400)

    class Meta:
        ordering = ["schedule", "starts_at", "id"]
        constraints = [models.UniqueConstraint(fields=["schedule", "sequence"], name="one_row_a_sequence")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.reason}"
