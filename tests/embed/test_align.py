"""Maps laid over each other, against motions that are known and against scipy."""

import math

import pytest
import torch
from scipy.spatial import procrustes

from vizkit.embed.align import aligned, move


def points(n=40, seed=0):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def turned(xy, degrees, mirror=False):
    a = math.radians(degrees)
    turn = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=xy.dtype)
    return (xy * torch.tensor([-1.0, 1.0] if mirror else [1.0, 1.0])) @ turn


@pytest.mark.parametrize("mirror", [False, True])
def test_a_turned_mirrored_and_moved_map_comes_back(mirror):
    xy = points()
    other = turned(xy, 130, mirror) + torch.tensor([5.0, -2.0])
    torch.testing.assert_close(aligned(other, xy), xy)


def test_a_scaled_map_comes_back_only_where_scaling_is_allowed():
    xy = points()
    other = 3 * turned(xy, 20)
    torch.testing.assert_close(aligned(other, xy, scaled=True), xy)
    assert not torch.allclose(aligned(other, xy), xy)


def test_what_is_left_over_is_what_scipy_leaves():
    xy, other = points(), points(seed=1)
    first, second, rest = procrustes(xy.numpy(), other.numpy())
    first, second = torch.from_numpy(first), torch.from_numpy(second)
    shape = (other - other.mean(0)) / (other - other.mean(0)).norm()
    ours = aligned(shape, first, scaled=True)
    assert abs(float((ours - first).square().sum()) - rest) < 1e-12
    torch.testing.assert_close(ours, second)


def test_points_without_weight_are_carried_along():
    xy = points()
    other = turned(xy, 77)
    weights = torch.ones(40)
    other[:10] += 100
    weights[:10] = 0
    torch.testing.assert_close(aligned(other, xy, weights=weights)[10:], xy[10:])


def test_a_motion_found_on_some_points_moves_others():
    xy = points()
    other = turned(xy, -50) + 3
    torch.testing.assert_close(move(other[:20], xy[:20])(other), xy)


def test_lengths_are_kept_and_so_is_the_precision():
    xy, other = points().float(), points(seed=2).float()
    ours = aligned(other, xy)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(torch.pdist(ours), torch.pdist(other))


def test_maps_of_other_points_or_of_none_are_refused():
    with pytest.raises(ValueError, match="the same points"):
        aligned(points(3), points(4))
    with pytest.raises(ValueError, match="weight above 0"):
        aligned(points(3), points(3), weights=torch.zeros(3))
    assert aligned(torch.zeros(3, 2), torch.ones(3, 2)).equal(torch.ones(3, 2))
