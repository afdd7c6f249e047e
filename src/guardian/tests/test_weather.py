"""The cases A1 to A7 and A15 to A17 of the observatory's behaviours, at the pure level, with their own numbers."""

from __future__ import annotations

import pytest

from guardian import NightPhase, Override, Role, Safety, Source
from guardian.overrides import OverrideLedger, in_force
from guardian.tests.sheet import Sheet, advisory, codes, policy_for


def test_good_fresh_samples_of_all_sources_are_safe_and_need_no_reason() -> None:
    verdict = Sheet().good_until(0.0)
    assert (verdict.safety, verdict.reasons) == (Safety.SAFE, ())


def test_A1_humidity_of_92_percent_is_unsafe_at_the_first_sample() -> None:
    sheet = Sheet()
    sheet.good_until(120.0)
    sheet.sample("A", 125.0, humidity_percent=92.0)
    verdict = sheet.look(125.0)
    assert verdict.safety is Safety.UNSAFE
    assert codes(verdict) == {"humidity"}
    assert "A: humidity_percent is 92 % (closes at or above 85" in verdict.reasons[0].sentence


def test_A3_a_sample_60_s_old_is_fresh_and_one_61_s_old_is_stale_by_name() -> None:
    sheet = Sheet()
    sheet.good_until(100.0)
    for now_s in (130.0, 160.0, 161.0):
        sheet.sample("A", now_s)
        verdict = sheet.look(now_s)
        assert verdict.safety is (Safety.UNSAFE if now_s == 161.0 else Safety.SAFE)
    assert codes(verdict) == {"stale:B"}
    assert verdict.reasons[0].source == "B"


def test_A3_a_sensor_that_comes_back_starts_a_holdoff_and_opens_nothing() -> None:
    sheet = Sheet()
    sheet.good_until(100.0)
    sheet.sample("A", 165.0)
    assert sheet.look(165.0).safety is Safety.UNSAFE
    verdict = sheet.good_until(170.0, start_s=170.0)
    assert verdict.safety is Safety.HOLDOFF
    assert verdict.holdoff_until_s == 165.0 + 900.0
    assert sheet.good_until(1064.9, start_s=175.0).safety is Safety.HOLDOFF
    assert sheet.good_until(1065.0, start_s=1065.0).safety is Safety.SAFE


def test_A3_one_silent_quantity_of_a_station_that_goes_on_with_the_others_is_stale() -> None:
    sheet = Sheet()
    sheet.good_until(10.0)
    sheet.sample("A", 71.0)
    sheet.give("B", 71.0, "rain", 0.0)
    sheet.give("B", 71.0, "wind_mps", 3.0)
    verdict = sheet.look(71.0)
    assert codes(verdict) == {"stale:B"}
    assert "humidity_percent" in verdict.reasons[0].sentence


def test_A4_one_missing_sample_does_not_close_and_a_minute_of_them_does() -> None:
    sheet = Sheet()
    sheet.good_until(10.0)
    sheet.sample("A", 15.0)  # B gave garbage: its sample was rejected and is not here
    assert sheet.look(15.0).safety is Safety.SAFE
    for now_s in (40.0, 70.0, 71.0):
        sheet.sample("A", now_s)
        verdict = sheet.look(now_s)
    assert codes(verdict) == {"stale:B"}


def test_A5_two_stations_disagree_and_the_bad_one_vetoes_by_name() -> None:
    sheet = Sheet()
    sheet.sample("A", 0.0, wind_mps=5.0)
    sheet.sample("B", 0.0, wind_mps=22.0)
    verdict = sheet.look(0.0)
    assert verdict.safety is Safety.UNSAFE
    assert [(reason.code, reason.source) for reason in verdict.reasons] == [("wind", "B")]
    assert "disagreement" in {warning.code for warning in verdict.warnings}


def test_A5_an_advisory_station_only_warns() -> None:
    sheet = Sheet(policy_for(Source("A"), advisory(Source("B"))))
    sheet.sample("A", 0.0, wind_mps=5.0)
    sheet.sample("B", 0.0, wind_mps=22.0)
    verdict = sheet.look(0.0)
    assert verdict.safety is Safety.SAFE
    assert ("wind", "B") in {(warning.code, warning.source) for warning in verdict.warnings}


