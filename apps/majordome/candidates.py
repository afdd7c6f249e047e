"""Which sequence may begin now: the schedule's next one whose constraints hold, re-checked against the sky as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import ephemeris
from apps.devices.models import Telescope
from apps.majordome.automaton import Candidate
from apps.routine_manager.models import Request, Sequence, SequenceState
from apps.scheduler import services as scheduler


@dataclass(frozen=True)
class Checked:
    """Whether the constraints of a sequence hold from now to its end, in words."""

    ok: bool
    sentence: str


def constraints_hold(sequence: Sequence, telescope: Telescope, now: datetime) -> Checked:
    """Altitude, airmass, Moon and window, at the beginning and at the end."""
    if sequence.ra_deg is None or sequence.dec_deg is None:
        return Checked(True, "needs no sky")
    site = telescope.site.place()
    end = now + timedelta(seconds=sequence.duration_s)
    if sequence.window_start and now < sequence.window_start:
        return Checked(False, f"its window begins at {sequence.window_start:%H:%M} UTC")
    if sequence.window_end and end > sequence.window_end:
        return Checked(False, f"its window ends at {sequence.window_end:%H:%M} UTC")
    for moment in (now, end):
        unix_s = moment.timestamp()
        altitude_deg = float(ephemeris.altaz(site, sequence.ra_deg, sequence.dec_deg, unix_s)[0])
        if altitude_deg < telescope.minimum_altitude_deg:
            return Checked(
                False, f"altitude {altitude_deg:.1f}° < {telescope.minimum_altitude_deg:g}° at {moment:%H:%M} UTC"
            )
        airmass = float(ephemeris.airmass(altitude_deg))
        if airmass > sequence.airmass_max:
            return Checked(False, f"airmass {airmass:.2f} > {sequence.airmass_max:g} at {moment:%H:%M} UTC")
        if sequence.moon_distance_min_deg > 0 and ephemeris.moon_altitude_deg(site, unix_s) > 0:
            moon = ephemeris.moon_position(site, unix_s)
            distance_deg = float(
                ephemeris.separation_deg(sequence.ra_deg, sequence.dec_deg, float(moon.ra_deg), float(moon.dec_deg))
            )
            if distance_deg < sequence.moon_distance_min_deg:
                return Checked(
                    False, f"Moon {distance_deg:.0f}° < {sequence.moon_distance_min_deg:g}° at {moment:%H:%M} UTC"
                )
    return Checked(True, "altitude, airmass, Moon and window hold")


def next_planned(
    telescope: Telescope, night: date, now: datetime, observing_ends: datetime, refused: dict[int, float], now_s: float
) -> Candidate | None:
    """The first row of the newest schedule that may begin now.

    Args:
        refused: sequence id → until when (monotonic) it is not tried again, after a no-go.
    """
    schedule = scheduler.latest(telescope.site.node, night)
    if schedule is None:
        return None
    rows = schedule.rows.filter(
        planned=True, telescope=telescope, sequence__state=SequenceState.PLANNED
    ).select_related("sequence")
    for row in rows.order_by("starts_at"):
        sequence = row.sequence
        if refused.get(sequence.pk, 0.0) > now_s or now + timedelta(seconds=sequence.duration_s) > observing_ends:
            continue
        if constraints_hold(sequence, telescope, now).ok:
            return Candidate(sequence.pk, True)
    return None


def calibration(telescope: Telescope, night: date, name: str, *, needs_sky: bool) -> Candidate | None:
    """A calibration sequence of the night that still waits."""
    waiting = (SequenceState.TO_BE_PLANNED, SequenceState.PLANNED, SequenceState.EXPECTED)
    row = Sequence.objects.filter(
        request__kind=Request.Kind.CALIBRATION,
        request__name=request_name(telescope, night),
        name=name,
        state__in=waiting,
    ).first()
    return Candidate(row.pk, needs_sky) if row else None


def request_name(telescope: Telescope, night: date) -> str:
    """The name of a night's calibration request."""
    return f"Calibration {telescope.name} {night.isoformat()}"
