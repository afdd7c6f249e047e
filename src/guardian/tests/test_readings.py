"""Which values are believed (A4)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian import QUANTITIES, Reading, Rejection, examine, examine_status
from guardian.readings import dew_point_c


@pytest.mark.parametrize("raw", [math.nan, math.inf, -999, -999.0, 250.0, "wet", "45", None, True, [45]])
def test_A4_garbage_humidity_is_rejected_with_a_sentence_that_names_the_sensor_and_the_value(raw: object) -> None:
    result = examine("west", "humidity_percent", raw, 0.0)
    assert isinstance(result, Rejection)
    assert result.sentence.startswith(f"west: humidity_percent is {raw!r}, ")


@pytest.mark.parametrize("raw", [2, 0.5, -1, math.nan, "yes"])
def test_A4_a_rain_contact_is_0_or_1_and_nothing_else(raw: object) -> None:
    assert isinstance(examine("west", "rain", raw, 0.0), Rejection)


@pytest.mark.parametrize(("raw", "value"), [(0, 0.0), (1, 1.0), (True, 1.0), (False, 0.0)])
def test_a_rain_contact_may_be_told_as_number_or_truth(raw: object, value: float) -> None:
    assert examine("west", "rain", raw, 7.0) == Reading("west", "rain", value, "", 7.0)


def test_a_status_gives_readings_dated_back_by_the_age_of_the_sample() -> None:
    readings, rejections = examine_status("west", {"wind_mps": 4.0, "sample_age_s": 3.5, "station": "west"}, 100.0)
    assert (readings, rejections) == ((Reading("west", "wind_mps", 4.0, "m/s", 96.5),), ())


@pytest.mark.parametrize("age", [math.nan, -1.0, 1e9, "old", True])
def test_a_status_of_unknown_age_is_rejected_whole(age: object) -> None:
    readings, rejections = examine_status("west", {"wind_mps": 4.0, "rain": 0, "sample_age_s": age}, 100.0)
    assert readings == ()
    assert {rejection.quantity for rejection in rejections} == {"wind_mps", "rain"}


def test_one_garbage_value_does_not_take_the_others_with_it() -> None:
    readings, rejections = examine_status("west", {"wind_mps": 4.0, "humidity_percent": -999}, 100.0)
    assert [reading.quantity for reading in readings] == ["wind_mps"]
    assert [rejection.quantity for rejection in rejections] == ["humidity_percent"]


def test_the_dew_point_is_that_of_the_tables() -> None:
    # 20 C and 50 %: dew point 9.3 C (WMO-No. 8 psychrometric tables: e_s 23.39 hPa, e 11.69 hPa).
    assert dew_point_c(20.0, 50.0) == pytest.approx(9.27, abs=0.05)
    assert dew_point_c(10.0, 100.0) == pytest.approx(10.0, abs=1e-9)


def test_temperature_and_humidity_give_the_dew_spread() -> None:
    readings, _ = examine_status("west", {"temperature_c": 20.0, "humidity_percent": 50.0}, 0.0)
    spread = next(reading for reading in readings if reading.quantity == "dew_spread_c")
    assert spread.value == pytest.approx(10.73, abs=0.05)


@given(
    st.sampled_from(sorted(QUANTITIES)),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.floats())),
)
def test_whatever_comes_is_a_finite_plausible_reading_or_a_rejection(quantity: str, raw: object) -> None:
    result = examine("west", quantity, raw, 0.0)
    if isinstance(result, Reading):
        known = QUANTITIES[quantity]
        assert math.isfinite(result.value)
        assert known.lowest <= result.value <= known.highest
    else:
        assert result.sentence
