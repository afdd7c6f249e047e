"""People: accounts, programs and their time; one's own profile."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.user_manager import selectors
from apps.user_manager.permissions import Ability, may


@login_required
def people(request: HttpRequest) -> HttpResponse:
    """Programs for all; accounts and allocations for experts and administrators."""
    context: dict[str, object] = {
        "programs": selectors.programs(),
        "own": set(selectors.programs_of(request.user).values_list("pk", flat=True)),
    }
    if may(request.user, Ability.SEE_ACCOUNTS):
        context |= {"users": selectors.users(), "allocations": selectors.allocations()}
    return render(request, "user_manager/people.html", context)


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """One's own account and programs."""
    return render(request, "user_manager/profile.html", {"programs": selectors.programs_of(request.user)})
