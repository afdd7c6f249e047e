"""Devices, weather and alarms: what is measured, and what is wrong."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.devices.models import Device, Plc, WeatherStation
from apps.monitoring import alarms, selectors
from apps.monitoring.models import Alarm, SafetyRecord
from apps.user_manager.permissions import Ability, may, needs
from guardian.readings import QUANTITIES
from pyros import current

DEVICE_HOURS = 6.0
WEATHER_HOURS = 24.0


@login_required
def devices(request: HttpRequest) -> HttpResponse:
    """All devices with their states."""
    return render(request, "monitoring/devices.html", {"devices": selectors.devices()})


@login_required
def device(request: HttpRequest, name: str) -> HttpResponse:
    """One device: its newest status and its telemetry."""
    row = get_object_or_404(Device, name=name)
    context = {
        "device": row,
        "status": selectors.status_rows(row),
        "tracks": selectors.tracks([row.name], hours=DEVICE_HOURS),
        "hours": DEVICE_HOURS,
        "alarms": Alarm.objects.filter(subject=f"device:{row.pk}").order_by("-id")[:5],
        "may_edit": request.user.is_staff,
        "show_address": may(request.user, Ability.SEE_LOGS),
    }
    return render(request, "monitoring/device.html", context)


@login_required
def weather(request: HttpRequest) -> HttpResponse:
    """The guardian's verdict, the newest values of each source, and their last 24 hours."""
    sources = [d.name for d in (*Plc.objects.order_by("name"), *WeatherStation.objects.order_by("name"))]
    conditions = selectors.conditions()
    context = {
        "conditions": conditions,
        "safety": conditions.safety,
        "guardian_age_s": conditions.safety.status.age_s(current.clock()) if conditions.safety.status else None,
        "sources": sources,
        "tracks": selectors.tracks(sources, hours=WEATHER_HOURS, quantities=set(QUANTITIES)),
        "records": SafetyRecord.objects.order_by("-id")[:12],
    }
    return render(request, "monitoring/weather.html", context)


@require_POST
@needs(Ability.OPERATE)
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a person has seen an alarm."""
    alarm = get_object_or_404(Alarm, pk=pk)
    alarms.acknowledge(alarm, request.user.get_username())
    messages.success(request, f"Noted that you have seen: {alarm.sentence}")
    return redirect("tonight")
