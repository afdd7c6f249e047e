"""A weather station (Alpaca IObservingConditions)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devicelink.interfaces.device import Device


@dataclass(frozen=True)
class WeatherState:
    """One sample; None is unknown (no sensor, broken, or a value that is no number), never “good”.

    `cloud_c` is sky minus ambient temperature: about −25 clear, above −10 very cloudy.
    """

    station: str
    temperature_c: float | None
    humidity_percent: float | None
    dew_point_c: float | None
    wind_mps: float | None
    gust_mps: float | None
    wind_direction_deg: float | None
    pressure_hpa: float | None
    rain: bool | None
    cloud_c: float | None
    sample_age_s: float | None


class WeatherStation(Device, Protocol):
    def state(self) -> WeatherState:
        """The newest sample and its age. Raises: see `Device`."""
        ...
