"""Notices, the bursts they tell of, what was decided and why, and the strategies that answer."""

from __future__ import annotations

from django.db import models

from apps.routine_manager.models import Request


class Notice(models.Model):
    """One message, stored once however often and by whatever way it comes; raw bytes kept."""

    ivorn = models.CharField(max_length=255, unique=True, help_text="IVORN, or a stable id for JSON")
    content_sha256 = models.CharField(max_length=64, db_index=True)
    raw = models.BinaryField()
    format = models.CharField(max_length=20)
    seen_via = models.JSONField(default=list, help_text="transports it came by, in order")
    received_at = models.DateTimeField()
    alert = models.ForeignKey("Alert", models.SET_NULL, null=True, blank=True, related_name="notices")
    refused = models.CharField(max_length=300, blank=True, help_text="why it was not understood")
    role = models.CharField(max_length=20, blank=True)
    mission = models.CharField(max_length=40, blank=True)
    instrument = models.CharField(max_length=60, blank=True)
    notice_type = models.CharField(max_length=100, blank=True)
    packet_type = models.IntegerField(null=True, blank=True)
    event_id = models.CharField(max_length=120, blank=True, db_index=True)
    ra_deg = models.FloatField(null=True, blank=True)
    dec_deg = models.FloatField(null=True, blank=True)
    error_deg = models.FloatField(null=True, blank=True, help_text="radius as the notice gives it")
    error_r90_deg = models.FloatField(null=True, blank=True, help_text="comparable 90 % radius")
    trigger_time = models.DateTimeField(null=True, blank=True)
    time_is_trigger = models.BooleanField(default=True)
    notice_time = models.DateTimeField(null=True, blank=True)
    is_test = models.BooleanField(default=False)
    is_retraction = models.BooleanField(default=False)
    is_grb = models.BooleanField(null=True, blank=True)
    cites = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.ivorn


class AlertState(models.TextChoices):
    """What became of a burst."""

    ACTIVE = "ACTIVE", "active"
    NOT_A_BURST = "NOT_A_BURST", "not a burst"
    RETRACTED = "RETRACTED", "retracted"
    CLOSED = "CLOSED", "closed"


class Alert(models.Model):
    """One physical burst, fed by many notices. What was decided about it are its decisions."""

    name = models.CharField(max_length=60, help_text="name shown, e.g. the mission's burst id")
    state = models.CharField(max_length=12, choices=AlertState, default=AlertState.ACTIVE)
    is_test = models.BooleanField(default=False)
    trigger_time = models.DateTimeField(null=True, blank=True)
    ra_deg = models.FloatField(null=True, blank=True)
    dec_deg = models.FloatField(null=True, blank=True)
    error_r90_deg = models.FloatField(null=True, blank=True)
    position_from = models.ForeignKey(Notice, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class DecisionCode(models.TextChoices):
    """What is done about an alert."""

    OBSERVE_NOW = "OBSERVE_NOW", "observe now"
    WAIT_FOR_RISE = "WAIT_FOR_RISE", "wait for its rise"
    WAIT_FOR_NIGHT = "WAIT_FOR_NIGHT", "wait for the night"
    WAIT_FOR_WEATHER = "WAIT_FOR_WEATHER", "wait for the weather"
    KEEP_OBSERVING = "KEEP_OBSERVING", "keep observing"
    REPOINT = "REPOINT", "point anew"
    RECORD_ONLY = "RECORD_ONLY", "record only"
    STOP = "STOP", "stop"
    REFUSE = "REFUSE", "refuse"


class Decision(models.Model):
    """What was decided about an alert at one notice, why, with which limits, and when it is looked at again."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="decisions")
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="decisions")
    code = models.CharField(max_length=20, choices=DecisionCode)
    reason_code = models.CharField(max_length=40, help_text="e.g. BELOW_HORIZON, TEST, ERROR_BOX")
    sentence = models.CharField(max_length=400)
    limits = models.JSONField(default=dict, help_text="the limits that were used")
    review_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class Strategy(models.Model):
    """Which alerts it answers and with what. Edited on the web, or replaced by a message of the FSC.

    `applies`: `{"error_r90_max_deg": …, "age_max_s": …}`; `ladder`: steps by age of the burst, each
    `{"age_s": from, "albums": {"VIS": [{"filter", "exposure_s", "images"}], "NIR": […]}}`.
    """

    name = models.CharField(max_length=60, unique=True)
    active = models.BooleanField(default=True)
    rank = models.PositiveSmallIntegerField(default=100, help_text="the lowest that applies is used")
    priority = models.PositiveSmallIntegerField(default=100)
    validity_s = models.FloatField(default=86400)
    applies = models.JSONField(default=dict)
    ladder = models.JSONField(default=list)
    repoint_margin = models.FloatField(
        default=0.5, help_text="point anew when the position moves by more than this share of half the field"
    )

    class Meta:
        ordering = ["rank", "name"]
        verbose_name_plural = "strategies"

    def __str__(self) -> str:
        return self.name


class AlertRequest(Request):
    """The request that a strategy made for an alert."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="requests")
    strategy_used = models.ForeignKey(Strategy, models.PROTECT, related_name="requests")
    ladder_step = models.PositiveSmallIntegerField(default=0, help_text="the step of the ladder it began at")
