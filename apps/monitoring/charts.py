"""A measured quantity as a drawing: mean as a line, minimum to maximum as a band, limits as dashes. Pure geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

WIDTH_PX, HEIGHT_PX = 460, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 8, 18
GAP_PERIODS = 3
"""A pause of more than this many periods breaks the line: nothing was measured there."""


@dataclass(frozen=True)
class Point:
    """The values of one period."""

    time_s: float
    minimum: float
    mean: float
    maximum: float


@dataclass(frozen=True)
class Level:
    """A horizontal line with its text, px."""

    y: float
    label: str

    @property
    def text_y(self) -> float:
        """Where the text of a limit stands: above its line, below it at the upper edge."""
        return self.y + 11 if self.y < _TOP + 12 else self.y - 3


@dataclass(frozen=True)
class Chart:
    """What the template draws."""

    width: int = WIDTH_PX
    height: int = HEIGHT_PX
    left: int = _LEFT
    right: int = WIDTH_PX - _RIGHT
    bottom: int = HEIGHT_PX - _BOTTOM
    lines: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    limits: list[Level] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)


def chart(
    points: Sequence[Point], *, start_s: float, end_s: float, period_s: float, limits: Sequence[tuple[float, str]] = ()
) -> Chart | None:
    """The drawing of some periods between two times (unix s); None where there is nothing to draw.

    Args:
        limits: values with their names; one far outside of what was measured is left out, not to squeeze the curve.
    """
    seen = [p for p in points if start_s <= p.time_s <= end_s]
    if not seen or end_s <= start_s:
        return None
    low, high = min(p.minimum for p in seen), max(p.maximum for p in seen)
    reach = max(high - low, abs(high) * 0.02, 1e-3)
    shown = [(value, name) for value, name in limits if low - 1.5 * reach <= value <= high + 1.5 * reach]
    low, high = min([low, *(v for v, _ in shown)]), max([high, *(v for v, _ in shown)])
    step = _step(max(high - low, reach))
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    if high <= low:
        high = low + step

    def x(time_s: float) -> float:
        return round(_LEFT + (time_s - start_s) / (end_s - start_s) * (WIDTH_PX - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(_TOP + (high - value) / (high - low) * (HEIGHT_PX - _TOP - _BOTTOM), 1)

    lines, ranges = [], []
    for part in _parts(seen, period_s):
        lines.append(" ".join(f"{x(p.time_s)},{y(p.mean)}" for p in part))
        upper = [f"{x(p.time_s)},{y(p.maximum)}" for p in part]
        lower = [f"{x(p.time_s)},{y(p.minimum)}" for p in reversed(part)]
        ranges.append(" ".join(upper + lower))
    count = round((high - low) / step)
    return Chart(
        lines=lines,
        ranges=ranges,
        levels=[Level(y(low + n * step), f"{low + n * step:g}") for n in range(count + 1)],
        limits=[Level(y(value), name) for value, name in shown],
        ticks=_ticks(start_s, end_s, x),
    )


def _parts(points: Sequence[Point], period_s: float) -> list[list[Point]]:
    parts: list[list[Point]] = [[points[0]]]
    for point in points[1:]:
        if point.time_s - parts[-1][-1].time_s > GAP_PERIODS * period_s:
            parts.append([])
        parts[-1].append(point)
    return parts


def _step(reach: float) -> float:
    """1, 2 or 5 times a power of ten, so that there are three to six levels."""
    rough = reach / 3
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)


def _ticks(start_s: float, end_s: float, x) -> list[tuple[float, str]]:  # type: ignore[no-untyped-def]
    every_s = next((e for e in (300, 900, 1800, 3600, 7200, 14400) if (end_s - start_s) / e <= 7), 21600)
    first = math.ceil(start_s / every_s) * every_s
    times = [first + n * every_s for n in range(int((end_s - first) // every_s) + 1)]
    return [(x(t), datetime.fromtimestamp(t, UTC).strftime("%H:%M")) for t in times]
