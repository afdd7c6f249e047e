"""What was done, in the admin: read only."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.observation_manager.models import AlbumRun, Image, Run, TelescopeEpoch
from apps.user_manager.permissions import ReadOnlyAdmin


@admin.register(TelescopeEpoch)
class TelescopeEpochAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("telescope", "epoch")
    search_fields = ("telescope__name",)
    list_select_related = ("telescope",)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("epoch", "sequence", "telescope", "state", "reason", "started_at", "on_target_at", "ended_at")
    list_filter = ("state", "telescope")
    search_fields = ("sequence__name", "sequence__request__name", "reason")
    list_select_related = ("sequence__request", "telescope")
    date_hierarchy = "started_at"


@admin.register(AlbumRun)
class AlbumRunAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "run", "album", "state", "reason", "owner", "attempts")
    list_filter = ("state", "album__camera")
    search_fields = ("run__sequence__name", "run__sequence__request__name", "owner")
    list_select_related = ("run__sequence__request", "album__sequence__request", "album__camera")


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "id",
        "camera",
        "frame_type",
        "filter",
        "exposure_s",
        "number",
        "attempt",
        "state",
        "date_obs",
        "size_bytes",
        "reason",
    )
    list_filter = ("state", "camera", "frame_type", "filter")
    search_fields = ("path", "plan__album__sequence__name", "plan__album__sequence__request__name")
    list_select_related = ("camera", "filter")
    date_hierarchy = "date_obs"
