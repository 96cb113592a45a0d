"""The repulsion of t-SNE on a grid: time grows with the map's area and number of points, not with pairs of points.

The idea is FIt-SNE's (Linderman et al. 2019): a kernel between points is interpolated between nodes of a grid, where
the sum over all points is a convolution, done by FFT. Here cubic B-splines interpolate, 4 × 4 nodes around a point,
and the kernel's spectrum is divided by theirs, so that they go through its values, as in smooth particle-mesh Ewald
summation (Essmann et al. 1995): as accurate as 5 Lagrange nodes a unit with 3.3. The kernel x / (1 + d²)² is summed
itself, not put together from larger sums, so nothing cancels. Forces are within 0.5 % of the exact ones.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from vizkit.embed.exact import Repulsion
from vizkit.embed.room import wide

TAPS = 4  # nodes along each axis that a point touches: a cubic B-spline
SPACING = 0.3  # between nodes, at most; the kernel bends at a distance of 1
FEWEST = 64  # nodes along a map, however small
LARGEST = 4096  # period of a grid; on a map wider than 600 nodes lie farther apart, and forces are coarser
MARGIN = 12  # nodes that keep what wraps around away from the map: the splines' ringing fades by 0.27 a node


class Grid(NamedTuple):
    """`nodes` along each side of a square, `spacing` apart; it wraps around after `period` nodes."""

    nodes: int
    spacing: float
    period: int


@dataclass(frozen=True, eq=False)
class Plan:
    """A grid and the spectra (period, period / 2 + 1) of the kernels on it, complex.

    `near` is that of q, counted twice where the half left out has the same; `push` (2, …) of q² dx and q² dy.
    """

    grid: Grid
    near: Tensor
    push: Tensor


def plan(xy: Tensor, last: Plan | None = None) -> Plan:
    """What the map `xy` (n, 2) is summed on: `last` if it is the same grid. It depends on the map's width alone."""
    grid = grid_of(float((xy.amax(0) - xy.amin(0)).amax()))
    same = last is not None and last.grid == grid and (last.near.real.dtype, last.near.device) == (xy.dtype, xy.device)
    return last if same else _planned(grid, xy)  # pyright: ignore[reportReturnType]


