"""Alerts: what came in, what was decided and why, what was done."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.alert_manager import selectors, services
from apps.alert_manager.forms import TestAlertForm
from apps.alert_manager.models import Alert, Notice, Strategy
from apps.alert_manager.waterfall import ROW_PX, bars
from apps.user_manager.permissions import Ability, may, needs
from notices.compose import svom_wakeup
from pyros import current

PAGE_SIZE = 50


@login_required
def alerts(request: HttpRequest) -> HttpResponse:
    """All alerts, the newest first, and the strategies in use."""
    page = Paginator(selectors.alerts(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "strategies": Strategy.objects.all(),
        "refused": Notice.objects.exclude(refused="").order_by("-id")[:5],
        "may_test": may(request.user, Ability.SEND_TEST_ALERTS),
    }
    return render(request, "alert_manager/alerts.html", context)


@login_required
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One burst with its notices, decisions, requests, images, products and latencies."""
    row = get_object_or_404(Alert.objects.select_related("position_from"), pk=pk)
    stages = selectors.stages(row)
    drawn = bars(stages)
    products = row.products.select_related("image").order_by("-id")
    context = {
        "alert": row,
        "stages": stages,
        "bars": drawn,
        "bars_height": len(drawn) * ROW_PX + 6,
        "notices": row.notices.order_by("id").defer("raw"),
        "decisions": row.decisions.select_related("notice").defer("notice__raw").order_by("-id"),
        "requests": row.requests.select_related("strategy_used").prefetch_related("sequences").order_by("-id"),
        "images": selectors.images_of(row)
        .select_related("camera", "filter")
        .prefetch_related("products")
        .order_by("-id")[:24],
        "products": products.exclude(kind__in=["preview", "calibrated"])[:40],
        "candidates": products.filter(kind="candidates")[:20],
    }
    return render(request, "alert_manager/alert.html", context)


@login_required
def notice_raw(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of a notice as they came, as a download (never shown as a page: they are a stranger's)."""
    row = get_object_or_404(Notice, pk=pk)
    response = HttpResponse(bytes(row.raw), content_type="application/octet-stream")
    ending = "json" if "json" in row.format else "xml"
    response.headers["Content-Disposition"] = f'attachment; filename="notice-{row.pk}.{ending}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "POST"])
@needs(Ability.SEND_TEST_ALERTS)
def test_alert(request: HttpRequest) -> HttpResponse:
    """Compose a test alert of the SVOM kind and take it in as if a broker had sent it."""
    now = current.clock().now()
    form = TestAlertForm(request.POST or None, initial=TestAlertForm.near_zenith(now))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        raw = svom_wakeup(
            f"sbtest{now:%y%m%d%H%M%S}",
            values["ra_deg"],
            values["dec_deg"],
            values["error_arcmin"] / 60,
            now - timedelta(seconds=values["age_s"]),
            now,
            role="test",
        )
        received = services.receive(raw, via=f"web:{request.user.get_username()}")
        if received.alert is None:
            messages.error(
                request, f"The test notice was stored but made no alert: {received.notice.refused or 'see the notice'}"
            )
            return redirect("alerts")
        messages.success(request, "The test alert was taken in.")
        return redirect("alert", pk=received.alert.pk)
    context = {
        "form": form,
        "title": "Send a test alert",
        "sentence": "A notice with role “test” goes the whole way: it is stored, parsed and decided about. "
        "A test is recorded and never observed.",
        "button": "Send it",
        "back": "../",
    }
    return render(request, "confirm.html", context)