def test_A5_with_three_stations_the_odd_one_out_is_named_and_still_vetoes() -> None:
    sheet = Sheet(policy_for(Source("A"), Source("B"), Source("C")))
    sheet.sample("A", 0.0, wind_mps=5.0)
    sheet.sample("B", 0.0, wind_mps=6.0)
    sheet.sample("C", 0.0, wind_mps=22.0)
    verdict = sheet.look(0.0)
    assert verdict.safety is Safety.UNSAFE
    assert ("odd_one_out", "C") in {(warning.code, warning.source) for warning in verdict.warnings}


def test_D8_a_silent_redundant_station_is_borne_while_another_covers_its_quantities() -> None:
    sheet = Sheet(policy_for(Source("A", Role.REDUNDANT), Source("B", Role.REDUNDANT)))
    sheet.good_until(10.0)
    for now_s in (40.0, 75.0):
        sheet.sample("A", now_s)
        verdict = sheet.look(now_s)
    assert verdict.safety is Safety.SAFE
    assert "stale:B" in {warning.code for warning in verdict.warnings}
    verdict = sheet.look(136.0)  # now A is silent as well
    assert codes(verdict) == {"uncovered:rain", "uncovered:wind_mps", "uncovered:humidity_percent"}


def test_A6_wind_alternating_around_the_limit_for_an_hour_closes_once_and_never_reopens() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    seen = []
    for minute in range(60):
        wind = 15.5 if minute % 2 == 0 else 14.5
        for second in range(0, 60, 5):
            now_s = 60.0 * minute + second + 5.0
            sheet.sample("A", now_s, wind_mps=wind)
            sheet.sample("B", now_s, wind_mps=5.0)
            seen.append(sheet.look(now_s).safety)
    assert set(seen) == {Safety.UNSAFE}
    assert sheet.look(3600.0).closes_tonight == 1


def test_A6_wind_is_bad_until_it_falls_to_12_mps_once_it_was_above_15() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    expected = [(14.9, "SAFE"), (15.0, "UNSAFE"), (12.1, "UNSAFE"), (12.0, "HOLDOFF"), (14.9, "HOLDOFF")]
    for index, (wind, safety) in enumerate(expected):
        now_s = 5.0 * (index + 1)
        sheet.sample("A", now_s, wind_mps=wind)
        sheet.sample("B", now_s)
        assert sheet.look(now_s).safety == safety, wind
    assert sheet.look(now_s).holdoff_until_s == 15.0 + 900.0  # last bad: the 12.1 m/s sample at 15 s


def test_A6_the_fourth_close_of_a_night_doubles_the_holdoff() -> None:
    sheet = Sheet()
    now_s = 0.0
    sheet.good_until(now_s)
    lengths = []
    for _ in range(5):
        now_s += 5.0
        sheet.sample("A", now_s, wind_mps=20.0)
        sheet.sample("B", now_s)
        sheet.look(now_s)
        bad_s = now_s
        verdict = sheet.good_until(now_s + 5.0, start_s=now_s + 5.0)
        assert verdict.holdoff_until_s is not None
        lengths.append(verdict.holdoff_until_s - bad_s)
        now_s = verdict.holdoff_until_s
        assert sheet.good_until(now_s, start_s=now_s).safety is Safety.SAFE
    assert lengths == [900.0, 900.0, 900.0, 1800.0, 1800.0]


def test_A6_closes_are_counted_anew_after_a_day() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.sample("A", 5.0, wind_mps=20.0)
    assert sheet.look(5.0).closes_tonight == 1
    sheet.phase = NightPhase.DAY
    assert sheet.good_until(30_000.0, start_s=30_000.0).closes_tonight == 0


def test_A7_rain_for_one_second_closes_at_once_and_holds_for_60_minutes() -> None:
    sheet = Sheet()
    sheet.good_until(10.0)
    sheet.sample("A", 11.0, rain=1.0)
    verdict = sheet.look(11.0)
    assert (verdict.safety, codes(verdict)) == (Safety.UNSAFE, {"rain"})
    verdict = sheet.good_until(12.0, start_s=12.0)
    assert (verdict.safety, verdict.holdoff_until_s) == (Safety.HOLDOFF, 11.0 + 3600.0)


