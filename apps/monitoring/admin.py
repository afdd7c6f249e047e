"""Alarms, the guardian's record and telemetry in the admin: read only."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.monitoring.models import Alarm, Channel, Rollup, SafetyRecord, Sample
from apps.user_manager.permissions import ReadOnlyAdmin


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "id",
        "severity",
        "state",
        "code",
        "subject",
        "sentence",
        "raised_at",
        "cleared_at",
        "acknowledged_by",
    )
    list_filter = ("state", "severity", "code")
    search_fields = ("code", "subject", "sentence")
    date_hierarchy = "raised_at"


@admin.register(SafetyRecord)
class SafetyRecordAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("time", "safety", "desired_enclosure", "reasons")
    list_filter = ("safety", "desired_enclosure")
    search_fields = ("safety",)
    date_hierarchy = "time"


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("source", "quantity", "unit")
    list_filter = ("source",)
    search_fields = ("source", "quantity")


@admin.register(Sample)
class SampleAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("channel", "time_s", "value")
    list_filter = ("channel__source",)
    search_fields = ("channel__quantity",)
    list_select_related = ("channel",)
    show_full_result_count = False


@admin.register(Rollup)
class RollupAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("channel", "period_s", "start_s", "count", "minimum", "mean", "maximum", "last")
    list_filter = ("period_s", "channel__source")
    search_fields = ("channel__quantity",)
    list_select_related = ("channel",)
    show_full_result_count = False
