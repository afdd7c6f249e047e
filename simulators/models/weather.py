"""The weather story: what the sky does at a site, as a pure function of time, seed and events.

All stations, the PLC and the cameras read the same story, so that they agree as far as real sensors would. Without
events the story is fair weather that stays inside the usual limits of an observatory by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from simulators.models.noise import gaussian, smooth

DAY_S = 86_400.0


class EventKind(StrEnum):
    RAIN = "rain"
    WIND_STORM = "wind_storm"
    HUMIDITY = "humidity"
    CLOUD = "cloud"
    MAINS_FAILURE = "mains_failure"
    DOOR_OPEN = "door_open"


@dataclass(frozen=True)
class Event:
    """Something that happens for a while. `peak` is in the kind's own unit (see `DEFAULT_PEAK`)."""

    kind: EventKind
    start_unix_s: float
    duration_s: float
    peak: float | None = None
    ramp_s: float = 600.0

    def strength(self, unix_s: float) -> float:
        """0 outside, 1 in full, rising before the start and falling after the end within `ramp_s`."""
        outside_s = max(self.start_unix_s - unix_s, unix_s - self.start_unix_s - self.duration_s)
        if outside_s <= 0.0:
            return 1.0
        return max(0.0, 1.0 - outside_s / self.ramp_s) if self.ramp_s > 0 else 0.0

    def running(self, unix_s: float) -> bool:
        """Whether the moment lies between start and end: for what has no ramp (rain, mains, doors)."""
        return self.start_unix_s <= unix_s < self.start_unix_s + self.duration_s


DEFAULT_PEAK: Mapping[EventKind, float] = {
    EventKind.RAIN: 97.0,  # humidity in %
    EventKind.WIND_STORM: 19.0,  # mean wind in m/s
    EventKind.HUMIDITY: 94.0,  # %
    EventKind.CLOUD: -4.0,  # sky minus ambient temperature in °C
}


@dataclass(frozen=True)
class Conditions:
    """The true conditions at a moment. Units in the names; cloud_c is sky minus ambient temperature."""

    temperature_c: float
    humidity_percent: float
    pressure_hpa: float
    wind_mps: float
    gust_mps: float
    wind_direction_deg: float
    rain: bool
    cloud_c: float
    seeing_arcsec: float
    """Full width at half maximum at the zenith."""
    extinction_mag: float
    """What clouds take away, beyond the clear air."""
    mains: bool
    ups_percent: float
    door_open: bool

    @property
    def dew_point_c(self) -> float:
        """Magnus formula with the coefficients of Sonntag (1990): 17.62, 243.12 °C."""
        gamma = math.log(max(self.humidity_percent, 0.1) / 100.0) + 17.62 * self.temperature_c / (
            243.12 + self.temperature_c
        )
        return 243.12 * gamma / (17.62 - gamma)


@dataclass(frozen=True)
class Climate:
    """What is usual at a site (the defaults suit a dry mountain at 2800 m)."""

    temperature_c: float = 9.0
    diurnal_amplitude_c: float = 4.5
    humidity_percent: float = 38.0
    pressure_hpa: float = 728.0
    wind_mps: float = 4.0
    clear_cloud_c: float = -26.0
    seeing_arcsec: float = 1.1
    ups_run_time_s: float = 1200.0


