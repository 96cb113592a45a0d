"""The forces of t-SNE against autograd through the definition, and against openTSNE's."""

import numpy as np
import pytest
import scipy.sparse
import torch
from openTSNE.tsne import kl_divergence_bh

from vizkit.embed import exact
from vizkit.embed.affinities import Graph


def scene(n=90, spread=3.0, seed=0):
    """Affinities of some rows, and a map (n, 2) float64."""
    chance = torch.Generator().manual_seed(seed)
    p = Graph.of(torch.randn(n, 6, generator=chance), 10).at(10)
    return p, torch.randn(n, 2, generator=chance, dtype=torch.float64) * spread


def defined(p, xy):
    """The divergence (0-d) as it is written in the paper."""
    q = 1 / (1 + (xy[:, None] - xy).square().sum(2))
    q = q * (1 - torch.eye(len(xy)))
    dense = p.dense()
    there = dense > 0
    return (dense[there] * (dense[there] / (q / q.sum())[there]).log()).sum()


@pytest.mark.parametrize("spread", [1e-3, 1.0, 30.0])
def test_gradient_and_divergence_are_those_of_the_definition(spread):
    p, xy = scene(spread=spread)
    xy.requires_grad_()
    kl = defined(p, xy)
    (truth,) = torch.autograd.grad(kl, xy)
    xy = xy.detach()
    torch.testing.assert_close(exact.gradient(p, xy), truth, rtol=1e-9, atol=1e-15)
    torch.testing.assert_close(exact.divergence(p, xy, exact.repulsion(xy).total), kl.detach(), rtol=1e-12, atol=0)


def test_gradient_and_divergence_are_those_of_open_tsne():
    p, xy = scene()
    entries = (p.values.numpy(), p.index.numpy(), p.starts.numpy())
    matrix = scipy.sparse.csr_matrix(entries, shape=(len(p), len(p)))
    kl, slope = kl_divergence_bh(xy.numpy(), matrix, 1, {"theta": 0}, should_eval_error=True)
    np.testing.assert_allclose(exact.gradient(p, xy).numpy(), 4 * slope, rtol=1e-6, atol=1e-9)
    assert abs(float(exact.divergence(p, xy, exact.repulsion(xy).total)) - kl) < 1e-6


def test_single_precision_is_as_good_as_its_digits():
    p, xy = scene(400, spread=25.0)
    found, truth = exact.gradient(p.to("cpu", torch.float32), xy.float()), exact.gradient(p, xy.float().double())
    assert float((found - truth).norm() / truth.norm()) < 1e-5


@pytest.mark.parametrize("side", [7, 32, 1000])
def test_tiles_of_any_size_sum_to_the_same(monkeypatch, side):
    _, xy = scene()
    whole = exact.repulsion(xy)
    monkeypatch.setitem(exact.SIDE, "cpu", side)
    tiled = exact.repulsion(xy)
    torch.testing.assert_close(tiled.force, whole.force, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(tiled.total, whole.total)


def test_forces_push_nothing_as_a_whole():
    p, xy = scene()
    for force in (exact.repulsion(xy).force, exact.attraction(p, xy)):
        torch.testing.assert_close(force.sum(0), torch.zeros(2, dtype=torch.float64), rtol=0, atol=1e-10)


def test_points_at_one_place_do_not_push_each_other():
    repelled = exact.repulsion(torch.ones(5, 2))
    assert torch.equal(repelled.force, torch.zeros(5, 2))
    assert float(repelled.total) == 20
