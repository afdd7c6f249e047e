"""Reading users, programs and allocations."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, FloatField, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from apps.user_manager.models import Allocation, ScientificProgram, User


def users() -> QuerySet[User]:
    """All accounts, those that wait for validation first."""
    return User.objects.annotate(programs_count=Count("programs")).order_by("is_active", "username")


def allocations() -> list[dict[str, Any]]:
    """Every allocation with its quota and what is left of it, s (the quota plus the sum of its ledger lines)."""
    rows = (
        Allocation.objects.select_related("program", "semester")
        .annotate(effect_s=Coalesce(Sum("entries__effect_s"), Value(0.0), output_field=FloatField()))
        .order_by(F("semester__start").desc(), "program__name")
    )
    return [
        {"row": row, "quota_s": row.quota_s, "left_s": row.quota_s + row.effect_s, "used_s": -row.effect_s}
        for row in rows
    ]


def programs() -> QuerySet[ScientificProgram]:
    """All programs with their leader and how many take part."""
    return (
        ScientificProgram.objects.select_related("principal_investigator")
        .annotate(members_count=Count("members"))
        .order_by("name")
    )


def programs_of(user: Any) -> QuerySet[ScientificProgram]:
    """The programs that a user takes part in or leads."""
    member = ScientificProgram.objects.filter(members=user.pk)
    return (member | ScientificProgram.objects.filter(principal_investigator=user.pk)).distinct()
