"""The values of a reply, read by type. Required ones must be there and right; optional ones are None when unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from devicelink.errors import ProtocolViolation
from devicelink.grammar import Value

E = TypeVar("E", bound=StrEnum)


class Reading:
    """One OK or STATUS of one device. Every method but the `…_or_none` raises `ProtocolViolation`, naming the key."""

    def __init__(self, device: str, values: Mapping[str, Value]) -> None:
        self.device = device
        self.values = values

    def number_or_none(self, key: str) -> float | None:
        """None as well for NaN, infinity or a text: a sensor's way to say that it does not know."""
        value = self.values.get(key)
        return None if value is None or isinstance(value, str) or not math.isfinite(value) else float(value)

    def number(self, key: str) -> float:
        if (value := self.number_or_none(key)) is None:
            raise self._violation(key, "a finite number")
        return value

    def integer_or_none(self, key: str) -> int | None:
        value = self.number_or_none(key)
        return int(value) if value is not None and value.is_integer() else None

    def integer(self, key: str) -> int:
        if (value := self.integer_or_none(key)) is None:
            raise self._violation(key, "a whole number")
        return value

    def flag_or_none(self, key: str) -> bool | None:
        value = self.number_or_none(key)
        return bool(value) if value in (0.0, 1.0) else None

    def flag(self, key: str) -> bool:
        if (value := self.flag_or_none(key)) is None:
            raise self._violation(key, "1 or 0")
        return value

    def text_or_none(self, key: str) -> str | None:
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def text(self, key: str) -> str:
        if (value := self.text_or_none(key)) is None:
            raise self._violation(key, "a text")
        return value

    def word_or_none(self, key: str, words: type[E]) -> E | None:
        value = self.values.get(key)
        return words(value) if isinstance(value, str) and value in words.__members__.values() else None

    def word(self, key: str, words: type[E]) -> E:
        if (value := self.word_or_none(key, words)) is None:
            raise self._violation(key, " or ".join(words))
        return value

    def date(self, key: str) -> datetime:
        """ISO 8601 in UTC, ending in Z."""
        text = self.text(key)
        try:
            if not text.endswith("Z"):
                raise ValueError(text)
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            raise self._violation(key, "a date in ISO 8601 ending in Z") from None

    def _violation(self, key: str, wanted: str) -> ProtocolViolation:
        found = f"is {self.values[key]!r}" if key in self.values else "is missing"
        return ProtocolViolation(self.device, f"{key} {found}, expected {wanted}")
