"""The way of a burst through the house as a waterfall of stages, read from the journal.

Up to “received” only dates are known (the satellite's clock, the mission's, ours); from there on the machine's
monotonic clock tells true latencies, however fast the observatory's clock runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

STAGES = (
    "trigger", "notice sent", "received", "parsed", "decided", "slew ordered", "on target", "first exposure",
    "first image stored", "first candidates",
)  # fmt: skip
"""The stages in their order; the first three by dates, the others by the monotonic clock."""


class Told(Protocol):
    """What is needed of a journal entry."""

    @property
    def verb(self) -> str: ...
    @property
    def monotonic_ns(self) -> int: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Stage:
    """One stage. Times are None where it has not happened (or nobody told).

    `since_received_ms`: real time from the last byte of the notice; negative before it (then by dates).
    `step_ms`: since the latest stage before it that is known.
    """

    name: str
    since_received_ms: float | None = None
    step_ms: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether it happened."""
        return self.since_received_ms is not None

    @property
    def before_received_s(self) -> float | None:
        """How long before the receipt it was, s."""
        return -self.since_received_ms / 1000 if self.since_received_ms is not None else None


def waterfall(
    entries: Iterable[Told], *, trigger: datetime | None, sent: datetime | None, received: datetime | None
) -> list[Stage]:
    """Every stage of one alert from its journal entries (in the order of their ids).

    Args:
        entries: those of the alert, its notices, its runs and their images; of each verb the first counts.
        trigger, sent, received: dates of the burst, of the first notice and of its receipt.
    """
    first: dict[str, Told] = {}
    for entry in entries:
        first.setdefault(entry.verb, entry)
    notice = first.get("notice.received")
    received_ns = _number(notice, "received_ns") if notice else None
    moments_ns = {
        "received": received_ns,
        "parsed": _number(notice, "parsed_ns"),
        "decided": _number(first.get("alert.decided"), "decided_ns"),
        "slew ordered": _number(first.get("run.slew_ordered"), "ordered_ns"),
        "on target": _moment(first.get("run.on_target")),
        "first exposure": _moment(first.get("image.exposing")),
        "first image stored": _moment(first.get("image.stored")),
        "first candidates": _moment(first.get("alert.candidates_found")),
    }
    since_ms: dict[str, float | None] = {
        name: (ns - received_ns) / 1e6 if ns is not None and received_ns is not None else None
        for name, ns in moments_ns.items()
    }
    for name, date in (("trigger", trigger), ("notice sent", sent)):
        since_ms[name] = (date - received).total_seconds() * 1000 if date is not None and received is not None else None
    stages, before_ms = [], None
    for name in STAGES:
        at_ms = since_ms[name]
        stages.append(Stage(name, at_ms, at_ms - before_ms if at_ms is not None and before_ms is not None else None))
        before_ms = at_ms if at_ms is not None else before_ms
    return stages


@dataclass(frozen=True)
class Bar:
    """A stage as it is drawn: a bar from the stage before it, on a logarithmic axis (px)."""

    stage: Stage
    x: float
    width: float
    y: int


ROW_PX = 22
LABEL_PX = 130
AXIS_PX = 470


def bars(stages: list[Stage]) -> list[Bar]:
    """The known stages after “received” as bars.

    Stages last from milliseconds to minutes, so lengths are log10(1 + ms).
    """
    later = [s for s in stages[STAGES.index("parsed") :] if s.since_received_ms is not None]
    longest = max((_log(s.since_received_ms) for s in later), default=0.0) or 1.0
    drawn, begin = [], 0.0
    for row, stage in enumerate(later):
        end = AXIS_PX * _log(stage.since_received_ms) / longest
        left = min(begin, end)
        drawn.append(Bar(stage, round(LABEL_PX + left, 1), round(max(2.0, end - left), 1), row * ROW_PX))
        begin = end
    return drawn


def _log(milliseconds: float | None) -> float:
    return math.log10(1.0 + max(0.0, milliseconds or 0.0))


def _moment(entry: Told | None) -> int | None:
    return entry.monotonic_ns if entry is not None else None


def _number(entry: Told | None, name: str) -> int | None:
    value = entry.data.get(name) if entry is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
