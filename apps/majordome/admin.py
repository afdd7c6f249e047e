"""Nights, polls and operators' orders in the admin."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.majordome.models import Control, GoNoGo, Night
from apps.user_manager.permissions import ReadOnlyAdmin


@admin.register(Night)
class NightAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("date", "telescope", "phase", "step", "sunset", "night_start", "night_end", "sunrise", "ended_at")
    list_filter = ("telescope", "step")
    search_fields = ("telescope__name",)
    list_select_related = ("telescope",)
    date_hierarchy = "date"


@admin.register(Control)
class ControlAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """Read only: orders are given on Tonight, each with its journal entry."""

    list_display = ("telescope", "mode", "paused", "emergency_stop", "reason", "changed_by", "changed_at")
    list_filter = ("mode", "paused", "emergency_stop")
    search_fields = ("telescope__name", "changed_by", "reason")
    list_select_related = ("telescope",)


@admin.register(GoNoGo)
class GoNoGoAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("time", "night", "before", "go", "checks")
    list_filter = ("go", "before")
    search_fields = ("night__telescope__name",)
    list_select_related = ("night__telescope",)
    date_hierarchy = "time"
