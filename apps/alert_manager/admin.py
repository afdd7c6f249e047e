"""Alerts in the admin: strategies are edited, what happened is read."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.alert_manager.models import Alert, AlertRequest, Decision, Notice, Strategy
from apps.user_manager.permissions import ReadOnlyAdmin


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "id",
        "mission",
        "notice_type",
        "event_id",
        "received_at",
        "alert",
        "is_test",
        "is_retraction",
        "refused",
    )
    list_filter = ("mission", "is_test", "is_retraction", "format")
    search_fields = ("ivorn", "event_id", "mission", "notice_type")
    list_select_related = ("alert",)
    exclude = ("raw",)
    date_hierarchy = "received_at"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("name", "state", "is_test", "trigger_time", "ra_deg", "dec_deg", "error_r90_deg", "created_at")
    list_filter = ("state", "is_test")
    search_fields = ("name", "notices__event_id")
    date_hierarchy = "created_at"


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "alert", "code", "reason_code", "sentence", "decided_at", "review_at")
    list_filter = ("code", "reason_code")
    search_fields = ("alert__name", "sentence")
    list_select_related = ("alert",)


@admin.register(Strategy)
class StrategyAdmin(admin.ModelAdmin):
    list_display = ("name", "active", "rank", "priority", "validity_s", "repoint_margin")
    list_editable = ("active", "rank")
    list_filter = ("active",)
    search_fields = ("name",)


@admin.register(AlertRequest)
class AlertRequestAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("name", "alert", "strategy_used", "ladder_step", "state", "priority", "submitted_at")
    list_filter = ("state", "strategy_used")
    search_fields = ("name", "alert__name")
    list_select_related = ("alert", "strategy_used")
