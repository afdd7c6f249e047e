"""The parameters of a VOEvent as text, found by path or by name. Types are made here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

_TRUE = frozenset({"true", "1", "yes", "t"})
_FALSE = frozenset({"false", "0", "no", "f"})


class Params(Mapping[str, str]):
    """Read-only mapping of `Group/Name` (or `Name` outside any group) to text. The first of two equals wins.

    `text`, `number`, `integer` and `flag` also accept a bare name and then look into every group: missions
    move parameters between groups from one version to the next.
    """

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._by_path: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        for path, value in items:
            self._by_path.setdefault(path, value)
            self._by_name.setdefault(path.rpartition("/")[2], value)

    def __getitem__(self, path: str) -> str:
        return self._by_path[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_path)

    def __len__(self) -> int:
        return len(self._by_path)

    def text(self, name: str) -> str | None:
        """The value without surrounding blanks, or None when missing or empty."""
        value = self._by_path.get(name)
        if value is None and "/" not in name:
            value = self._by_name.get(name)
        return (value.strip() or None) if value is not None else None

    def number(self, name: str) -> float | None:
        """The value as a float, or None when missing or no number."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return float(value)
        except ValueError:
            return None

    def integer(self, name: str) -> int | None:
        """The value as an int, or None when missing or no integer."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            return None

    def flag(self, name: str) -> bool | None:
        """The value as a truth value, or None when missing or neither."""
        value = (self.text(name) or "").lower()
        return True if value in _TRUE else False if value in _FALSE else None
