"""The themes and the cookie that keeps the choice; works without JavaScript."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "pyros_theme"
THEMES = {"auto": "Auto", "light": "Light", "dark": "Dark", "red": "Red"}
_YEAR_S = 365 * 86400


def theme_of(request: HttpRequest) -> str:
    """The theme that a visitor chose; `auto` without a choice or with one that is none of ours."""
    chosen = request.COOKIES.get(COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme and go back to the page it was chosen on."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = resolve_url("tonight")
    response = HttpResponseRedirect(back)
    theme = request.POST.get("theme", "auto")
    if theme in THEMES:
        response.set_cookie(COOKIE, theme, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure())
    return response
