"""Rows as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.alert_manager.models import Alert, Decision
from apps.devices.models import Device
from apps.monitoring.models import Alarm
from apps.observation_manager.models import Image
from apps.routine_manager.models import Album, Plan, Request, Sequence
from apps.scheduler.models import Schedule, ScheduleRow


class PlanSerializer(serializers.ModelSerializer[Plan]):
    filter: Any = serializers.SlugRelatedField("name", read_only=True)

    class Meta:
        model = Plan
        fields = ("id", "order", "frame_type", "filter", "exposure_s", "images", "dither_arcsec")


class AlbumSerializer(serializers.ModelSerializer[Album]):
    camera: Any = serializers.SlugRelatedField("name", read_only=True)
    plans = PlanSerializer(many=True, read_only=True)

    class Meta:
        model = Album
        fields = ("id", "camera", "state", "plans")


class SequenceSerializer(serializers.ModelSerializer[Sequence]):
    albums = AlbumSerializer(many=True, read_only=True)
    priority = serializers.IntegerField(read_only=True)

    class Meta:
        model = Sequence
        fields = (
            "id",
            "request",
            "name",
            "state",
            "state_reason",
            "target_name",
            "ra_deg",
            "dec_deg",
            "mandatory",
            "priority",
            "window_start",
            "window_end",
            "airmass_max",
            "moon_distance_min_deg",
            "duration_s",
            "reserved_s",
            "albums",
        )


class RequestSerializer(serializers.ModelSerializer[Request]):
    program: Any = serializers.SlugRelatedField("name", read_only=True)
    owner: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Request
        fields = (
            "id",
            "kind",
            "name",
            "description",
            "program",
            "owner",
            "strategy",
            "priority",
            "state",
            "created_at",
            "submitted_at",
        )


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields = ("id", "alert", "notice", "code", "reason_code", "sentence", "limits", "review_at", "decided_at")


class AlertSerializer(serializers.ModelSerializer[Alert]):
    decisions = DecisionSerializer(many=True, read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "name",
            "state",
            "is_test",
            "trigger_time",
            "ra_deg",
            "dec_deg",
            "error_r90_deg",
            "created_at",
            "decisions",
        )


class ImageSerializer(serializers.ModelSerializer[Image]):
    camera: Any = serializers.SlugRelatedField("name", read_only=True)
    filter: Any = serializers.SlugRelatedField("name", read_only=True)
    sequence = serializers.IntegerField(source="plan.album.sequence_id", read_only=True)

    class Meta:
        model = Image
        fields = (
            "id",
            "sequence",
            "plan",
            "camera",
            "filter",
            "frame_type",
            "number",
            "attempt",
            "exposure_s",
            "state",
            "reason",
            "date_obs",
            "size_bytes",
            "sha256",
        )


class ScheduleRowSerializer(serializers.ModelSerializer[ScheduleRow]):
    telescope: Any = serializers.SlugRelatedField("name", read_only=True)
    name = serializers.CharField(source="sequence.request.name", read_only=True)

    class Meta:
        model = ScheduleRow
        fields = ("sequence", "name", "planned", "telescope", "starts_at", "ends_at", "code", "reason")


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    gap = serializers.FloatField(read_only=True)

    class Meta:
        model = Schedule
        fields = ("id", "night", "made_at", "cause", "starts_at", "ends_at", "value", "bound", "gap", "is_final")


class ScheduleWithRowsSerializer(ScheduleSerializer):
    rows = ScheduleRowSerializer(many=True, read_only=True)

    class Meta(ScheduleSerializer.Meta):
        fields = (*ScheduleSerializer.Meta.fields, "rows")  # type: ignore[assignment]


class DeviceSerializer(serializers.ModelSerializer[Device]):
    kind = serializers.CharField(read_only=True)

    class Meta:
        model = Device
        fields = (
            "id",
            "name",
            "kind",
            "description",
            "blocking",
            "wanted",
            "state",
            "state_reason",
            "activity",
            "status",
            "status_at",
            "software_version",
        )


class AlarmSerializer(serializers.ModelSerializer[Alarm]):
    class Meta:
        model = Alarm
        fields = (
            "id",
            "code",
            "subject",
            "severity",
            "sentence",
            "state",
            "raised_at",
            "cleared_at",
            "acknowledged_by",
            "acknowledged_at",
        )


class ReceivedSerializer(serializers.Serializer[Any]):
    """What became of a notice that was sent in."""

    notice = serializers.IntegerField()
    is_new = serializers.BooleanField()
    refused = serializers.CharField(allow_blank=True)
    alert = serializers.IntegerField(allow_null=True)
    decision = serializers.CharField(allow_null=True)
    sentence = serializers.CharField(allow_null=True)
