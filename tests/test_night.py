"""Whole nights through the real processes, by the command that the README names."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyros.config import ROOT

pytestmark = [pytest.mark.night, pytest.mark.timeout(900)]


@pytest.fixture
def simulate(tmp_path: Path):
    """Run `simulate` in a data folder of its own; gives (exit code, report, everything that was printed)."""

    def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = tmp_path / "pyros.toml"
        config.write_text(f'[observatory]\ndata_folder = "data"\n[web]\nport = {port}\n')
        report = tmp_path / "report.json"
        command = [
            sys.executable,
            "-m",
            "pyros.front",
            "simulate",
            "--config",
            str(config),
            "--report",
            str(report),
            *arguments,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
        printed = done.stdout + done.stderr
        return done.returncode, json.loads(report.read_text()) if report.exists() else {}, printed

    return run


def broken(report: dict[str, Any]) -> list[Any]:
    """What did not hold."""
    return [row for row in report["invariants"] if not row["held"]] + report["problems"]


def test_a_routine_night_follows_its_burst_with_both_cameras_and_ends_well(simulate) -> None:
    code, report, printed = simulate("--night", "2026-11-20")
    assert report, printed
    assert broken(report) == [], printed
    assert code == 0, printed
    (alert,) = report["alerts"]
    assert alert["decision"]["code"] == "OBSERVE_NOW"
    assert alert["images"] >= 60  # the ladder of the fast strategy: 2 × 30 visible frames and 12 infrared ones
    assert set(report["images"]) == {"vis1", "vis2", "nir"}
    assert all(states["STORED"] > 0 for states in report["images"].values())
    assert report["sequences"]["COMPLETED"] >= 20
    assert sum(report["restarts"].values()) == 0
    assert any(name.endswith(".fits") for name in report["products"]["fsc"])
    assert any("super_bias" in name for name in report["products"]["gic"])


def test_a_night_in_which_every_process_is_killed_ends_well_with_nothing_done_twice_or_lost(simulate) -> None:
    code, report, printed = simulate("--night", "2026-11-20", "--scenario", "kills")
    assert report, printed
    assert broken(report) == [], printed
    assert code == 0, printed
    assert len(report["killed"]) == 12
    assert {row["process"] for row in report["killed"]} == {name for name, count in report["restarts"].items() if count}
    assert report["alerts"][0]["images"] > 0
