"""What the other processes ask of the guardian: mode, overrides, emergency stop. One small JSON file.

The other side calls `write`; the guardian reads the file anew each loop. A missing file or a lapsed mode means
STANDBY, which is closed. A file that makes no sense is ignored with an alarm, and what was asked before holds until
it lapses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from guardian.errors import RequestRejected
from guardian.files import write_whole
from guardian.overrides import Override
from guardian.readings import QUANTITIES
from guardian.vocabulary import OperatingMode

LONGEST_FILE_BYTES = 65_536
_KEYS = frozenset({"mode", "mode_valid_until_unix_s", "overrides", "emergency_stop", "opening_intent"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `opening_intent` says who is about to open and why, for the record; it changes no verdict."""

    mode: OperatingMode
    mode_valid_until_unix_s: float
    overrides: tuple[Override, ...] = ()
    emergency_stop: bool = False
    opening_intent: str | None = None


def write(
    path: Path,
    *,
    mode: OperatingMode,
    mode_valid_until_unix_s: float,
    overrides: Sequence[Override] = (),
    emergency_stop: bool = False,
    opening_intent: str | None = None,
) -> None:
    """Ask. Replaces the whole former request; give every field that shall go on holding.

    Raises RequestRejected for a request that the guardian would refuse, OSError when the file cannot be written.
    """
    document: dict[str, object] = {
        "mode": str(mode),
        "mode_valid_until_unix_s": mode_valid_until_unix_s,
        "overrides": [
            {
                "id": override.id,
                "source": override.source,
                "quantity": override.quantity,
                "valid_until_unix_s": override.valid_until_unix_s,
                "by": override.by,
                "reason": override.reason,
            }
            for override in overrides
        ],
        "emergency_stop": emergency_stop,
        "opening_intent": opening_intent,
    }
    parse(document)
    write_whole(path, document, durable=True)


def parse(document: object) -> Request:
    """A request from its JSON document. Raises RequestRejected naming field, value and remedy."""
    if not isinstance(document, Mapping):
        raise RequestRejected("request", document, "give a JSON object")
    for key in document:
        if key not in _KEYS:
            raise RequestRejected(str(key), document[key], f"unknown; known are {', '.join(sorted(_KEYS))}")
    word = document.get("mode")
    if word not in tuple(OperatingMode):
        raise RequestRejected("mode", word, f"give one of {', '.join(OperatingMode)}")
    stop = document.get("emergency_stop", False)
    if not isinstance(stop, bool):
        raise RequestRejected("emergency_stop", stop, "give true or false")
    intent = document.get("opening_intent")
    if intent is not None and not isinstance(intent, str):
        raise RequestRejected("opening_intent", intent, "give a sentence or null")
    overrides = document.get("overrides", [])
    if not isinstance(overrides, list):
        raise RequestRejected("overrides", overrides, "give a list")
    return Request(
        mode=OperatingMode(str(word)),
        mode_valid_until_unix_s=_date("mode_valid_until_unix_s", document.get("mode_valid_until_unix_s")),
        overrides=tuple(_override(index, item) for index, item in enumerate(overrides)),
        emergency_stop=stop,
        opening_intent=intent,
    )


def _date(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RequestRejected(field, value, "give seconds since 1970-01-01 UTC")
    return float(value)


def _override(index: int, item: object) -> Override:
    where = f"overrides[{index}]"
    if not isinstance(item, Mapping):
        raise RequestRejected(where, item, "give an object with id, source, quantity, valid_until_unix_s, by, reason")
    for field in ("id", "source", "by", "reason"):
        if not isinstance(item.get(field), str) or not item[field]:
            raise RequestRejected(f"{where}.{field}", item.get(field), "give a word")
    quantity = item.get("quantity")
    if quantity is not None and (quantity not in QUANTITIES or not QUANTITIES[quantity].overridable):
        allowed = ", ".join(name for name, known in QUANTITIES.items() if known.overridable)
        raise RequestRejected(f"{where}.quantity", quantity, f"may be overridden: {allowed}, or null for all of these")
    until = _date(f"{where}.valid_until_unix_s", item.get("valid_until_unix_s"))
    return Override(item["id"], item["source"], quantity, until, item["by"], item["reason"])


@dataclass(frozen=True, slots=True)
class ModeLease:
    """A mode and when it ends on the monotonic clock, so that no step of the date prolongs or ends it."""

    request: Request
    ends_s: float

    def mode(self, now_s: float) -> OperatingMode:
        """The mode that holds now; lapsed means STANDBY."""
        return self.request.mode if now_s < self.ends_s else OperatingMode.STANDBY


class RequestReader:
    """Follows the request file; `read` once a loop."""

    def __init__(self, path: Path, mode_longest_s: float) -> None:
        self._path = path
        self._mode_longest_s = mode_longest_s
        self._seen: bytes | None = None
        self._lease: ModeLease | None = None
        self.problem: str | None = None
        """Why the file is ignored; None when it is believed."""
        self.missing = True

    def read(self, now_s: float, now_unix_s: float) -> Request | None:
        """The request that holds, its mode replaced by STANDBY when lapsed; None when there is none."""
        try:
            with self._path.open("rb") as handle:
                content = handle.read(LONGEST_FILE_BYTES + 1)
        except FileNotFoundError:
            self._seen, self._lease, self.problem, self.missing = None, None, None, True
            return None
        except OSError as error:
            self.problem = f"{self._path} cannot be read: {error.strerror or error}"
            return self._held(now_s)
        self.missing = False
        if content != self._seen:
            self._seen = content
            self._take(content, now_s, now_unix_s)
        return self._held(now_s)

    def _take(self, content: bytes, now_s: float, now_unix_s: float) -> None:
        try:
            if len(content) > LONGEST_FILE_BYTES:
                raise RequestRejected("request", f"{len(content)} bytes or more", f"give at most {LONGEST_FILE_BYTES}")
            request = parse(json.loads(content))
        except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors, RequestRejected too
            self.problem = f"{self._path} is ignored: {error}"
            return
        self.problem = None
        lasts_s = min(request.mode_valid_until_unix_s - now_unix_s, self._mode_longest_s)
        self._lease = ModeLease(request, now_s + lasts_s)

    def _held(self, now_s: float) -> Request | None:
        if self._lease is None:
            return None
        return replace(self._lease.request, mode=self._lease.mode(now_s))
