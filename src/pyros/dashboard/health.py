"""Whether this process lives, and whether it can serve: for supervisors and load balancers, open to all."""

from __future__ import annotations

from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Both databases answer; 503 naming the one that does not."""
    for alias in connections:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return HttpResponse(
                f"not ready: the database “{alias}” does not answer\n",
                status=503,
                content_type="text/plain; charset=utf-8",
            )
    return HttpResponse("ready\n", content_type="text/plain")
