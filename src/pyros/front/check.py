"""`check`: configuration, disk, ports and services, with remedies."""

from __future__ import annotations

import argparse

from pyros import config as configuration
from pyros import current
from pyros.front import checks
from pyros.watcher.supervising import living, read_status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 when something is wrong."""
    findings = find()
    for finding in findings:
        print(f"{'WRONG' if finding.problem else 'ok':6}{finding.what}: {finding.problem or finding.detail}")
    return 1 if any(finding.problem for finding in findings) else 0


def find(*, pages_only: bool = False) -> list[checks.Finding]:
    """Every check that applies to the configuration (`pages_only`: to the web server alone)."""
    config = current.config()
    secrets = configuration.load_secrets(configuration.locate())
    findings = [
        checks.Finding("configuration", detail=str(configuration.locate())),
        checks.fixture(config),
        checks.writable_data_folder(current.data_folder()),
        checks.database(config, secrets),
        checks.broker(config),
    ]
    status = read_status(current.data_folder())
    if not any(living(row) for row in (status, *status.get("processes", []))):  # ours hold the ports otherwise
        findings += ports(config, pages_only=pages_only)
    return findings


def ports(config: configuration.Config, *, pages_only: bool = False) -> list[checks.Finding]:
    """Whether the ports that PyROS listens on are free."""
    found = [checks.free_port(config.web.host, config.web.port, "[web] port")]
    if config.devices.simulated and not pages_only:
        from pyros.addresses import PLACES

        first = config.devices.first_port
        found += [checks.free_port("127.0.0.1", first + place, "[devices] first_port") for place in range(len(PLACES))]
    return found
