"""Where things listen when the devices are simulated: consecutive ports from `[devices] first_port`."""

from __future__ import annotations

from pyros import current

PLACES = (
    "mount",
    "dome",
    "plc",
    "weather1",
    "weather2",
    "vis1",
    "vis2",
    "nir",
    "focuser",
    "sky",
    "catalogue",
    "control",
)
"""The simulators in the order of their ports."""


def simulated_port(name: str) -> int:
    """The port of a simulator."""
    return current.config().devices.first_port + PLACES.index(name)


def catalogue_address() -> str:
    """The cone-search service in use; empty where there is none."""
    configured = current.config().analysis.catalogue_url
    if configured or not current.config().devices.simulated:
        return configured
    return f"http://127.0.0.1:{simulated_port('catalogue')}/scs"
