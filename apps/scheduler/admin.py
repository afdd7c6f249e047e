"""Schedules in the admin: read only, they are kept for ever."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.scheduler.models import Schedule, ScheduleRow
from apps.user_manager.permissions import ReadOnlyAdmin


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "night", "made_at", "cause", "value", "bound", "gap", "is_final")
    list_filter = ("is_final", "node")
    search_fields = ("cause",)
    date_hierarchy = "night"


@admin.register(ScheduleRow)
class ScheduleRowAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("schedule", "sequence", "planned", "telescope", "starts_at", "ends_at", "code", "reason")
    list_filter = ("planned", "code")
    search_fields = ("sequence__name", "sequence__request__name", "reason")
    list_select_related = ("schedule", "sequence__request", "telescope")
