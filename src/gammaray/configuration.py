"""What may be chosen about a T90: one JSON object, every key with a default."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import InputRefused

Window = tuple[float, float]
BACKGROUNDS = ("auto", "none", "polynomial")


@dataclass(frozen=True)
class Configuration:
    """Settings of `measure_duration`. Times in seconds relative to the trigger."""

    window_s: Window | None = None
    """Only this part of the curve is looked at."""
    bin_s: float | None = None
    """Bins are joined to this width; event lists are binned to it (0.064 unless told)."""
    energy_kev: Window | None = None
    """Event lists and curves of several channels: only the channels that lie within this band."""
    trigger_time_s: float | None = None
    """Trigger in the file's own time, where the file does not have it or has another."""
    background: str = "auto"
    """`none` (subtracted already), `polynomial`, or `auto`: as the file says, else none if there are negative rates."""
    background_degree: int = 2
    """Highest degree of the polynomial; lower ones are preferred where they do as well (BIC)."""
    background_windows_s: tuple[Window, ...] = ()
    """Fit the background here only; empty: everywhere but in the burst."""
    penalty: float | None = None
    """Log-odds that one more Bayesian block has to earn; None: 8, calibrated (README)."""
    significance_min_sigma: float = 6.0
    """A burst has at least this total significance."""
    bootstrap: int = 500
    """Curves drawn for the errors."""
    seed: int = 1

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_configuration(path: str | Path) -> Configuration:
    """Read a JSON file. Raises InputRefused naming the key, the value and what it may be."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputRefused(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputRefused(f"{path}: not JSON: {error}") from error
    try:
        return configuration_from(found)
    except InputRefused as refusal:
        raise InputRefused(f"{path}: {refusal}") from refusal


def configuration_from(values: Mapping[str, Any] | object) -> Configuration:
    """A Configuration from a JSON object. Raises InputRefused."""
    if not isinstance(values, Mapping):
        raise InputRefused(f"configuration: a JSON object is needed, not {type(values).__name__}")
    unknown = sorted(set(values) - set(_RULES))
    if unknown:
        raise InputRefused(f"configuration: unknown key {unknown[0]!r}; known are {', '.join(sorted(_RULES))}")
    return Configuration(**{key: _RULES[key](key, value) for key, value in values.items()})


def _refuse(key: str, value: object, remedy: str) -> InputRefused:
    return InputRefused(f"{key}: {value!r} is not right; give {remedy}")


def _number(low: float, high: float, *, optional: bool = False) -> Callable[[str, Any], float | None]:
    def check(key: str, value: Any) -> float | None:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _refuse(key, value, "a number")
        if not low <= value <= high:
            raise _refuse(key, value, f"a number from {low:g} to {high:g}")
        return float(value)

    return check


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def check(key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _refuse(key, value, f"a whole number from {low} to {high}")
        return value

    return check


def _window(key: str, value: Any) -> Window | None:
    if value is None:
        return None
    pair = isinstance(value, list | tuple) and len(value) == 2
    if not pair or any(isinstance(v, bool) or not isinstance(v, int | float) or not math.isfinite(v) for v in value):
        raise _refuse(key, value, "[low, high]")
    if not value[0] < value[1]:
        raise _refuse(key, value, "[low, high] with low < high")
    return float(value[0]), float(value[1])


def _windows(key: str, value: Any) -> tuple[Window, ...]:
    if not isinstance(value, list | tuple):
        raise _refuse(key, value, "a list of [low, high]")
    checked = tuple(_window(key, window) for window in value)
    if None in checked:
        raise _refuse(key, value, "a list of [low, high]")
    return tuple(window for window in checked if window is not None)


def _background(key: str, value: Any) -> str:
    if value not in BACKGROUNDS:
        raise _refuse(key, value, f"one of {', '.join(BACKGROUNDS)}")
    return str(value)


_RULES: dict[str, Callable[[str, Any], Any]] = {
    "window_s": _window,
    "bin_s": _number(1e-4, 1000.0, optional=True),
    "energy_kev": _window,
    "trigger_time_s": _number(-1e12, 1e12, optional=True),
    "background": _background,
    "background_degree": _whole(0, 4),
    "background_windows_s": _windows,
    "penalty": _number(1.0, 1000.0, optional=True),
    "significance_min_sigma": _number(3.0, 100.0),
    "bootstrap": _whole(50, 5000),
    "seed": _whole(0, 2**32 - 1),
}