def grid_of(width: float) -> Grid:
    """The grid of a map that wide. Widths in steps, so that a map that grows seldom needs another.

    Raises:
        FloatingPointError: the width is no number: the map flew apart.
    """
    if not math.isfinite(width):
        raise FloatingPointError("The map flew apart, its width is no number. Give a smaller learning_rate.")
    if width <= FEWEST * SPACING:
        spacing = SPACING * 2.0 ** (math.ceil(2 * math.log2(max(width, 1e-30) / (FEWEST * SPACING))) / 2)
        return Grid(FEWEST + TAPS, spacing, smooth(2 * (FEWEST + TAPS + MARGIN)))
    period = smooth(2 * (math.ceil(width / SPACING) + TAPS + MARGIN))
    if period > LARGEST:
        nodes = LARGEST // 2 - MARGIN
        return Grid(nodes, width / (nodes - TAPS), LARGEST)
    return Grid(period // 2 - MARGIN, SPACING, period)


def smooth(least: int) -> int:
    """The next even number from `least` that an FFT is fast for, a quarter larger at most: few factors, all up to 5."""
    octave = 2 ** max(1, (least - 1).bit_length() - 4)
    return next(part * octave for part in (8, 9, 10, 12, 15, 16) if part * octave >= least)


def _planned(grid: Grid, xy: Tensor) -> Plan:
    steps = torch.arange(grid.period, dtype=wide(xy), device=xy.device)
    apart = torch.where(steps > grid.period // 2, steps - grid.period, steps) * grid.spacing
    dx, dy = apart[:, None], apart[None]
    q = 1 / (1 + dx * dx + dy * dy)
    damping = ((2 + torch.cos(steps * (2 * math.pi / grid.period))) / 3).square()  # of both points' splines
    damping = damping[:, None] * damping[: grid.period // 2 + 1]
    near, *push = (torch.fft.rfft2(kernel) / damping for kernel in (q, q * q * dx, q * q * dy))
    near[:, 1:-1] *= 2
    scale = grid.period**-2.0  # of the way back, done here once
    kind = torch.complex(xy[:0], xy[:0]).dtype
    return Plan(grid, (near * scale).to(kind), (torch.stack(push) * scale).to(kind))


def repulsion(xy: Tensor, on: Plan | None = None) -> Repulsion:
    """What drives each point from all others; see `exact.repulsion`. `on` is the map's plan, where it is at hand.

    >>> repulsion(torch.randn(1000, 2)).force.shape
    torch.Size([1000, 2])
    """
    on = on or plan(xy)
    places, weights = _splines(xy, middle(xy), on.grid)
    spectrum = _spectrum(places, weights, on.grid)
    force = [_read(_summed(spectrum, push, on.grid), places, weights) for push in on.push]
    return Repulsion(torch.stack(force, 1), _total(spectrum, on.near) - len(xy))


class Field(NamedTuple):
    """What a map does to a point that is no part of it: `near` and `push` (2, …), each (nodes, nodes)."""

    grid: Grid
    middle: Tensor
    near: Tensor
    push: Tensor

    def at(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The sums over the map of q² (a − b), (m, 2), and of q, (m,), for each of `points` (m, 2) on its square."""
        places, weights = _splines(points, self.middle, self.grid)
        near, *push = (_read(field, places, weights) for field in (self.near, *self.push))
        return torch.stack(push, 1), near


def field(xy: Tensor, width: float) -> Field:
    """The field of the map `xy` (n, 2) on a square of that `width` about its middle; the map must lie on it."""
    grid = grid_of(width)
    on, center = _planned(grid, xy), middle(xy)
    spectrum = _spectrum(*_splines(xy, center, grid), grid)
    once = on.near.clone()
    once[:, 1:-1] /= 2
    near, *push = (_summed(spectrum, kernel, grid) for kernel in (once, *on.push))
    return Field(grid, center, near, torch.stack(push))


def middle(xy: Tensor) -> Tensor:
    """The middle (2,) of the smallest box about `xy` (n, 2)."""
    return (xy.amax(0) + xy.amin(0)) / 2


def _spectrum(places: Tensor, weights: Tensor, grid: Grid) -> Tensor:
    """The spectrum of all points on the grid. One axis after the other: rows that are empty are left out."""
    charge = _gathered(places, weights, grid.nodes)
    return torch.fft.fft(torch.fft.rfft(charge, grid.period), grid.period, dim=0)


def _summed(spectrum: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """The sum (nodes, nodes) of a kernel over all points, at every node; rows that nobody reads are left out."""
    rows = torch.fft.ifft(spectrum * kernel, dim=0, norm="forward")[: grid.nodes]
    return torch.fft.irfft(rows, grid.period, norm="forward")[:, : grid.nodes]


def _read(field: Tensor, places: Tensor, weights: Tensor) -> Tensor:
    """The field (n,) at each point, between its nodes."""
    return (field.reshape(-1).index_select(0, places).view_as(weights) * weights).sum(0)


def _splines(xy: Tensor, center: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """The nodes (16 · n,) that each point touches, and its weights there (16, n)."""
    at = (xy - center).T / grid.spacing + (grid.nodes - TAPS) / 2
    first = at.floor().clamp_(0, grid.nodes - TAPS)
    x, y = cubic(at - first)
    column = torch.arange(TAPS, device=xy.device)[:, None]
    along, across = (first.long()[:, None] + column).unbind(0)
    places = along[:, None] * grid.nodes + across
    return places.flatten(), (x[:, None] * y).flatten(0, 1)


def cubic(t: Tensor) -> Tensor:
    """The weights (2, 4, n) of a cubic B-spline at the parts `t` (2, n) in [0, 1] of a cell."""
    rest = 1 - t
    ends = [rest**3, t**3]
    inner = [4 - 6 * t**2 + 3 * t**3, 4 - 6 * rest**2 + 3 * rest**3]
    return torch.stack([ends[0], *inner, ends[1]], 1) / 6


def _gathered(places: Tensor, weights: Tensor, nodes: int) -> Tensor:
    """The sum (nodes, nodes) of the `weights` at each of `places`, always in the same order."""
    charge = weights.new_zeros(nodes * nodes)
    if weights.device.type == "cuda":  # index_add_ is not deterministic there; this sorts first
        return charge.index_put_((places,), weights.flatten(), accumulate=True).view(nodes, nodes)
    return charge.index_add_(0, places, weights.flatten()).view(nodes, nodes)


def _total(spectrum: Tensor, near: Tensor) -> Tensor:
    """The sum of q over all pairs and of each point with itself, by Parseval's theorem."""
    each = [torch.view_as_real(part).flatten(1) for part in (spectrum, spectrum * near)]
    return torch.linalg.vecdot(*each).sum(dtype=wide(near.real))
