"""How kombu learns of the transport."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from kombu.transport import TRANSPORT_ALIASES

from embedded_broker.files import BrokerFiles

SCHEME = "embedded"


def register() -> None:
    """Make kombu understand `embedded:////absolute/path/broker.sqlite3`. Calling it again does nothing."""
    TRANSPORT_ALIASES[SCHEME] = "embedded_broker.transport:Transport"


def broker_url(path: str | Path) -> str:
    """The URL of the broker whose file is `path`, an absolute path; raises `BadBrokerAddress`."""
    return f"{SCHEME}:///{quote(str(BrokerFiles.at(path).database))}"
