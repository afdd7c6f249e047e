"""The tables and keys of `pyros.toml`, their types, defaults and limits.

One dataclass a table, one field a key; a field's metadata says what is allowed and what the key means,
and `docs/reference/configuration.md` and the written file are made from the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def key(
    default: Any, help_text: str, *, choices: tuple[str, ...] = (), low: float | None = None, high: float | None = None
) -> Any:
    """A key with its default, the sentence that explains it, and what values it may take."""
    metadata = {"help": help_text, "choices": choices, "low": low, "high": high}
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def port(default: int, help_text: str) -> Any:
    """A TCP port (1 to 65535)."""
    return key(default, help_text, low=1, high=65535)


@dataclass(frozen=True)
class Observatory:
    """[observatory]"""

    data_folder: str = key("var", "where database, images, logs and products live; relative to this file")
    fixture: str = key("san_pedro_martir", "the observatory loaded into a new database, a name in fixtures/")


@dataclass(frozen=True)
class Database:
    """[database]"""

    engine: str = key("sqlite", "sqlite needs no server; mariadb for production", choices=("sqlite", "mariadb"))
    host: str = key("127.0.0.1", "MariaDB's host")
    port: int = port(3306, "MariaDB's port")
    name: str = key("pyros", "MariaDB's database name")
    user: str = key("pyros", "MariaDB's user; its password stands in secrets.toml")


@dataclass(frozen=True)
class Broker:
    """[broker]"""

    kind: str = key("embedded", "embedded needs no server; rabbitmq for production", choices=("embedded", "rabbitmq"))
    host: str = key("127.0.0.1", "RabbitMQ's host")
    port: int = port(5672, "RabbitMQ's port")
    user: str = key("guest", "RabbitMQ's user; its password stands in secrets.toml")
    virtual_host: str = key("/", "RabbitMQ's virtual host")
    queue_prefix: str = key("pyros.", "begins the names of our queues, so that others may share the broker")


@dataclass(frozen=True)
class Web:
    """[web]"""

    host: str = key("127.0.0.1", "address the web server listens on; anything else than loopback is your decision")
    port: int = port(8000, "port the web server listens on")
    allowed_hosts: list[str] = key(["127.0.0.1", "localhost", "[::1]"], "host names the pages may be asked by")


@dataclass(frozen=True)
class Log:
    """[log]"""

    level: str = key("INFO", "least level that is written", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    keep_files: int = key(14, "rotated log files kept per process", low=1, high=1000)
    file_size_mb: int = key(20, "size at which a log file is rotated, in MB", low=1, high=10000)


@dataclass(frozen=True)
class ClockTable:
    """[clock]"""

    kind: str = key("real", "real, or shared: the clock file of a simulation", choices=("real", "shared"))
    file: str = key("run/clock", "the shared clock's file; relative to the data folder")


@dataclass(frozen=True)
class Devices:
    """[devices]"""

    simulated: bool = key(True, "start the simulators and talk to them instead of real devices")
    scenario: str = key("clear", "the simulators' scenario, a name in simulators/scenarios/")
    seed: int = key(1, "seed of the simulated weather and noise", low=0, high=2**31)
    first_port: int = port(5600, "first of the consecutive ports of the simulators")


@dataclass(frozen=True)
class Alerts:
    """[alerts]"""

    vtp_brokers: list[str] = key([], "VOEvent brokers to subscribe to, as host:port")
    local_ivorn: str = key("ivo://pyros/gft", "the name this observatory gives itself in VTP")


@dataclass(frozen=True)
class Analysis:
    """[analysis]"""

    catalogue_url: str = key(
        "", "an IVOA Simple Cone Search address; empty: the simulated sky's where devices are simulated, else none"
    )


@dataclass(frozen=True)
class Night:
    """[night]"""

    operating_mode: str = key("AUTOMATIC", "mode after a start", choices=("OFF", "MANUAL", "STANDBY", "AUTOMATIC"))
    arm_before_night_s: float = key(120.0, "nothing is armed earlier than this before the night, s", low=0, high=3600)
    finish_if_left_s: float = key(
        0.0, "an exposure with less than this left is finished before an alert's slew, s", low=0, high=600
    )
    switch_interval_s: float = key(
        300.0, "least time between two switches from one burst to another, s", low=0, high=7200
    )


@dataclass(frozen=True)
class Development:
    """[development]"""

    enabled: bool = key(False, "development mode: debug pages, auto-reload of the web server")
    clock_speed: float = key(
        1.0, "speed of the clock under `start` in development mode, times real", low=0.001, high=100000
    )


@dataclass(frozen=True)
class Config:
    """The whole of `pyros.toml`; every table and key may be left out."""

    observatory: Observatory = field(default_factory=Observatory)
    database: Database = field(default_factory=Database)
    broker: Broker = field(default_factory=Broker)
    web: Web = field(default_factory=Web)
    log: Log = field(default_factory=Log)
    clock: ClockTable = field(default_factory=ClockTable)
    devices: Devices = field(default_factory=Devices)
    alerts: Alerts = field(default_factory=Alerts)
    analysis: Analysis = field(default_factory=Analysis)
    night: Night = field(default_factory=Night)
    development: Development = field(default_factory=Development)
