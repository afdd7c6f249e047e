"""Analyses and their products."""

from __future__ import annotations

from django.db import models

from apps.alert_manager.models import Alert
from apps.observation_manager.models import Image
from apps.routine_manager.models import Sequence


class Analysis(models.Model):
    """One run of one task on its inputs with one named configuration; re-run makes another row."""

    class State(models.TextChoices):
        QUEUED = "QUEUED", "queued"
        RUNNING = "RUNNING", "running"
        DONE = "DONE", "done"
        FAILED = "FAILED", "failed"

    kind = models.CharField(max_length=30, help_text="calibrate, master, candidates, temporal, spectral…")
    configuration = models.CharField(max_length=60, default="default")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    image = models.ForeignKey(Image, models.CASCADE, null=True, blank=True, related_name="analyses")
    sequence = models.ForeignKey(Sequence, models.CASCADE, null=True, blank=True, related_name="analyses")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, blank=True, related_name="analyses")
    result_code = models.CharField(max_length=40, blank=True)
    sentence = models.CharField(max_length=400, blank=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "analyses"
        constraints = [
            # rows without an image are many: NULL is unlike NULL
            models.UniqueConstraint(fields=["kind", "configuration", "image"], name="one_analysis_of_an_image")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Product(models.Model):
    """A file that was made: preview, calibrated frame, master, candidate list, report."""

    kind = models.CharField(max_length=30)
    path = models.CharField(max_length=255, unique=True, help_text="relative to the data folder")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField()
    analysis = models.ForeignKey(Analysis, models.SET_NULL, null=True, blank=True, related_name="products")
    image = models.ForeignKey(Image, models.CASCADE, null=True, blank=True, related_name="products")
    sequence = models.ForeignKey(Sequence, models.CASCADE, null=True, blank=True, related_name="products")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, blank=True, related_name="products")
    linked_to = models.JSONField(default=list, help_text="exchange folders that hold a link to it")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.path
