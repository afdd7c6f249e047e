from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.models.weather import Climate, Conditions, Event, EventKind, Instrument, WeatherStory

T = datetime(2026, 11, 21, 8, 0, tzinfo=UTC).timestamp()
LONGITUDE_DEG = -115.464


def _story(*events: Event, seed: int = 1) -> WeatherStory:
    return WeatherStory(seed, LONGITUDE_DEG, Climate(), events)


@pytest.mark.parametrize("seed", range(12))
def test_fair_weather_stays_inside_the_usual_limits_by_itself(seed: int) -> None:
    # Limits of the observatory's defaults: 85 % humidity, 12 m/s mean wind, 16 m/s gust, 2.5 °C to the dew point.
    story = _story(seed=seed)
    for step in range(0, 86_400, 600):
        now = story.at(T + step)
        assert 10.0 < now.humidity_percent < 70.0
        assert now.wind_mps < 10.0 and now.gust_mps < 15.0
        assert now.temperature_c - now.dew_point_c > 5.0
        assert not now.rain and now.cloud_c < -20.0


def test_the_story_is_the_same_for_everyone_who_knows_the_seed() -> None:
    assert _story(seed=7).at(T + 123.4) == _story(seed=7).at(T + 123.4)
    assert _story(seed=7).at(T + 123.4) != _story(seed=8).at(T + 123.4)


def test_the_dew_point_follows_the_magnus_formula() -> None:
    # 20 °C and 50 %: 9.26 °C (Sonntag 1990 tables: 9.3).
    conditions = Conditions(20.0, 50.0, 700.0, 1.0, 1.0, 0.0, False, -25.0, 1.0, 0.0, True, 100.0, False)
    assert conditions.dew_point_c == pytest.approx(9.26, abs=0.02)


def test_rain_falls_from_its_start_to_its_end_and_brings_humidity_and_clouds() -> None:
    story = _story(Event(EventKind.RAIN, T, 1200.0))
    assert not story.at(T - 1).rain and story.at(T).rain and story.at(T + 1199).rain and not story.at(T + 1200).rain
    assert story.at(T + 600).humidity_percent > 90.0 and story.at(T + 600).extinction_mag > 2.0


def test_a_storm_rises_within_its_ramp_blows_and_calms_down() -> None:
    story = _story(Event(EventKind.WIND_STORM, T, 3600.0, peak=19.0, ramp_s=600.0))
    assert story.at(T - 700).wind_mps < 10.0
    assert story.at(T + 1800).wind_mps > 17.0 and story.at(T + 1800).gust_mps > 21.0
    assert story.at(T + 4300).wind_mps < 10.0


def test_A15_the_ups_drains_in_twenty_minutes_without_mains() -> None:
    story = _story(Event(EventKind.MAINS_FAILURE, T, 3600.0))
    assert story.at(T - 1).mains and not story.at(T + 1).mains
    assert story.at(T + 600).ups_percent == pytest.approx(50.0)
    assert story.at(T + 1300).ups_percent == 0.0
    assert story.at(T + 3601).mains


def test_two_stations_agree_within_their_errors_but_not_exactly() -> None:
    story = _story()
    (_, one), (_, two) = Instrument("weather1", 1).sample(story, T), Instrument("weather2", 1).sample(story, T)
    assert one.temperature_c != two.temperature_c
    assert abs(one.temperature_c - two.temperature_c) < 1.5
    assert abs(one.wind_mps - two.wind_mps) < 2.0
