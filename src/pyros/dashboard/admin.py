"""The journal in the admin, and the site's own name there."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from apps.user_manager.permissions import ReadOnlyAdmin
from pyros.journal.models import Entry, Position

admin.site.site_header = "PyROS administration"
admin.site.site_title = "PyROS"
admin.site.index_title = "The observatory's data"


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("id", "time", "verb", "subject", "who", "data")
    search_fields = ("verb", "subject", "who")
    ordering = ("-id",)
    show_full_result_count = False
    date_hierarchy = "time"


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("follower", "last_id")
    search_fields = ("follower",)
