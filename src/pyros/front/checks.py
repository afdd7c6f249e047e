"""Checks before a start: each finds one thing that would hurt later, and says it in a sentence with its remedy."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyros.config import ROOT, Config, Secrets
from pyros.front.errors import CannotDo

LEAST_FREE_BYTES = 1_000_000_000
ELSEWHERE = "or set [observatory] data_folder to another disk"


@dataclass(frozen=True)
class Finding:
    """The answer of one check. `problem` is empty when all is well; it names the remedy otherwise."""

    what: str
    problem: str = ""
    detail: str = ""


def require(findings: Iterable[Finding]) -> None:
    """Refuse to go on.

    Raises:
        CannotDo: with every problem, one a line.
    """
    problems = [finding.problem for finding in findings if finding.problem]
    if problems:
        raise CannotDo("\n".join(problems))


def writable_data_folder(folder: Path) -> Finding:
    """Whether the data folder is there (it is made), can be written to, and has room."""
    what = "data folder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as handle:
            handle.write(b"x" * 65536)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return Finding(
                what,
                f"no space is left on the disk of {folder}: make room, {ELSEWHERE}",
            )
        return Finding(
            what,
            f"the data folder {folder} can't be written to ({error.strerror}): give yourself the rights, {ELSEWHERE}",
        )
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding(
            what,
            f"only {free / 1e9:.2f} GB are free in {folder}, {LEAST_FREE_BYTES / 1e9:g} GB are needed: "
            f"make room, {ELSEWHERE}",
        )
    return Finding(what, detail=f"{folder}, {free / 1e9:.0f} GB free")


def fixture(config: Config) -> Finding:
    """Whether the observatory that a new database is filled with is there."""
    name = config.observatory.fixture
    if (ROOT / "fixtures" / f"{name}.toml").is_file():
        return Finding("observatory", detail=name)
    there = ", ".join(sorted(path.stem for path in (ROOT / "fixtures").glob("*.toml")))
    return Finding("observatory", f"there is no observatory {name} in fixtures/ ({there}): set [observatory] fixture")


def free_port(host: str, port: int, key: str) -> Finding:
    """Whether a port can be listened on; `key` is where it is configured."""
    what = f"port {port}"
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return Finding(
                    what, f"port {port} on {host} is in use by another program: stop it, or set {key} to another port"
                )
            return Finding(what, f"{host}:{port} can't be listened on ({error.strerror}): set {key}")
    return Finding(what, detail=f"{host}:{port} is free")


def database(config: Config, secrets: Secrets) -> Finding:
    """Whether the configured database server answers (SQLite needs none)."""
    table = config.database
    if table.engine == "sqlite":
        return Finding("database", detail="SQLite, no server needed")
    try:
        import MySQLdb
    except ImportError:
        return Finding(
            "database", "mysqlclient is not installed: ./install.py --mysql (needs gcc, pkg-config, libmariadb-dev)"
        )
    try:
        MySQLdb.connect(
            host=table.host, port=table.port, user=table.user, passwd=secrets.database_password, db=table.name
        ).close()
    except MySQLdb.Error as error:
        return Finding(
            "database",
            f"MariaDB at {table.host}:{table.port} refuses: {error.args[-1]}. Start it, create database and user "
            "(docs/operations.md), or set [database]",
        )
    return Finding("database", detail=f"MariaDB {table.name} at {table.host}:{table.port}")


def broker(config: Config) -> Finding:
    """Whether the configured message broker answers (the embedded one needs no server)."""
    table = config.broker
    if table.kind == "embedded":
        return Finding("broker", detail="embedded, no server needed")
    try:
        socket.create_connection((table.host, table.port), timeout=3).close()
    except OSError as error:
        return Finding(
            "broker", f"RabbitMQ at {table.host}:{table.port} does not answer ({error}): start it, or set [broker]"
        )
    return Finding("broker", detail=f"RabbitMQ at {table.host}:{table.port}")
