"""The limits on readings: one row of a table for each thing that closes the roof."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from types import MappingProxyType

from guardian.errors import ConfigurationError
from guardian.readings import QUANTITIES
from guardian.vocabulary import Safety


class Worse(StrEnum):
    """The direction in which a quantity gets worse."""

    UPWARDS = "upwards"
    DOWNWARDS = "downwards"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a quantity closes the roof and when it lets it open again.

    A sample is bad at `close_at` or beyond. Once bad, samples stay bad until one reaches `clear_at` (hysteresis).
    The roof stays closed for `holdoff_s` after the last bad sample. `confirm_s` and `confirm_samples` ask for a
    series of bad samples before the first counts; 0 and 1 mean at once.
    """

    code: str
    quantity: str
    worse: Worse
    close_at: float
    clear_at: float
    holdoff_s: float = 900.0
    confirm_s: float = 0.0
    confirm_samples: int = 1
    level: Safety = Safety.UNSAFE
    warns_only: bool = False

    def __post_init__(self) -> None:
        where = f"rules.{self.code}"
        ordered = self.clear_at <= self.close_at if self.worse is Worse.UPWARDS else self.clear_at >= self.close_at
        if not (math.isfinite(self.close_at) and math.isfinite(self.clear_at) and ordered):
            remedy = f"closes at {self.close_at:g} and {self.quantity} gets worse {self.worse}: clear on the good side"
            raise ConfigurationError(f"{where}.clear_at", self.clear_at, remedy)
        if not 0 <= self.holdoff_s <= 86_400:
            raise ConfigurationError(f"{where}.holdoff_s", self.holdoff_s, "give seconds from 0 to 86400")
        if not 0 <= self.confirm_s <= 3600:
            raise ConfigurationError(f"{where}.confirm_s", self.confirm_s, "give seconds from 0 to 3600")
        if self.confirm_samples < 1:
            raise ConfigurationError(f"{where}.confirm_samples", self.confirm_samples, "give 1 or more")

    def is_beyond(self, value: float) -> bool:
        """Whether a value is bad by itself."""
        return value >= self.close_at if self.worse is Worse.UPWARDS else value <= self.close_at

    def is_clear(self, value: float) -> bool:
        """Whether a value is good enough to end a bad spell."""
        return value <= self.clear_at if self.worse is Worse.UPWARDS else value >= self.clear_at

    def sentence(self, source: str, value: float) -> str:
        """The bad value in words."""
        quantity = QUANTITIES[self.quantity]
        if quantity.is_switch:
            return f"{source}: {_SWITCH_WORDS.get((self.quantity, int(value)), f'{self.quantity} is {value:g}')}"
        sign = "at or above" if self.worse is Worse.UPWARDS else "at or below"
        return (
            f"{source}: {self.quantity} is {value:.4g} {quantity.unit} "
            f"(closes {sign} {self.close_at:g}, clears at {self.clear_at:g})"
        )


_SWITCH_WORDS: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("rain", 0): "rain has stopped",
        ("rain", 1): "rain",
        ("mains", 0): "mains power is lost, on battery",
        ("mains", 1): "mains power is back",
        ("door", 0): "the door is closed",
        ("door", 1): "the door is open",
    }
)

# Humidity, gust, dew spread and cloud: limits suggested from those of LDT, LBT, Lick, VATT and Hamburg (close at
# 85 %, reopen at 80 %; gust 16 m/s, reopen 20 % lower; T - Td 2.5 C, reopen 4 C; "very cloudy" for 3 samples).
# Wind, power and the holdoffs (15 min, rain 60 min): the observatory's behaviours A5-A7, A15.
_DEFAULT = (
    Rule("rain", "rain", Worse.UPWARDS, 1.0, 0.0, holdoff_s=3600.0),
    Rule("humidity", "humidity_percent", Worse.UPWARDS, 85.0, 80.0),
    Rule("wind", "wind_mps", Worse.UPWARDS, 15.0, 12.0),
    Rule("gust", "gust_mps", Worse.UPWARDS, 16.0, 12.8),
    Rule("dew", "dew_spread_c", Worse.DOWNWARDS, 2.5, 4.0),
    Rule("cloud", "cloud_c", Worse.UPWARDS, -10.0, -15.0, confirm_samples=3),
    Rule("mains", "mains", Worse.DOWNWARDS, 0.0, 1.0, confirm_s=60.0),
    Rule("ups", "ups_percent", Worse.DOWNWARDS, 50.0, 60.0),
    Rule("ups_critical", "ups_percent", Worse.DOWNWARDS, 20.0, 30.0, level=Safety.EMERGENCY),
    Rule("door", "door", Worse.UPWARDS, 1.0, 0.0, holdoff_s=0.0, warns_only=True),
)
DEFAULT_RULES: Mapping[str, Rule] = MappingProxyType({rule.code: rule for rule in _DEFAULT})

INDISPENSABLE = frozenset({"rain", "mains", "ups", "ups_critical"})
"""Rules that a configuration may tighten but not switch off."""

_CHANGEABLE: Mapping[str, type] = MappingProxyType(
    {
        "close_at": float,
        "clear_at": float,
        "holdoff_s": float,
        "confirm_s": float,
        "confirm_samples": int,
        "warns_only": bool,
    }
)


def rules_from(changes: Mapping[str, object]) -> tuple[Rule, ...]:
    """The default table with changes: `{"wind": {"close_at": 12, "clear_at": 9}, "cloud": null}`; null removes a rule.

    Raises ConfigurationError for an unknown rule or field, a value of the wrong kind, or a removed indispensable rule.
    """
    rules = dict(DEFAULT_RULES)
    for code, change in changes.items():
        if code not in rules:
            raise ConfigurationError(f"rules.{code}", change, f"no such rule; known are {', '.join(DEFAULT_RULES)}")
        if change is None:
            if code in INDISPENSABLE:
                raise ConfigurationError(f"rules.{code}", None, "this rule cannot be switched off; change its limits")
            del rules[code]
        elif isinstance(change, Mapping):
            rules[code] = _changed(rules[code], change)
        else:
            raise ConfigurationError(f"rules.{code}", change, 'give an object such as {"close_at": 12} or null')
    return tuple(rules.values())


def _changed(rule: Rule, change: Mapping[str, object]) -> Rule:
    values: dict[str, float | int | bool] = {}
    for name, value in change.items():
        where = f"rules.{rule.code}.{name}"
        kind = _CHANGEABLE.get(name)
        if kind is None:
            raise ConfigurationError(where, value, f"no such field; known are {', '.join(_CHANGEABLE)}")
        if kind is bool and not isinstance(value, bool):
            raise ConfigurationError(where, value, "give true or false")
        if kind is not bool and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ConfigurationError(where, value, "give a number")
        if kind is int and not isinstance(value, int):
            raise ConfigurationError(where, value, "give a whole number")
        if name == "warns_only" and value and rule.code in INDISPENSABLE:
            raise ConfigurationError(where, value, "this rule cannot be a warning only")
        assert isinstance(value, bool | int | float)
        values[name] = kind(value)
    assert values.keys() <= {field.name for field in fields(rule)}
    return replace(rule, **values)  # type: ignore[arg-type]  # names and types were checked against the table
