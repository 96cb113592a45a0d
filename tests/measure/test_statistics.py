"""Statistics against brute force, and their law: however pictures are parted and merged, the outcome is the same."""

import math
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measure.populations import in_any_order, parted, populations
from vizkit.measure.coactivation import Coactivation
from vizkit.measure.embeddings import Embeddings
from vizkit.measure.histogram import BINS, Histogram, all_edges, codes, quantile, sparsity
from vizkit.measure.moments import Moment, exact_sum, value
from vizkit.measure.spread import Spread, limit_of
from vizkit.measure.statistic import scattered
from vizkit.measure.top import Top

KINDS = {
    "top": lambda units: Top(units, 3),
    "one of many": lambda units: Top(units, 1),
    "more than there are": lambda units: Top(units, 20),
    "histogram": Histogram,
    "moments": Moment,
    "spread": lambda units: Spread(units, 4),
    "mean": lambda units: Embeddings(units, "mean"),
    "max": lambda units: Embeddings(units, "max"),
    "together": Coactivation,
}


def same(a, b):
    a, b = ((t,) if torch.is_tensor(t) else t for t in (a, b))
    return all(torch.equal(x.nan_to_num(7e7), y.nan_to_num(7e7)) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@given(population=populations())
@settings(max_examples=60, deadline=None)
def test_any_partition_and_any_order_of_merging_equal_one_pass_bit_for_bit(kind, population):
    batch, ids, seed = population
    statistic = KINDS[kind](batch.shape[1])
    whole = statistic.update(statistic.zero(), batch, ids)
    parts = parted(batch, ids, seed)
    states = [statistic.update(statistic.zero(), *part) for part in parts]
    one_by_one = statistic.zero()
    for part in parts:
        one_by_one = statistic.update(one_by_one, *part)
    expected = statistic.finalize(whole)
    assert same(statistic.finalize(in_any_order(statistic, states, seed)), expected)
    assert same(statistic.finalize(reduce(statistic.merge, states, statistic.zero())), expected)
    assert same(statistic.finalize(one_by_one), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_updating_leaves_the_old_state_as_it_was(kind):
    statistic = KINDS[kind](2)
    state = statistic.zero()
    before = {key: tensor.clone() for key, tensor in state.items()}
    statistic.update(state, torch.ones(3, 2, 4), torch.arange(3))
    assert all(torch.equal(state[key], before[key]) for key in before)


@given(population=populations())
@settings(max_examples=100, deadline=None)
def test_top_is_what_sorting_everything_gives(population):
    batch, ids, _ = population
    found = Top(batch.shape[1], 5).update(Top(batch.shape[1], 5).zero(), batch, ids)
    values, pictures, positions = Top(batch.shape[1], 5).finalize(found)
    for unit in range(batch.shape[1]):
        peaks = [(float(row.max()), int(i), int(row.argmax())) for row, i in zip(batch[:, unit], ids, strict=True)]
        ranked = sorted((p for p in peaks if math.isfinite(p[0])), key=lambda p: (-p[0], p[1]))[:5]
        there = [
            (float(v), int(i), int(p)) for v, i, p in zip(values[unit], pictures[unit], positions[unit], strict=True)
        ]
        assert there == ranked + [(-math.inf, -1, -1)] * (5 - len(ranked))
        assert found["odd"][unit] == len(peaks) - sum(math.isfinite(p[0]) for p in peaks)


def test_pictures_with_large_numbers_are_told_apart():
    ids = torch.tensor([2**32 - 2, 0, 2**31])
    state = Top(1, 3).update(Top(1, 3).zero(), torch.tensor([1.0, 1.0, -2.0])[:, None, None], ids)
    assert Top(1, 3).finalize(state).ids.tolist() == [[0, 2**32 - 2, 2**31]]


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=40))
def test_every_value_lies_between_the_edges_of_its_bin(values):
    values = torch.tensor(values)
    edges = all_edges()
    bins = codes(values).long()
    inside = values.double().clamp(-(2.0**14), 2.0**14)
    assert (edges[bins] <= inside).all()
    assert (inside <= edges[bins + 1]).all()


