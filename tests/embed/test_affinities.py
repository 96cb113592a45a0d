"""Affinities against openTSNE's and against the definition."""

import math

import numpy as np
import pytest
import torch
from openTSNE.affinity import PerplexityBasedNN

from vizkit.embed.affinities import Graph, conditional
from vizkit.embed.neighbours import nearest


def rows(n=200, d=10, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("perplexity", [5, 30])
def test_affinities_are_those_of_open_tsne(perplexity):
    x = rows()
    theirs = PerplexityBasedNN(x.double().numpy(), perplexity=perplexity, method="exact").P.toarray()
    ours = Graph.of(x, 30).at(perplexity).dense()
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=5e-3, atol=1e-12)  # their search ends early in some rows
    assert np.isclose(ours.numpy(), theirs, rtol=1e-5, atol=1e-12).mean() > 0.999


def test_each_row_has_the_entropy_that_its_perplexity_says():
    weights = conditional(nearest(rows(), 60).distances, 20)
    torch.testing.assert_close(weights.sum(1), torch.ones(200, dtype=torch.float64))
    torch.testing.assert_close(
        torch.special.entr(weights).sum(1), torch.full((200,), math.log(20), dtype=torch.float64), rtol=0, atol=1e-7
    )


def test_affinities_are_half_of_both_directions_and_sum_to_one():
    x = rows(50, 4)
    found = nearest(x, 12)
    p = Graph(found, 4).at(4)
    one_way = torch.zeros(50, 50, dtype=torch.float64).scatter_(1, found.ids, conditional(found.distances, 4))
    torch.testing.assert_close(p.dense(), (one_way + one_way.T) / 100, rtol=0, atol=1e-15)
    assert torch.equal(p.dense(), p.dense().T)
    assert abs(float(p.values.sum()) - 1) < 1e-12
    assert all((p.index[a:b].diff() > 0).all() for a, b in zip(p.starts, p.starts[1:], strict=False))


def test_one_graph_serves_every_perplexity_that_it_was_made_for():
    x = rows(150, 5)
    wide = Graph.of(x, 40)
    for perplexity in (3, 12.5, 40):
        kept, own = wide.at(perplexity), Graph.of(x, perplexity).at(perplexity)
        assert torch.equal(kept.index, own.index)
        assert torch.equal(kept.values, own.values)
    with pytest.raises(ValueError, match="largest=45"):
        wide.at(45)


def test_a_perplexity_beyond_the_points_is_lowered_and_told():
    p = Graph.of(rows(31, 4), 50).at(50)
    assert p.perplexity == 10
    assert torch.equal(p.values, Graph.of(rows(31, 4), 50).at(10).values)


@pytest.mark.parametrize("far", [1e-12, 1.0, 1e12])
def test_copies_and_any_unit_of_length_give_finite_affinities(far):
    x = torch.cat([torch.zeros(20, 3), rows(40, 3) * far])
    p = Graph.of(x, 10).at(10)
    assert p.values.isfinite().all()
    assert abs(float(p.values.sum()) - 1) < 1e-12


def test_the_entropy_of_affinities_is_their_definition():
    p = Graph.of(rows(40, 3), 5).at(5)
    dense = p.dense()[p.dense() > 0]
    torch.testing.assert_close(p.entropy, -(dense * dense.log()).sum())


def test_a_perplexity_below_one_is_refused():
    with pytest.raises(ValueError, match="30 is usual"):
        Graph.of(rows(20, 3), 5).at(0.5)
    with pytest.raises(ValueError, match="1 or more"):
        Graph.of(rows(20, 3), 0)