def test_A14_a_plc_silent_for_12_s_is_unsafe_and_for_10_s_is_not() -> None:
    sheet = Sheet()
    sheet.good_until(10.0)
    sheet.plc_answers = False
    assert sheet.good_until(20.0, start_s=15.0).safety is Safety.SAFE
    verdict = sheet.good_until(22.0, start_s=22.0)
    assert (verdict.safety, codes(verdict)) == (Safety.UNSAFE, {"plc_link"})
    assert "plc link" in verdict.reasons[0].sentence


def test_A15_mains_lost_is_a_warning_for_a_minute_and_unsafe_afterwards() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    for now_s in range(5, 65, 5):
        sheet.sample("A", float(now_s), mains=0.0)
        sheet.sample("B", float(now_s))
        verdict = sheet.look(float(now_s))
        assert verdict.safety is Safety.SAFE
        assert "mains" in {warning.code for warning in verdict.warnings}
    sheet.sample("A", 66.0, mains=0.0)
    verdict = sheet.look(66.0)
    assert (verdict.safety, codes(verdict)) == (Safety.UNSAFE, {"mains"})


@pytest.mark.parametrize(("percent", "safety"), [(51.0, Safety.SAFE), (49.0, Safety.UNSAFE), (20.0, Safety.EMERGENCY)])
def test_A15_the_ups_below_50_percent_is_unsafe_and_at_20_an_emergency(percent: float, safety: Safety) -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.sample("A", 5.0, mains=0.0, ups_percent=percent)
    assert sheet.look(5.0).safety is safety


def test_A16_the_earliest_opening_is_15_minutes_after_the_last_bad_sample() -> None:
    sheet = Sheet()  # zero is 22:00
    sheet.good_until(595.0)
    for now_s in range(600, 2401, 5):  # 22:10 to 22:40
        sheet.sample("A", float(now_s), wind_mps=18.0)
        sheet.sample("B", float(now_s))
        assert sheet.look(float(now_s)).safety is Safety.UNSAFE
    assert sheet.good_until(3299.0, start_s=2405.0).safety is Safety.HOLDOFF
    assert sheet.good_until(3300.0, start_s=3300.0).safety is Safety.SAFE  # 22:55


def _override(source: str, quantity: str | None, until_unix_s: float, id_: str = "o1") -> Override:
    return Override(id_, source, quantity, until_unix_s, "operator", "sensor is being repaired")


def test_A17_an_override_takes_one_sensor_out_with_its_holdoff_and_says_so() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.sample("A", 5.0)
    sheet.sample("B", 5.0, wind_mps=30.0)
    assert sheet.look(5.0).safety is Safety.UNSAFE
    sheet.overrides = (_override("B", "wind_mps", 0.0),)
    sheet.sample("A", 10.0)
    sheet.sample("B", 10.0, wind_mps=30.0)
    verdict = sheet.look(10.0)
    assert verdict.safety is Safety.SAFE
    assert "overridden:B" in {warning.code for warning in verdict.warnings}
    sheet.overrides = ()
    assert sheet.look(11.0).safety is Safety.UNSAFE


@pytest.mark.parametrize("values", [{"rain": 1.0}, {"ups_percent": 30.0}])
def test_A17_no_override_covers_rain_or_power(values: dict[str, float]) -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.overrides = (_override("B", None, 0.0), _override("B", "rain", 0.0, "o2"))
    sheet.sample("B", 5.0, **values)
    assert sheet.look(5.0).safety is Safety.UNSAFE


def test_A17_an_override_of_a_silent_station_leaves_its_rain_sensor_missing() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.overrides = (_override("B", None, 0.0),)
    sheet.sample("A", 61.0)
    assert codes(sheet.look(61.0)) == {"stale:B"}