def test_edges_ascend_and_bins_are_a_thirty_second_of_their_value_wide():
    edges = all_edges()
    assert len(edges) == BINS + 1
    assert (edges.diff() >= 0).all()
    positive = edges[edges >= 2.0**-14]
    assert (positive.diff() / positive[:-1]).max() <= 1 / 32


@pytest.mark.parametrize("q", [0.0, 0.005, 0.1, 0.5, 0.9, 0.995, 1.0])
def test_quantiles_are_numpys_within_a_bin(q):
    chance = torch.Generator().manual_seed(3)
    batch = torch.randn(64, 3, 100, generator=chance).relu() * torch.tensor([0.01, 1.0, 300.0])[:, None]
    found = quantile(
        Histogram(3).finalize(Histogram(3).update(Histogram(3).zero(), batch, torch.arange(64))), torch.tensor([q])
    )
    expected = np.quantile(batch.movedim(1, 0).flatten(1).numpy(), q, axis=1, method="inverted_cdf")
    assert found.shape == (1, 3)
    np.testing.assert_allclose(found[0], expected, rtol=1 / 32, atol=2.0**-14)


def test_sparsity_is_the_exact_share_of_zeros_and_positives():
    batch = torch.tensor([[[0.0, -0.0, 1e-30, 2.0]], [[-1.0, 0.0, 5e9, -1e-30]]])
    found = sparsity(Histogram(1).finalize(Histogram(1).update(Histogram(1).zero(), batch, torch.arange(2))))
    assert (found.zero.item(), found.positive.item()) == (3 / 8, 3 / 8)


def test_nothing_counted_has_no_quantile_and_no_sparsity():
    empty = Histogram(2).finalize(Histogram(2).zero())
    assert quantile(empty, torch.tensor([0.5])).isnan().all()
    assert sparsity(empty).zero.isnan().all()


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_sums_are_exact(values):
    found = exact_sum(torch.tensor(values)[:, None])
    exact = sum(Fraction(v) for v in values)
    assert value(found).item() == pytest.approx(float(exact), rel=1e-15, abs=0)


def test_moments_are_those_of_all_answers():
    batch = torch.randn(50, 3, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3 + 1
    state = Moment(3).update(Moment(3).zero(), batch.float(), torch.arange(50))
    mean, variance, pictures = Moment(3).finalize(state)
    flat = batch.float().double().movedim(1, 0).flatten(1)
    torch.testing.assert_close(mean, flat.mean(1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(variance, flat.var(1, correction=0), rtol=1e-5, atol=1e-5)
    assert pictures.tolist() == [50, 50, 50]


def test_coactivation_counts_positions_where_both_are_active():
    batch = torch.tensor([[[1.0, 0.0, 2.0], [3.0, 1.0, -1.0]], [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]])
    counts, jaccard = Coactivation(2).finalize(Coactivation(2).update(Coactivation(2).zero(), batch, torch.arange(2)))
    assert counts.tolist() == [[4, 3], [3, 4]]
    assert jaccard[0, 1] == pytest.approx(3 / 5)


def test_the_sample_is_even_and_the_limit_loses_none_of_it():
    ids = torch.arange(1000)
    batch = ids.float()[:, None, None]
    free, bound = Spread(1, 32), Spread(1, 32, limit_of(1000, 32, at_once=77))
    a, b = (s.finalize(s.update(s.zero(), batch, ids)) for s in (free, bound))
    assert same(a, b)
    assert a.values[0].tolist() == sorted(a.values[0].tolist(), reverse=True)
    assert abs(float(a.values.mean()) - 499.5) < 150  # 3 standard errors of 32 numbers drawn from 0 to 999


def test_scattered_numbers_are_those_of_splitmix64():
    state, expected = 0, []
    for _ in range(3):  # the reference implementation (Vigna)
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) % 2**64
        expected.append((z ^ z >> 31) % 2**63)
    assert scattered(torch.arange(3)).tolist() == expected
