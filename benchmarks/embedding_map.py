"""What a map of embeddings costs beside calling openTSNE directly, and how good both are.

The same vectors, start and neighbors; seconds of one process, in turn, so that noise hits both alike: by the clock, and
of the processor, which others that are busy on the machine disturb less. Ratios are medians over rounds. "frames"
plays the run as a panel does: a frame's divergence is asked for as often as it could be shown, 20 times a second.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import openTSNE
import torch

import vizkit
from vizkit.embed.descent import start

SHOWN = 1 / 20  # seconds between two frames that a panel shows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1500)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--steps", type=int, default=750)
    parser.add_argument("--perplexity", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures = measured(clusters(options.points, options.columns), options)
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def clusters(n: int, d: int) -> torch.Tensor:
    """Ten clouds of as many points each."""
    chance = torch.Generator().manual_seed(0)
    middles = 2 * torch.randn(10, d, generator=chance)
    return torch.randn(n, d, generator=chance) + middles[torch.arange(n) % 10]


def measured(x: torch.Tensor, options: argparse.Namespace) -> dict:
    turns = {
        "directly": lambda: directly(x, options),
        "run": lambda: run(x, options),
        "frames": lambda: run(x, options, shown=True),
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in turns}
    found = {}
    for number in range(options.rounds + 1):
        for name, turn in turns.items():
            took, found[name] = timed(turn)
            if number:  # the first round warms caches
                seconds[name].append(took)
    figures = {
        name: getattr(options, name) for name in ("points", "columns", "steps", "perplexity", "threads", "rounds")
    }
    for place, clock in enumerate(("seconds", "processor seconds")):
        took = {name: [pair[place] for pair in pairs] for name, pairs in seconds.items()}
        figures[clock] = {name: round(statistics.median(each), 3) for name, each in took.items()}
        figures[f"ratio of {clock}"] = {
            name: round(ratio(took[name], took["directly"]), 3) for name in ("run", "frames")
        }
    figures["kl"] = {name: round(kl, 6) for name, (kl, _) in found.items()}
    figures["furthest apart"] = float(np.abs(found["run"][1] - found["directly"][1]).max())
    return figures


def ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def timed(turn: Callable[[], tuple]) -> tuple[tuple[float, float], tuple]:
    """Seconds by the clock and of the processor, and what came out."""
    begin = time.perf_counter(), time.process_time()
    found = turn()
    return (time.perf_counter() - begin[0], time.process_time() - begin[1]), found


def directly(x: torch.Tensor, options: argparse.Namespace) -> tuple[float, np.ndarray]:
    early = min(250, options.steps // 3)
    made = openTSNE.TSNE(
        perplexity=options.perplexity,
        initialization=start(x).double().numpy(),
        early_exaggeration_iter=early,
        n_iter=options.steps - early,
        initial_momentum=0.8,
        random_state=0,
        n_jobs=options.threads,
    ).fit(x.numpy())
    return made.kl_divergence, np.array(made)


def run(x: torch.Tensor, options: argparse.Namespace, shown: bool = False) -> tuple[float, np.ndarray]:
    """The same by a run; of fresh vectors, as neighbors are remembered beside those that are known."""
    frame, last = None, 0.0
    given = {"features": x.clone(), "perplexity": options.perplexity, "steps": options.steps, "engine": "openTSNE"}
    for frame in vizkit.run("embedding_map", **given):
        if shown and frame.scalars and time.perf_counter() - last > SHOWN:
            float(frame.scalars["kl"])
            last = time.perf_counter()
    return float(frame.scalars["kl"]), frame.result.xy.double().numpy()


if __name__ == "__main__":
    main()
