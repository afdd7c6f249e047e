"""Moments of a night by name: `sunset+30m`, `night_start+1h30m`, `start+20s`, or an ISO date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import ephemeris
from ephemeris import Site

_UNIT_S = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_RELATIVE = re.compile(r"([a-z_]+)(?:([+-])(.+))?")


def duration_s(text: str | float) -> float:
    """Seconds from `1h30m`, `45s`, or a plain number. Raises `ValueError`."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise ValueError(f"duration is {text!r}: write e.g. 90s, 30m, 1h30m, or a number of seconds")
    return sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(text))


@dataclass(frozen=True)
class Moments:
    """The named moments of one night, in unix seconds. `start` is when the simulation began."""

    named: Mapping[str, float]

    def unix_s(self, text: str) -> float:
        """The moment meant. Raises `ValueError` naming the known ones."""
        if not isinstance(text, str):
            raise ValueError(f"moment is {text!r}: write e.g. sunset+30m or an ISO date")
        match = _RELATIVE.fullmatch(text)
        if match is None:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                raise ValueError(f"moment is {text!r}: write e.g. sunset+30m or 2026-11-20T20:00:00Z") from None
            if moment.tzinfo is None:
                raise ValueError(f"moment is {text!r}: add Z, times are UTC")
            return moment.timestamp()
        name, sign, length = match.groups()
        if name not in self.named:
            raise ValueError(f"moment is {text!r}: {name} is not known tonight: give one of {', '.join(self.named)}")
        shift_s = duration_s(length) if length else 0.0
        return self.named[name] + (-shift_s if sign == "-" else shift_s)


def tonight(site: Site, start_unix_s: float) -> Moments:
    """The moments of the observing night that `start_unix_s` belongs to (noon to noon).

    `night_start` and `night_end` are the nautical twilights (Sun at −12°), `midnight` is half-way between sunset and
    sunrise. Names that do not happen (polar summer) are not known.
    """
    start = datetime.fromtimestamp(start_unix_s, UTC)
    night = ephemeris.night(site, ephemeris.night_date(site, start))
    happens: dict[str, datetime | None] = {
        "sunset": night.sun_set,
        "night_start": night.nautical_dusk,
        "night_end": night.nautical_dawn,
        "sunrise": night.sun_rise,
    }
    named = {name: moment.timestamp() for name, moment in happens.items() if moment is not None}
    if "sunset" in named and "sunrise" in named:
        named["midnight"] = (named["sunset"] + named["sunrise"]) / 2.0
    return Moments({"start": start_unix_s, **named})
