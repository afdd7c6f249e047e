"""The drawing of a night."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from apps.scheduler.timeline import LEFT_PX, WIDTH_PX, Mark, Slot, Twilight, draw

START = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
END = START + timedelta(hours=10)
PX_AN_HOUR = (WIDTH_PX - LEFT_PX - 8) / 10


def slot(begin_h: float, end_h: float, label: str = "M31", lane: str = "planned") -> Slot:
    return Slot(lane, START + timedelta(hours=begin_h), START + timedelta(hours=end_h), label, f"{label}: because")


def test_a_slot_lies_where_its_times_are() -> None:
    drawn = draw(START, END, lanes=("planned",), slots=[slot(1, 3)])
    assert drawn.slots[0].x == pytest.approx(LEFT_PX + PX_AN_HOUR, abs=0.1)
    assert drawn.slots[0].width == pytest.approx(2 * PX_AN_HOUR, abs=0.1)
    assert drawn.slots[0].label == "M31"


def test_what_reaches_over_the_edges_is_cut_and_what_lies_outside_is_left_out() -> None:
    drawn = draw(
        START, END, lanes=("planned",), slots=[slot(-2, 1), slot(-3, -1), slot(11, 12), slot(1, 2, lane="elsewhere")]
    )
    (only,) = drawn.slots
    assert only.x == LEFT_PX
    assert only.width == pytest.approx(PX_AN_HOUR, abs=0.1)


def test_a_narrow_slot_is_labelled_upwards_and_a_very_narrow_one_not_at_all() -> None:
    wide, narrow, thin = draw(START, END, lanes=("planned",), slots=[slot(0, 2), slot(2, 2.15), slot(3, 3.01)]).slots
    assert (wide.upright, wide.label) == (False, "M31")
    assert (narrow.upright, narrow.label) == (True, "M31")
    assert (thin.label, thin.width, thin.title) == ("", 2.0, "M31: because")


def test_twilight_shades_the_night_and_its_parts_join() -> None:
    hours = [START + timedelta(hours=h) for h in (1, 1.5, 2, 8, 8.5, 9)]
    bands = draw(START, END, lanes=("planned",), slots=[], twilight=Twilight(*hours)).bands
    assert [b.title for b in bands] == [
        "day",
        "civil twilight",
        "nautical twilight",
        "night",
        "nautical twilight",
        "civil twilight",
        "day",
    ]
    assert all(b.x == pytest.approx(a.x + a.width, abs=0.2) for a, b in itertools.pairwise(bands))


def test_in_a_white_night_there_are_no_bands_of_what_does_not_happen() -> None:
    bands = draw(
        START,
        END,
        lanes=(),
        slots=[],
        twilight=Twilight(sunset=START + timedelta(hours=3), sunrise=START + timedelta(hours=6)),
    ).bands
    assert [b.title for b in bands] == ["day", "civil twilight", "day"]
    assert draw(START, END, lanes=(), slots=[], twilight=Twilight()).bands == []


def test_now_and_alerts_are_marked_only_when_they_are_on_the_axis() -> None:
    marks = [Mark(START + timedelta(hours=5), "alert"), Mark(START - timedelta(hours=1), "yesterday")]
    drawn = draw(START, END, lanes=(), slots=[], marks=marks, now=END + timedelta(hours=1))
    assert [m.title for m in drawn.marks] == ["alert"]
    assert drawn.now is None


def test_the_axis_has_its_hours() -> None:
    assert [t.label for t in draw(START, END, lanes=(), slots=[]).ticks] == [f"{h:02d}:00" for h in range(1, 11)]


def test_a_span_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        draw(START, START, lanes=(), slots=[])
