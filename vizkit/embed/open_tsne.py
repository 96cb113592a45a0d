"""The descent of t-SNE by openTSNE (Poličar et al. 2024), to compare ours with; maps are `xy` (n, 2) float32.

Barnes–Hut under 10,000 points, FFT above, all as openTSNE has it: the same numbers as its `TSNE(…).fit`, bit for bit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vizkit.embed.descent import EARLY, EXAGGERATION, Layout

INTERPOLATED_FROM = 10_000  # points
MOMENTUM = 0.8


@dataclass(frozen=True, eq=False)
class OpenGraph:
    """The neighbors of each point, for every perplexity up to that they were sought for; `at` gives P (n, n), sparse.

    Exact below 1000 points, and above by Annoy's trees, as openTSNE does.

    >>> graph = OpenGraph.of(torch.randn(500, 16))
    >>> graph.at(30), graph.at(5)
    """

    ids: np.ndarray
    distances: np.ndarray

    @classmethod
    def of(cls, x: Tensor, largest: float = 30.0, *, seed: int = 0) -> "OpenGraph":
        """The graph of the rows of `x` (n, d), for perplexities up to `largest`.

        Raises:
            ModuleNotFoundError: openTSNE is not installed.
        """
        affinity = needed().affinity
        k = min(len(x) - 1, int(3 * largest))
        rows = x.detach().cpu().numpy()
        index = affinity.get_knn_index(rows, "auto", k, "euclidean", n_jobs=torch.get_num_threads(), random_state=seed)
        ids, distances = index.build()
        return cls(ids, distances)

    def at(self, perplexity: float) -> Any:
        """The affinities of that `perplexity`, a `scipy.sparse.csr_matrix` that sums to 1."""
        k = min(self.ids.shape[1], int(3 * perplexity))
        return needed().affinity.joint_probabilities_nn(
            self.ids[:, :k], self.distances[:, :k], [perplexity], n_jobs=torch.get_num_threads()
        )


def descend(
    p: Any,
    start: Tensor,
    *,
    steps: int = 750,
    early: int = EARLY,
    exaggeration: float = EXAGGERATION,
    every: int = 10,
) -> Iterator[Layout]:
    """Move points from `start` (n, 2) down the divergence from `p`; a `Layout` every `every` steps and last.

    >>> *_, last = descend(OpenGraph.of(x).at(30), start(x))
    """
    tsne = needed()
    forces = _forces(len(start))
    loud = p * exaggeration if early else p
    plain = loud / exaggeration if early else p  # rounded as openTSNE rounds it
    embedding = tsne.TSNEEmbedding(
        start.detach().cpu().double().numpy(),
        tsne.affinity.PrecomputedAffinities(loud, normalize=False),
        negative_gradient_method=partial(_without_divergence, forces),
        n_jobs=torch.get_num_threads(),
    )
    done = 0
    while done < steps:
        if done >= early:
            embedding.affinities.P = plain
        some = min(every, (early if done < early else steps) - done, steps - done)
        rate = len(start) / (exaggeration if done < early else 1)
        embedding.optimize(some, inplace=True, momentum=MOMENTUM, learning_rate=rate)
        done += some
        xy = np.array(embedding)
        told = torch.from_numpy(xy).float()
        yield Layout(told, done, steps, done < early, partial(_divergence, forces, plain, xy))


def _without_divergence(forces: Callable, embedding: Any, p: Any, *, should_eval_error: bool = False, **told: Any):
    """The forces; nothing where a call of `optimize` ends with the divergence, which is measured when asked for."""
    return (np.nan, None) if should_eval_error else forces(embedding, p, **told)


def divergence(p: Any, xy: Tensor) -> Tensor:
    """The Kullback–Leibler divergence of the map `xy` (n, 2) from `p`, in nats, as openTSNE measures it; 0-d."""
    return _divergence(_forces(len(xy)), p, xy.detach().cpu().double().numpy())


def _divergence(forces: Callable, p: Any, xy: np.ndarray) -> Tensor:
    told = {"dof": 1, "bh_params": {"theta": 0.5}, "fft_params": _GRID, "n_jobs": torch.get_num_threads()}
    found, _ = forces(xy, p, should_eval_error=True, **told)
    return torch.tensor(found, dtype=torch.float32)


_GRID = {"n_interpolation_points": 3, "min_num_intervals": 50, "ints_in_interval": 1}  # openTSNE's own


def _forces(points: int) -> Callable:
    tsne = needed().tsne
    return tsne.kl_divergence_bh if points < INTERPOLATED_FROM else tsne.kl_divergence_fft


def needed() -> Any:
    """The package.

    Raises:
        ModuleNotFoundError: it is not installed; the message says what to type.
    """
    try:
        import openTSNE
        import openTSNE.affinity
        import openTSNE.tsne
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'engine="openTSNE" needs openTSNE, which is not installed. Type pip install "vizkit[maps]", or take '
            'engine="exact".',
            name=error.name,
        ) from error
    return openTSNE