def test_A17_an_override_of_30_minutes_ends_at_30_minutes_exactly_even_when_the_date_is_stepped_back() -> None:
    ledger = OverrideLedger()
    asked = [_override("B", "wind_mps", until_unix_s=1_000_000.0 + 1800.0)]

    def at(now_s: float, step_s: float = 0.0) -> int:
        nonlocal ledger
        ledger, holding = in_force(
            ledger, asked, now_s=now_s, now_unix_s=1_000_000.0 + now_s + step_s, longest_s=7200.0, night_is_over=False
        )
        return len(holding)

    assert [at(0.0), at(600.0, -3600.0), at(1799.9, -3600.0), at(1800.0, -3600.0), at(1801.0, -3600.0)] == [
        1,
        1,
        1,
        0,
        0,
    ]


def test_A17_the_end_of_the_night_ends_an_override_for_good() -> None:
    ledger = OverrideLedger()
    asked = [_override("B", None, until_unix_s=9_000.0)]
    counts = []
    for over in (False, True, False):
        ledger, holding = in_force(ledger, asked, now_s=0.0, now_unix_s=8_000.0, longest_s=7200.0, night_is_over=over)
        counts.append(len(holding))
    assert counts == [1, 0, 0]


def test_A17_an_override_lasts_no_longer_than_the_policy_allows() -> None:
    asked = [_override("B", None, until_unix_s=1e12)]
    ledger, _ = in_force(OverrideLedger(), asked, now_s=0.0, now_unix_s=0.0, longest_s=7200.0, night_is_over=False)
    _, holding = in_force(ledger, asked, now_s=7200.0, now_unix_s=7200.0, longest_s=7200.0, night_is_over=False)
    assert holding == ()


def test_cloud_closes_at_the_third_very_cloudy_sample_not_before() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    verdicts = []
    for now_s in (5.0, 10.0, 15.0):
        sheet.sample("A", now_s, cloud_c=-5.0)
        verdicts.append(sheet.look(now_s).safety)
    assert verdicts == [Safety.SAFE, Safety.SAFE, Safety.UNSAFE]


def test_a_required_sensor_that_was_bad_and_falls_silent_keeps_its_veto() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.sample("A", 5.0, gust_mps=25.0)
    sheet.sample("B", 5.0)
    sheet.look(5.0)
    verdict = sheet.good_until(2000.0, start_s=10.0)  # the good samples have no gust
    assert (verdict.safety, codes(verdict)) == (Safety.UNSAFE, {"gust"})


def test_an_emergency_stop_is_an_emergency() -> None:
    sheet = Sheet()
    sheet.good_until(0.0)
    sheet.emergency_stop = True
    assert sheet.good_until(5.0, start_s=5.0).safety is Safety.EMERGENCY


def test_a_reading_dated_in_the_future_is_not_taken() -> None:
    sheet = Sheet()
    sheet.good_until(10.0)
    sheet.sample("B", 1e6)
    sheet.sample("A", 71.0)
    assert codes(sheet.look(71.0)) == {"stale:B"}


def test_C8_at_start_first_readings_are_awaited_for_30_s_without_a_verdict_of_unsafe() -> None:
    sheet = Sheet()
    verdict = sheet.look(0.0)
    assert (verdict.safety, verdict.starting, codes(verdict)) == (Safety.HOLDOFF, True, {"starting"})
    assert sheet.look(29.9).starting
    verdict = sheet.look(30.0)
    assert (verdict.safety, verdict.starting) == (Safety.UNSAFE, False)


def test_C8_at_start_complete_good_readings_are_safe_at_once_and_a_bad_one_is_unsafe_at_once() -> None:
    sheet = Sheet()
    sheet.look(0.0)
    assert sheet.good_until(3.0, start_s=3.0).safety is Safety.SAFE
    sheet = Sheet()
    sheet.sample("A", 1.0, rain=1.0)
    assert sheet.look(1.0).safety is Safety.UNSAFE


def test_under_a_fast_clock_silence_counts_only_after_what_software_may_take() -> None:
    sheet = Sheet()
    sheet.software_floor_s = 600.0  # 2 real seconds at 300 times
    sheet.good_until(0.0)
    assert sheet.look(600.0).safety is Safety.SAFE
    assert sheet.look(601.0).safety is Safety.UNSAFE
