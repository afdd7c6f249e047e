"""Reading devices' telemetry, the weather and alarms."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.devices.models import Device
from apps.devices.safety import SafetyView, view
from apps.monitoring.charts import Chart, Point, chart
from apps.monitoring.models import Alarm, Channel, Rollup
from guardian.errors import ConfigurationError
from guardian.readings import QUANTITIES
from guardian.rules import DEFAULT_RULES, Rule, Worse, rules_from
from pyros import current

DAY_S = 86400.0
_MOST_CHANNELS = 24


def raised_alarms() -> QuerySet[Alarm]:
    """What is wrong now, critical ones first (the word sorts before “warning”)."""
    return Alarm.objects.filter(state="RAISED").order_by("severity", "-id")


@dataclass(frozen=True)
class Track:
    """One quantity of one source with its drawing and newest value."""

    source: str
    quantity: str
    unit: str
    chart: Chart | None
    last: float | None


def tracks(sources: list[str], *, hours: float, quantities: set[str] | None = None) -> list[Track]:
    """The roll-ups of some sources over the last hours, a track a channel. Two queries, however many channels."""
    end_s = current.clock().unix_s()
    start_s = end_s - hours * 3600
    channels = [
        c
        for c in Channel.objects.filter(source__in=sources).order_by("quantity", "source")
        if quantities is None or c.quantity in quantities
    ][:_MOST_CHANNELS]
    period_s = 60 if hours <= 24 else 3600
    points: dict[int, list[Point]] = defaultdict(list)
    last: dict[int, float] = {}
    rows = Rollup.objects.filter(
        channel__in=[c.pk for c in channels], period_s=period_s, start_s__gte=start_s
    ).order_by("start_s")
    for row in rows.values_list("channel_id", "start_s", "minimum", "mean", "maximum", "last"):
        points[row[0]].append(Point(row[1], row[2], row[3], row[4]))
        last[row[0]] = row[5]
    limits = limits_by_quantity()
    found = []
    for c in channels:
        drawn = chart(points[c.pk], start_s=start_s, end_s=end_s, period_s=period_s, limits=limits.get(c.quantity, []))
        found.append(Track(c.source, c.quantity, _unit(c.unit, c.quantity), drawn, last.get(c.pk)))
    return found


def rules() -> tuple[Rule, ...]:
    """The guardian's limits as configured; its defaults where its file is missing or says nothing."""
    path = current.run_folder() / "guardian.json"
    try:
        return rules_from(json.loads(path.read_text()).get("rules", {}))
    except (OSError, ValueError, ConfigurationError):
        return tuple(DEFAULT_RULES.values())


def limits_by_quantity() -> dict[str, list[tuple[float, str]]]:
    """Where each quantity closes the roof."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for rule in rules():
        if not QUANTITIES[rule.quantity].is_switch:
            found[rule.quantity].append((rule.close_at, f"closes at {rule.close_at:g}"))
    return found


@dataclass(frozen=True)
class Value:
    """A newest value with what the guardian thinks of it. `verdict` is CLEAR, BEYOND or WARNING."""

    source: str
    quantity: str
    shown: str
    age_s: float
    verdict: str
    limit: str
    sentence: str


@dataclass(frozen=True)
class Conditions:
    """The weather page: verdict, values and charts."""

    safety: SafetyView
    values: list[Value]


_SWITCH_WORDS = {"rain": ("dry", "rain"), "mains": ("lost", "present"), "door": ("closed", "open")}


def conditions() -> Conditions:
    """The newest values of each source with the guardian's verdict on them."""
    safety = view()
    if safety.status is None:
        return Conditions(safety, [])
    now_s = current.clock().monotonic()
    blamed = {(r.source, r.quantity): r.sentence for r in (*safety.status.reasons, *safety.status.warnings)}
    by_quantity: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules():
        by_quantity[rule.quantity].append(rule)
    values = []
    for reading in sorted(safety.status.readings, key=lambda r: (r.quantity, r.source)):
        limits = by_quantity[reading.quantity]
        beyond = [rule for rule in limits if rule.is_beyond(reading.value)]
        sentence = blamed.get((reading.source, reading.quantity), "")
        verdict = _verdict(beyond, sentence)
        values.append(
            Value(
                reading.source,
                reading.quantity,
                _shown(reading.quantity, reading.value),
                max(0.0, now_s - reading.taken_monotonic_s),
                verdict,
                ", ".join(_limit(rule) for rule in limits),
                sentence,
            )
        )
    return Conditions(safety, values)


def _shown(quantity: str, value: float) -> str:
    known = QUANTITIES[quantity]
    if known.is_switch:
        return _SWITCH_WORDS.get(quantity, ("no", "yes"))[int(value)]
    return f"{value:.1f} {_unit(known.unit, quantity)}"


def _verdict(beyond: list[Rule], sentence: str) -> str:
    """CLEAR, WARNING (beyond limits that only warn) or BEYOND (a limit, or what the guardian blames it for)."""
    if not beyond:
        return "BEYOND" if sentence else "CLEAR"
    return "WARNING" if all(rule.warns_only for rule in beyond) else "BEYOND"


def _limit(rule: Rule) -> str:
    known = QUANTITIES[rule.quantity]
    does = "warns" if rule.warns_only else "closes"
    if known.is_switch:
        return f"{does} when {_SWITCH_WORDS.get(rule.quantity, ('no', 'yes'))[int(rule.close_at)]}"
    sign = "≥" if rule.worse is Worse.UPWARDS else "≤"
    return f"{does} {sign} {rule.close_at:g}, clears at {rule.clear_at:g} {_unit(known.unit, rule.quantity)}"


def _unit(unit: str, quantity: str) -> str:
    return "°C" if unit == "C" or quantity.endswith("_c") else unit


def devices() -> list[Device]:
    """Every device, as its own kind."""
    return list(Device.objects.select_related("site").order_by("name"))


def status_rows(device: Device) -> list[tuple[str, Any]]:
    """The newest status, a row a field; what it does not know is said so."""
    return [(key, "unknown" if value is None else value) for key, value in sorted(device.status.items())]
