"""The folder of one simulation: its own configuration, secrets, database and data, never the real observatory's."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pyros.addresses import PLACES
from pyros.config import Config, Secrets
from pyros.config.writing import document, toml


@dataclass(frozen=True)
class Ports:
    """Free ports of this machine for one simulation."""

    devices_first: int
    vtp_receive: int
    vtp_broadcast: int


def free_ports(wanted_first: int) -> Ports:
    """A consecutive row of free ports for the simulators and two more, from `wanted_first` up."""
    needed = len(PLACES) + 2
    for first in range(wanted_first, 65000 - needed, needed):
        if all(_free(first + place) for place in range(needed)):
            return Ports(first, first + len(PLACES), first + len(PLACES) + 1)
    raise OSError("no consecutive free ports were found on 127.0.0.1")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def simulation_database(config: Config) -> str:
    """The database of simulations on a server; made anew for each of them."""
    return f"{config.database.name}_simulation"


def make(
    folder: Path, config: Config, main_secrets: Secrets, *, night: date, scenario: str, seed: int, ports: Ports
) -> Path:
    """Write the configuration of a simulation; returns its file."""
    folder.mkdir(parents=True)
    changes: dict[str, dict[str, Any]] = {
        "observatory": {"data_folder": "data", "fixture": config.observatory.fixture},
        "web": {"host": config.web.host, "port": config.web.port, "allowed_hosts": config.web.allowed_hosts},
        "log": {"level": config.log.level},
        "database": {**vars(config.database), "name": simulation_database(config)},
        "broker": {**vars(config.broker), "queue_prefix": "pyros-simulation."},
        "clock": {"kind": "shared"},
        "devices": {"simulated": True, "scenario": scenario, "seed": seed, "first_port": ports.devices_first},
        "alerts": {"vtp_brokers": [f"127.0.0.1:{ports.vtp_broadcast}"]},
    }
    path = folder / "pyros.toml"
    path.write_text(f"# The simulated night {night.isoformat()}, seed {seed}\n{document(changes)}", encoding="utf-8")
    secret = folder / "secrets.toml"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as handle:
        handle.write(f'django_secret_key = "{secrets.token_urlsafe(48)}"\n')
        handle.write(f"database_password = {toml(main_secrets.database_password)}\n")
        handle.write(f"broker_password = {toml(main_secrets.broker_password)}\n")
    return path
