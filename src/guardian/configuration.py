"""The guardian's configuration file: where the devices are, what decides, which files are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ephemeris import Site
from guardian.errors import ConfigurationError
from guardian.policy import Policy, Source
from guardian.vocabulary import Role
from pyros.clock import Clock, RealClock, SharedClock

EXAMPLE: Mapping[str, object] = {
    "clock": {"kind": "real"},
    "site": {
        "name": "San Pedro Martir",
        "latitude_deg": 31.044,
        "longitude_deg": -115.464,
        "elevation_m": 2800,
    },
    "plc": {"name": "plc", "host": "127.0.0.1", "port": 7010, "role": "required"},
    "weather_stations": [
        {"name": "west", "host": "127.0.0.1", "port": 7011, "role": "redundant"},
        {"name": "east", "host": "127.0.0.1", "port": 7012, "role": "redundant"},
    ],
    "mount": {"name": "mount", "host": "127.0.0.1", "port": 7001},
    "limits": {"stale_after_s": 60, "rules": {"wind": {"close_at": 15, "clear_at": 12}}, "close_without_park": True},
    "status_path": "run/guardian.json",
    "events_path": "run/guardian-events.jsonl",
    "request_path": "run/guardian-request.json",
}

_KEYS = frozenset(EXAMPLE)
_NEEDED = _KEYS - {"weather_stations", "mount", "limits", "clock"}
_ADDRESS_KEYS = frozenset({"name", "host", "port"})
_STATION_KEYS = _ADDRESS_KEYS | {"role", "must_give"}
_PLC_GIVES = ("rain", "wind_mps", "humidity_percent", "mains")


@dataclass(frozen=True, slots=True)
class Address:
    """A device on the network."""

    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the process is told."""

    clock: Mapping[str, object]
    site: Site
    plc: Address
    stations: tuple[Address, ...]
    mount: Address | None
    policy: Policy
    status_path: Path
    events_path: Path
    request_path: Path

    def make_clock(self) -> Clock:
        """The clock that is configured: `{"kind": "real"}` or `{"kind": "shared", "path": FILE}`.

        Raises ConfigurationError for another kind, FileNotFoundError while a shared clock has no file.
        """
        kind = self.clock.get("kind")
        if kind == "real":
            return RealClock()
        path = self.clock.get("path")
        if kind == "shared" and isinstance(path, str):
            return SharedClock(Path(path))
        remedy = 'give {"kind": "real"} or {"kind": "shared", "path": FILE}'
        raise ConfigurationError("clock", dict(self.clock), remedy)


def load(path: Path) -> Configuration:
    """Read a configuration file. Raises ConfigurationError for what makes no sense, OSError for no file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(str(path), "its text", f"is not JSON: {error}") from None
    return parse(document)


def parse(document: object) -> Configuration:
    """A configuration from its JSON document; see EXAMPLE. Raises ConfigurationError naming field, value, remedy."""
    top = _object("configuration", document)
    for key in top:
        if key not in _KEYS:
            raise ConfigurationError(key, top[key], f"unknown; known are {', '.join(sorted(_KEYS))}")
    for key in sorted(_NEEDED):
        if key not in top:
            raise ConfigurationError(key, None, "is needed; see python -m guardian --example")
    plc, plc_source = _station("plc", top["plc"], "plc", _PLC_GIVES)
    stations = top.get("weather_stations", [])
    if not isinstance(stations, list):
        raise ConfigurationError("weather_stations", stations, "give a list of stations")
    parsed = [_station(f"weather_stations[{index}]", item, None, None) for index, item in enumerate(stations)]
    mount = top.get("mount")
    return Configuration(
        clock=_object("clock", top.get("clock", {"kind": "real"})),
        site=_site(top["site"]),
        plc=plc,
        stations=tuple(address for address, _ in parsed),
        mount=None if mount is None else _address("mount", _object("mount", mount), "mount"),
        policy=Policy.from_dict(
            _object("limits", top.get("limits", {})), (plc_source, *(source for _, source in parsed))
        ),
        status_path=_path("status_path", top["status_path"]),
        events_path=_path("events_path", top["events_path"]),
        request_path=_path("request_path", top["request_path"]),
    )


def _object(field: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(field, value, "give a JSON object")
    return value


def _path(field: str, value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(field, value, "give the path of a file")
    return Path(value)


def _site(value: object) -> Site:
    item = _object("site", value)
    numbers = {}
    for key in ("latitude_deg", "longitude_deg", "elevation_m"):
        number = item.get(key)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ConfigurationError(f"site.{key}", number, "give a number")
        numbers[key] = float(number)
    try:
        return Site(str(item.get("name", "observatory")), **numbers)
    except ValueError as error:
        raise ConfigurationError("site", dict(item), str(error)) from None


def _address(field: str, item: Mapping[str, object], name: str | None, keys: frozenset[str] = _ADDRESS_KEYS) -> Address:
    for key in item:
        if key not in keys:
            raise ConfigurationError(f"{field}.{key}", item[key], f"unknown; known are {', '.join(sorted(keys))}")
    name_given = item.get("name", name)
    if not isinstance(name_given, str) or not name_given:
        raise ConfigurationError(f"{field}.name", name_given, "give a name")
    host = item.get("host", "127.0.0.1")
    if not isinstance(host, str) or not host:
        raise ConfigurationError(f"{field}.host", host, "give a host name or address")
    port = item.get("port")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise ConfigurationError(f"{field}.port", port, "give a port from 1 to 65535")
    return Address(name_given, host, port)


def _station(field: str, value: object, name: str | None, must_give: tuple[str, ...] | None) -> tuple[Address, Source]:
    item = _object(field, value)
    address = _address(field, item, name, _STATION_KEYS)
    role = item.get("role", str(Role.REQUIRED))
    if role not in tuple(Role):
        raise ConfigurationError(f"{field}.role", role, f"give one of {', '.join(Role)}")
    given = item.get("must_give")
    if given is not None:
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise ConfigurationError(f"{field}.must_give", given, "give a list of quantities")
        must_give = tuple(given)
    if must_give is None:
        return address, Source(address.name, Role(str(role)))
    return address, Source(address.name, Role(str(role)), must_give)
