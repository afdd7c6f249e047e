"""How values are shown: every number with its unit, every time in UTC, every state as icon and word."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pyros import current
from pyros.clock import iso

register = template.Library()

NOTHING = "—"
_THIN = " "  # narrow no-break space between number and unit

TONES: dict[str, tuple[str, ...]] = {
    "good": ("SAFE", "READY", "COMPLETED", "STORED", "DONE", "RUNNING", "GO", "CLEARED", "OPEN", "ON TARGET", "CLEAR"),
    "busy": (
        "ACTIVE",
        "EXECUTING",
        "EXPOSING",
        "OBSERVE_NOW",
        "KEEP_OBSERVING",
        "REPOINT",
        "MOVING",
        "OBSERVING",
        "AUTOMATIC",
        "NIGHT",
    ),
    "wait": (
        "PLANNED",
        "EXPECTED",
        "TO_BE_PLANNED",
        "TO_DO",
        "QUEUED",
        "WAITING",
        "INITIALIZING",
        "WAIT_FOR_RISE",
        "WAIT_FOR_NIGHT",
        "WAIT_FOR_WEATHER",
        "HOLDOFF",
        "DUSK",
        "DAWN",
    ),
    "warn": ("INTERRUPTED", "UNPLANNABLE", "DISABLED", "WARNING", "PAUSED", "MANUAL", "NO-GO", "ABORTED", "UNKNOWN"),
    "bad": ("UNSAFE", "EMERGENCY", "FAILED", "FAULT", "CRITICAL", "ERROR", "RAISED", "DOWN", "BEYOND"),
    "idle": (
        "OFFLINE",
        "DRAFT",
        "CANCELLED",
        "EXPIRED",
        "RETRACTED",
        "NOT_A_BURST",
        "CLOSED",
        "RECORD_ONLY",
        "REFUSE",
        "STOP",
        "STOPPED",
        "OFF",
        "STANDBY",
        "DAY",
        "EVENING",
        "MORNING",
        "NOT CHOSEN",
    ),
}
_TONE_OF = {state: tone for tone, states in TONES.items() for state in states}


def tone_of(state: object) -> str:
    """The tone of a state: good, busy, wait, warn, bad, idle; unknown words are `unknown`, never good."""
    return _TONE_OF.get(str(state).upper(), "unknown")


@register.filter
def tone(state: object) -> str:
    """See `tone_of`."""
    return tone_of(state)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: a word stands beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, static("pyros/icons.svg"), name
    )


@register.simple_tag
def state(value: object, words: str = "") -> SafeString:
    """A state as icon and word."""
    text = words or (str(value).replace("_", " ").lower() if value else "unknown")
    kind = tone_of(value)
    return format_html('<span class="state {}">{}{}</span>', kind, icon(kind), text)


@register.simple_tag
def num(value: Any, unit: str = "", digits: int = 1) -> str:
    """A number with its unit; a dash for what is not known."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return NOTHING
    joint = "" if not unit or unit in {"°", "″", "′"} else _THIN
    return f"{value:.{digits}f}{joint}{unit}".replace("-", "−", 1) if value < 0 else f"{value:.{digits}f}{joint}{unit}"


@register.filter
def utc(moment: datetime | None) -> SafeString | str:
    """Date and time in UTC."""
    return _time(moment, "%Y-%m-%d %H:%M:%S")


@register.filter
def hms(moment: datetime | None) -> SafeString | str:
    """Time of the day in UTC; the full date is in the element's title."""
    return _time(moment, "%H:%M:%S")


@register.filter
def hm(moment: datetime | None) -> SafeString | str:
    """Hour and minute in UTC."""
    return _time(moment, "%H:%M")


def _time(moment: datetime | None, form: str) -> SafeString | str:
    if not isinstance(moment, datetime):
        return NOTHING
    full = iso(moment)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', full, full[:19].replace("T", " "), moment.strftime(form)
    )


@register.filter
def duration(seconds: Any) -> str:
    """Seconds as people say them: 45 s, 3 min 20 s, 2 h 05 min, 3 d 4 h."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return NOTHING
    sign, whole = ("−" if seconds < 0 else ""), round(abs(seconds))
    if whole < 60:
        small = f"{abs(seconds):.1f}" if 0 < abs(seconds) < 9.95 else str(whole)
        return f"{sign}{small}{_THIN}s"
    if whole < 3600:
        return f"{sign}{whole // 60}{_THIN}min {whole % 60:02d}{_THIN}s"
    if whole < 86400:
        return f"{sign}{whole // 3600}{_THIN}h {whole // 60 % 60:02d}{_THIN}min"
    return f"{sign}{whole // 86400}{_THIN}d {whole // 3600 % 24}{_THIN}h"


@register.filter
def hours(seconds: Any) -> str:
    """Seconds as hours with one digit."""
    return f"{seconds / 3600:.1f}{_THIN}h" if isinstance(seconds, int | float) else NOTHING


@register.filter
def milliseconds(value: Any) -> str:
    """Milliseconds, as seconds where they are many."""
    if not isinstance(value, int | float):
        return NOTHING
    return f"{value:.1f}{_THIN}ms" if abs(value) < 1000 else f"{value / 1000:.2f}{_THIN}s"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago on the observatory's clock, or how far ahead."""
    if not isinstance(moment, datetime):
        return NOTHING
    passed_s = (current.clock().now() - moment).total_seconds()
    return f"{duration(passed_s)} ago" if passed_s >= 0 else f"in {duration(-passed_s)}"


@register.filter
def ra(degrees: float | None) -> str:
    """Right ascension in hours, minutes and seconds of time (24 h never appear: they are 0 h)."""
    if degrees is None:
        return NOTHING
    tenths = round(degrees / 15 * 36000) % 864000
    return f"{tenths // 36000:02d}h{tenths // 600 % 60:02d}m{tenths % 600 / 10:04.1f}s"


@register.filter
def dec(degrees: float | None) -> str:
    """Declination in degrees, minutes and seconds of arc."""
    if degrees is None:
        return NOTHING
    seconds = round(abs(degrees) * 3600)
    return f"{'−' if degrees < 0 else '+'}{seconds // 3600:02d}°{seconds // 60 % 60:02d}′{seconds % 60:02d}″"


@register.filter
def percent(share: Any) -> str:
    """A share of one as per cent."""
    return f"{share * 100:.1f}{_THIN}%" if isinstance(share, int | float) else NOTHING


@register.filter
def size(count: Any) -> str:
    """A number of bytes in decimal units."""
    if not isinstance(count, int | float):
        return NOTHING
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f}{_THIN}{units[0]}" if units[0] == "B" else f"{value:.1f}{_THIN}{units[0]}"


@register.filter
def words(name: str) -> str:
    """`wind_mps` or `WAIT_FOR_RISE` in words; a unit at the end of the name is left out (it follows the value)."""
    parts = str(name).split("_")
    if len(parts) > 1 and parts[-1] in {"c", "mps", "percent", "hpa", "deg", "s", "um"}:
        parts = parts[:-1]
    return " ".join(parts).lower()


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The present address's query with some parameters changed; None removes one. For paging and filters."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"
