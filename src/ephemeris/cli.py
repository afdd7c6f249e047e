"""The command line: `python -m ephemeris night …` and `python -m ephemeris visibility …`.

Only the answer goes to standard output. Exit code 2: the input is wrong, and standard error names the argument;
1: it could not be worked out.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .engine import visibility
from .limits import RANGES, Limits
from .moments import FIRST_UNIX_S, LAST_UNIX_S, unix_seconds, utc_datetime
from .observing_night import Night, night
from .site import Site

NIGHT_EXAMPLE = "python -m ephemeris night --lat 31.044 --lon -115.464 --elev 2800 --date 2026-11-20 --json"
VISIBILITY_EXAMPLE = (
    "python -m ephemeris visibility --lat 31.044 --lon -115.464 --elev 2800 --ra 83.63 --dec 22.01 "
    "--start 2026-11-21T00:00:00Z --end 2026-11-21T15:00:00Z --sun-alt -18 --airmass 2 --moon-dist 30 --json"
)
LIMIT_ARGUMENTS = {
    "sun_alt_deg": ("--sun-alt", "D", "Sun at or below this altitude (-18: astronomical night)"),
    "airmass_max": ("--airmass", "X", "1/sin(geometric altitude) at most this"),
    "horizon_deg": ("--horizon", "D", "target at least this high (default 0)"),
    "ha_min_h": ("--ha-min", "H", "hour angle at least this, hours, negative in the east"),
    "ha_max_h": ("--ha-max", "H", "hour angle at most this, hours"),
    "moon_dist_deg": ("--moon-dist", "D", "at least this far from the Moon while the Moon is up"),
    "moon_phase_max": ("--moon-phase", "F", "illuminated fraction at most this (0..1) while the Moon is up"),
    "zenith_hole_deg": ("--zenith-hole", "D", "at least this far from the zenith"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (argparse leaves with 2 by itself)."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    site = Site("command line", asked.lat, asked.lon, asked.elev)
    try:
        answer = _night(asked, site) if asked.command == "night" else _visibility(asked, site)
    except _Refused as error:
        print(f"python -m ephemeris {asked.command}: error: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, OSError) as error:
        print(f"python -m ephemeris {asked.command}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer) if asked.json else _as_text(answer))
    return 0


class _Refused(ValueError):
    """Arguments that are each right but do not go together; the text names one of them."""


def _night(asked: argparse.Namespace, site: Site) -> dict[str, Any]:
    found = night(site, asked.date)
    values = {field.name: getattr(found, field.name) for field in fields(Night) if field.name != "site"}
    return {name: _plain(value) for name, value in values.items()}


def _visibility(asked: argparse.Namespace, site: Site) -> dict[str, Any]:
    if asked.end <= asked.start:
        raise _Refused(f"argument --end: {_iso(asked.end)} is not after --start {_iso(asked.start)}")
    given = {field: value for field in LIMIT_ARGUMENTS if (value := getattr(asked, field)) is not None}
    if given.get("ha_min_h", -12.0) >= given.get("ha_max_h", 12.0):
        raise _Refused("argument --ha-min: must be below --ha-max (hours, -12 to 12)")
    found = visibility(site, asked.ra, asked.dec, asked.start, asked.end, Limits(**given))
    return {"intervals": [[_iso(a), _iso(b)] for a, b in found]}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return round(value, 4) if isinstance(value, float) else value


def _iso(moment: datetime) -> str:
    """ISO 8601 in UTC, rounded to 0.1 s."""
    rounded = moment.astimezone(UTC) + timedelta(milliseconds=50)
    return f"{rounded:%Y-%m-%dT%H:%M:%S}.{rounded.microsecond // 100_000}Z"


def _as_text(answer: dict[str, Any]) -> str:
    if "intervals" in answer:
        return "\n".join(f"{a}  {b}" for a, b in answer["intervals"]) or "never visible in this window"
    return "\n".join(f"{name:18} {'-' if value is None else value}" for name, value in answer.items())


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not (math.isfinite(value) and low <= value <= high):
            raise argparse.ArgumentTypeError(f"{text} is not from {low:g} to {high:g}")
        return value

    return parse


def _day(text: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a local date has no zone)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: give YYYY-MM-DD") from None
    first, last = utc_datetime(FIRST_UNIX_S).date() + timedelta(2), utc_datetime(LAST_UNIX_S).date() - timedelta(3)
    if not first <= day <= last:
        raise argparse.ArgumentTypeError(f"{text} is not from {first} to {last}")
    return day


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not ISO 8601: give e.g. 2026-11-21T03:00:00Z") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    try:
        unix_seconds(moment)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not between 1972 and 2100") from None
    return moment


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ephemeris",
        description="Nights and visibility for any site, offline.",
        epilog=f"examples:\n  {NIGHT_EXAMPLE}\n  {VISIBILITY_EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{night,visibility}")
    night_parser = _command(commands, "night", "Sun, twilights and Moon of one night", NIGHT_EXAMPLE)
    night_parser.add_argument("--date", type=_day, required=True, metavar="YYYY-MM-DD", help="local evening date")
    target = _command(commands, "visibility", "when a target may be observed", VISIBILITY_EXAMPLE)
    target.add_argument("--ra", type=_number(0.0, 360.0), required=True, metavar="D", help="ICRS, degrees")
    target.add_argument("--dec", type=_number(-90.0, 90.0), required=True, metavar="D", help="ICRS, degrees")
    target.add_argument("--start", type=_moment, required=True, metavar="ISO", help="UTC unless a zone is given")
    target.add_argument("--end", type=_moment, required=True, metavar="ISO")
    for field, low, high in RANGES:
        option, metavar, meaning = LIMIT_ARGUMENTS[field]
        target.add_argument(option, dest=field, type=_number(low, high), metavar=metavar, help=meaning)
    return parser


def _command(commands: Any, name: str, meaning: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=meaning,
        description=meaning,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--lat", type=_number(-90.0, 90.0), required=True, metavar="D", help="degrees north")
    parser.add_argument("--lon", type=_number(-180.0, 360.0), required=True, metavar="D", help="degrees east")
    parser.add_argument("--elev", type=_number(-500.0, 10_000.0), default=0.0, metavar="M", help="metres (default 0)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    return parser
