"""T90 of bursts whose T90 is known, and of no burst at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gammaray import Configuration, InputRefused, LightCurve, measure_duration

from .synthetic import gaussian_burst, noise


def box(*, begin_s: float, end_s: float, rate: float, seed: int = 1) -> LightCurve:
    start = np.arange(1500, dtype=np.float64) * 0.1 - 50.0
    inside = (start >= begin_s - 1e-9) & (start < end_s - 1e-9)
    values = rate * inside + np.random.default_rng(seed).standard_normal(1500)
    return LightCurve(start, np.full(1500, 0.1), values, np.ones(1500))


def test_a_box_of_ten_seconds_has_a_t90_of_nine():
    found = measure_duration(box(begin_s=0.0, end_s=10.0, rate=30.0))
    assert found.burst
    assert found.t90_s == pytest.approx(9.0, abs=0.1)
    assert found.t05_s == pytest.approx(0.5, abs=0.1)
    assert found.t95_s == pytest.approx(9.5, abs=0.1)
    assert found.t50_s == pytest.approx(5.0, abs=0.1)
    assert (found.t100_start_s, found.t100_stop_s) == (pytest.approx(0.0, abs=0.11), pytest.approx(10.0, abs=0.11))


@pytest.mark.parametrize("seed", range(5))
def test_a_bright_gaussian_pulse_has_its_t90_within_its_error(seed):
    # 5 % and 95 % quantiles of the normal distribution are at 1.6448536 sigma: T90 = 3.2897073 x 5 s
    found = measure_duration(gaussian_burst(sigma_s=5.0, peak=10.0, seed=seed))
    assert found.t90_s == pytest.approx(16.4485, rel=0.10)  # wings below the blocks' threshold are lost
    assert abs(found.t90_s - 16.4485) < 3.0 * found.t90_error_s
    assert found.t05_s == pytest.approx(20.0 - 8.2243, abs=0.6)


def test_two_pulses_with_a_quiet_gap_are_one_burst():
    first, second = box(begin_s=0.0, end_s=5.0, rate=10.0), box(begin_s=60.0, end_s=65.0, rate=10.0, seed=2)
    both = replace(first, rate=first.rate + second.rate, error=first.error * np.sqrt(2.0))
    # half of the counts in each: 5 % is at 0.5 s, 95 % at 64.5 s
    assert measure_duration(both).t90_s == pytest.approx(64.0, abs=0.5)


def test_a_faint_burst_tells_that_its_wings_may_be_hidden():
    lengths, misses = [], 0
    for seed in range(20):
        found = measure_duration(gaussian_burst(sigma_s=5.0, peak=1.0, seed=seed))
        assert found.burst
        lengths.append(found.t90_s)
        misses += found.t90_s + 2.0 * found.t90_error_high_s < 16.4485
        assert found.t90_error_high_s >= found.t90_error_low_s > 0
    assert np.median(lengths) < 16.4485  # low, as Bayesian blocks are ...
    assert misses <= 3  # ... and the upper error holds it (2 sigma)


def test_pure_background_gives_at_most_one_burst_in_a_thousand():
    assert sum(measure_duration(noise(seed=seed)).burst for seed in range(1000)) <= 1


def test_poisson_background_with_a_slope_gives_no_burst():
    start = np.arange(1200) * 0.064 - 30.0
    for seed in range(60):
        expected = 8.0 + 4.0 * np.sin(np.arange(1200) / 900.0)
        counts = np.random.default_rng(seed).poisson(expected).astype(float)
        error = np.sqrt(np.maximum(counts, 1.0)) / 0.064
        curve = LightCurve(start, np.full(1200, 0.064), counts / 0.064, error, is_net=False, is_poisson=True)
        assert not measure_duration(curve).burst


@pytest.mark.parametrize("mean", [0.2, 1.0, 5.0])
def test_few_counts_a_bin_give_no_burst(mean):
    start = np.arange(1500) * 0.064 - 40.0
    for seed in range(60):
        counts = np.random.default_rng(seed).poisson(mean, 1500).astype(float)
        error = np.sqrt(np.maximum(counts, 1.0)) / 0.064
        assert not measure_duration(LightCurve(start, np.full(1500, 0.064), counts / 0.064, error)).burst


def test_a_burst_that_fills_half_the_curve_is_not_taken_for_background():
    start = np.arange(2500) * 0.064 - 60.0
    expected = 64.0 + 192.0 * ((start >= 0.0) & (start < 80.0))
    counts = np.random.default_rng(1).poisson(expected).astype(float)
    curve = LightCurve(start, np.full(2500, 0.064), counts / 0.064, np.sqrt(counts) / 0.064)
    assert measure_duration(curve).t90_s == pytest.approx(72.0, abs=0.5)  # a box: 90 % of 80 s


def test_a_burst_of_three_bins_has_a_duration():
    curve = box(begin_s=0.0, end_s=0.3, rate=40.0)
    assert measure_duration(curve).t90_s == pytest.approx(0.27, abs=0.05)


def test_no_burst_has_a_reason_and_no_numbers():
    found = measure_duration(noise(seed=3)).to_dict()
    assert found["burst"] is False
    assert "background" in found["reason"]
    assert [found[key] for key in ("t90_s", "t90_error_s", "t05_s", "t95_s", "t90_start_s")] == [None] * 5


def test_a_burst_on_a_curved_poisson_background_keeps_its_t90():
    start = np.arange(3000) * 0.064 - 80.0
    middle, width, lengths = start + 0.032, np.full(3000, 0.064), []
    expected = 60.0 + 0.3 * middle + 0.002 * middle**2 + 60.0 * np.exp(-0.5 * ((middle - 10.0) / 4.0) ** 2)
    for seed in range(8):
        counts = np.random.default_rng(seed).poisson(expected).astype(float)
        found = measure_duration(LightCurve(start, width, counts / 0.064, np.sqrt(counts) / 0.064))
        assert found.background.startswith("polynomial of degree")
        assert abs(found.t90_s - 13.1588) < 3.0 * found.t90_error_s  # 3.2897073 x 4 s
        lengths.append(found.t90_s)
    assert np.median(lengths) == pytest.approx(13.1588, rel=0.08)


def test_background_windows_are_obeyed():
    curve = box(begin_s=0.0, end_s=10.0, rate=30.0)
    raised = replace(curve, rate=curve.rate + 100.0)
    chosen = Configuration(background="polynomial", background_windows_s=((-50.0, -5.0), (20.0, 100.0)))
    assert measure_duration(raised, chosen).t90_s == pytest.approx(9.0, abs=0.1)
    with pytest.raises(InputRefused, match="background_windows_s"):
        measure_duration(raised, replace(chosen, background_windows_s=((900.0, 950.0),)))


def test_errors_that_are_too_small_do_not_make_a_burst():
    curve = noise(seed=4, bins=3000)
    found = measure_duration(replace(curve, error=curve.error * 0.5))
    assert not found.burst
    assert any("scatter" in note for note in found.notes)


def test_a_burst_cut_by_the_end_of_the_curve_is_a_lower_limit():
    found = measure_duration(box(begin_s=80.0, end_s=200.0, rate=10.0))
    assert found.burst
    assert any("lower limit" in note for note in found.notes)


def test_a_dip_is_no_burst():
    assert not measure_duration(box(begin_s=0.0, end_s=10.0, rate=-10.0)).burst


def test_the_answer_does_not_depend_on_the_unit_of_the_rate():
    curve = gaussian_burst(sigma_s=5.0, peak=3.0, seed=8)
    scaled = replace(curve, rate=curve.rate * 1e-4, error=curve.error * 1e-4)
    assert measure_duration(scaled).t90_s == pytest.approx(measure_duration(curve).t90_s, rel=1e-9)


def test_the_same_seed_gives_the_same_errors():
    curve = gaussian_burst(sigma_s=5.0, peak=3.0, seed=8)
    assert measure_duration(curve) == measure_duration(curve)


def test_a_window_without_bins_is_refused():
    with pytest.raises(InputRefused, match="too few"):
        measure_duration(noise(seed=1), Configuration(window_s=(5000.0, 6000.0)))
