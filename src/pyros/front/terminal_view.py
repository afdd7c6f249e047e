"""The terminal's picture of the night: facts in, lines out. No database, no terminal: only text and its places.

left: clock, phase, safety, roof, mount, run, next      right: processes
bottom: what the journal tells                          what the logs say
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SMALLEST_WIDTH = 60
"""Narrower terminals get one column."""

_STYLES = {"": "", "head": "\x1b[1m", "good": "\x1b[32m", "bad": "\x1b[1;31m", "warn": "\x1b[33m", "dim": "\x1b[2m"}
_PLAIN = "\x1b[0m"
_STYLE_OF = {
    "SAFE": "good", "HOLDOFF": "warn", "UNSAFE": "bad", "EMERGENCY": "bad", "UNKNOWN": "bad",
    "RUNNING": "good", "WAITING": "warn", "STOPPED": "dim", "DISABLED": "bad", "DOWN": "bad",
}  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A piece of a line; `style` is one of head, good, bad, warn, dim or none."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class ProcessLine:
    """A supervised process. `heartbeat_age_s` is None where none is known."""

    name: str
    state: str
    heartbeat_age_s: float | None = None
    restarts: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Snapshot:
    """All that one picture shows. `facts` are (label, value) of the left side, in their order."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    processes: Sequence[ProcessLine] = ()
    journal: Sequence[str] = ()
    log: Sequence[Text] = ()
    problem: str = ""
    running: bool = field(default=True)


def render(now: Snapshot, width: int, height: int) -> list[str]:
    """At most `height` lines of at most `width` characters, with ANSI colours; the newest lines are kept."""
    if width < SMALLEST_WIDTH:
        rows = [
            _row([piece], [width]) for piece in [*_facts(now), *_processes(now), *(Text(line) for line in now.journal)]
        ]
        return [_row([Text(now.title, "head")], [width]), *rows][:height]
    left = width * 3 // 5
    columns = [left - 1, width - left]
    upper = list(_side_by_side(_facts(now), _processes(now), columns))
    head = _row([Text(now.title, "head")], [width])
    room = height - len(upper) - 2
    if room <= 0:
        return [head, *upper][:height]
    half = [width // 2 - 1, width - width // 2]
    captions = _row([Text("journal", "head"), Text("log", "head")], half)
    lower = _side_by_side([Text(line) for line in now.journal[-room:]], now.log[-room:], half)
    return [head, *upper, captions, *lower]


def printable(text: str) -> str:
    """A text that can't steer the terminal: what came over the wire may hold escape sequences."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _facts(now: Snapshot) -> list[Text]:
    lines = [Text(now.problem, "bad")] if now.problem else []
    for label, value in now.facts:
        first_word = value.partition(" ")[0].rstrip(":,")
        lines.append(Text(f"{label:<9} {value}", _STYLE_OF.get(first_word, "")))
    return lines


def _processes(now: Snapshot) -> list[Text]:
    if not now.processes:
        return [Text("no processes run", "dim")]
    lines = [] if now.running else [Text("the SystemWatcher is gone", "bad")]
    for process in now.processes:
        beat = "" if process.heartbeat_age_s is None else f"♥ {process.heartbeat_age_s:.0f} s"
        again = f"{process.restarts} restarts" if process.restarts else ""
        words = "  ".join(
            filter(None, [f"{process.name:<18} {process.state:<8} {beat:<7}".rstrip(), again, process.reason])
        )
        lines.append(Text(words, _STYLE_OF.get(process.state, "")))
    return lines


def _side_by_side(left: Sequence[Text], right: Sequence[Text], widths: Sequence[int]) -> Iterable[str]:
    for place in range(max(len(left), len(right))):
        pieces = [side[place] if place < len(side) else Text("") for side in (left, right)]
        yield _row(pieces, widths)


def _row(pieces: Sequence[Text], widths: Sequence[int]) -> str:
    cells = []
    for place, (piece, width) in enumerate(zip(pieces, widths, strict=True)):
        text = printable(piece.text)
        if len(text) > width:
            text = text[: max(0, width - 1)] + "…"[:width]
        padded = text.ljust(width) if place + 1 < len(pieces) else text
        cells.append(f"{_STYLES[piece.style]}{padded}{_PLAIN}" if piece.style else padded)
    return " ".join(cells).rstrip(" ")
