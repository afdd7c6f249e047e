"""Does a schedule keep every rule of its instance? Written from the rules, apart from the search's own arithmetic."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nightplan.instance import Fixed, Instance, Pointing, Sequence, Telescope
from nightplan.schedule import Observation, Schedule

TOLERANCE_S = 1e-6
_FIXED_TOLERANCE_S = 1e-3
_SAME_PLACE_DEG = 1.0 / 3600.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken: its code, the sequence, group or program, and a sentence."""

    code: str
    subject: str
    message: str


def check(instance: Instance, schedule: Schedule) -> list[Violation]:
    """All violations of a schedule; empty if it is feasible."""
    sequences = {s.id: s for s in instance.sequences}
    telescopes = {t.id: t for t in instance.telescopes}
    found: list[Violation] = []
    known: dict[str, Observation] = {}
    if schedule.instance != instance.name:
        found.append(Violation("INSTANCE", schedule.instance, f"the schedule is for {schedule.instance!r}"))
    for o in schedule.observations:
        if o.sequence not in sequences or o.telescope not in telescopes or not math.isfinite(o.start_s):
            found.append(Violation("UNKNOWN", o.sequence, f"{o.sequence} on {o.telescope} at {o.start_s} s"))
        elif o.sequence in known:
            found.append(Violation("TWICE", o.sequence, f"{o.sequence} is scheduled twice"))
        else:
            known[o.sequence] = o
    fixed = {f.sequence: f for f in instance.fixed}
    for o in known.values():
        found += _alone(instance, o, sequences[o.sequence], telescopes[o.telescope])
    for t in instance.telescopes:
        tour = sorted((o for o in known.values() if o.telescope == t.id), key=lambda o: o.start_s)
        found += _tour(instance, t, tour, sequences, fixed)
    found += _fixed(known, fixed)
    found += _groups(instance, known)
    found += _totals(instance, known, sequences)
    return found


def separation_deg(ra1_deg: float, dec1_deg: float, ra2_deg: float, dec2_deg: float) -> float:
    """Great-circle distance in degrees (haversine, exact for small angles)."""
    dec1, dec2 = math.radians(dec1_deg), math.radians(dec2_deg)
    across = math.sin(math.radians(ra2_deg - ra1_deg) / 2) ** 2
    h = math.sin((dec2 - dec1) / 2) ** 2 + math.cos(dec1) * math.cos(dec2) * across
    return math.degrees(2 * math.asin(math.sqrt(min(1.0, h))))


def overhead_s(telescope: Telescope, before: Pointing | Sequence, after: Sequence) -> float:
    """Seconds that a telescope needs between two observations: the longer of slew and filter change."""
    if before.ra_deg is None or before.dec_deg is None:
        slew_s = telescope.base_s + telescope.settle_s
    else:
        angle = separation_deg(before.ra_deg, before.dec_deg, after.ra_deg, after.dec_deg)
        slew_s = telescope.base_s + angle / telescope.rate_deg_s + telescope.settle_s
        if angle <= _SAME_PLACE_DEG:
            slew_s = 0.0
    changes = before.filter is not None and before.filter != after.filter
    return max(slew_s, telescope.filter_change_s if changes else 0.0)


def _alone(instance: Instance, o: Observation, s: Sequence, t: Telescope) -> Iterator[Violation]:
    start, end = o.start_s, o.start_s + s.duration_s
    said = f"{s.id} on {t.id} from {start} to {end} s"
    if t.id not in s.windows:
        yield Violation("TELESCOPE", s.id, f"{s.id} is not allowed on {t.id}")
    elif not any(a - TOLERANCE_S <= start and end <= b + TOLERANCE_S for a, b in s.windows[t.id]):
        yield Violation("WINDOW", s.id, f"{said}: outside its windows")
    if s.deadline_s is not None and end > s.deadline_s + TOLERANCE_S:
        yield Violation("DEADLINE", s.id, f"{said}: after its deadline {s.deadline_s} s")
    if start < max(0.0, t.available_from_s) - TOLERANCE_S:
        yield Violation("HORIZON", s.id, f"{said}: before the telescope is available")
    if end > min(t.available_to_s, instance.horizon_s) + TOLERANCE_S:
        yield Violation("HORIZON", s.id, f"{said}: after the end of the night")
    for a, b in t.unavailable_s:
        if start < b - TOLERANCE_S and end > a + TOLERANCE_S:
            yield Violation("CLOSED", s.id, f"{said}: closed from {a} to {b} s")


def _tour(
    instance: Instance, t: Telescope, tour: list[Observation], sequences: dict[str, Sequence], fixed: dict[str, Fixed]
) -> Iterator[Violation]:
    before: Pointing | Sequence = t.initial
    free_s = float(t.available_from_s)
    for o in tour:
        s = sequences[o.sequence]
        ready_s = free_s if s.id in fixed else max(free_s, instance.now_s)
        earliest_s = ready_s + overhead_s(t, before, s)
        if o.start_s < earliest_s - TOLERANCE_S:
            yield Violation("OVERLAP", s.id, f"{s.id} starts at {o.start_s} s, {t.id} is ready at {earliest_s} s")
        before, free_s = s, o.start_s + s.duration_s


def _fixed(known: dict[str, Observation], fixed: dict[str, Fixed]) -> Iterator[Violation]:
    for f in fixed.values():
        o = known.get(f.sequence)
        if o is None or o.telescope != f.telescope or abs(o.start_s - f.start_s) > _FIXED_TOLERANCE_S:
            yield Violation("FIXED", f.sequence, f"{f.sequence} must stand on {f.telescope} at {f.start_s} s")


def _groups(instance: Instance, known: dict[str, Observation]) -> Iterator[Violation]:
    for g in instance.groups:
        inside = [m in known for m in g.members]
        if g.kind == "all_or_none" and any(inside) and not all(inside):
            yield Violation("GROUP", g.id, f"{g.id}: {sum(inside)} of {len(inside)} members scheduled, all or none")
        if g.kind == "at_most_one" and sum(inside) > 1:
            yield Violation("GROUP", g.id, f"{g.id}: {sum(inside)} members scheduled, at most one")
        if g.kind != "cadence":
            continue
        for a, b in itertools.pairwise(g.members):
            if b in known and a not in known:
                yield Violation("CADENCE", g.id, f"{g.id}: {b} without the visit before it, {a}")
            elif b in known:
                gap = known[b].start_s - known[a].start_s
                if not g.gap_min_s - TOLERANCE_S <= gap <= g.gap_max_s + TOLERANCE_S:
                    limits = f"[{g.gap_min_s}, {g.gap_max_s}]"
                    yield Violation("CADENCE", g.id, f"{g.id}: {gap} s between {a} and {b}, allowed {limits}")


def _totals(instance: Instance, known: dict[str, Observation], sequences: dict[str, Sequence]) -> Iterator[Violation]:
    for s in instance.sequences:
        if s.mandatory and s.id not in known:
            yield Violation("MANDATORY", s.id, f"{s.id} is mandatory and not scheduled")
    used: dict[str, float] = defaultdict(float)
    for name in known:
        used[sequences[name].program] += sequences[name].duration_s
    for p in instance.programs:
        if used[p.id] > p.quota_s + TOLERANCE_S:
            yield Violation("QUOTA", p.id, f"{p.id}: {used[p.id]} s scheduled, quota {p.quota_s} s")
