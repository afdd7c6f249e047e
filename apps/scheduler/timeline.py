"""A night as a drawing: what was planned, what was done, twilight and alerts on one axis of UTC. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

WIDTH_PX = 1160
LEFT_PX = 78
TOP_PX = 20
LANE_PX = 58
GAP_PX = 8
LETTER_PX = 6.2
"""Width of a letter of the labels, nearly."""
NARROWEST_PX = 10.0
"""A narrower slot has no label; its title still has."""


@dataclass(frozen=True)
class Slot:
    """Something that lasts: a planned row or a run. `kind` is its style: planned, done, active, interrupted, failed."""

    lane: str
    start: datetime
    end: datetime
    label: str
    title: str
    kind: str = "planned"
    url: str = ""
    own: bool = False


@dataclass(frozen=True)
class Mark:
    """A moment: an alert."""

    at: datetime
    title: str
    url: str = ""


@dataclass(frozen=True)
class Twilight:
    """When the Sun passes the horizon, −6° and −12° (None: it does not)."""

    sunset: datetime | None = None
    civil_dusk: datetime | None = None
    nautical_dusk: datetime | None = None
    nautical_dawn: datetime | None = None
    civil_dawn: datetime | None = None
    sunrise: datetime | None = None


@dataclass(frozen=True)
class Box:
    """A rectangle with its text, px."""

    x: float
    y: float
    width: float
    height: float
    css: str
    label: str = ""
    title: str = ""
    url: str = ""
    text_x: float = 0.0
    text_y: float = 0.0
    upright: bool = False
    """The label is written upwards, because the slot is narrower than it."""


@dataclass(frozen=True)
class Line:
    """A vertical line with its text, px."""

    x: float
    label: str = ""
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class Timeline:
    """What the template draws."""

    width: int
    height: int
    top: int
    bottom: int
    bands: list[Box] = field(default_factory=list)
    ticks: list[Line] = field(default_factory=list)
    lanes: list[Box] = field(default_factory=list)
    slots: list[Box] = field(default_factory=list)
    marks: list[Line] = field(default_factory=list)
    now: Line | None = None


def draw(
    start: datetime,
    end: datetime,
    *,
    lanes: Iterable[str],
    slots: Iterable[Slot],
    marks: Iterable[Mark] = (),
    twilight: Twilight | None = None,
    now: datetime | None = None,
) -> Timeline:
    """The drawing of a span of time.

    Args:
        lanes: names of the rows from top to bottom; slots of other lanes are left out.

    Raises:
        ValueError: `end` is not after `start`.
    """
    if end <= start:
        raise ValueError(f"a timeline from {start} to {end} has no length")
    span_s = (end - start).total_seconds()

    def x(moment: datetime) -> float:
        share = (min(max(moment, start), end) - start).total_seconds() / span_s
        return round(LEFT_PX + share * (WIDTH_PX - LEFT_PX - 8), 1)

    places = {name: TOP_PX + GAP_PX + row * (LANE_PX + GAP_PX) for row, name in enumerate(lanes)}
    bottom = TOP_PX + GAP_PX + len(places) * (LANE_PX + GAP_PX)
    return Timeline(
        width=WIDTH_PX,
        height=bottom + 20,
        top=TOP_PX,
        bottom=bottom,
        bands=[
            Box(x(a), TOP_PX, round(x(b) - x(a), 1), bottom - TOP_PX, css, title=title)
            for a, b, css, title in _bands(start, end, twilight or Twilight())
        ],
        ticks=[Line(x(hour), f"{hour:%H:%M}") for hour in _hours(start, end)],
        lanes=[Box(0, y + LANE_PX / 2 + 4, 0, 0, "", name) for name, y in places.items()],
        slots=[
            _slot(slot, places[slot.lane], x)
            for slot in slots
            if slot.lane in places and slot.end > start and slot.start < end
        ],
        marks=[Line(x(mark.at), title=mark.title, url=mark.url) for mark in marks if start <= mark.at <= end],
        now=Line(x(now), "now") if now is not None and start <= now <= end else None,
    )


def _slot(slot: Slot, y: int, x) -> Box:  # type: ignore[no-untyped-def]
    left, right = x(slot.start), x(slot.end)
    width = max(2.0, round(right - left, 1))
    css = f"slot {slot.kind}{' own' if slot.own else ''}"
    upright = width < len(slot.label) * LETTER_PX + 8
    room_px = LANE_PX if upright else width
    letters = int((room_px - 8) / LETTER_PX) if width >= NARROWEST_PX else 0
    label = slot.label if len(slot.label) <= letters else f"{slot.label[: letters - 1]}…" if letters > 2 else ""
    text_x, text_y = (
        (round(left + width / 2 + 3.5, 1), y + LANE_PX - 5) if upright else (round(left + 5, 1), y + LANE_PX / 2 + 4)
    )
    return Box(left, y, width, LANE_PX, css, label, slot.title, slot.url, text_x, text_y, upright)


def _bands(start: datetime, end: datetime, sun: Twilight) -> list[tuple[datetime, datetime, str, str]]:
    """The parts of the span by the Sun's height, from the moments that are known."""
    steps = [
        (sun.sunset, "civil", "civil twilight"),
        (sun.civil_dusk, "nautical", "nautical twilight"),
        (sun.nautical_dusk, "night", "night"),
        (sun.nautical_dawn, "nautical", "nautical twilight"),
        (sun.civil_dawn, "civil", "civil twilight"),
        (sun.sunrise, "day", "day"),
    ]
    known = [(at, css, title) for at, css, title in steps if at is not None]
    if not known:
        return []
    bands, css, title, begin = [], "day", "day", start
    for at, next_css, next_title in known:
        if begin < at:
            bands.append((begin, min(at, end), f"band {css}", title))
        css, title, begin = next_css, next_title, max(at, start)
    if begin < end:
        bands.append((begin, end, f"band {css}", title))
    return [band for band in bands if band[1] > band[0]]


def _hours(start: datetime, end: datetime) -> list[datetime]:
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    count = int((end - first).total_seconds() // 3600) + 1
    return [first + timedelta(hours=n) for n in range(max(0, count))]
