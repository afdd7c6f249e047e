"""Which strategy answers, and what its ladder gives at the burst's age (behaviours D1, D10)."""

from __future__ import annotations

import pytest

from apps.alert_manager.models import Strategy
from apps.alert_manager.strategies import NoUsableFilter, albums, choose, step_at

FAST = Strategy(name="fast", rank=10, applies={"error_r90_max_deg": 0.2, "age_max_s": 600})
LATE = Strategy(name="late", rank=20, applies={"error_r90_max_deg": 0.2, "age_max_s": 86_400})
CAMERAS = {
    "vis1": ("VIS", frozenset({"g", "r", "i"})),
    "vis2": ("VIS", frozenset({"z", "y", "i"})),
    "nir": ("NIR", frozenset({"J", "H"})),
}
STEP = {
    "age_s": 0,
    "VIS": [
        {"filters": ["r", "z"], "exposure_s": 5, "images": 10},
        {"filters": ["i", "y"], "exposure_s": 60, "images": 4},
    ],
    "NIR": [{"filters": ["J"], "exposure_s": 60, "images": 12, "dither_arcsec": 15}],
}


@pytest.mark.parametrize(("age_s", "name"), [(0.0, "fast"), (600.0, "fast"), (600.1, "late"), (80_000.0, "late")])
def test_the_lowest_rank_whose_age_holds_answers(age_s: float, name: str) -> None:
    found = choose([LATE, FAST], age_s=age_s, error_r90_deg=0.05)
    assert found is not None and found.name == name


def test_a_burst_beyond_every_limit_gets_the_last_strategy_so_that_the_limit_is_named() -> None:
    found = choose([FAST, LATE], age_s=10.0, error_r90_deg=5.0)
    assert found is LATE


def test_an_inactive_strategy_answers_nothing() -> None:
    assert choose([Strategy(name="off", rank=1, active=False)], age_s=0.0, error_r90_deg=0.1) is None


def test_an_unknown_error_radius_is_no_reason_against_a_strategy() -> None:
    assert choose([FAST, LATE], age_s=10.0, error_r90_deg=None) is FAST


@pytest.mark.parametrize(("age_s", "place"), [(0.0, 0), (119.9, 0), (120.0, 1), (5000.0, 2)])
def test_the_step_of_the_ladder_follows_the_age(age_s: float, place: int) -> None:
    assert step_at([{"age_s": 0}, {"age_s": 120}, {"age_s": 1800}], age_s) == place


def test_a_ladder_that_begins_later_begins_with_its_first_step() -> None:
    assert step_at([{"age_s": 60}, {"age_s": 600}], 10.0) == 0


def test_each_camera_takes_the_first_filter_that_its_wheel_holds() -> None:
    made = albums(STEP, CAMERAS)
    assert [(p.filter_name, p.exposure_s, p.images) for p in made["vis1"]] == [("r", 5, 10), ("i", 60, 4)]
    assert [(p.filter_name, p.exposure_s, p.images) for p in made["vis2"]] == [("z", 5, 10), ("i", 60, 4)]
    assert [(p.filter_name, p.images, p.dither_arcsec) for p in made["nir"]] == [("J", 12, 15)]


def test_a_camera_without_any_of_the_filters_is_left_out() -> None:
    made = albums(STEP, {**CAMERAS, "nir": ("NIR", frozenset({"Ks"}))})
    assert set(made) == {"vis1", "vis2"}


def test_no_filter_at_all_is_an_error_that_names_the_cameras() -> None:
    with pytest.raises(NoUsableFilter, match="no camera of vis1 holds a filter"):
        albums(STEP, {"vis1": ("VIS", frozenset({"u"}))})
