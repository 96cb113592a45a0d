"""How fast t-SNE is and how low it ends, ours and openTSNE's, from the same start in as many steps.

Seconds are of one process with the threads told, in turn, neighbors included. Every map's divergence is measured
alike: exactly, from exact affinities. `kept` is the share of 10 nearest neighbors kept. `force error` is that of the
FFT engine against the exact forces in float64, over all points, the largest of the maps along the way.

    python benchmarks/tsne.py digits
    python benchmarks/tsne.py mixture --points 10000 --columns 64
    python benchmarks/tsne.py mnist --points 60000 --steps 1000 --runs cuda-fft theirs-fft --threads 16
"""

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor

from vizkit.embed import exact, interpolated
from vizkit.embed.affinities import Graph
from vizkit.embed.descent import EARLY, EXAGGERATION, descend, start
from vizkit.embed.neighbours import nearest
from vizkit.embed.quality import kept

MNIST = Path(__file__).parents[1].parent / "shared" / "data" / "images" / "mnist"
RUNS = ["cpu-exact", "cpu-fft", "cuda-exact", "cuda-fft", "theirs-bh", "theirs-fft"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=["digits", "mixture", "mnist"])
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=64, help="of a mixture of Gaussians")
    parser.add_argument("--steps", type=int, default=750)
    parser.add_argument("--perplexity", type=float, default=30)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=usual())
    parser.add_argument("--repeat", type=int, default=1, help="the fastest is told")
    parser.add_argument("--threads", type=int, default=int(os.environ["OMP_NUM_THREADS"]))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    x = rows(options)
    print(f"{options.data}: {len(x)} × {x.shape[1]}, {options.steps} steps, {options.threads} threads")
    judge = Judge(x, options.perplexity)
    figures = {name: best(name, x, options, judge) for name in options.runs}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def usual() -> list[str]:
    return [name for name in RUNS if torch.cuda.is_available() or "cuda" not in name]


def rows(options: argparse.Namespace) -> Tensor:
    if options.data == "digits":
        from sklearn.datasets import load_digits

        return torch.tensor(load_digits().data, dtype=torch.float32)
    if options.data == "mnist":
        packed = gzip.decompress((MNIST / "train-images-idx3-ubyte.gz").read_bytes())
        pixels = np.frombuffer(packed, np.uint8, offset=16).reshape(-1, 784)[: options.points]
        return torch.from_numpy(pixels.astype(np.float32) / 255)
    chance = torch.Generator().manual_seed(0)
    centers = 2 * torch.randn(10, options.columns, generator=chance)
    own = torch.randint(0, 10, (options.points,), generator=chance)
    spread = torch.randn(10, options.columns, 12, generator=chance)[own]  # each cluster is a sheet of 12 dimensions
    within = torch.randn(options.points, 12, 1, generator=chance)
    return (
        centers[own] + (spread @ within)[..., 0] + 0.3 * torch.randn(options.points, options.columns, generator=chance)
    )


class Judge:
    """What a map is measured by, worked out once; on CUDA where there is one."""

    def __init__(self, x: Tensor, perplexity: float):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        graph = Graph.of(x.to(self.device), perplexity)
        self.p, self.near = graph.at(perplexity), graph.neighbours.ids[:, :10]

    def __call__(self, xy: Tensor) -> dict[str, float]:
        xy = xy.to(self.device, torch.float32)
        total = exact.repulsion(xy).total
        held = kept(self.near, nearest(xy, 10).ids)
        return {"kl": round(float(exact.divergence(self.p, xy.double(), total)), 4), "kept": round(float(held), 4)}


def best(name: str, x: Tensor, options: argparse.Namespace, judge: Judge) -> dict:
    place, kind = name.split("-")
    run: Callable[..., tuple[Tensor, dict]] = theirs if place == "theirs" else ours
    tries = [run(x, place, kind, options) for _ in range(options.repeat)]
    xy, seconds = min(tries, key=lambda found: found[1]["all"])
    figures = {"seconds": {part: round(told, 3) for part, told in seconds.items()}, **judge(xy)}
    if kind == "fft" and place != "theirs":
        figures["force error"] = error(x, place, options)
    print(f"{name:12}", json.dumps(figures), flush=True)
    return figures


class Watch:
    """Seconds of each part, as the device has done it."""

    def __init__(self, place: str):
        self.place, self.parts, self.last = place, {}, time.perf_counter()
        self.start = time.process_time()

    def lap(self, part: str) -> None:
        if self.place == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.parts[part], self.last = now - self.last, now

    def told(self) -> dict[str, float]:
        """Seconds by the clock, and of the processor, which other work on the machine hardly touches."""
        return self.parts | {"all": sum(self.parts.values()), "processor": time.process_time() - self.start}


def ours(x: Tensor, place: str, kind: str, options: argparse.Namespace) -> tuple[Tensor, dict]:
    x = x.to(place)
    if place == "cuda":  # what compiles and what is loaded once in a process
        list(descend(Graph.of(x[:500], 10).at(10), start(x[:500]), steps=20, early=10, engine=kind))
    watch = Watch(place)
    graph = Graph.of(x, options.perplexity)
    watch.lap("neighbors")
    p = graph.at(options.perplexity)
    watch.lap("affinities")
    *_, done = descend(p, start(x), steps=options.steps, engine=kind, every=options.steps)
    watch.lap("descent")
    return done.xy, watch.told()


def theirs(x: Tensor, place: str, kind: str, options: argparse.Namespace) -> tuple[Tensor, dict]:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    watch = Watch(place)
    method = "exact" if len(x) <= 20_000 else "auto"
    affinities = PerplexityBasedNN(x.numpy(), options.perplexity, method=method, n_jobs=options.threads, random_state=0)
    watch.lap("neighbors and affinities")
    settings = {"negative_gradient_method": kind, "n_jobs": options.threads}
    embedding = TSNEEmbedding(start(x).double().numpy(), affinities, **settings)
    loop = {"inplace": True, "max_step_norm": 5, "learning_rate": "auto", "momentum": 0.8}
    embedding.optimize(min(EARLY, options.steps), exaggeration=EXAGGERATION, **loop)
    embedding.optimize(max(0, options.steps - EARLY), **loop)
    watch.lap("descent")
    return torch.from_numpy(np.asarray(embedding)), watch.told()


def error(x: Tensor, place: str, options: argparse.Namespace) -> float:
    """The largest of the errors along a descent of the FFT engine, a share."""
    x = x.to(place)
    p = Graph.of(x, options.perplexity).at(options.perplexity)
    layouts = descend(p, start(x), steps=options.steps, engine="fft", every=max(1, options.steps // 10))
    return round(max(_error(layout.xy) for layout in layouts), 5)


def _error(xy: Tensor) -> float:
    truth = exact.repulsion(xy.double()).force
    return float((interpolated.repulsion(xy).force - truth).norm() / truth.norm())


if __name__ == "__main__":
    main()
