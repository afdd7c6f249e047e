"""The night of one telescope: its phases, and the go/no-go polls with all their checks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.devices.models import Telescope


class OperatingMode(models.TextChoices):
    """Who drives."""

    OFF = "OFF", "off"
    MANUAL = "MANUAL", "manual"
    STANDBY = "STANDBY", "standby"
    AUTOMATIC = "AUTOMATIC", "automatic"


class Night(models.Model):
    """One observing night of one telescope."""

    telescope = models.ForeignKey(Telescope, models.PROTECT, related_name="nights")
    date = models.DateField(help_text="local date of the evening")
    sunset = models.DateTimeField(null=True)
    night_start = models.DateTimeField(null=True)
    night_end = models.DateTimeField(null=True)
    sunrise = models.DateTimeField(null=True)
    phase = models.CharField(max_length=10, default="DAY")
    step = models.CharField(max_length=30, default="STARTUP", help_text="where the majordome's automaton is")
    summary = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-date"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["telescope", "date"], name="one_night")]

    def __str__(self) -> str:
        return f"{self.telescope} {self.date}"


class Control(models.Model):
    """What operators asked of a telescope; read by its majordome, which alone acts on it."""

    telescope = models.OneToOneField(Telescope, models.CASCADE, primary_key=True, related_name="control")
    mode = models.CharField(max_length=10, choices=OperatingMode, default=OperatingMode.AUTOMATIC)
    paused = models.BooleanField(default=False)
    emergency_stop = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.telescope}: {self.mode}"


class GoNoGo(models.Model):
    """A poll before the roof opens or the telescope slews: every check, its answer and its sentence."""

    night = models.ForeignKey(Night, models.CASCADE, related_name="polls")
    time = models.DateTimeField()
    before = models.CharField(max_length=20, help_text="opening, slew")
    go = models.BooleanField()
    checks = models.JSONField(default=list, help_text="[[name, go, sentence], …]")

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "go/no-go poll"

    def __str__(self) -> str:
        return f"{'go' if self.go else 'no-go'} before {self.before}"
