"""The descent of t-SNE: step by step as openTSNE's, as low as openTSNE's, and what it promises besides."""

import numpy as np
import pytest
import torch
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PrecomputedAffinities
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits

from vizkit.embed import exact
from vizkit.embed.affinities import Graph
from vizkit.embed.descent import Layout, descend, start
from vizkit.embed.engines import chosen
from vizkit.embed.neighbours import nearest
from vizkit.embed.quality import kept


def rows(n=150, d=8, seed=0):
    """Three clusters."""
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=chance) + 4 * torch.randn(3, d, generator=chance)[torch.arange(n) % 3]


@pytest.fixture(scope="module")
def p():
    return Graph.of(rows(), 15).at(15)


def last(*arguments, **options) -> Layout:
    return list(descend(*arguments, **options))[-1]


def theirs(p, begin):
    """openTSNE's embedding of the same affinities from the same start, with exact forces."""
    matrix = csr_matrix((p.values.numpy(), p.index.numpy(), p.starts.numpy()))
    return TSNEEmbedding(begin.double().numpy(), PrecomputedAffinities(matrix), negative_gradient_method="bh", theta=0)


def test_steps_are_those_of_open_tsne(p):
    begin = torch.randn(150, 2, generator=torch.Generator().manual_seed(1))
    reference = theirs(p, begin).optimize(20, exaggeration=12, momentum=0.5, learning_rate="auto", max_step_norm=5)
    ours = last(p, begin, steps=20, early=20)
    np.testing.assert_allclose(ours.xy.numpy(), np.asarray(reference), atol=2e-3 * float(np.abs(reference).max()))
    reference = theirs(p, begin).optimize(20, exaggeration=1, momentum=0.8, learning_rate="auto", max_step_norm=5)
    ours = last(p, begin, steps=20, early=0)
    np.testing.assert_allclose(ours.xy.numpy(), np.asarray(reference), atol=2e-3 * float(np.abs(reference).max()))


def test_on_digits_the_map_is_as_good_as_open_tsne_makes_it_in_as_many_steps():
    x = torch.tensor(load_digits().data[:300], dtype=torch.float32)
    graph = Graph.of(x, 30)
    p, begin = graph.at(30), start(x)
    ours = last(p, begin, steps=350)
    reference = theirs(p, begin)
    reference.optimize(250, exaggeration=12, momentum=0.5, max_step_norm=5, inplace=True)
    reference.optimize(100, momentum=0.8, max_step_norm=5, inplace=True)
    assert float(ours.kl()) < 1.02 * reference.kl_divergence
    assert float(kept(graph.neighbours.ids[:, :10], nearest(ours.xy, 10).ids)) > 0.55


def test_both_engines_end_equally_low(p):
    begin = start(rows())
    exactly, quickly = (last(p, begin, engine=engine, steps=300, early=100) for engine in ("exact", "fft"))
    assert abs(float(exactly.kl()) - float(quickly.kl())) < 0.02


@pytest.mark.parametrize("engine", ["exact", "fft"])
def test_the_same_arguments_give_the_same_bits_even_in_turns(p, engine):
    begin = start(rows())
    alone = [layout.xy for layout in descend(p, begin, steps=40, engine=engine)]
    for one, a, b in zip(
        alone, descend(p, begin, steps=40, engine=engine), descend(p, begin, steps=40, engine=engine), strict=True
    ):
        assert torch.equal(one, a.xy)
        assert torch.equal(one, b.xy)


@pytest.mark.parametrize("engine", ["exact", "fft"])
def test_the_divergence_told_is_that_of_the_map_shown(p, engine):
    layouts = list(descend(p, start(rows()), steps=60, early=30, every=15, engine=engine))
    assert [layout.step for layout in layouts] == [15, 30, 45, 60]
    assert [layout.early for layout in layouts] == [True, True, False, False]
    for layout in layouts:  # asked for when the descent is long over
        xy = layout.xy.double()
        truth = exact.divergence(p, xy, exact.repulsion(xy).total)
        assert abs(float(layout.kl()) - float(truth)) < 1e-3


def test_the_last_step_is_shown_whatever_lies_between(p):
    assert [layout.step for layout in descend(p, start(rows()), steps=7, every=3)] == [3, 6, 7]


def test_the_map_stays_centered_and_its_divergence_falls(p):
    layouts = list(descend(p, start(rows()), steps=200, early=60, every=20))
    assert all(float(layout.xy.mean(0).abs().max()) < 1e-4 for layout in layouts)
    assert float(layouts[-1].kl()) < float(layouts[3].kl()) < float(layouts[0].kl())


def test_a_start_is_the_principal_components_made_small():
    x = rows(200, 30)
    begin = start(x)
    centered = (x - x.mean(0)).double()
    variances = torch.linalg.svdvals(centered).square() / len(x)
    spread = begin.double().std(0, correction=0)
    assert abs(float(spread[0]) / 1e-4 - 1) < 0.01
    assert abs(float((spread[1] / spread[0]).square() / (variances[1] / variances[0])) - 1) < 0.02


def test_copies_are_parted_by_the_start_and_flat_data_has_one():
    begin = start(torch.ones(6, 4))
    assert len(begin.unique(dim=0)) == 6
    assert start(torch.arange(5.0)[:, None]).shape == (5, 2)


def test_a_warm_start_from_a_finished_map_moves_little_and_gets_no_worse(p):
    done = last(p, start(rows()), steps=500, early=100)
    warm = last(p, done.xy, steps=100, early=0)
    assert float(warm.kl()) <= float(done.kl()) + 0.01
    assert float((warm.xy - done.xy).norm() / done.xy.norm()) < 0.2


def test_what_is_held_stays_and_the_rest_moves(p):
    begin = start(rows()) * 1e4
    held = torch.arange(150) % 2 == 0
    done = last(p, begin, steps=30, early=0, held=held).xy
    assert torch.equal(done[held], begin[held])
    assert bool((done[~held] != begin[~held]).all())


def test_a_stronger_pull_keeps_points_closer_to_their_anchor(p):
    anchor = last(p, start(rows()), steps=200, early=100).xy
    other = Graph.of(rows(seed=5), 15).at(15)
    far = [
        float((last(other, anchor, steps=150, early=0, anchor=anchor, pull=pull).xy - anchor).norm())
        for pull in (0.0, 0.01, 0.1)
    ]
    assert far[0] > far[1] > far[2]


def test_a_few_points_are_mapped_too():
    for n in (2, 3, 5):
        done = last(Graph.of(rows(n), 30).at(30), start(rows(n)), steps=50)
        assert done.xy.isfinite().all()


def test_what_cannot_be_descended_is_refused_with_a_reason(p):
    begin = start(rows())
    for options, reason in [
        ({"start": begin[:9]}, "150 points start at"),
        ({"steps": 0}, "steps=0"),
        ({"every": 0}, "every=0"),
        ({"held": begin}, "bool"),
        ({"anchor": begin[:3]}, "a place for each point"),
        ({"engine": "barnes"}, "Give auto, exact or fft"),
    ]:
        with pytest.raises(ValueError, match=reason):
            next(descend(p, **{"start": begin, **options}))


def test_the_engine_is_chosen_by_the_number_of_points():
    assert chosen("auto", 100, torch.device("cpu")) == "exact"
    assert chosen("auto", 30_000, torch.device("cuda")) == "exact"
    assert chosen("auto", 60_000, torch.device("cuda")) == "fft"
    assert chosen("exact", 10**6, torch.device("cpu")) == "exact"
