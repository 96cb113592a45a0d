"""Principal components: rows (n, d) along the directions of most variance, their signs settled."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.embed.room import wide

WIDE = 1500  # columns beyond which few components are sought in a random subspace
EXTRA, ROUNDS = 16, 6  # dimensions beyond those asked for, and power iterations (Halko et al. 2011)


@dataclass(frozen=True, eq=False)
class Axes:
    """The directions `rows` (dims, d) of most variance about `mean` (d,), and the `variance` (dims,) along each."""

    mean: Tensor
    rows: Tensor
    variance: Tensor

    def scores(self, x: Tensor) -> Tensor:
        """Where the rows of `x` (m, d) lie along the axes, (m, dims)."""
        return (x.to(self.mean) - self.mean) @ self.rows.T


def pca(x: Tensor, dims: int = 2, *, seed: int = 0) -> Tensor:
    """The rows of `x` (n, d) along their `dims` principal components, (n, dims), in the type of `x` or float32.

    Each axis points to where its largest loading is positive, so the same data never comes out mirrored.

    Raises:
        ValueError: there are fewer than `dims` rows or columns.

    >>> pca(torch.randn(100, 8)).shape
    torch.Size([100, 2])
    """
    scores = axes(x, dims, seed=seed).scores(x)
    return scores.to(x.dtype if x.is_floating_point() else torch.float32)


def axes(x: Tensor, dims: int = 2, *, seed: int = 0) -> Axes:
    """The `dims` principal axes of `x` (n, d), in float64 where the device has it.

    Beyond 1500 columns (and rows) a random subspace is searched (Halko et al. 2011), `seed` choosing it.

    Raises:
        ValueError: there are fewer than `dims` rows or columns.
    """
    if x.ndim != 2 or not 1 <= dims <= min(x.shape):
        raise ValueError(f"{dims} components of {tuple(x.shape)}. Give x (n, d), and no more components than either.")
    x = x.detach().to(wide(x))
    mean = x.mean(0)
    x = x - mean
    few = min(x.shape) > WIDE and dims + EXTRA < WIDE
    sizes, rows = _searched(x, dims, seed) if few else _whole(x)
    rows = rows[:dims] * rows[:dims].gather(1, rows[:dims].abs().argmax(1, keepdim=True)).sign()
    return Axes(mean, rows, sizes[:dims] / max(len(x) - 1, 1))


def _whole(x: Tensor) -> tuple[Tensor, Tensor]:
    """Squared singular values and right singular vectors of `x`, largest first."""
    if len(x) < x.shape[1]:
        _, sizes, rows = torch.linalg.svd(x, full_matrices=False)
        return sizes.square(), rows
    sizes, columns = torch.linalg.eigh(x.T @ x)  # d × d: n no longer matters
    return sizes.flip(0).clamp(min=0), columns.T.flip(0)


def _searched(x: Tensor, dims: int, seed: int) -> tuple[Tensor, Tensor]:
    """The first of them, from the range of a random matrix sharpened by powers of `x`."""
    chance = torch.Generator().manual_seed(seed)
    probe = torch.randn(x.shape[1], dims + EXTRA, generator=chance, dtype=torch.float64).to(x)
    basis = torch.linalg.qr(x @ probe).Q
    for _ in range(ROUNDS):
        basis = torch.linalg.qr(x @ torch.linalg.qr(x.T @ basis).Q).Q
    _, sizes, rows = torch.linalg.svd(basis.T @ x, full_matrices=False)
    return sizes.square(), rows
