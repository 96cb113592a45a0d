"""All pictures at once: each is a point, and those that a layer of a network takes for alike lie together."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerName, Range
from vizkit.core.dials import Dial
from vizkit.core.frames import Frame, Frames, Scalars
from vizkit.core.results import Points
from vizkit.data.collections import Collection
from vizkit.embed import open_tsne, tsne
from vizkit.embed.descent import START, Layout
from vizkit.embed.descent import start as first_map
from vizkit.embed.features import Features, gathering
from vizkit.embed.fidelity import ASKED, Fidelity
from vizkit.embed.reading import POOLS
from vizkit.measure.index import Index
from vizkit.nets.network import Network

PROJECTIONS = ("t-SNE", "PCA", "UMAP")
GROWN = 1.3  # times as many pictures read, and their map is drawn anew


def embedding_map(
    net: Network | None = None,
    layer: Annotated[str | None, LayerName()] = None,
    *,
    pictures: str | Path | Tensor | Collection | Sequence | None = None,
    index: str | Path | Index | None = None,
    features: Tensor | np.ndarray | Sequence | None = None,
    labels: Tensor | np.ndarray | Sequence | None = None,
    pool: Annotated[str, Choice(*POOLS)] = "mean",
    projection: Annotated[str, Choice(*PROJECTIONS)] = "t-SNE",
    perplexity: Annotated[float | Dial, Range(5.0, 100.0, log=True)] = 30.0,
    steps: Annotated[int, Range(50, 2000, log=True)] = 750,
    places: Annotated[int, Range(1, 64, log=True)] = 9,
    engine: Annotated[str, Choice(*tsne.ENGINES)] = "auto",
    seed: int = 0,
    start: Points | Tensor | None = None,
) -> Frames[Points]:
    """Lay out pictures so that those which a layer takes for alike lie together (van der Maaten & Hinton 2008).

    While pictures are read, a frame shows those so far by their principal components; then they move. What a map
    keeps is who is near: how far apart groups lie, and how large they are, says little. Scalars, worked out when they
    are asked for: "kl" (nats), the divergence that t-SNE goes down; "kept neighbors", the share of each point's 10
    nearest that are among its 10 nearest on the map; "trustworthiness" (Venna & Kaski 2001). The last two are asked
    of at most 2000 points. Vectors and their neighbors are remembered: another perplexity reads and seeks nothing.

    Args:
        net: The network whose layer is looked into; none is needed for an index or features.
        layer: Where vectors are read; left out, the layer that a panel opens on.
        pictures: A folder, "world", an array (n, c, h, w), a dataset; see `vizkit.scan`. None for 480 pictures of the
            bundled world, which networks of photographs have never seen.
        index: What `vizkit.scan(…, pooled="mean")` made, or its path: nothing is read then.
        features: Any vectors (n, d) instead of a layer's; pictures may be given beside them.
        labels: A whole number (-1 for unknown) or a word for each picture or vector, instead of what pictures tell.
        pool: What becomes of a layer's positions: their mean, their strongest, all in one long vector, or a point each.
        projection: t-SNE; the first two principal components; or UMAP (`pip install "vizkit[umap]"`), whose number of
            neighbors is the perplexity.
        perplexity: How many neighbors count for each point, at most a third of the points. Turned while it runs, the
            map goes on from where it is.
        steps: Of t-SNE.
        places: Points for each picture where `pool` is "positions", drawn at random; each stands for what the layer
            sees there.
        engine: Who computes t-SNE: ours, "exact" for few points and on a grid ("fft") for many, or openTSNE
            (`pip install "vizkit[maps]"`), to compare.
        seed: Where randomness starts: which places, which pictures of the world, faint noise on the start.
        start: A map in hand to go on from, of the very same points.

    Raises:
        LookupError: the layer does not exist, or the index keeps no vectors of it.
        ValueError: there are too few points, or a vector is not finite, or an argument is out of its bounds.
        FloatingPointError: the network answers with NaN.
        ModuleNotFoundError: openTSNE or UMAP is asked for and not installed.

    >>> vizkit.run("embedding_map", vizkit.load("world"), "stage4").result()
    480 points: 40 beach · 40 forest · 40 field · 40 snow · 40 city · 40 village · and 6 more labels
    >>> vizkit.run("embedding_map", features=torch.randn(500, 16), perplexity=20).result().xy.shape
    torch.Size([500, 2])
    """
    _check(projection, engine)
    work = steps if projection == "t-SNE" else 1
    given = {"pictures": pictures, "index": index, "features": features, "labels": labels}
    told, draft = None, Draft(seed)
    for told in gathering(net, [layer], **given, pool=pool, places=places, seed=seed):
        if not told.whole:
            said = f"{told.said}, here by their principal components."
            yield Frame(told.done, told.of + work, draft.of(told.only), {}, said)
    assert told is not None, "there are features"
    found, before, of = told.only, told.of, told.of + work
    if projection != "t-SNE":
        yield _at_once(found, projection, perplexity, seed, of)
        return
    tsne.check(perplexity, len(found.rows), steps)
    begin = first_map(found.rows, seed=seed) if start is None else _in_hand(start, found)
    yield Frame(before, of, found.points(begin), {}, "The start. Neighbors are being sought.")
    how = {"steps": steps, "engine": engine, "warm": start is not None, "seed": seed}
    for layout in tsne.tsne(found.rows, begin, perplexity=perplexity, **how):
        scalars = Scalars({"kl": layout.kl, **measured(found, layout.xy)})
        held = _held(perplexity, len(found.rows))
        remark = partial(_said, found, scalars, held) if layout.step == layout.of else _going(layout) + held
        yield Frame(before + layout.step, of, found.points(layout.xy), scalars, remark)


class Draft:
    """A map of the pictures that were read so far by principal components, drawn anew as they become more."""

    def __init__(self, seed: int):
        self._seed, self._rows, self._points = seed, 0, None

    def of(self, features: Features) -> Points:
        if self._points is None or len(features.rows) >= GROWN * self._rows:
            self._rows = len(features.rows)
            self._points = features.points(first_map(features.rows, seed=self._seed) / START)
        return self._points


def measured(features: Features, xy: Tensor) -> dict[str, Callable[[], Tensor]]:
    """What can be asked of a map besides its divergence."""
    trust = Fidelity(features.rows)
    return {"kept neighbors": partial(trust.kept, xy), "trustworthiness": partial(trust.trustworthiness, xy)}


def _at_once(features: Features, projection: str, perplexity: float | Dial, seed: int, of: int) -> Frame[Points]:
    """The one frame of a map that is not optimized step by step."""
    rows = features.rows
    xy = first_map(rows, seed=seed) / START if projection == "PCA" else _umap(rows, float(perplexity), seed)
    scalars = Scalars(measured(features, xy))
    return Frame(of, of, features.points(xy), scalars, partial(_said, features, scalars))


def _umap(rows: Tensor, neighbors: float, seed: int) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # it misses Tensorflow, which only another of its maps needs
        import umap  # pyright: ignore[reportMissingImports]

    start = 10 * first_map(rows, seed=seed).cpu().double().numpy() / START
    few = max(2, min(round(neighbors), len(rows) - 1))
    made = umap.UMAP(n_neighbors=few, init=start, random_state=seed, n_jobs=1)  # pyright: ignore[reportArgumentType]
    return torch.from_numpy(np.asarray(made.fit_transform(rows.cpu().numpy()))).float()


def _in_hand(start: Points | Tensor, features: Features) -> Tensor:
    """The map to go on from."""
    xy = start.xy if isinstance(start, Points) else start
    if tuple(xy.shape) != (len(features.rows), 2) or not bool(xy.isfinite().all()):
        raise ValueError(
            f"start {tuple(xy.shape)} is no map of these {len(features.rows)} points. Give the finite xy of a run on "
            "the same pictures."
        )
    return xy.detach().to(features.rows.device, torch.float32)


def _held(perplexity: float | Dial, points: int) -> str:
    """What is said where a dial is turned further than the points allow."""
    most = tsne.most(points)
    beyond = float(perplexity) > most
    return f" Perplexity is {most:.3g}, the most that {points:,} points allow." if beyond else ""


def _going(layout: Layout) -> str:
    """What is happening, while it is."""
    early = "groups form, drawn together more strongly than they will be" if layout.early else "groups find their place"
    return f"Step {layout.step} of {layout.of}: {early}."


def _said(features: Features, scalars: Scalars, held: str = "") -> str:
    """What the map is worth, in words."""
    count, near = len(features.rows), Fidelity(features.rows).near
    asked = f", asked of {ASKED:,} points" if count > ASKED else ""
    kept = f"{100 * float(scalars['kept neighbors']):.0f} % of each point's {near} nearest are near it here{asked}."
    lesson = "Who lies beside whom counts; how far apart groups lie, and how large they are, does not."
    out = f" {features.left_out} unreadable pictures are left out." * (features.left_out > 0)
    return f"{kept} {lesson}{held}{out}"


def _check(projection: str, engine: str) -> None:
    for name, value, known in (("projection", projection, PROJECTIONS), ("engine", engine, tsne.ENGINES)):
        if value not in known:
            raise ValueError(f"{name}={value!r} is none of {', '.join(known)}.")
    if projection == "UMAP" and find_spec("umap") is None:
        raise ModuleNotFoundError(
            'projection="UMAP" needs umap-learn, which is not installed. Type pip install "vizkit[umap]".', name="umap"
        )
    if projection == "t-SNE" and engine == "openTSNE":
        open_tsne.needed()
