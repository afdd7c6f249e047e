"""Who may do what: one table of abilities by profile, used by every page and call.

if not may(request.user, Ability.OPERATE): …
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from apps.user_manager.models import Role


class Ability(StrEnum):
    """What a profile may do beyond reading the common pages."""

    OPERATE = "operate"
    """Pause, resume, stop; set the mode; acknowledge alarms."""
    SEND_NOTICES = "send notices"
    SEND_TEST_ALERTS = "send test alerts"
    SEE_ALL_REQUESTS = "see all requests"
    SEE_ACCOUNTS = "see users and allocations"
    SEE_LOGS = "see logs"


ABILITIES: dict[str, frozenset[Ability]] = {
    Role.ADMIN: frozenset(Ability),
    Role.EXPERT: frozenset(Ability) - {Ability.SEND_TEST_ALERTS},
    Role.USER: frozenset(),
}


def may(user: Any, ability: Ability) -> bool:
    """Whether a user has an ability; nobody who is not logged in has any, a superuser has all."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return False
    return user.is_superuser or ability in ABILITIES.get(user.role, frozenset())


def needs(ability: Ability) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A view for those who have an ability: others log in first, or are refused (403)."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, ability):
                raise PermissionDenied(f"your profile does not allow to {ability}")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


class ReadOnlyAdmin:
    """For a ModelAdmin: rows that nobody adds, changes or deletes by hand (journal, ledger, decisions, images)."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
