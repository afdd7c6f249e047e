"""Bytes into lines: pure, bounded, whatever way the bytes are cut into packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devicelink.grammar import LINE_LIMIT


@dataclass(frozen=True)
class Overlong:
    """A line over the limit: its `head`, which holds the id, is kept; its rest is thrown away up to the line end."""

    head: str


class LineBuffer:
    """Collects bytes and gives whole lines, without their line ends. Bytes that are not ASCII become U+FFFD,
    which the grammar refuses. Never holds more than `limit` bytes."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[str | Overlong]:
        """Add bytes; yields each line they complete."""
        *whole, rest = (self._held + data).split(b"\n")
        self._held = b""
        for raw in whole:
            if self._skipping:
                self._skipping = False
            elif len(raw.removesuffix(b"\r")) > self._limit:
                yield Overlong(_text(raw[:80]))
            else:
                yield _text(raw.removesuffix(b"\r"))
        if self._skipping:
            return
        if len(rest) > self._limit + 1:  # one more: a carriage return that still waits for its line feed
            self._skipping = True
            yield Overlong(_text(rest[:80]))
        else:
            self._held = rest


def _text(raw: bytes) -> str:
    return raw.decode("ascii", "replace")
