"""What is decided together: groups that share members make one unit, and a unit has options (see arrays.py)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from nightplan.instance import Group

_MOST_SUBSETS = 12  # members of a unit of several groups whose subsets are all looked at


@dataclass(frozen=True, slots=True)
class Link:
    """gap_min_s <= start of b - start of a <= gap_max_s."""

    a: int
    b: int
    gap_min_s: float
    gap_max_s: float


@dataclass(frozen=True, slots=True)
class Option:
    """Members (not fixed) that may be scheduled together; `shorter` is the place of the option it extends, or -1."""

    members: tuple[int, ...]
    links: tuple[Link, ...] = ()
    shorter: int = -1


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's options; `must` when what is fixed breaks a group's rule until an option is scheduled."""

    members: tuple[int, ...]
    options: tuple[Option, ...]
    must: bool = False


def units_of_groups(
    groups: tuple[Group, ...], index: dict[str, int], fixed: set[int], possible: list[bool]
) -> list[Unit]:
    """The units made by groups. `possible[i]`: sequence i has a window somewhere; options without it are left out."""
    units = []
    for component in _components(groups):
        members = sorted({index[m] for g in component for m in g.members})
        if len(component) == 1 and component[0].kind == "cadence":
            options = _prefixes([index[m] for m in component[0].members], component[0], fixed, possible)
            units.append(Unit(tuple(members), options))
            continue
        free = [i for i in members if i not in fixed and possible[i]]
        held = frozenset(i for i in members if i in fixed)
        subsets = _subsets(component, free)
        options = tuple(
            Option(tuple(_in_order(s, component, index)), _links(component, index, held | s))
            for s in (frozenset(x) for x in subsets)
            if s and _allowed(component, index, held | s)
        )
        units.append(Unit(tuple(members), options, must=not _allowed(component, index, held)))
    return units


def _components(groups: tuple[Group, ...]) -> list[list[Group]]:
    owner: dict[str, int] = {}
    parts: dict[int, list[Group]] = {}
    for k, group in enumerate(groups):
        joined = [group]
        for other in {owner[m] for m in group.members if m in owner}:
            joined = parts.pop(other) + joined
        parts[k] = joined
        for g in joined:
            for m in g.members:
                owner[m] = k
    return list(parts.values())


def _prefixes(chain: list[int], group: Group, fixed: set[int], possible: list[bool]) -> tuple[Option, ...]:
    done = 0
    while done < len(chain) and chain[done] in fixed:
        done += 1
    options: list[Option] = []
    for end in range(done + 1, len(chain) + 1):
        if not possible[chain[end - 1]] or chain[end - 1] in fixed:
            break
        links = tuple(Link(chain[k - 1], chain[k], group.gap_min_s, group.gap_max_s) for k in range(1, end))
        options.append(Option(tuple(chain[done:end]), links, len(options) - 1))
    return tuple(options)


def _subsets(component: list[Group], free: list[int]) -> list[tuple[int, ...]]:
    if len(component) == 1:
        if component[0].kind == "all_or_none":
            return [tuple(free)]
        return [(i,) for i in free]
    largest = len(free) if len(free) <= _MOST_SUBSETS else 2
    found = [c for size in range(1, largest + 1) for c in itertools.combinations(free, size)]
    return found if largest == len(free) else [*found, tuple(free)]


def _allowed(component: list[Group], index: dict[str, int], chosen: frozenset[int]) -> bool:
    for g in component:
        inside = [index[m] in chosen for m in g.members]
        if g.kind == "all_or_none" and any(inside) and not all(inside):
            return False
        if g.kind == "at_most_one" and sum(inside) > 1:
            return False
        if g.kind == "cadence" and inside != sorted(inside, reverse=True):
            return False
    return True


def _links(component: list[Group], index: dict[str, int], chosen: frozenset[int]) -> tuple[Link, ...]:
    return tuple(
        Link(index[a], index[b], g.gap_min_s, g.gap_max_s)
        for g in component
        if g.kind == "cadence"
        for a, b in itertools.pairwise(g.members)
        if index[a] in chosen and index[b] in chosen
    )


def _in_order(chosen: frozenset[int], component: list[Group], index: dict[str, int]) -> list[int]:
    """Members of cadences first, in the order of their visits."""
    order = [index[m] for g in sorted(component, key=lambda g: g.kind != "cadence") for m in g.members]
    return [i for i in dict.fromkeys(order) if i in chosen]
