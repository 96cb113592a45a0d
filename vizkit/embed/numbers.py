"""A few numbers of an embedding (n, d): how well it tells labels apart, and how many dimensions it really has."""

import torch
from torch import Tensor

from vizkit.embed.room import wide

TRIMMED = 0.1  # of the largest ratios, where TwoNN's straight line ends
HELD_OUT = 0.3  # of the rows


def label_agreement(ids: Tensor, labels: Tensor) -> Tensor:
    """The share of neighbors `ids` (n, k) that carry their point's label, 0-d float32; `labels` (n,), -1 unknown.

    Chance is the sum of squared shares of the labels. NaN where no label is known.

    >>> label_agreement(nearest(x, 10).ids, labels)
    """
    labels = labels.to(ids.device)
    known = (labels >= 0)[:, None] & (labels[ids] >= 0)
    same = (labels[ids] == labels[:, None]) & known
    return same.sum() / known.sum()


def probe_accuracy(x: Tensor, labels: Tensor, *, seed: int = 0, penalty: float = 1e-2) -> Tensor:
    """How many labels of held-out rows a linear map of `x` (n, d) tells, a share, 0-d float32.

    Least squares to one-hot labels, ridge `penalty` times the mean variance of a column, on 7 in 10 rows of each
    label; the other rows are asked. `seed` parts them. Rows labeled -1 are left out.

    Raises:
        ValueError: fewer than two labels have two rows or more.
    """
    classes, x, labels = _labeled(x, labels)
    told = _told(labels, seed)
    mean = x[told].mean(0)
    x = x - mean
    targets = torch.nn.functional.one_hot(labels, classes).to(x)
    share = targets[told].mean(0)
    weights = _ridge(x[told], targets[told] - share, penalty)
    answers = (x[~told] @ weights + share).argmax(1)
    return (answers == labels[~told]).float().mean()


def _labeled(x: Tensor, labels: Tensor) -> tuple[int, Tensor, Tensor]:
    """The rows whose label is known and not alone, labels counted from 0."""
    labels = labels.to(x.device)
    names, numbers, counts = labels.unique(return_inverse=True, return_counts=True)
    good = (names >= 0) & (counts > 1)
    if int(good.sum()) < 2:
        raise ValueError(f"{int(good.sum())} labels with two rows or more: a probe needs two. Give more labeled rows.")
    rows = good[numbers]
    return int(good.sum()), x[rows].detach().to(wide(x)), (good.cumsum(0) - 1)[numbers[rows]]


def _told(labels: Tensor, seed: int) -> Tensor:
    """Which rows (n,) the probe learns from: at least one and not all of each label."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)
    by_label = order[labels[order].argsort(stable=True)]
    counts = labels.bincount()
    firsts = counts.cumsum(0) - counts
    place = torch.arange(len(labels), device=labels.device) - firsts[labels[by_label]]
    wanted = ((1 - HELD_OUT) * counts).round().long().clamp(min=1)
    told = torch.empty_like(labels, dtype=torch.bool)
    told[by_label] = place < torch.minimum(wanted, counts - 1)[labels[by_label]]
    return told


def _ridge(x: Tensor, y: Tensor, penalty: float) -> Tensor:
    """The weights (d, c) of least squares with a ridge; the smaller of both normal equations is solved."""
    n, d = x.shape
    ridge = penalty * x.square().sum() / d + torch.finfo(x.dtype).tiny
    if d <= n:
        return torch.linalg.solve(x.T @ x + ridge * torch.eye(d).to(x), x.T @ y)
    return x.T @ torch.linalg.solve(x @ x.T + ridge * torch.eye(n).to(x), y)


def intrinsic_dimension(distances: Tensor) -> Tensor:
    """How many dimensions the data spreads in, from each row's two nearest `distances` (n, ≥ 2) (TwoNN, Facco 2017).

    The ratio of the two follows a Pareto law with the dimension as exponent; the largest tenth is left out. So are rows
    with a copy of themselves, or whose two neighbors are equally near. NaN where no row is left. 0-d float32.

    >>> intrinsic_dimension(nearest(x, 2).distances)
    """
    near, far = distances[:, 0].to(wide(distances)), distances[:, 1].to(wide(distances))
    ratios = (far / near)[(near > 0) & (far > near)].log().sort().values
    n = len(ratios)
    used = ratios[: max(1, int(n * (1 - TRIMMED)))] if n else ratios
    beyond = -torch.log1p(-torch.arange(1, len(used) + 1, device=used.device).to(used) / (n + 1))
    return ((used * beyond).sum() / used.square().sum()).float()
