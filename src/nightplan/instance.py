"""The problem of one night, as numbers: format “obsnight-1”.

Times are seconds after `t0_jd` (UTC). All constraints are hard; what is maximised is the sum of
`priority × duration_s` over what is observed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = "obsnight-1"
GROUP_KINDS = ("all_or_none", "at_most_one", "cadence")

Interval = tuple[float, float]


class InstanceError(ValueError):
    """The instance cannot be planned as it is written. The message names the field, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Pointing:
    """Where a telescope points before the first observation; None = unknown."""

    ra_deg: float | None = None
    dec_deg: float | None = None
    filter: str | None = None


@dataclass(frozen=True, slots=True)
class Telescope:
    """One telescope: the overhead before an observation is max(slew, filter change)."""

    id: str
    base_s: float
    rate_deg_s: float
    settle_s: float
    filter_change_s: float
    available_from_s: float
    available_to_s: float
    unavailable_s: tuple[Interval, ...] = ()
    initial: Pointing = Pointing()


@dataclass(frozen=True, slots=True)
class Program:
    """A program and the hard cap on the summed durations of its observations."""

    id: str
    quota_s: float
    quota_pct: float = 100.0


@dataclass(frozen=True, slots=True)
class Sequence:
    """One thing to observe; a telescope absent from `windows` may not observe it."""

    id: str
    program: str
    ra_deg: float
    dec_deg: float
    filter: str | None
    duration_s: float
    priority: float
    windows: Mapping[str, tuple[Interval, ...]]
    deadline_s: float | None = None
    mandatory: bool = False
    airmass_max: float | None = None
    moon_dist_min_deg: float | None = None

    @property
    def value(self) -> float:
        """What observing it is worth."""
        return self.priority * self.duration_s


@dataclass(frozen=True, slots=True)
class Group:
    """A rule that binds several sequences; gaps (start to start) only for a cadence."""

    id: str
    kind: str
    members: tuple[str, ...]
    gap_min_s: float = 0.0
    gap_max_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Fixed:
    """An observation done or not interruptible: it must stand in the schedule as it is."""

    sequence: str
    telescope: str
    start_s: float


