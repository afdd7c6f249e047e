"""Requests in the admin. States and the ledger are read only: they change by services, with their journal entry."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.routine_manager.models import Album, LedgerEntry, Plan, Request, RoutineRequest, Sequence
from apps.user_manager.permissions import ReadOnlyAdmin


class SequenceInline(admin.TabularInline):
    model = Sequence
    extra = 0
    fields = ("name", "state", "target_name", "ra_deg", "dec_deg", "mandatory", "duration_s")
    readonly_fields = ("state", "duration_s")
    show_change_link = True


class AlbumInline(admin.TabularInline):
    model = Album
    extra = 0
    readonly_fields = ("state",)
    show_change_link = True


class PlanInline(admin.TabularInline):
    model = Plan
    extra = 0


@admin.register(Request, RoutineRequest)
class RequestAdmin(admin.ModelAdmin):
    list_display = ("id", "name", "kind", "program", "owner", "state", "priority", "strategy", "submitted_at")
    list_display_links = ("id", "name")
    list_filter = ("kind", "state", "program", "strategy")
    search_fields = ("name", "program__name", "owner__username")
    readonly_fields = ("state", "submitted_at")
    list_select_related = ("program", "owner")
    date_hierarchy = "created_at"
    inlines = (SequenceInline,)


@admin.register(Sequence)
class SequenceAdmin(admin.ModelAdmin):
    list_display = (
        "id",
        "request",
        "name",
        "state",
        "target_name",
        "ra_deg",
        "dec_deg",
        "duration_s",
        "reserved_s",
        "mandatory",
    )
    list_display_links = ("id", "name")
    list_filter = ("state", "request__program", "mandatory")
    search_fields = ("name", "target_name", "request__name")
    readonly_fields = ("state", "state_reason", "duration_s", "reserved_s")
    list_select_related = ("request",)
    inlines = (AlbumInline,)


@admin.register(Album)
class AlbumAdmin(admin.ModelAdmin):
    list_display = ("id", "sequence", "camera", "state")
    list_filter = ("state", "camera")
    search_fields = ("sequence__name", "sequence__request__name")
    readonly_fields = ("state",)
    list_select_related = ("sequence__request", "camera")
    inlines = (PlanInline,)


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    list_display = ("id", "album", "order", "frame_type", "filter", "exposure_s", "images", "dither_arcsec")
    list_filter = ("frame_type", "filter")
    search_fields = ("album__sequence__name", "album__sequence__request__name")
    list_select_related = ("album__sequence__request", "album__camera", "filter")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "time", "allocation", "sequence", "kind", "effect_s", "lost_s", "rule", "note")
    list_filter = ("kind", "allocation__program", "allocation__semester")
    search_fields = ("sequence__name", "sequence__request__name", "note")
    list_select_related = ("allocation__program", "allocation__semester", "sequence__request")
    date_hierarchy = "time"
