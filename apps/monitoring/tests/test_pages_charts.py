"""The drawing of a measured quantity."""

from __future__ import annotations

import pytest

from apps.monitoring.charts import Point, chart


def points(*values: float, every_s: float = 60.0) -> list[Point]:
    return [Point(n * every_s, v - 1, v, v + 1) for n, v in enumerate(values)]


def test_nothing_measured_gives_no_chart() -> None:
    assert chart([], start_s=0, end_s=100, period_s=60) is None
    assert chart(points(1.0), start_s=500, end_s=900, period_s=60) is None


def test_a_pause_breaks_the_line() -> None:
    rows = [Point(t, 0.0, 1.0, 2.0) for t in (0, 60, 120, 600, 660)]
    drawn = chart(rows, start_s=0, end_s=700, period_s=60)
    assert drawn is not None
    assert [len(line.split()) for line in drawn.lines] == [3, 2]


def test_levels_are_round_numbers_around_what_was_measured() -> None:
    drawn = chart(points(3.0, 12.0), start_s=0, end_s=60, period_s=60)
    assert drawn is not None
    assert [level.label for level in drawn.levels] == ["0", "5", "10", "15"]


@pytest.mark.parametrize(("limit", "shown"), [(15.0, ["closes at 15"]), (80.0, [])])
def test_a_limit_is_drawn_unless_it_would_squeeze_the_curve(limit: float, shown: list[str]) -> None:
    drawn = chart(points(6.0, 9.0), start_s=0, end_s=60, period_s=60, limits=[(limit, f"closes at {limit:g}")])
    assert drawn is not None
    assert [level.label for level in drawn.limits] == shown


def test_a_constant_quantity_has_a_chart_too() -> None:
    drawn = chart([Point(0, 0.0, 0.0, 0.0), Point(60, 0.0, 0.0, 0.0)], start_s=0, end_s=60, period_s=60)
    assert drawn is not None
    assert len(drawn.levels) >= 2
