"""Bayesian blocks: what the algorithm must find, and that pruning changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gammaray import InputRefused, block_edges
from gammaray.blocks import poisson_block_edges


def test_a_constant_curve_is_one_block():
    assert block_edges(np.full(50, 3.0), np.ones(50), 5.0).tolist() == [0, 50]


def test_steps_are_found_where_they_are():
    values = np.concatenate([np.zeros(30), np.full(7, 10.0), np.full(20, 4.0), np.zeros(43)])
    assert block_edges(values, np.ones(100), 8.0).tolist() == [0, 30, 37, 57, 100]


def test_a_large_offset_does_not_spoil_the_blocks():
    values = 1e8 + np.concatenate([np.zeros(30), np.full(10, 10.0), np.zeros(30)])
    assert block_edges(values, np.ones(70), 8.0).tolist() == [0, 30, 40, 70]


def test_a_step_that_earns_less_than_the_penalty_is_not_made():
    # ten bins at 1 against ten at -1, unit errors: the split earns 20 x 1 / 2 = 10
    values = np.concatenate([np.full(10, -1.0), np.full(10, 1.0)])
    assert block_edges(values, np.ones(20), 10.5).tolist() == [0, 20]
    assert block_edges(values, np.ones(20), 9.5).tolist() == [0, 10, 20]


def _every_segmentation(values, errors, penalty):
    """The best score by the plain recursion, without pruning or running sums."""
    best = [0.0]
    for stop in range(1, len(values) + 1):
        best.append(
            max(best[begin] + _fitness(values[begin:stop], errors[begin:stop]) for begin in range(stop)) - penalty
        )
    return best[-1]


def _fitness(values, errors):
    return (values / errors**2).sum() ** 2 / (2.0 * (1.0 / errors**2).sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 90), st.floats(1.0, 12.0))
def test_pruning_never_changes_the_best_score(seed, count, penalty):
    generator = np.random.default_rng(seed)
    values = generator.normal(0, 1, count) + 4.0 * (np.arange(count) // 17 % 2)
    errors = generator.uniform(0.5, 2.0, count)
    values -= np.average(values, weights=errors**-2)
    edges = block_edges(values, errors, penalty)
    score = sum(_fitness(values[a:b], errors[a:b]) - penalty for a, b in itertools.pairwise(edges))
    assert score == pytest.approx(_every_segmentation(values, errors, penalty), abs=1e-8)


def test_poisson_blocks_are_found_relative_to_the_background():
    expected = np.linspace(1.0, 3.0, 60)
    counts = np.round(expected * np.where((np.arange(60) >= 20) & (np.arange(60) < 26), 20.0, 1.0))
    assert poisson_block_edges(counts, expected, 8.0).tolist() == [0, 20, 26, 60]


@pytest.mark.parametrize(
    ("values", "errors", "penalty", "word"),
    [
        ([1.0, np.nan], [1.0, 1.0], 5.0, "finite"),
        ([1.0, 1.0], [1.0, 0.0], 5.0, "above zero"),
        ([1.0, 1.0], [1.0], 5.0, "same length"),
        ([], [], 5.0, "length"),
        ([1.0], [1.0], 0.0, "penalty"),
    ],
)
def test_what_cannot_be_cut_is_refused_with_the_reason(values, errors, penalty, word):
    with pytest.raises(InputRefused, match=word):
        block_edges(np.array(values), np.array(errors), penalty)
