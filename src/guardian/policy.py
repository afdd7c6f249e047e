"""The guardian's policy: every number it decides by, from a plain dictionary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from guardian.errors import ConfigurationError
from guardian.night import SunLimits
from guardian.readings import QUANTITIES
from guardian.rules import Rule, rules_from
from guardian.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Source:
    """A station, and the quantities that it must give to be called fresh. Others it gives are judged as well."""

    name: str
    role: Role = Role.REQUIRED
    must_give: tuple[str, ...] = ("rain", "wind_mps", "humidity_percent")

    def __post_init__(self) -> None:
        for quantity in self.must_give:
            if quantity not in QUANTITIES:
                known = ", ".join(QUANTITIES)
                raise ConfigurationError(
                    f"sources.{self.name}.must_give", quantity, f"unknown quantity; known are {known}"
                )


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations in observatory seconds (default numbers of the observatory's behaviours)."""

    stale_after_s: float = 60.0
    plc_lost_after_s: float = 10.0
    link_holdoff_s: float = 900.0
    """Holdoff after a silent sensor or a lost PLC link has come back."""
    start_grace_s: float = 30.0
    """At start, how long an open roof found with no known danger waits for the first readings (C8)."""
    start_holdoff_s: float = 300.0
    """Holdoff at start when the roof is not found open and there is no memory of before."""
    override_longest_s: float = 7200.0
    mode_longest_s: float = 57_600.0
    """No mode is believed longer than one night without being asked for anew."""
    travel_s: float = 60.0
    travel_margin_s: float = 30.0
    """After travel and margin a roof between its switches is in ERROR (A8, A10)."""
    close_alarm_s: float = 95.0
    """From the wish to close to the CRITICAL alarm at the latest, parking included (A8)."""
    close_repeat_s: float = 10.0
    park_deadline_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Policy:
    """What the guardian decides by. Build it with `Policy.from_dict` from a configuration."""

    sources: tuple[Source, ...]
    rules: tuple[Rule, ...] = field(default_factory=lambda: rules_from({}))
    timing: Timing = field(default_factory=Timing)
    sun: SunLimits = field(default_factory=SunLimits)
    covered_by: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"rain": 1, "wind_mps": 1, "humidity_percent": 1})
    )
    """How many sources (advisory ones not counted) must give each of these freshly."""
    agreement: Mapping[str, float] = field(default_factory=lambda: _AGREEMENT)
    """How far two sources may differ before they are said to disagree."""
    flapping_closes: int = 3
    flapping_factor: float = 2.0
    """After more than `flapping_closes` closes in a night every holdoff is this many times longer (A6)."""
    close_without_park: bool = True
    """Whether the roof closes after the park deadline over a mount that is not parked (A12)."""
    roof_clears_mount: bool = False
    """Whether the roof passes above the mount in any position: then park and close are commanded together."""

    def __post_init__(self) -> None:
        names = [source.name for source in self.sources]
        if not names:
            raise ConfigurationError("sources", [], "name at least one source of weather")
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError("sources", name, "two sources have this name; give each its own")

    @classmethod
    def from_dict(cls, limits: Mapping[str, object], sources: tuple[Source, ...]) -> Policy:
        """A policy from the `limits` object of a configuration; what it leaves out keeps its default.

        Keys: those of `Timing` and `SunLimits`, `rules` (see `rules_from`), `covered_by`, `agreement`,
        `flapping_closes`, `flapping_factor`, `close_without_park`, `roof_clears_mount`.
        Raises ConfigurationError naming field, value and remedy.
        """
        timing: dict[str, float] = {}
        sun: dict[str, float] = {}
        rest: dict[str, object] = {}
        for key, value in limits.items():
            if key in _TIMING_KEYS:
                timing[key] = _number(key, value, lowest=0.0)
            elif key in _SUN_KEYS:
                sun[key] = _number(key, value, lowest=-90.0)
            elif key in _PARSERS:
                rest[key] = _PARSERS[key](key, value)
            else:
                known = ", ".join(sorted({*_TIMING_KEYS, *_SUN_KEYS, *_PARSERS}))
                raise ConfigurationError(f"limits.{key}", value, f"no such limit; known are {known}")
        try:
            sun_limits = SunLimits(**sun)
        except ValueError as error:
            raise ConfigurationError("limits", sun, str(error)) from None
        return cls(sources=sources, timing=Timing(**timing), sun=sun_limits, **rest)  # type: ignore[arg-type]  # parsed above


_AGREEMENT: Mapping[str, float] = MappingProxyType(
    # Twice what neighbouring masts of one summit differ by in ordinary nights; a starting point for a site.
    {
        "temperature_c": 5.0,
        "humidity_percent": 20.0,
        "wind_mps": 8.0,
        "gust_mps": 12.0,
        "pressure_hpa": 5.0,
        "rain": 0.5,
    }
)
_TIMING_KEYS = frozenset(item.name for item in fields(Timing))
_SUN_KEYS = frozenset(item.name for item in fields(SunLimits))


def _number(key: str, value: object, lowest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < lowest:
        raise ConfigurationError(f"limits.{key}", value, f"give a number of at least {lowest:g}")
    return float(value)


def _count(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"limits.{key}", value, "give a whole number, 0 or more")
    return value


def _switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"limits.{key}", value, "give true or false")
    return value


def _object(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"limits.{key}", value, "give an object")
    return value


def _by_quantity(key: str, value: object) -> Mapping[str, object]:
    table = _object(key, value)
    for name in table:
        if name not in QUANTITIES:
            raise ConfigurationError(
                f"limits.{key}.{name}", table[name], f"unknown quantity; known are {', '.join(QUANTITIES)}"
            )
    return table


def _parse_rules(key: str, value: object) -> tuple[Rule, ...]:
    return rules_from(_object(key, value))


def _parse_covered(key: str, value: object) -> Mapping[str, int]:
    return MappingProxyType(
        {name: _count(f"{key}.{name}", number) for name, number in _by_quantity(key, value).items()}
    )


def _parse_agreement(key: str, value: object) -> Mapping[str, float]:
    table = _by_quantity(key, value)
    return MappingProxyType({name: _number(f"{key}.{name}", number, lowest=0.0) for name, number in table.items()})


def _parse_factor(key: str, value: object) -> float:
    return _number(key, value, lowest=1.0)


_PARSERS = MappingProxyType(
    {
        "rules": _parse_rules,
        "covered_by": _parse_covered,
        "agreement": _parse_agreement,
        "flapping_closes": _count,
        "flapping_factor": _parse_factor,
        "close_without_park": _switch,
        "roof_clears_mount": _switch,
    }
)
