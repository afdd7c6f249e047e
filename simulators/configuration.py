"""The configuration file of the simulators: read, checked, and turned into a world and its devices."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from ephemeris import Site
from pyros.clock import Clock, RealClock, SharedClock
from simulators import scenario
from simulators.devices.base import SimulatedDevice
from simulators.devices.camera import Camera, CameraDesign
from simulators.devices.exposure import Optics
from simulators.devices.focuser import Focuser
from simulators.devices.mount import Mount
from simulators.devices.peer import Peer
from simulators.devices.plc import Plc
from simulators.devices.roof import Roof, RoofDrive
from simulators.devices.sky import SkyServer
from simulators.devices.surroundings import Surroundings
from simulators.devices.weather import WeatherStation
from simulators.models.cooler import CoolerLimits
from simulators.models.focuser import FocuserLimits
from simulators.models.mount import MountLimits
from simulators.models.roof import RoofMotor
from simulators.models.weather import Climate, WeatherStory
from simulators.moments import Moments, tonight
from simulators.sky.detector import DetectorDesign
from simulators.sky.stars import StarField
from simulators.world import World

CONE_SEARCH, CONTROL = "cone_search", "control"
"""Kinds that are no devices: the catalogue over HTTP, and the control server that injects faults."""


T = TypeVar("T")


class ConfigurationError(ValueError):
    """A configuration that cannot be used: names the field, its value and the remedy."""


@dataclass(frozen=True)
class DeviceEntry:
    """One entry of `devices`: where it listens, and its own options."""

    name: str
    kind: str
    port: int
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Configuration:
    """Everything of the file but the clock's and the scenario's contents, which `world` resolves."""

    host: str
    clock: Mapping[str, Any]
    site: Site
    seed: int
    scenario: Mapping[str, Any]
    climate: Climate
    catalogue_limit_mag: float
    devices: Mapping[str, DeviceEntry]


def read(path: Path) -> Configuration:
    """The configuration of a file. Raises `ConfigurationError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror}: give a file made from `python -m simulators --example`"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"{path}: not readable as JSON: {error}") from None
    return parsed(content)


def parsed(content: Any) -> Configuration:
    """The configuration of a JSON object. Raises `ConfigurationError`."""
    if not isinstance(content, Mapping):
        raise ConfigurationError("configuration: write a JSON object")
    known = {"host", "clock", "site", "seed", "scenario", "climate", "catalogue_limit_mag", "devices"}
    if unknown := set(content) - known:
        raise ConfigurationError(f"{min(unknown)!r} is unknown: give some of {', '.join(sorted(known))}")
    for key in ("site", "devices"):
        if not isinstance(content.get(key), Mapping):
            raise ConfigurationError(f"{key!r} is missing or no object: see `python -m simulators --example`")
    try:
        return Configuration(
            host=str(content.get("host", "127.0.0.1")),
            clock=content.get("clock", {"kind": "real"}),
            site=Site(**content["site"]),
            seed=int(content.get("seed", 1)),
            scenario=scenario.load(content.get("scenario", "clear")),
            climate=_filled(Climate, content.get("climate", {}), "climate"),
            catalogue_limit_mag=float(content.get("catalogue_limit_mag", 20.0)),
            devices={name: _entry(name, options) for name, options in content["devices"].items()},
        )
    except (TypeError, ValueError) as error:
        raise ConfigurationError(str(error)) from None


def with_scenario(configuration: Configuration, source: str) -> Configuration:
    """The same with another scenario. Raises `ScenarioError`."""
    return replace(configuration, scenario=scenario.load(source))


def make_clock(options: Mapping[str, Any]) -> Clock:
    """The clock of `{"kind": "real"}` or `{"kind": "shared", "path": …}`. Raises `ConfigurationError`."""
    kind = options.get("kind")
    if kind == "real":
        return RealClock()
    if kind == "shared" and isinstance(options.get("path"), str):
        try:
            return SharedClock(Path(options["path"]))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"clock.path: {error}") from None
    raise ConfigurationError(
        f'clock is {dict(options)}: write {{"kind": "real"}} or {{"kind": "shared", "path": "FILE"}}'
    )


def make_world(configuration: Configuration, clock: Clock) -> tuple[World, scenario.Scenario, Moments]:
    """The world at this moment, and tonight's scenario. Raises `ConfigurationError`."""
    moments = tonight(configuration.site, clock.unix_s())
    try:
        story = scenario.resolved(configuration.scenario, moments)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    world = World(
        clock=clock,
        site=configuration.site,
        seed=configuration.seed,
        story=WeatherStory(
            configuration.seed, configuration.site.longitude_deg, configuration.climate, tuple(story.weather)
        ),
        stars=StarField(configuration.seed),
        transients=tuple(story.transients),
    )
    return world, story, moments


class Workshop:
    """Builds devices from entries. The roof's motor is made once and wired to the PLC that names the roof."""

    def __init__(self, configuration: Configuration, world: World, executor: Executor) -> None:
        self._configuration = configuration
        self._world = world
        self._executor = executor
        self._drives: dict[str, RoofDrive] = {}
        self._ports: dict[str, int] = {}

    def build(self, entry: DeviceEntry) -> SimulatedDevice:
        """The device of an entry. Raises `ConfigurationError`."""
        try:
            return _BUILDERS[entry.kind](self, entry, dict(entry.options))
        except (TypeError, ValueError, KeyError) as error:
            raise ConfigurationError(f"devices.{entry.name}: {error}") from None

    def runs_here(self, name: str, inner_port: int) -> None:
        """Note that a device listens in this process: cameras look at it directly, past any fault on its wire."""
        self._ports[name] = inner_port

    def peer(self, name: str) -> Peer:
        """The way to another device of the configuration."""
        entry = self._configuration.devices.get(name)
        if entry is None:
            raise ValueError(f"{name!r} is not one of the devices: {', '.join(self._configuration.devices)}")
        if name in self._ports:
            return Peer("127.0.0.1", self._ports[name])
        return Peer(self._configuration.host, entry.port)

    def _mount(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        error_arcsec = float(options.pop("pointing_error_arcsec", 4.0))
        return Mount(entry.name, self._world, _filled(MountLimits, options, entry.name), error_arcsec)

    def _camera(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        looks: dict[str, Peer] = {
            key: self.peer(str(options.pop(key)))
            for key in ("mount", "roof", "plc", "focuser", "sky")
            if key in options
        }
        optics = _taken(Optics, options)
        cooler = CoolerLimits(**options.pop("cooler", {}))
        own = {key: options.pop(key) for key in ("filters", "readout_s", "wheel_move_s") if key in options}
        options.setdefault("seed", self._configuration.seed * 1000 + sum(entry.name.encode()))
        design = CameraDesign(_filled(DetectorDesign, options, entry.name), optics, cooler=cooler, **own)
        surroundings = Surroundings(looks, tuple(self._world.transients))
        return Camera(entry.name, self._world, design, surroundings, self._executor)

    def _roof(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        options.pop("travel_s", None)  # the motor's, read where the motor is made
        if options:
            raise ValueError(f"unknown option {min(options)!r}: a dome takes travel_s alone")
        return Roof(entry.name, self._world, self._drive(entry.name))

    def _plc(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        roof = options.pop("roof", None)
        return Plc(entry.name, self._world, self._drive(str(roof)) if roof is not None else None, **options)

    def _weather(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        return WeatherStation(entry.name, self._world, **options)

    def _focuser(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        return Focuser(entry.name, self._world, _filled(FocuserLimits, options, entry.name))

    def _sky(self, entry: DeviceEntry, options: dict[str, Any]) -> SimulatedDevice:
        return SkyServer(entry.name, self._world, **options)

    def _drive(self, roof_name: str) -> RoofDrive:
        entry = self._configuration.devices.get(roof_name)
        if entry is None or entry.kind != "dome":
            raise ValueError(f"roof is {roof_name!r}: name a device of kind dome")
        if roof_name not in self._drives:
            travel_s = float(dict(entry.options).get("travel_s", 60.0))
            self._drives[roof_name] = RoofDrive(self._world, RoofMotor(travel_s))
        return self._drives[roof_name]


_BUILDERS: Mapping[str, Callable[[Workshop, DeviceEntry, dict[str, Any]], SimulatedDevice]] = {
    "telescope": Workshop._mount,
    "camera": Workshop._camera,
    "dome": Workshop._roof,
    "plc": Workshop._plc,
    "weather": Workshop._weather,
    "focuser": Workshop._focuser,
    "sky": Workshop._sky,
}
KINDS = (*_BUILDERS, CONE_SEARCH, CONTROL)


def chosen(configuration: Configuration, only: Sequence[str]) -> list[DeviceEntry]:
    """The entries to start, those that others need first: all, or those of `--only`; a PLC brings its roof along,
    because roof and PLC are one box of cables. Raises `ConfigurationError`."""
    names = list(only) or list(configuration.devices)
    for name in names:
        if name not in configuration.devices:
            raise ConfigurationError(f"--only {name}: no such device: give some of {', '.join(configuration.devices)}")
    for name in tuple(names):
        roof = configuration.devices[name].options.get("roof") if configuration.devices[name].kind == "plc" else None
        if roof is not None and roof not in names and roof in configuration.devices:
            names.append(roof)
    order = ("sky", "focuser", "telescope", "dome", "plc", "weather", "camera", CONE_SEARCH, CONTROL)
    return sorted((configuration.devices[name] for name in names), key=lambda entry: order.index(entry.kind))


def _entry(name: str, options: Any) -> DeviceEntry:
    if not isinstance(options, Mapping):
        raise ConfigurationError(f"devices.{name}: write an object with kind and port")
    kind, port = options.get("kind"), options.get("port", 0)
    if kind not in KINDS:
        raise ConfigurationError(f"devices.{name}.kind is {kind!r}: give one of {', '.join(KINDS)}")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ConfigurationError(f"devices.{name}.port is {port!r}: give 0 (any free one) to 65535")
    return DeviceEntry(name, kind, port, {key: value for key, value in options.items() if key not in ("kind", "port")})


def _filled(kind: type[T], options: Mapping[str, Any], where: str) -> T:
    """A dataclass from options, with a clear word about unknown ones."""
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(options) - known:
        raise ConfigurationError(f"{where}: {min(unknown)!r} is unknown: give some of {', '.join(sorted(known))}")
    return kind(**options)


def _taken(kind: type[T], options: dict[str, Any]) -> T:
    """A dataclass from those options that are its own, which are taken out of `options`."""
    names = [entry.name for entry in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: options.pop(name) for name in names if name in options})
