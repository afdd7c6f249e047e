"""What was really done: runs with their leases, and images."""

from __future__ import annotations

from django.db import models

from apps.devices.models import Camera, Filter, Telescope
from apps.routine_manager.models import Album, FrameType, Plan, Sequence


class TelescopeEpoch(models.Model):
    """The fencing token of a telescope: every run takes the next number, every motion command carries it, and
    devices refuse a lower one. Two processes can therefore never drive one telescope."""

    telescope = models.OneToOneField(Telescope, models.CASCADE, primary_key=True, related_name="epoch")
    epoch = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.telescope} epoch {self.epoch}"


class RunState(models.TextChoices):
    """The life of a run."""

    ACTIVE = "ACTIVE", "active"
    COMPLETED = "COMPLETED", "completed"
    INTERRUPTED = "INTERRUPTED", "interrupted"
    FAILED = "FAILED", "failed"


class Run(models.Model):
    """One execution of a sequence on a telescope. Its epoch orders it among all others."""

    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="runs")
    telescope = models.ForeignKey(Telescope, models.PROTECT, related_name="runs")
    # the telescope while the run is active, NULL afterwards: at most one active run a telescope, on every database
    active_on = models.OneToOneField(Telescope, models.PROTECT, null=True, related_name="active_run", editable=False)
    epoch = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=RunState, default=RunState.ACTIVE)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    on_target_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-epoch"]
        constraints = [
            models.UniqueConstraint(fields=["telescope", "epoch"], name="one_run_an_epoch"),
        ]

    def __str__(self) -> str:
        return f"run {self.epoch} of {self.sequence}"


class AlbumRun(models.Model):
    """An album's execution within a run: who has the lease, until when."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="album_runs")
    album = models.ForeignKey(Album, models.PROTECT, related_name="runs")
    state = models.CharField(max_length=12, choices=RunState, default=RunState.ACTIVE)
    reason = models.CharField(max_length=300, blank=True)
    owner = models.CharField(max_length=100, blank=True, help_text="the worker that holds the lease")
    lease_until_s = models.FloatField(default=0, help_text="observatory time, unix s")
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "album"], name="one_album_run")]

    def __str__(self) -> str:
        return f"{self.album} in {self.run}"


class ImageState(models.TextChoices):
    """An exposure ends in exactly one of stored, aborted, failed."""

    EXPOSING = "EXPOSING", "exposing"
    STORED = "STORED", "stored"
    ABORTED = "ABORTED", "aborted"
    FAILED = "FAILED", "failed"


class Image(models.Model):
    """One exposure of one camera. The row is made before the shutter opens."""

    album_run = models.ForeignKey(AlbumRun, models.PROTECT, related_name="images")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="taken")
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="images")
    number = models.PositiveIntegerField(help_text="place in its plan, from 1")
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=ImageState, default=ImageState.EXPOSING)
    reason = models.CharField(max_length=300, blank=True)
    frame_type = models.CharField(max_length=5, choices=FrameType)
    filter = models.ForeignKey(Filter, models.PROTECT, null=True, blank=True)
    exposure_s = models.FloatField()
    date_obs = models.DateTimeField(null=True, blank=True, help_text="start of the exposure, UTC")
    path = models.CharField(max_length=300, blank=True, help_text="relative to the data folder")
    # set when it is stored: however often a frame of a plan is tried, it counts once in a run
    stored_key = models.CharField(max_length=80, null=True, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["state"], name="image_state")]
        constraints = [
            models.UniqueConstraint(fields=["album_run", "plan", "number", "attempt"], name="one_frame_an_attempt"),
        ]

    def __str__(self) -> str:
        return self.path or f"image {self.pk}"
