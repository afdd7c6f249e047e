"""Scenarios: what the weather does and what breaks in one night, as JSON files beside this module or anywhere.

    {"name": "storm", "description": "…",
     "weather": [{"kind": "wind_storm", "at": "night_start+2h", "for": "90m", "peak": 19, "ramp": "10m"}],
     "faults": [{"device": "mount", "kind": "kill", "at": "midnight", "for_s": 120}],
     "transients": [{"name": "burst", "at": "midnight", "ra_deg": 83.6, "dec_deg": 22.0, "mag_100s": 15.0}]}

Times are named moments of the night (`simulators.moments`) or ISO dates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.faults import Fault, fault_from
from simulators.models.weather import Event, EventKind
from simulators.moments import Moments, duration_s
from simulators.sky.transients import Transient

FOLDER = Path(__file__).parent / "scenarios"


class ScenarioError(ValueError):
    """A scenario that cannot be read: names the file, the entry and the remedy."""


@dataclass(frozen=True)
class Scenario:
    """One night's story, its times resolved."""

    name: str
    weather: Sequence[Event]
    faults: Sequence[Fault]
    transients: Sequence[Transient]


def names() -> list[str]:
    """The scenarios that come with the simulators."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(source: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """The scenario of a name, of a file's path, or given as it is. Raises `ScenarioError`."""
    if isinstance(source, Mapping):
        return source
    path = FOLDER / f"{source}.json" if source in names() else Path(source)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(
            f"scenario is {source!r}: no such file and none of ours: give one of {', '.join(names())}, or a path"
        ) from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"scenario {path}: not readable as JSON: {error}") from None
    if not isinstance(content, dict):
        raise ScenarioError(f"scenario {path}: write a JSON object")
    return content


def resolved(content: Mapping[str, Any], moments: Moments) -> Scenario:
    """A scenario with its times on one night. Raises `ScenarioError`."""
    name = str(content.get("name", "unnamed"))
    known = {"name", "description", "weather", "faults", "transients"}
    if unknown := set(content) - known:
        raise ScenarioError(f"scenario {name}: unknown key {min(unknown)!r}: give some of {', '.join(sorted(known))}")
    try:
        return Scenario(
            name,
            tuple(_event(entry, moments) for entry in content.get("weather", ())),
            tuple(fault_from(entry, moments) for entry in content.get("faults", ())),
            tuple(transient_from(entry, moments) for entry in content.get("transients", ())),
        )
    except (ValueError, TypeError, KeyError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ScenarioError(f"scenario {name}: {reason}") from None


def transient_from(entry: Mapping[str, Any], moments: Moments) -> Transient:
    """A transient from its JSON form."""
    optional = {key: float(entry[key]) for key in ("mag_100s", "slope", "beta") if key in entry}
    return Transient(
        str(entry["name"]), float(entry["ra_deg"]), float(entry["dec_deg"]), moments.unix_s(entry["at"]), **optional
    )


def _event(entry: Mapping[str, Any], moments: Moments) -> Event:
    known = {"kind", "at", "for", "peak", "ramp"}
    if unknown := set(entry) - known:
        raise ValueError(f"weather event has the unknown key {min(unknown)!r}: give some of {', '.join(sorted(known))}")
    return Event(
        EventKind(entry["kind"]),
        moments.unix_s(entry["at"]),
        duration_s(entry["for"]),
        None if entry.get("peak") is None else float(entry["peak"]),
        duration_s(entry.get("ramp", 600.0)),
    )
