"""Readings, and which of them are believed.

A sensor that answers NaN, -999, 250 % or text has not answered: its sample is rejected with a sentence
and the sensor counts as silent until it gives a plausible value (behaviours A4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity and the range of values that a working sensor can give."""

    name: str
    unit: str
    lowest: float
    highest: float
    is_switch: bool = False
    """Whether only 0 and 1 (or false and true) are values."""
    overridable: bool = True
    """Whether an operator may have a sensor of it ignored for a while (never rain, never power: A17)."""


# Ranges: the measuring ranges of common stations (Vaisala WXT530, Boltwood II, Davis Vantage), widened to the
# extremes of inhabited mountains. Humidity to 105 %, because capacitive sensors overshoot in fog.
_TABLE = (
    Quantity("temperature_c", "C", -60.0, 60.0),
    Quantity("humidity_percent", "%", 0.0, 105.0),
    Quantity("dew_spread_c", "C", -5.0, 120.0),
    Quantity("wind_mps", "m/s", 0.0, 100.0),
    Quantity("gust_mps", "m/s", 0.0, 120.0),
    Quantity("rain", "", 0.0, 1.0, is_switch=True, overridable=False),
    Quantity("cloud_c", "C", -80.0, 40.0),
    Quantity("pressure_hpa", "hPa", 400.0, 1100.0),
    Quantity("mains", "", 0.0, 1.0, is_switch=True, overridable=False),
    Quantity("ups_percent", "%", 0.0, 100.0, overridable=False),
    Quantity("door", "", 0.0, 1.0, is_switch=True),
)
QUANTITIES: Mapping[str, Quantity] = MappingProxyType({quantity.name: quantity for quantity in _TABLE})
"""Every quantity the guardian knows, by name. `cloud_c` is sky minus ambient temperature: low is clear."""

LONGEST_SAMPLE_AGE_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One believed value. `taken_monotonic_s` is when it was measured, on the clock's monotonic scale."""

    source: str
    quantity: str
    value: float
    unit: str
    taken_monotonic_s: float


@dataclass(frozen=True, slots=True)
class Rejection:
    """One value that is not believed, and why."""

    source: str
    quantity: str
    raw: str
    sentence: str


def examine(source: str, quantity: str, raw: object, taken_monotonic_s: float) -> Reading | Rejection:
    """Believe or reject one raw value as it came over the wire.

    Raises KeyError for a quantity that is not in `QUANTITIES`: that is a fault of the caller, not of the sensor.
    """
    known = QUANTITIES[quantity]
    complaint = _complaint(known, raw)
    if complaint is not None:
        shown = repr(raw)[:60]
        return Rejection(source, quantity, shown, f"{source}: {quantity} is {shown}, {complaint}; sample rejected")
    assert isinstance(raw, int | float)
    return Reading(source, quantity, float(raw), known.unit, taken_monotonic_s)


def _complaint(quantity: Quantity, raw: object) -> str | None:
    if isinstance(raw, bool):
        return None if quantity.is_switch else "a truth value where a number belongs"
    if not isinstance(raw, int | float):
        return "not a number"
    if isinstance(raw, float) and not math.isfinite(raw):
        return "not a finite number"
    if quantity.is_switch and raw not in (0, 1):
        return "neither 0 nor 1"
    if not quantity.lowest <= raw <= quantity.highest:
        return f"outside {quantity.lowest:g}..{quantity.highest:g} {quantity.unit}".rstrip()
    return None


def examine_status(
    source: str, values: Mapping[str, object], received_monotonic_s: float
) -> tuple[tuple[Reading, ...], tuple[Rejection, ...]]:
    """Sort the STATUS of a station into readings and rejections; keys that are no quantity are left alone.

    `sample_age_s` among the values dates the readings back. An age that makes no sense rejects the whole
    status: a value of unknown age is no value. Temperature and humidity give the dew spread besides.
    """
    age = values.get("sample_age_s", 0.0)
    names = [name for name in QUANTITIES if name in values]
    if isinstance(age, bool) or not isinstance(age, int | float) or not 0.0 <= age <= LONGEST_SAMPLE_AGE_S:
        sentence = f"{source}: sample_age_s is {age!r}, not an age; status rejected"
        return (), tuple(Rejection(source, name, repr(values[name])[:60], sentence) for name in names)
    taken_s = received_monotonic_s - float(age)
    examined = [examine(source, name, values[name], taken_s) for name in names]
    readings = [item for item in examined if isinstance(item, Reading)]
    by_name = {reading.quantity: reading.value for reading in readings}
    if "dew_spread_c" not in values and {"temperature_c", "humidity_percent"} <= by_name.keys():
        spread = by_name["temperature_c"] - dew_point_c(by_name["temperature_c"], by_name["humidity_percent"])
        readings.append(Reading(source, "dew_spread_c", spread, "C", taken_s))
    return tuple(readings), tuple(item for item in examined if isinstance(item, Rejection))


def dew_point_c(temperature_c: float, humidity_percent: float) -> float:
    """Dew point over water by the Magnus formula with the coefficients of Alduchov & Eskridge (1996)."""
    relative = max(humidity_percent, 0.1) / 100.0
    gamma = math.log(relative) + 17.625 * temperature_c / (243.04 + temperature_c)
    return 243.04 * gamma / (17.625 - gamma)
