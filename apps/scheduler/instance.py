"""From the database to a planning instance and back: the only place that knows both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ephemeris
from apps.devices.models import Node, Telescope
from apps.routine_manager import ledger
from apps.routine_manager.models import Request, Sequence
from apps.routine_manager.states import OPEN
from apps.user_manager.models import Allocation

UNIX_EPOCH_JD = 2440587.5
OBSERVING_SUN_ALTITUDE_DEG = -12.0
"""Science is planned while the Sun is lower than this (nautical night: the visible channels' sky is dark enough)."""


@dataclass(frozen=True)
class Span:
    """The part of a night that is planned: from now (or the night's start) to its end."""

    night_start: datetime
    night_end: datetime
    now: datetime

    @property
    def horizon_s(self) -> float:
        """Length of the whole night, s."""
        return (self.night_end - self.night_start).total_seconds()

    @property
    def now_s(self) -> float:
        """Seconds from the night's start to now, 0 before it."""
        return max(0.0, (self.now - self.night_start).total_seconds())

    def at(self, offset_s: float) -> datetime:
        """The date of an offset from the night's start."""
        return self.night_start + timedelta(seconds=offset_s)

    def offset_s(self, moment: datetime) -> float:
        """The offset of a date from the night's start."""
        return (moment - self.night_start).total_seconds()


@dataclass(frozen=True)
class Pointing:
    """Where a telescope points now; None where it is not known (parked)."""

    ra_deg: float | None = None
    dec_deg: float | None = None


def waiting_sequences() -> list[Sequence]:
    """The sequences that wait for a telescope, calibrations left out (the majordome runs those itself)."""
    return list(
        Sequence.objects.filter(state__in=OPEN, ra_deg__isnull=False)
        .exclude(request__kind=Request.Kind.CALIBRATION)
        .select_related("request", "request__program")
        .order_by("id")
    )


def document(
    node: Node,
    sequences: list[Sequence],
    span: Span,
    *,
    pointings: dict[int, Pointing] | None = None,
    busy_until: dict[int, datetime] | None = None,
) -> dict[str, Any]:
    """The “obsnight-1” instance of what waits (format: docs/reference/obsnight.md).

    Args:
        pointings: telescope id → where it points.
        busy_until: telescope id → when what it does now is over.
    """
    telescopes = list(Telescope.objects.filter(site__node=node, wanted=True).select_related("site"))
    programs = {s.request.program for s in sequences}
    return {
        "format": "obsnight-1",
        "name": f"{node.name} {span.night_start:%Y-%m-%d}",
        "seed": 0,
        "date": f"{span.night_start:%Y-%m-%d}",
        "sun_alt_deg": OBSERVING_SUN_ALTITUDE_DEG,
        "t0_jd": span.night_start.timestamp() / 86400 + UNIX_EPOCH_JD,
        "horizon_s": span.horizon_s,
        "now_s": span.now_s,
        "site": _site(telescopes[0]) if telescopes else {},
        "telescopes": [_telescope(t, span, pointings or {}, busy_until or {}) for t in telescopes],
        "programs": [_program(p, span) for p in sorted(programs, key=lambda p: p.pk)],
        "sequences": _sequences(sequences, telescopes, span),
        "groups": [],
        "fixed": [],
    }


def _site(telescope: Telescope) -> dict[str, Any]:
    site = telescope.site
    return {
        "name": site.name,
        "lat_deg": site.latitude_deg,
        "lon_deg": site.longitude_deg,
        "height_m": site.elevation_m,
    }


def _telescope(
    telescope: Telescope, span: Span, pointings: dict[int, Pointing], busy_until: dict[int, datetime]
) -> dict[str, Any]:
    pointing = pointings.get(telescope.pk, Pointing())
    free_s = span.offset_s(busy_until[telescope.pk]) if telescope.pk in busy_until else 0.0
    return {
        "id": telescope.name,
        "base_s": telescope.slew_base_s,
        "rate_deg_s": telescope.slew_rate_deg_s,
        "settle_s": telescope.settle_s,
        "filter_change_s": 0.0,  # filters move during the slew
        "available_from_s": max(0.0, free_s),
        "available_to_s": span.horizon_s,
        "unavailable_s": [],
        "initial": {"ra_deg": pointing.ra_deg, "dec_deg": pointing.dec_deg, "filter": None},
    }


def _program(program: Any, span: Span) -> dict[str, Any]:
    """The quota that binds tonight is what is left of the semester's, reservations of these sequences not counted."""
    allocation = Allocation.objects.filter(
        program=program, semester__start__lte=span.night_start.date(), semester__end__gte=span.night_start.date()
    ).first()
    left_s = span.horizon_s * 10 if allocation is None else ledger.balance_s(allocation) + _reserved_s(program)
    return {"id": program.name, "quota_pct": None, "quota_s": max(0.0, left_s)}


def _reserved_s(program: Any) -> float:
    return sum(Sequence.objects.filter(request__program=program, state__in=OPEN).values_list("reserved_s", flat=True))


def _sequences(sequences: list[Sequence], telescopes: list[Telescope], span: Span) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    windows: dict[str, dict[int, list[list[int]]]] = {t.name: _windows(t, sequences, span) for t in telescopes}
    for sequence in sequences:
        allowed = {
            t.name: windows[t.name][sequence.pk]
            for t in telescopes
            if sequence.telescope_id in (None, t.pk) and windows[t.name][sequence.pk]
        }
        rows.append(
            {
                "id": planning_id(sequence),
                "program": sequence.request.program.name,
                "ra_deg": sequence.ra_deg,
                "dec_deg": sequence.dec_deg,
                "filter": "",
                "duration_s": sequence.duration_s,
                "priority": sequence.priority,
                "airmass_max": sequence.airmass_max,
                "moon_dist_min_deg": sequence.moon_distance_min_deg,
                "deadline_s": None,
                "windows": allowed,
                "mandatory": False,
            }
        )
    return rows


def _windows(telescope: Telescope, sequences: list[Sequence], span: Span) -> dict[int, list[list[int]]]:
    """Whole seconds, rounded inwards, in which each sequence may be observed, by its primary key."""
    site = telescope.site.place()
    mask = tuple((az, alt) for az, alt in telescope.site.horizon_deg)
    found: dict[int, list[list[int]]] = {}
    for sequence in sequences:
        assert sequence.ra_deg is not None and sequence.dec_deg is not None
        limits = ephemeris.Limits(
            sun_alt_deg=OBSERVING_SUN_ALTITUDE_DEG,
            airmass_max=sequence.airmass_max,
            horizon_deg=telescope.minimum_altitude_deg,
            moon_dist_deg=sequence.moon_distance_min_deg or None,
            horizon_mask=mask,
        )
        start = max(span.night_start, sequence.window_start or span.night_start)
        end = min(span.night_end, sequence.window_end or span.night_end)
        intervals = (
            ephemeris.visibility(site, sequence.ra_deg, sequence.dec_deg, start, end, limits) if end > start else []
        )
        found[sequence.pk] = [
            [lower, upper]
            for a, b in intervals
            if (upper := int(span.offset_s(b))) - (lower := int(span.offset_s(a)) + 1) >= sequence.duration_s
        ]
    return found


def planning_id(sequence: Sequence) -> str:
    """How the engine calls a sequence: people read it in the reasons."""
    return f"{sequence.request.name} #{sequence.pk}"