@dataclass(frozen=True)
class WeatherStory:
    """Conditions at any moment. `longitude_deg` sets the local solar hour (coolest near sunrise, warmest at 15 h)."""

    seed: int
    longitude_deg: float
    climate: Climate = Climate()
    events: Sequence[Event] = field(default_factory=tuple)

    def at(self, unix_s: float) -> Conditions:
        """The conditions at `unix_s`: fair weather changed by the events that run."""
        conditions = self._fair(unix_s)
        for event in self.events:
            conditions = _EFFECTS[event.kind](self, event, conditions, unix_s)
        return conditions

    def _fair(self, unix_s: float) -> Conditions:
        climate = self.climate
        solar_hour = ((unix_s / DAY_S + self.longitude_deg / 360.0) % 1.0) * 24.0
        warmth = math.cos((solar_hour - 15.0) / 12.0 * math.pi)
        temperature_c = (
            climate.temperature_c
            + climate.diurnal_amplitude_c * warmth
            + 1.5 * smooth(self.seed, "temperature", unix_s, 6 * 3600.0)
        )
        wind_mps = max(
            0.2, climate.wind_mps * (1.0 + 0.4 * smooth(self.seed, "wind", unix_s, 3600.0)) + 0.8 * self._turn(unix_s)
        )
        return Conditions(
            temperature_c=temperature_c,
            humidity_percent=climate.humidity_percent
            - 8.0 * warmth
            + 9.0 * smooth(self.seed, "humidity", unix_s, 2.5 * 3600.0),
            pressure_hpa=climate.pressure_hpa + 2.0 * smooth(self.seed, "pressure", unix_s, 12 * 3600.0),
            wind_mps=wind_mps,
            gust_mps=wind_mps * (1.25 + 0.2 * abs(smooth(self.seed, "gust", unix_s, 45.0))),
            wind_direction_deg=(240.0 + 70.0 * smooth(self.seed, "direction", unix_s, 2 * 3600.0)) % 360.0,
            rain=False,
            cloud_c=climate.clear_cloud_c + 1.5 * smooth(self.seed, "cloud", unix_s, 1800.0),
            seeing_arcsec=climate.seeing_arcsec * (1.0 + 0.25 * smooth(self.seed, "seeing", unix_s, 1500.0)),
            extinction_mag=0.0,
            mains=True,
            ups_percent=100.0,
            door_open=False,
        )

    def _turn(self, unix_s: float) -> float:
        return smooth(self.seed, "turbulence", unix_s, 60.0)

    # What each kind of event does. Blends go from fair weather to the event's peak by its strength.

    def _rain(self, event: Event, fair: Conditions, unix_s: float) -> Conditions:
        wet = self._humid(event, fair, unix_s)
        cloudy = self._cloud(replace(event, peak=-2.0), wet, unix_s)
        return replace(cloudy, rain=fair.rain or event.running(unix_s))

    def _wind_storm(self, event: Event, fair: Conditions, unix_s: float) -> Conditions:
        wind_mps = max(fair.wind_mps, _blend(fair.wind_mps, _peak(event), event.strength(unix_s)))
        wind_mps += 1.2 * self._turn(unix_s) * event.strength(unix_s)
        gust_factor = 1.3 + 0.2 * abs(smooth(self.seed, "gust", unix_s, 45.0))
        return replace(fair, wind_mps=wind_mps, gust_mps=max(fair.gust_mps, wind_mps * gust_factor))

    def _humid(self, event: Event, fair: Conditions, unix_s: float) -> Conditions:
        humidity = _blend(fair.humidity_percent, _peak(event), event.strength(unix_s))
        return replace(fair, humidity_percent=min(100.0, max(fair.humidity_percent, humidity)))

    def _cloud(self, event: Event, fair: Conditions, unix_s: float) -> Conditions:
        strength = event.strength(unix_s)
        cloud_c = max(fair.cloud_c, _blend(fair.cloud_c, _peak(event), strength))
        opaque = max(0.0, (cloud_c - fair.cloud_c) / 8.0)  # about 3 mag under a full overcast
        return replace(fair, cloud_c=cloud_c, extinction_mag=fair.extinction_mag + opaque)

    def _mains_failure(self, event: Event, fair: Conditions, unix_s: float) -> Conditions:
        since_s = unix_s - event.start_unix_s
        if since_s < 0:
            return fair
        drained = 100.0 * min(since_s, event.duration_s) / self.climate.ups_run_time_s
        charged = 100.0 * max(0.0, since_s - event.duration_s) / (3.0 * self.climate.ups_run_time_s)
        level = min(100.0, max(0.0, 100.0 - drained) + charged)
        return replace(fair, mains=fair.mains and not event.running(unix_s), ups_percent=min(fair.ups_percent, level))

    def _door(self, event: Event, fair: Conditions, unix_s: float) -> Conditions:
        return replace(fair, door_open=fair.door_open or event.running(unix_s))


_EFFECTS = {
    EventKind.RAIN: WeatherStory._rain,
    EventKind.WIND_STORM: WeatherStory._wind_storm,
    EventKind.HUMIDITY: WeatherStory._humid,
    EventKind.CLOUD: WeatherStory._cloud,
    EventKind.MAINS_FAILURE: WeatherStory._mains_failure,
    EventKind.DOOR_OPEN: WeatherStory._door,
}


@dataclass(frozen=True)
class Instrument:
    """One station's sensors: each has a small constant error of its own and a little noise at every sample."""

    name: str
    seed: int
    sample_period_s: float = 2.0

    def sample(self, story: WeatherStory, unix_s: float) -> tuple[float, Conditions]:
        """(time of the newest sample, what the sensors read then)."""
        taken_unix_s = math.floor(unix_s / self.sample_period_s) * self.sample_period_s
        true = story.at(taken_unix_s)

        def read(quantity: str, value: float, bias: float, noise: float) -> float:
            constant = bias * gaussian(self.seed, self.name, quantity)
            return value + constant + noise * gaussian(self.seed, self.name, quantity, taken_unix_s)

        wind_mps = max(0.0, read("wind", true.wind_mps, 0.2, 0.15))
        return taken_unix_s, replace(
            true,
            temperature_c=read("temperature", true.temperature_c, 0.15, 0.03),
            humidity_percent=min(100.0, max(0.0, read("humidity", true.humidity_percent, 0.8, 0.15))),
            pressure_hpa=read("pressure", true.pressure_hpa, 0.2, 0.03),
            wind_mps=wind_mps,
            gust_mps=max(wind_mps, read("gust", true.gust_mps, 0.2, 0.2)),
            wind_direction_deg=read("direction", true.wind_direction_deg, 3.0, 2.0) % 360.0,
            cloud_c=read("cloud", true.cloud_c, 0.4, 0.2),
        )


def _peak(event: Event) -> float:
    return DEFAULT_PEAK[event.kind] if event.peak is None else event.peak


def _blend(fair: float, peak: float, strength: float) -> float:
    return fair + (peak - fair) * strength
