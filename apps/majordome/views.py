"""What operators may order: each order has a page that asks back, and is given by POST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.devices.models import Telescope
from apps.majordome import control
from apps.majordome.models import OperatingMode
from apps.user_manager.permissions import Ability, needs


class ReasonForm(forms.Form):
    """Why; it stands in the journal and on Tonight."""

    reason = forms.CharField(label="Reason (others will read it)", max_length=200, required=False)


class ModeForm(ReasonForm):
    """Who drives from now on."""

    mode = forms.ChoiceField(label="Mode", choices=OperatingMode.choices)
    field_order = ("mode", "reason")


@dataclass(frozen=True)
class Order:
    """An order as it is asked back about."""

    title: str
    sentence: str
    button: str
    done: str
    act: Callable[..., Any]
    danger: bool = False
    form: type[ReasonForm] = ReasonForm


ORDERS = {
    "stop": Order(
        "Stop and close",
        "Exposures are aborted, the telescope stops and parks, the roof closes "
        "and stays closed until the stop is lifted.",
        "Stop and close now",
        "Stop and close was ordered.",
        control.emergency_stop,
        danger=True,
    ),
    "lift": Order(
        "Lift the emergency stop",
        "The roof may open again when it is safe. Observing stays paused until you resume it.",
        "Lift the stop",
        "The emergency stop is lifted; observing is still paused.",
        control.lift_emergency_stop,
    ),
    "pause": Order(
        "Pause observing",
        "The run under way is ended as it is and nothing new begins, alerts neither, until observing is resumed.",
        "Pause",
        "Observing is paused.",
        control.pause,
    ),
    "resume": Order(
        "Resume observing",
        "The night goes on with the schedule as it stands.",
        "Resume",
        "Observing goes on.",
        control.resume,
    ),
    "mode": Order(
        "Set the mode",
        "In automatic mode PyROS drives. In every other mode it begins nothing by itself, "
        "and in standby and off the roof is closed.",
        "Set the mode",
        "The mode was set.",
        control.set_mode,
        form=ModeForm,
    ),
}


@require_http_methods(["GET", "POST"])
@needs(Ability.OPERATE)
def order(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Ask back (GET) and give the order (POST)."""
    asked = ORDERS.get(verb)
    if asked is None:
        raise Http404(f"there is no order {verb}")
    telescope = get_object_or_404(Telescope, name=name)
    form = asked.form(request.POST or None, initial={"mode": control.control_of(telescope).mode})
    if request.method == "POST" and form.is_valid():
        try:
            asked.act(telescope=telescope, who=request.user.get_username(), **form.cleaned_data)
        except control.Refused as refusal:
            messages.error(request, f"Not done: {refusal}")
        else:
            messages.success(request, asked.done)
        return redirect("tonight")
    context = {
        "form": form, "title": f"{asked.title}: {telescope.name}", "sentence": asked.sentence, "button": asked.button,
        "danger": asked.danger, "back": reverse("tonight"),
    }  # fmt: skip
    return render(request, "confirm.html", context)
