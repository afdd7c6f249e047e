"""Running the front door as people do: as a process, with a configuration of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyros.addresses import PLACES
from pyros.config import ROOT

PATIENCE_S = 90


@dataclass
class Front:
    """A site: a folder with a `pyros.toml`."""

    folder: Path
    web_port: int
    first_port: int

    @property
    def data(self) -> Path:
        return self.folder / "var"

    def configure(self, text: str) -> None:
        (self.folder / "pyros.toml").write_text(text)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m pyros.front COMMAND …` with this site's configuration."""
        environment = {k: v for k, v in os.environ.items() if k not in {"PYROS_CONFIG", "DJANGO_SETTINGS_MODULE"}}
        return subprocess.run(
            [sys.executable, "-m", "pyros.front", command, "--config", str(self.folder / "pyros.toml"), *arguments],
            capture_output=True, text=True, timeout=PATIENCE_S, cwd=ROOT, env=environment, check=False,
        )  # fmt: skip


def free_ports(number: int) -> int:
    """The first of so many consecutive free ports."""
    for first in range(21000 + os.getpid() % 20000, 65000, number):
        try:
            for port in range(first, first + number):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise OSError("no free ports")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """A site with free ports and all else by default; whatever it still runs is stopped afterwards."""
    first = free_ports(len(PLACES) + 1)
    site = Front(tmp_path, first, first + 1)
    site.configure(f"[web]\nport = {site.web_port}\n[devices]\nfirst_port = {site.first_port}\n")
    yield site
    if (site.data / "run" / "watcher.json").exists():
        site.run("stop")
