"""Accounts, programs, semesters and allocations in the admin."""

# Django's admin classes take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from apps.user_manager.models import Allocation, Membership, ScientificProgram, Semester, User


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 1
    autocomplete_fields = ("user",)


@admin.register(User)
class PyrosUserAdmin(UserAdmin):
    list_display = ("username", "get_full_name", "email", "role", "institute", "is_active", "validated_at")
    list_filter = ("role", "is_active", "is_staff")
    search_fields = ("username", "first_name", "last_name", "email", "institute")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Observatory", {"fields": ("role", "institute", "motivation", "validated_by", "validated_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "role", "usable_password", "password1", "password2"),
            },
        ),
    )


@admin.register(ScientificProgram)
class ScientificProgramAdmin(admin.ModelAdmin):
    list_display = ("name", "title", "principal_investigator", "is_system")
    list_filter = ("is_system",)
    search_fields = ("name", "title")
    autocomplete_fields = ("principal_investigator",)
    inlines = (MembershipInline,)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("program", "user")
    list_filter = ("program",)
    search_fields = ("user__username", "program__name")
    list_select_related = ("program", "user")


@admin.register(Semester)
class SemesterAdmin(admin.ModelAdmin):
    list_display = ("name", "start", "end", "dark_time_s")
    search_fields = ("name",)


@admin.register(Allocation)
class AllocationAdmin(admin.ModelAdmin):
    list_display = ("program", "semester", "grade", "share_percent", "quota_s")
    list_filter = ("semester", "grade")
    search_fields = ("program__name",)
    list_select_related = ("program", "semester")
