"""The observatory's node, sites, filters and devices in the admin; each device is edited as its own kind."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from __future__ import annotations

from django.contrib import admin
from polymorphic.admin import PolymorphicChildModelAdmin, PolymorphicChildModelFilter, PolymorphicParentModelAdmin

from apps.devices.models import (
    Camera,
    Device,
    Dome,
    Filter,
    FilterSlot,
    FilterWheel,
    Focuser,
    Node,
    Plc,
    Site,
    Telescope,
    WeatherStation,
)

OBSERVED = ("state", "state_reason", "activity", "status", "status_at", "software_version")
"""What devices tell: read, never typed."""


class DeviceChildAdmin(PolymorphicChildModelAdmin):
    base_model = Device
    readonly_fields = OBSERVED
    show_in_index = False
    list_display = ("name", "description", "state", "blocking", "wanted")
    search_fields = ("name",)


class FilterSlotInline(admin.TabularInline):
    model = FilterSlot
    extra = 0


@admin.register(FilterWheel)
class FilterWheelAdmin(DeviceChildAdmin):
    inlines = (FilterSlotInline,)


@admin.register(Telescope, Camera, Focuser, Dome, Plc, WeatherStation)
class KindAdmin(DeviceChildAdmin):
    """Every other kind, with its own fields."""


@admin.register(Device)
class DeviceAdmin(PolymorphicParentModelAdmin):
    base_model = Device
    child_models = [Telescope, Camera, FilterWheel, Focuser, Dome, Plc, WeatherStation]
    list_display = (
        "name",
        "description",
        "polymorphic_ctype",
        "state",
        "activity",
        "blocking",
        "wanted",
        "host",
        "port",
        "status_at",
    )
    list_filter = (PolymorphicChildModelFilter, "state", "blocking", "wanted")
    search_fields = ("name", "description", "host")
    list_select_related = ("polymorphic_ctype",)


@admin.register(Node)
class NodeAdmin(admin.ModelAdmin):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    list_display = ("name", "node", "latitude_deg", "longitude_deg", "elevation_m")
    search_fields = ("name",)
    list_filter = ("node",)


@admin.register(Filter)
class FilterAdmin(admin.ModelAdmin):
    list_display = ("name", "band", "wavelength_nm", "width_nm", "thickness_mm", "focus_offset_um", "throughput")
    list_filter = ("band",)
    search_fields = ("name",)


@admin.register(FilterSlot)
class FilterSlotAdmin(admin.ModelAdmin):
    list_display = ("wheel", "position", "filter")
    list_filter = ("wheel",)
    search_fields = ("wheel__name", "filter__name")
    list_select_related = ("wheel", "filter")