@dataclass(frozen=True)
class Instance:
    """A night to plan."""

    name: str
    horizon_s: float
    telescopes: tuple[Telescope, ...]
    programs: tuple[Program, ...]
    sequences: tuple[Sequence, ...]
    groups: tuple[Group, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    now_s: float = 0.0
    t0_jd: float | None = None
    meta: Mapping[str, Any] = ()  # type: ignore[assignment]  # site, date, seed …: carried, never used

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Instance:
        """An instance from parsed JSON.

        Raises: InstanceError, naming the field, when something is missing, of a wrong type or contradictory.
        """
        top = _Reader(document, "")
        if document.get("format") != FORMAT:
            raise InstanceError(f"format is {document.get('format')!r}: give {FORMAT!r}")
        instance = cls(
            name=top.text("name"),
            horizon_s=top.number("horizon_s", low=0),
            now_s=top.number("now_s", default=0.0),
            t0_jd=top.number("t0_jd", default=None),
            telescopes=tuple(_telescope(r) for r in top.rows("telescopes")),
            programs=tuple(_program(r) for r in top.rows("programs")),
            sequences=tuple(_sequence(r) for r in top.rows("sequences")),
            groups=tuple(_group(r) for r in top.rows("groups", optional=True)),
            fixed=tuple(_fixed(r) for r in top.rows("fixed", optional=True)),
            meta={k: document[k] for k in ("seed", "site", "date", "sun_alt_deg") if k in document},
        )
        instance.validate()
        return instance

    def validate(self) -> None:
        """Raise InstanceError where names are used twice or refer to nothing."""
        telescopes = _unique("telescopes", (t.id for t in self.telescopes))
        programs = _unique("programs", (p.id for p in self.programs))
        sequences = _unique("sequences", (s.id for s in self.sequences))
        _unique("groups", (g.id for g in self.groups))
        _unique("fixed", (f.sequence for f in self.fixed))
        for s in self.sequences:
            if s.program not in programs:
                raise InstanceError(f"sequences[{s.id}].program is {s.program!r}: list that program under programs")
            for telescope in s.windows:
                if telescope not in telescopes:
                    raise InstanceError(f"sequences[{s.id}].windows names {telescope!r}: no such telescope")
        for g in self.groups:
            _unique(f"groups[{g.id}].members", g.members)
            for member in g.members:
                if member not in sequences:
                    raise InstanceError(f"groups[{g.id}].members names {member!r}: no such sequence")
        for f in self.fixed:
            if f.sequence not in sequences:
                raise InstanceError(f"fixed names sequence {f.sequence!r}: no such sequence")
            if f.telescope not in telescopes:
                raise InstanceError(f"fixed[{f.sequence}].telescope is {f.telescope!r}: no such telescope")

    def to_json(self) -> dict[str, Any]:
        """The document that `from_json` reads."""
        return {
            "format": FORMAT,
            "name": self.name,
            **dict(self.meta),
            "t0_jd": self.t0_jd,
            "horizon_s": self.horizon_s,
            "now_s": self.now_s,
            "telescopes": [_plain(t) for t in self.telescopes],
            "programs": [_plain(p) for p in self.programs],
            "sequences": [_plain(s) for s in self.sequences],
            "groups": [_group_json(g) for g in self.groups],
            "fixed": [_plain(f) for f in self.fixed],
        }


class _Reader:
    """Typed access to one JSON object; its errors say where in the document they are."""

    def __init__(self, row: Any, where: str) -> None:
        if not isinstance(row, Mapping):
            raise InstanceError(f"{where or 'the document'} is {row!r}: give an object")
        self.row, self.where = row, where

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def get(self, key: str) -> Any:
        if key not in self.row:
            raise InstanceError(f"{self.path(key)} is missing")
        return self.row[key]

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value:
            raise InstanceError(f"{self.path(key)} is {value!r}: give a non-empty string")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.row.get(key)
        if value is not None and not isinstance(value, str):
            raise InstanceError(f"{self.path(key)} is {value!r}: give a string or null")
        return value

    def number(
        self, key: str, *, low: float = -math.inf, high: float = math.inf, above: float = -math.inf, default: Any = ...
    ) -> Any:
        value = self.row.get(key) if default is not ... else self.get(key)
        if value is None and default is not ...:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise InstanceError(f"{self.path(key)} is {value!r}: give a finite number")
        if value < low or value > high or value <= above:
            limit = f"above {above}" if value <= above else f"between {low} and {high}"
            raise InstanceError(f"{self.path(key)} is {value!r}: give a number {limit}")
        return value

    def flag(self, key: str) -> bool:
        value = self.row.get(key, False)
        if not isinstance(value, bool):
            raise InstanceError(f"{self.path(key)} is {value!r}: give true or false")
        return value

    def rows(self, key: str, *, optional: bool = False) -> list[_Reader]:
        value = self.row.get(key) if optional else self.get(key)
        if value is None and optional:
            return []
        if not isinstance(value, list):
            raise InstanceError(f"{self.path(key)} is {type(value).__name__}: give a list")
        names = (r.get("id", k) if isinstance(r, Mapping) else k for k, r in enumerate(value))
        return [_Reader(row, f"{self.path(key)}[{name}]") for row, name in zip(value, names, strict=True)]

    def intervals(self, value: Any, path: str) -> tuple[Interval, ...]:
        if not isinstance(value, (list, tuple)):
            raise InstanceError(f"{path} is {value!r}: give a list of [from_s, to_s]")
        found = []
        for pair in value:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(_is_number(x) for x in pair):
                raise InstanceError(f"{path} holds {pair!r}: give [from_s, to_s]")
            if pair[1] < pair[0]:
                raise InstanceError(f"{path} holds {pair!r}: it ends before it begins")
            found.append((pair[0], pair[1]))
        return tuple(found)


def _telescope(r: _Reader) -> Telescope:
    initial = _Reader(r.row.get("initial") or {}, r.path("initial"))
    pointing = Pointing(
        initial.number("ra_deg", default=None),
        initial.number("dec_deg", low=-90, high=90, default=None),
        initial.optional_text("filter"),
    )
    if (pointing.ra_deg is None) != (pointing.dec_deg is None):
        raise InstanceError(f"{initial.where}: give both ra_deg and dec_deg, or null for both")
    return Telescope(
        id=r.text("id"),
        base_s=r.number("base_s", low=0),
        rate_deg_s=r.number("rate_deg_s", above=0),
        settle_s=r.number("settle_s", low=0),
        filter_change_s=r.number("filter_change_s", low=0),
        available_from_s=r.number("available_from_s"),
        available_to_s=r.number("available_to_s"),
        unavailable_s=r.intervals(r.row.get("unavailable_s") or (), r.path("unavailable_s")),
        initial=pointing,
    )


def _program(r: _Reader) -> Program:
    return Program(r.text("id"), r.number("quota_s", low=0), r.number("quota_pct", low=0, default=100.0))


def _sequence(r: _Reader) -> Sequence:
    windows = r.get("windows")
    if not isinstance(windows, Mapping):
        raise InstanceError(f"{r.path('windows')} is {windows!r}: give an object of telescope: [[from_s, to_s], …]")
    return Sequence(
        id=r.text("id"),
        program=r.text("program"),
        ra_deg=r.number("ra_deg"),
        dec_deg=r.number("dec_deg", low=-90, high=90),
        filter=r.optional_text("filter"),
        duration_s=r.number("duration_s", above=0),
        priority=r.number("priority", low=0),
        windows={str(t): r.intervals(w, r.path(f"windows.{t}")) for t, w in windows.items()},
        deadline_s=r.number("deadline_s", default=None),
        mandatory=r.flag("mandatory"),
        airmass_max=r.number("airmass_max", default=None),
        moon_dist_min_deg=r.number("moon_dist_min_deg", default=None),
    )


def _group(r: _Reader) -> Group:
    kind, members = r.text("kind"), r.get("members")
    if kind not in GROUP_KINDS:
        raise InstanceError(f"{r.path('kind')} is {kind!r}: give one of {', '.join(GROUP_KINDS)}")
    if not isinstance(members, list) or not all(isinstance(m, str) for m in members):
        raise InstanceError(f"{r.path('members')} is {members!r}: give a list of sequence ids")
    if kind != "cadence":
        return Group(r.text("id"), kind, tuple(members))
    low = r.number("gap_min_s", low=0)
    return Group(r.text("id"), kind, tuple(members), low, r.number("gap_max_s", low=low))


def _fixed(r: _Reader) -> Fixed:
    return Fixed(r.text("sequence"), r.text("telescope"), r.number("start_s"))


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)


def _unique(what: str, names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InstanceError(f"{what} has {name!r} twice: every id stands once")
        seen.add(name)
    return seen


def _plain(row: Any) -> dict[str, Any]:
    return asdict(row)


def _group_json(group: Group) -> dict[str, Any]:
    row: dict[str, Any] = {"id": group.id, "kind": group.kind, "members": list(group.members)}
    if group.kind == "cadence":
        row |= {"gap_min_s": group.gap_min_s, "gap_max_s": group.gap_max_s}
    return row
