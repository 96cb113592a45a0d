"""The repulsion on a grid against the exact one, at every width a map goes through."""

import pytest
import torch

from vizkit.embed import exact, interpolated


def map_of(kind, spread, n=1200, seed=0):
    """Points (n, 2) float32: one cloud, or a dozen of them."""
    chance = torch.Generator().manual_seed(seed)
    xy = torch.randn(n, 2, generator=chance)
    if kind == "clusters":
        centers = torch.randn(12, 2, generator=chance) * 6
        xy = xy + centers[torch.randint(0, 12, (n,), generator=chance)]
    return xy * spread


@pytest.mark.parametrize("kind", ["cloud", "clusters"])
@pytest.mark.parametrize("spread", [1e-4, 1e-2, 0.3, 1.0, 3.0, 8.0])
def test_forces_are_within_half_a_percent_of_the_exact_ones(kind, spread):
    xy = map_of(kind, spread)
    found, truth = interpolated.repulsion(xy), exact.repulsion(xy.double())
    error = (found.force - truth.force).norm(dim=1)
    assert float(error.norm() / truth.force.norm()) < 0.005
    assert float(error.max() / truth.force.norm(dim=1).mean()) < 0.05
    assert abs(float(found.total / truth.total) - 1) < 0.001


def test_in_double_precision_halving_the_spacing_divides_the_error_by_eight_or_more(monkeypatch):
    xy = map_of("clusters", 1.5).double()
    truth = exact.repulsion(xy).force
    coarse = (interpolated.repulsion(xy).force - truth).norm()
    monkeypatch.setattr(interpolated, "SPACING", interpolated.SPACING / 2)
    fine = (interpolated.repulsion(xy).force - truth).norm()
    assert float(coarse / fine) > 8


def test_the_same_map_gives_the_same_bits():
    xy = map_of("clusters", 3.0)
    one, other = interpolated.repulsion(xy), interpolated.repulsion(xy)
    assert torch.equal(one.force, other.force)
    assert torch.equal(one.total, other.total)


def test_a_plan_serves_again_until_the_map_outgrows_it():
    xy = map_of("cloud", 1.0)
    first = interpolated.plan(xy)
    assert interpolated.plan(xy + 5, first) is first
    larger = interpolated.plan(xy * 3, first)
    assert larger.grid.nodes > first.grid.nodes
    assert torch.equal(interpolated.repulsion(xy, first).force, interpolated.repulsion(xy).force)


def test_the_field_of_a_map_is_what_it_does_to_any_point():
    xy, points = map_of("clusters", 1.0), map_of("cloud", 3.0, n=50, seed=1)
    apart = points[:, None].double() - xy
    q = 1 / (1 + apart.square().sum(2))
    force, near = interpolated.field(xy, 40.0).at(points)
    truth = (q.square()[..., None] * apart).sum(1)
    assert float((force - truth).norm() / truth.norm()) < 0.005
    torch.testing.assert_close(near.double(), q.sum(1), rtol=1e-3, atol=0)


def test_moving_the_map_moves_no_force():
    xy = map_of("clusters", 2.0).double()
    here, there = interpolated.repulsion(xy), interpolated.repulsion(xy + torch.tensor([300.0, -20.0]))
    torch.testing.assert_close(there.force, here.force, rtol=0, atol=1e-9)


def test_points_at_one_place_are_summed_too():
    found = interpolated.repulsion(torch.full((6, 2), 3.0))
    torch.testing.assert_close(found.force, torch.zeros(6, 2))
    assert abs(float(found.total) - 30) < 1e-3


@pytest.mark.parametrize("width", [1e-9, 0.01, 5.0, 19.1, 19.3, 60.0, 333.0])
def test_the_grid_holds_a_map_of_that_width(width):
    grid = interpolated.grid_of(width)
    assert (grid.nodes - interpolated.TAPS) * grid.spacing >= width * (1 - 1e-9)
    assert grid.spacing <= interpolated.SPACING
    assert grid.period // 2 - grid.nodes >= interpolated.MARGIN


def test_a_map_that_flies_apart_gets_a_coarser_grid_and_then_an_error():
    grid = interpolated.grid_of(1e6)
    assert grid.period == interpolated.LARGEST
    assert (grid.nodes - interpolated.TAPS) * grid.spacing >= 1e6 * (1 - 1e-9)
    with pytest.raises(FloatingPointError, match="smaller learning_rate"):
        interpolated.plan(torch.full((3, 2), torch.nan))


def test_splines_share_out_the_whole_of_a_point():
    t = torch.rand(2, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = interpolated.cubic(t)
    torch.testing.assert_close(weights.sum(1), torch.ones(2, 50, dtype=torch.float64))
    place = (weights * torch.arange(4.0)[:, None]).sum(1)
    torch.testing.assert_close(place, t + 1)  # a cubic spline keeps straight lines


@pytest.mark.parametrize("least", [3, 16, 17, 200, 961, 1537])
def test_sizes_are_even_large_enough_and_quick(least):
    size = interpolated.smooth(least)
    assert size >= least
    assert size <= max(16, 1.25 * least + 2)
    assert size % 2 == 0
    for factor in (2, 3, 5):
        while size % factor == 0:
            size //= factor
    assert size == 1
