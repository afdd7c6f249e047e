"""What is to be observed: Request → Sequence → Album → Plan, and the ledger of the time it takes."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.devices.models import Camera, Filter, Telescope
from apps.user_manager.models import Allocation, ScientificProgram


class Request(models.Model):
    """What a user (or an alert, or the observatory itself) asks for; its state follows from its sequences."""

    class Kind(models.TextChoices):
        ROUTINE = "ROUTINE", "routine"
        ALERT = "ALERT", "alert"
        CALIBRATION = "CALIBRATION", "calibration"

    class Strategy(models.TextChoices):
        BEST_EFFORT = "BEST_EFFORT", "best effort"
        ALL_OR_NOTHING = "ALL_OR_NOTHING", "all or nothing"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.ROUTINE)
    name = models.CharField(max_length=60, help_text="short name, shown in schedules")
    description = models.TextField(blank=True)
    program = models.ForeignKey(ScientificProgram, models.PROTECT, related_name="requests")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="requests")
    strategy = models.CharField(max_length=15, choices=Strategy, default=Strategy.BEST_EFFORT)
    priority = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])
    state = models.CharField(max_length=15, default="DRAFT", editable=False)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class RoutineRequest(Request):
    """A request that an astronomer composed."""

    defer_nights = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(7)], help_text="nights it may be deferred when it was not observed"
    )


class SequenceState(models.TextChoices):
    """The life of a sequence (legal transitions: `states.py`)."""

    DRAFT = "DRAFT", "draft"
    TO_BE_PLANNED = "TO_BE_PLANNED", "to be planned"
    UNPLANNABLE = "UNPLANNABLE", "unplannable"
    PLANNED = "PLANNED", "planned"
    EXPECTED = "EXPECTED", "expected (armed)"
    EXECUTING = "EXECUTING", "executing"
    COMPLETED = "COMPLETED", "completed"
    INTERRUPTED = "INTERRUPTED", "interrupted"
    FAILED = "FAILED", "failed"
    CANCELLED = "CANCELLED", "cancelled"
    EXPIRED = "EXPIRED", "expired"


class Sequence(models.Model):
    """The unit of planning: one pointing, on which every album exposes at the same time."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="sequences")
    name = models.CharField(max_length=60)
    state = models.CharField(max_length=14, choices=SequenceState, default=SequenceState.DRAFT)
    state_reason = models.CharField(max_length=300, blank=True)
    target_name = models.CharField(max_length=100, blank=True)
    ra_deg = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(360)],
        help_text="ICRS; none for a calibration",
    )
    dec_deg = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])
    mandatory = models.BooleanField(default=False, help_text="if it fails, the request fails")
    priority_offset = models.SmallIntegerField(default=0, validators=[MinValueValidator(-5), MaxValueValidator(5)])
    window_start = models.DateTimeField(null=True, blank=True, help_text="not before (JD1)")
    window_end = models.DateTimeField(null=True, blank=True, help_text="not after (JD2)")
    airmass_max = models.FloatField(default=2.0, validators=[MinValueValidator(1), MaxValueValidator(10)])
    moon_distance_min_deg = models.FloatField(default=30, validators=[MinValueValidator(0), MaxValueValidator(180)])
    telescope = models.ForeignKey(
        Telescope, models.PROTECT, null=True, blank=True, related_name="sequences", help_text="any when empty"
    )
    duration_s = models.FloatField(default=0, help_text="all overheads but the slew to it, s")
    reserved_s = models.FloatField(default=0, help_text="time set aside in the ledger, s")

    class Meta:
        ordering = ["request", "id"]
        indexes = [models.Index(fields=["state"], name="sequence_state")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ra_deg__isnull=True, dec_deg__isnull=True)
                | models.Q(ra_deg__isnull=False, dec_deg__isnull=False),
                name="sequence_has_both_coordinates_or_none",
            )
        ]

    def __str__(self) -> str:
        return f"{self.request.name}/{self.name}"

    @property
    def priority(self) -> int:
        """The request's priority with the sequence's own variation, 1 to 100."""
        return min(100, max(1, self.request.priority + self.priority_offset))


class AlbumState(models.TextChoices):
    """The life of an album (legal transitions: `states.py`)."""

    TO_DO = "TO_DO", "to do"
    EXECUTING = "EXECUTING", "executing"
    COMPLETED = "COMPLETED", "completed"
    INTERRUPTED = "INTERRUPTED", "interrupted"
    FAILED = "FAILED", "failed"


class Album(models.Model):
    """What one detector does during a sequence."""

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="albums")
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="albums")
    state = models.CharField(max_length=12, choices=AlbumState, default=AlbumState.TO_DO)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sequence", "camera"], name="one_album_a_camera")]

    def __str__(self) -> str:
        return f"{self.sequence}/{self.camera}"


class FrameType(models.TextChoices):
    """What a frame shows."""

    LIGHT = "LIGHT", "light"
    BIAS = "BIAS", "bias"
    DARK = "DARK", "dark"
    FLAT = "FLAT", "flat"


class Plan(models.Model):
    """One filter, one exposure time, a number of images."""

    album = models.ForeignKey(Album, models.CASCADE, related_name="plans")
    order = models.PositiveSmallIntegerField()
    frame_type = models.CharField(max_length=5, choices=FrameType, default=FrameType.LIGHT)
    filter = models.ForeignKey(Filter, models.PROTECT, null=True, blank=True, related_name="plans")
    exposure_s = models.FloatField(validators=[MinValueValidator(0), MaxValueValidator(3600)])
    images = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(500)])
    dither_arcsec = models.FloatField(default=0, validators=[MinValueValidator(0), MaxValueValidator(600)])

    class Meta:
        ordering = ["album", "order"]
        constraints = [models.UniqueConstraint(fields=["album", "order"], name="one_plan_a_place")]

    def __str__(self) -> str:
        return f"{self.images}×{self.exposure_s:g} s {self.filter or self.frame_type}"


class LedgerEntry(models.Model):
    """One line of the account of telescope time. Lines are never changed; the balance is their sum."""

    class Kind(models.TextChoices):
        RESERVE = "RESERVE", "reserved at submission"
        RELEASE = "RELEASE", "reservation given back"
        CHARGE = "CHARGE", "time used"
        LOSS_WEATHER = "LOSS_WEATHER", "lost by weather"
        LOSS_FAULT = "LOSS_FAULT", "lost by a fault"
        LOSS_ALERT = "LOSS_ALERT", "lost to an alert"

    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="entries")
    sequence = models.ForeignKey(Sequence, models.SET_NULL, null=True, related_name="ledger_entries")
    kind = models.CharField(max_length=12, choices=Kind)
    effect_s = models.FloatField(help_text="added to the balance: negative uses quota")
    lost_s = models.FloatField(default=0, help_text="time lost without being charged")
    rule = models.CharField(max_length=20, help_text="version of the rule that made the line")
    time = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.effect_s:+.0f} s"
