"""The decision table (behaviours D): each code with its sentence and its numbers. Numbers are those of the cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.alert_manager.decision import Burst, Conditions, Limits, Sky, after_update, decide
from apps.alert_manager.models import DecisionCode as Code

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
RISE = NOW + timedelta(hours=2, minutes=10)
BURST = Burst("sb26112001", NOW - timedelta(seconds=30), 20.0, 30.0, 0.13)
"""SVOM ECLAIRs wake-up with an error of 8′ (D1)."""
LIMITS = Limits(error_r90_max_deg=0.2, age_max_s=86_400.0, minimum_altitude_deg=20.0, sun_cone_deg=30.0)
SKY = Sky(55.0, -45.0, 120.0, 80.0, NOW)
SAFE = Conditions(safe=True)


def decided(burst: Burst = BURST, *, limits: Limits | None = LIMITS, sky: Sky = SKY, conditions: Conditions = SAFE):
    return decide(burst, NOW, limits, lambda: sky, conditions)


def test_a_visible_burst_is_observed_now() -> None:
    """D1."""
    answer = decided()
    assert (answer.code, answer.reason_code) == (Code.OBSERVE_NOW, "VISIBLE")
    assert answer.sentence == "altitude 55°, error radius 0.130°"
    assert answer.limits["error_r90_max_deg"] == 0.2 and answer.review_at is None


@pytest.mark.parametrize(
    ("changed", "code", "reason", "sentence"),
    [
        ({"is_retracted": True}, Code.STOP, "RETRACTED", "sb26112001 was retracted"),
        ({"is_test": True}, Code.RECORD_ONLY, "TEST", "sb26112001 is a test"),
        ({"is_grb": False}, Code.STOP, "NOT_A_BURST", "sb26112001 is not a gamma-ray burst"),
        ({"ra_deg": None}, Code.RECORD_ONLY, "NO_POSITION", "sb26112001 has no position yet"),
        ({"dec_deg": None}, Code.RECORD_ONLY, "NO_POSITION", "sb26112001 has no position yet"),
        (
            {"error_r90_deg": None},
            Code.RECORD_ONLY,
            "NO_ERROR_RADIUS",
            "the position of sb26112001 has no error radius",
        ),
        (
            {"error_r90_deg": 5.0},
            Code.REFUSE,
            "ERROR_BOX",
            "error radius 5.000° > 0.200°, more than the field holds",
        ),
        (
            {"trigger_time": NOW - timedelta(days=3)},
            Code.REFUSE,
            "TOO_LATE",
            "sb26112001 is 259200 s old, more than 86400 s",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_what_the_notices_alone_decide(changed, code, reason, sentence) -> None:
    """D13, D14, D16 and SVOM's error −1, which is unknown and never perfect (D15)."""
    answer = decide(replace(BURST, **changed), NOW, LIMITS, lambda: pytest.fail("the sky was asked for"), SAFE)
    assert (answer.code, answer.reason_code, answer.sentence) == (code, reason, sentence)


def test_a_retraction_counts_more_than_being_a_test() -> None:
    assert decided(replace(BURST, is_test=True, is_retracted=True)).reason_code == "RETRACTED"


def test_without_a_strategy_nothing_is_observed() -> None:
    answer = decided(limits=None)
    assert (answer.code, answer.reason_code) == (Code.RECORD_ONLY, "NO_STRATEGY")
    assert answer.sentence == "no active strategy answers sb26112001 (error radius 0.130°)"


def test_a_burst_whose_trigger_time_is_unknown_is_not_too_late() -> None:
    assert decided(replace(BURST, trigger_time=None)).code == Code.OBSERVE_NOW


def test_a_burst_of_exactly_the_greatest_age_is_observed() -> None:
    assert decided(replace(BURST, trigger_time=NOW - timedelta(seconds=86_400))).code == Code.OBSERVE_NOW


def test_below_the_horizon_it_waits_for_its_rise() -> None:
    """D3: −5°, above 20° in 2 h 10 min."""
    answer = decided(sky=replace(SKY, altitude_deg=-5.0, next_visible=RISE))
    assert (answer.code, answer.reason_code) == (Code.WAIT_FOR_RISE, "BELOW_HORIZON")
    assert answer.sentence == "altitude -5.0° < 20°; visible from 07:10 UTC"
    assert answer.review_at == RISE


