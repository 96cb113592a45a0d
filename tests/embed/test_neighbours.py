"""Neighbors against brute force in float64, and against scikit-learn."""

import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from vizkit.embed import neighbours, room
from vizkit.embed.neighbours import nearest


def rows(n=300, d=12, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def brute(x, k, among=None):
    """Every distance from differences in float64; a stable sort leaves ties in the order of ids."""
    pool = (x if among is None else among).double()
    squares = (x.double()[:, None] - pool).square().sum(2)
    if among is None:
        squares.fill_diagonal_(torch.inf)
    squares, ids = squares.sort(dim=1, stable=True)
    return squares[:, :k].sqrt().float(), ids[:, :k]


def test_neighbors_are_those_of_brute_force_and_of_scikit_learn():
    x = rows()
    found, (distances, ids) = nearest(x, 20), brute(x, 20)
    assert torch.equal(found.ids, ids)
    torch.testing.assert_close(found.distances, distances, rtol=1e-6, atol=0)
    theirs = NearestNeighbors(n_neighbors=20).fit(x.numpy()).kneighbors()
    assert torch.equal(found.ids, torch.from_numpy(theirs[1]))


def test_far_from_the_origin_where_a_product_in_float32_picks_wrong_ones_the_neighbors_are_right():
    x = rows(200, 3, seed=1) * 1e-2
    x[:100] += 100  # two clusters, so centering alone does not help
    rough = (
        neighbours._rough(x - x.mean(0), x - x.mean(0), torch.arange(200), torch.float32).topk(5, largest=False).indices
    )
    truth = brute(x, 5)[1]
    assert not torch.equal(rough.sort().values, truth.sort().values)
    assert torch.equal(nearest(x, 5).ids, truth)


def test_ties_and_copies_come_in_the_order_of_ids():
    grid = torch.cartesian_prod(torch.arange(6.0), torch.arange(6.0))
    x = torch.cat([grid, grid, torch.zeros(40, 2)])
    found, (distances, ids) = nearest(x, 9), brute(x, 9)
    assert torch.equal(found.ids, ids)
    assert torch.equal(found.distances, distances)


def test_an_outlier_and_a_crowd_of_copies_hide_no_neighbor():
    x = rows(200, 6)
    x[0] *= 1e6
    x[50:120] = x[50]
    found, (distances, ids) = nearest(x, 9), brute(x, 9)
    assert torch.equal(found.ids, ids)
    torch.testing.assert_close(found.distances, distances, rtol=1e-6, atol=0)


def test_where_products_may_be_coarse_the_neighbors_are_the_same():
    x, before = rows(), torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        assert torch.equal(nearest(x, 20).ids, brute(x, 20)[1])
    finally:
        torch.set_float32_matmul_precision(before)


def test_in_the_callers_autocast_the_neighbors_are_the_same():
    x = rows()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(nearest(x, 20).ids, brute(x, 20)[1])


def test_small_tiles_find_the_same(monkeypatch):
    x = rows(120, 5)
    whole = nearest(x, 7)
    monkeypatch.setitem(room.CELLS, "cpu", 500)
    tiled = nearest(x, 7)
    assert torch.equal(tiled.ids, whole.ids)
    assert torch.equal(tiled.distances, whole.distances)


def test_all_others_are_neighbors_when_as_many_are_wanted():
    x = rows(9, 3)
    assert torch.equal(nearest(x, 8).ids, brute(x, 8)[1])


def test_among_other_rows_none_is_left_out():
    x, pool = rows(40, 6), rows(90, 6, seed=2)
    found, (distances, ids) = nearest(x, 5, among=pool), brute(x, 5, among=pool)
    assert torch.equal(found.ids, ids)
    torch.testing.assert_close(found.distances, distances, rtol=1e-6, atol=0)
    assert torch.equal(nearest(pool, 1, among=pool).ids[:, 0], torch.arange(90))


def test_the_first_few_of_many_are_those_of_few():
    x = rows()
    assert torch.equal(nearest(x, 20).first(4).ids, nearest(x, 4).ids)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.uint8])
def test_any_type_of_number_is_read(kind):
    x = (rows(60, 4) * 30 + 100).to(kind)
    assert torch.equal(nearest(x, 3).ids, brute(x, 3)[1])


def test_what_cannot_be_searched_is_refused_with_a_reason():
    x = rows(10, 3)
    with pytest.raises(ValueError, match="Give a k from 1 to 9"):
        nearest(x, 10)
    with pytest.raises(ValueError, match="Flatten"):
        nearest(x[None], 2)
    x[4, 1] = torch.nan
    with pytest.raises(ValueError, match="Row 4 of x is not finite"):
        nearest(x, 2)
