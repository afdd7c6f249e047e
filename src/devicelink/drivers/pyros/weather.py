"""A weather station over the PyROS grammar."""

from __future__ import annotations

from devicelink.drivers.pyros._device import PyrosDevice
from devicelink.drivers.pyros._reading import Reading
from devicelink.interfaces.weather_station import WeatherState


class PyrosWeatherStation(PyrosDevice):
    """Implements `devicelink.interfaces.WeatherStation`."""

    KIND = "weather"

    def state(self) -> WeatherState:
        return weather_state(self._status())


def weather_state(reading: Reading) -> WeatherState:
    """The weather part of a status. What is not a number is unknown; whether a number is possible, others judge."""
    return WeatherState(
        station=reading.text_or_none("station") or reading.text_or_none("name") or reading.device,
        temperature_c=reading.number_or_none("temperature_c"),
        humidity_percent=reading.number_or_none("humidity_percent"),
        dew_point_c=reading.number_or_none("dew_point_c"),
        wind_mps=reading.number_or_none("wind_mps"),
        gust_mps=reading.number_or_none("gust_mps"),
        wind_direction_deg=reading.number_or_none("wind_direction_deg"),
        pressure_hpa=reading.number_or_none("pressure_hpa"),
        rain=reading.flag_or_none("rain"),
        cloud_c=reading.number_or_none("cloud_c"),
        sample_age_s=reading.number_or_none("sample_age_s"),
    )


DRIVER = PyrosWeatherStation