def test_what_never_rises_in_the_dark_is_refused() -> None:
    """D3."""
    answer = decided(sky=replace(SKY, altitude_deg=-5.0, next_visible=None))
    assert (answer.code, answer.reason_code) == (Code.REFUSE, "NOT_VISIBLE")
    assert answer.sentence.startswith("altitude -5.0° < 20°, and it does not rise in the dark")


def test_by_day_it_waits_for_the_night() -> None:
    """D4: Sun +30°."""
    answer = decided(sky=replace(SKY, sun_altitude_deg=30.0, next_visible=RISE))
    assert (answer.code, answer.reason_code) == (Code.WAIT_FOR_NIGHT, "DAY")
    assert answer.sentence == "the Sun is at +30.0°; visible from 07:10 UTC" and answer.review_at == RISE


def test_by_day_what_the_night_does_not_show_is_refused() -> None:
    answer = decided(sky=replace(SKY, sun_altitude_deg=30.0, next_visible=None))
    assert (answer.code, answer.reason_code) == (Code.REFUSE, "NOT_VISIBLE")


def test_in_twilight_with_the_sun_eight_degrees_down_it_is_observed() -> None:
    """D4."""
    assert decided(sky=replace(SKY, sun_altitude_deg=-8.0)).code == Code.OBSERVE_NOW
    assert decided(sky=replace(SKY, sun_altitude_deg=-7.9)).code == Code.WAIT_FOR_NIGHT


def test_near_the_sun_it_is_refused() -> None:
    """D17, with the Sun at −9°: at −6° it is day for us already."""
    answer = decided(sky=replace(SKY, sun_altitude_deg=-9.0, sun_separation_deg=25.0))
    assert (answer.code, answer.reason_code) == (Code.REFUSE, "SUN")
    assert answer.sentence == "25° from the Sun < 30°"


def test_the_sun_cone_counts_only_while_the_sun_is_above_minus_ten() -> None:
    assert decided(sky=replace(SKY, sun_altitude_deg=-10.5, sun_separation_deg=25.0)).code == Code.OBSERVE_NOW


def test_near_the_moon_it_is_observed_with_a_warning() -> None:
    """D17: 5° from the Moon is allowed for a burst."""
    answer = decided(sky=replace(SKY, moon_separation_deg=5.0))
    assert answer.code == Code.OBSERVE_NOW and answer.sentence.endswith("; only 5° from the Moon")


def test_in_bad_weather_it_waits_and_is_looked_at_a_minute_later() -> None:
    """D5."""
    answer = decided(conditions=Conditions(safe=False, safety_sentence="humidity 92 % > 85 %"))
    assert (answer.code, answer.reason_code) == (Code.WAIT_FOR_WEATHER, "UNSAFE")
    assert answer.sentence == "the roof stays closed: humidity 92 % > 85 %"
    assert answer.review_at == NOW + timedelta(minutes=1)


def test_in_manual_mode_it_is_recorded() -> None:
    """C11."""
    answer = decided(conditions=Conditions(safe=True, automatic=False))
    assert (answer.code, answer.reason_code) == (Code.RECORD_ONLY, "MANUAL")


def test_a_small_move_interrupts_nothing() -> None:
    """D10: 4.36′ with a field of 26′ and a margin of 0.9."""
    answer = after_update(decided(), under_way=True, moved_deg=4.36 / 60, half_field_deg=13 / 60, margin=0.9)
    assert (answer.code, answer.reason_code) == (Code.KEEP_OBSERVING, "INSIDE_FIELD")
    assert answer.sentence == "the position moved by 4.36′, inside the field"


def test_a_move_out_of_the_field_points_anew() -> None:
    """D10: 2°."""
    answer = after_update(decided(), under_way=True, moved_deg=2.0, half_field_deg=13 / 60, margin=0.9)
    assert (answer.code, answer.reason_code) == (Code.REPOINT, "POSITION_MOVED")
    assert answer.sentence == "the position moved by 120.0′, more than the field allows"


def test_an_update_changes_nothing_for_what_is_not_under_way_or_must_stop() -> None:
    assert after_update(decided(), under_way=False, moved_deg=2.0, half_field_deg=0.2, margin=0.5) == decided()
    stop = decided(replace(BURST, is_retracted=True))
    assert after_update(stop, under_way=True, moved_deg=2.0, half_field_deg=0.2, margin=0.5) == stop
