"""Real notices for demonstrations and for the “send a test alert” button, taken from the installed voevent-parse."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

_PACKAGE = "voeventparse.fixtures"


@dataclass(frozen=True)
class Sample:
    """A notice and the name of its file."""

    name: str
    raw: bytes


def samples() -> list[Sample]:
    """The Swift notices that voevent-parse carries, by name: a BAT position and an XRT position.

    Empty when that package is not installed or carries none.
    """
    try:
        folder = files(_PACKAGE)
    except ModuleNotFoundError:
        return []
    found = [entry for entry in folder.iterdir() if entry.name.startswith("SWIFT") and entry.name.endswith(".xml")]
    return [Sample(entry.name, entry.read_bytes()) for entry in sorted(found, key=lambda entry: entry.name)]
