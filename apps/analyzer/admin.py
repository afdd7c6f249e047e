"""Analyses and products in the admin: read only."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.analyzer.models import Analysis, Product
from apps.user_manager.permissions import ReadOnlyAdmin


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = (
        "id",
        "kind",
        "configuration",
        "state",
        "image",
        "alert",
        "result_code",
        "sentence",
        "created_at",
        "ended_at",
    )
    list_filter = ("kind", "state", "configuration", "result_code")
    search_fields = ("sentence", "alert__name", "image__path")
    list_select_related = ("image", "alert")
    date_hierarchy = "created_at"


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "kind", "path", "size_bytes", "made_at", "image", "alert", "linked_to")
    list_filter = ("kind",)
    search_fields = ("path", "sha256", "alert__name")
    list_select_related = ("image", "alert")
    date_hierarchy = "made_at"
