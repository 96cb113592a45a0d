"""New points on a map that stands, beside openTSNE's own way of placing them."""

import numpy as np
import pytest
import torch
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN

from vizkit.embed.affinities import Graph
from vizkit.embed.descent import descend, start
from vizkit.embed.transform import place


def scene():
    """Rows of three clusters, their map, and new rows with their clusters."""
    chance = torch.Generator().manual_seed(0)
    centers = 5 * torch.randn(3, 8, generator=chance)
    labels = torch.arange(240) % 3
    x = centers[labels] + torch.randn(240, 8, generator=chance)
    old = x[:180]
    *_, done = descend(Graph.of(old, 15).at(15), start(old), steps=300, early=100)
    return old, done.xy, x[180:], labels[:180], labels[180:]


def test_new_points_lie_where_open_tsne_places_them():
    old, xy, fresh, *_ = scene()
    affinities = PerplexityBasedNN(old.double().numpy(), perplexity=15, method="exact")
    map_of_old = TSNEEmbedding(xy.double().numpy(), affinities, negative_gradient_method="bh", theta=0)
    theirs = np.asarray(map_of_old.transform(fresh.double().numpy(), perplexity=5))
    middle = (xy.amax(0) + xy.amin(0)) / 2  # openTSNE puts the map there first
    apart = (place(fresh, old, xy) - middle - torch.tensor(theirs)).norm(dim=1)
    radius = float(xy.norm(dim=1).max())
    assert float(apart.median()) < 0.02 * radius
    assert float(apart.quantile(0.9)) < 0.1 * radius


def test_new_points_lie_among_their_own_kind():
    old, xy, fresh, labels, wanted = scene()
    near = torch.cdist(place(fresh, old, xy), xy).topk(5, largest=False).indices
    assert float((labels[near] == wanted[:, None]).float().mean()) > 0.98


def test_a_copy_of_an_old_row_lies_close_to_it():
    old, xy, *_ = scene()
    apart = (place(old[:30], old, xy) - xy[:30]).norm(dim=1)
    assert float(apart.median()) < 0.1 * float(xy.norm(dim=1).max())


def test_each_point_lies_where_it_would_lie_alone_and_the_map_does_not_move():
    old, xy, fresh, *_ = scene()
    before = xy.clone()
    together = place(fresh, old, xy, steps=60)
    torch.testing.assert_close(place(fresh[7:8], old, xy, steps=60), together[7:8], rtol=1e-3, atol=1e-3)
    assert torch.equal(place(fresh, old, xy, steps=60), together)
    assert torch.equal(xy, before)
    assert place(fresh[:0], old, xy).shape == (0, 2)


def test_a_stranger_stays_within_the_maps_circle():
    old, xy, *_ = scene()
    middle = (xy.amax(0) + xy.amin(0)) / 2
    placed = place(torch.full((1, 8), 1e3), old, xy)
    assert float((placed - middle).norm()) <= float((xy - middle).norm(dim=1).max()) * 1.0001


def test_a_map_of_other_rows_is_refused():
    old, xy, fresh, *_ = scene()
    with pytest.raises(ValueError, match="180 old rows"):
        place(fresh, old, xy[:9])
    with pytest.raises(ValueError, match="5 is usual"):
        place(fresh, old, xy, perplexity=0.1)
