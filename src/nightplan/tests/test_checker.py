"""Our own checker finds each kind of violation."""

from __future__ import annotations

import pytest

from nightplan import Fixed, Group, Instance, Observation, Program, Schedule, check
from nightplan.tests.nights import night, sequence, telescope

CLOSED = telescope(unavailable_s=((100.0, 200.0),))
CASES: dict[str, tuple[Instance, list[tuple[str, float]]]] = {
    "UNKNOWN": (night(), [("X", 10)]),
    "TWICE": (night(sequence("A")), [("A", 10), ("A", 1000)]),
    "TELESCOPE": (night(sequence("A", windows={})), [("A", 10)]),
    "WINDOW": (night(sequence("A", windows={"T1": ((0, 500), (500, 1000))})), [("A", 10)]),
    "DEADLINE": (night(sequence("A", deadline_s=600)), [("A", 10)]),
    "HORIZON": (night(sequence("A", windows={"T1": ((0, 9000),)})), [("A", 3100)]),
    "CLOSED": (night(sequence("A"), telescopes=(CLOSED,)), [("A", 150)]),
    "OVERLAP": (night(sequence("A"), sequence("B")), [("A", 10), ("B", 619.9)]),
    "MANDATORY": (night(sequence("A", mandatory=True)), []),
    "FIXED": (night(sequence("A"), fixed=(Fixed("A", "T1", 10.0),)), [("A", 11)]),
    "GROUP": (night(sequence("A"), sequence("B"), groups=(Group("G", "all_or_none", ("A", "B")),)), [("A", 10)]),
    "CADENCE": (night(sequence("A"), sequence("B"), groups=(Group("G", "cadence", ("A", "B"), 700, 800),)),
                [("A", 10), ("B", 811)]),
    "QUOTA": (night(sequence("A"), programs=(Program("P", 599.0),)), [("A", 10)]),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_a_violation_is_found_and_nothing_else(code: str) -> None:
    instance, rows = CASES[code]
    assert [v.code for v in check(instance, made(instance, rows))] == [code]


def test_a_schedule_that_keeps_every_rule_has_no_violation() -> None:
    instance = night(sequence("A"), sequence("B"))
    assert check(instance, made(instance, [("A", 10), ("B", 620)])) == []


def test_a_start_before_now_is_an_overlap() -> None:
    instance = night(sequence("A"), now_s=100.0)
    assert [v.code for v in check(instance, made(instance, [("A", 105)]))] == ["OVERLAP"]


def made(instance: Instance, rows: list[tuple[str, float]]) -> Schedule:
    return Schedule(instance.name, tuple(Observation(s, "T1", at, at + 600) for s, at in rows), 0, 0)
