"""The night's row: its date and its times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

import ephemeris
from apps.devices.models import Telescope
from apps.majordome.models import Night
from pyros import current
from pyros.journal.writing import append


@dataclass(frozen=True)
class NightTimes:
    """Sunset, the time for science, and sunrise; None where the Sun does not go there (polar summer or winter)."""

    date: date
    sunset: datetime | None
    start: datetime | None
    end: datetime | None
    sunrise: datetime | None


def times(telescope: Telescope, night: date) -> NightTimes:
    """The times of a night; science is between nautical twilights (the Sun at −12°)."""
    found = ephemeris.night(telescope.site.place(), night)
    return NightTimes(night, found.sun_set, found.nautical_dusk, found.nautical_dawn, found.sun_rise)


def ensure(telescope: Telescope) -> Night:
    """The row of the night that is or comes next, made when it is not there, its beginning told once."""
    now = current.clock().now()
    day = ephemeris.night_date(telescope.site.place(), now)
    span = times(telescope, day)
    with transaction.atomic():
        night, made = Night.objects.get_or_create(
            telescope=telescope,
            date=day,
            defaults={"sunset": span.sunset, "night_start": span.start, "night_end": span.end, "sunrise": span.sunrise},
        )
        if made:
            append(
                f"night:{night.pk}",
                "night.begun",
                {
                    "night": day.isoformat(),
                    "telescope": telescope.name,
                    "sunset": span.sunset,
                    "start": span.start,
                    "end": span.end,
                    "sunrise": span.sunrise,
                },
            )
    return night


def sun(telescope: Telescope, now: datetime) -> tuple[float, bool]:
    """The Sun's altitude in degrees and whether it rises."""
    site = telescope.site.place()
    here = ephemeris.sun_altitude_deg(site, now.timestamp())
    later = ephemeris.sun_altitude_deg(site, (now + timedelta(minutes=1)).timestamp())
    return here, later > here


def is_before(night: Night, moment: datetime) -> bool:
    """Whether a night's sunset is still to come.

    Nights change at noon by mean solar time; in some months the Sun goes on rising for a quarter of an hour after
    it (equation of time), and once a night was over before it had begun.
    """
    return night.sunset is not None and moment < night.sunset
