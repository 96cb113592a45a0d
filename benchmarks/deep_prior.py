"""What deep priors cost: eight pictures in one graph beside eight alone, and three ways to run eight convolutions.

    python benchmarks/deep_prior.py --threads 1
    python benchmarks/deep_prior.py --threads 2 --architectures quick narrow inversion --size 96

A step is the whole of it: input noise, forward, backward, Adam. Eight single steps and one of eight run in turn,
so that noise of the machine hits both; the ratio is the median over rounds, with quartiles.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median, quantiles

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.maximize.chance import streams
from vizkit.maximize.deep_prior import ARCHITECTURES, DeepPrior
from vizkit.maximize.descent import descent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=["quick"])
    parser.add_argument("--size", type=int, default=96, help="side of the pictures in pixels")
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--input-noise", type=float, default=0.0)
    parser.add_argument("--convolutions", action="store_true", help="grouped, vmap and a loop, for one layer")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    n, side = options.pictures, options.size
    print(
        f"torch {torch.__version__}, cpu, {options.threads} threads, {n} pictures of {side} px, {options.rounds} rounds"
    )
    for name in options.architectures:
        one, together = (steps(name, count, side, options.input_noise) for count in (1, n))
        show(name, n, *rounds(partial(several, one, n), partial(next, together), options.rounds))
    if options.convolutions:
        convolutions(n, side, options.rounds)


def steps(name: str, n: int, side: int, noise: float) -> Iterator:
    """Steps of fitting n priors to noise, one for each `next`."""
    shape = (n, 3, side, side)
    prior = DeepPrior(shape, streams(range(n)), torch.device("cpu"), architecture=name, input_noise=noise)
    target = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    return descent(prior, lambda pixels: (pixels - target).square().mean((1, 2, 3)), steps=10**9)


def several(frames: Iterator, count: int) -> None:
    for _ in range(count):
        next(frames)


def rounds(first: Callable, second: Callable, count: int) -> tuple[list[float], list[float]]:
    """Seconds of both, in turn; the first two rounds are warm-up."""
    times = [(seconds(first), seconds(second)) for _ in range(count + 2)][2:]
    return [a for a, _ in times], [b for _, b in times]


def show(name: str, n: int, alone: list[float], together: list[float]) -> None:
    ratios = [b / a for a, b in zip(alone, together, strict=True)]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    print(
        f"{name:14} alone {1e3 * median(alone) / n:8.1f} ms a step, {n} together {1e3 * median(together):8.1f} ms; "
        f"together / {n} alone {middle:.2f} (quartiles {low:.2f} to {high:.2f})",
        flush=True,
    )


def convolutions(n: int, side: int, count: int) -> None:
    """Forward and backward of the last 3 x 3 convolution of `quick`, 20 to 8 channels, for n pictures."""
    chance = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(shape, generator=chance) for shape in ((n, 20, side, side), (n, 8, 20, 3, 3)))
    last = {"memory_format": torch.channels_last}
    ways = {
        "grouped, channels last": both(grouped, x.reshape(1, -1, side, side), weight.flatten(0, 1), last),
        "grouped, channels first": both(grouped, x.reshape(1, -1, side, side), weight.flatten(0, 1), {}),
        "vmap": both(torch.vmap(lambda x, weight: F.conv2d(x[None], weight, padding=1)[0]), x, weight, {}),
        "one after the other": both(looped, x, weight, {}),
    }
    for name, way in ways.items():
        times = [seconds(way) for _ in range(count + 2)][2:]
        print(f"{name:24} {1e3 * median(times):8.1f} ms", flush=True)


def both(way: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor, layout: dict) -> Callable[[], object]:
    leaves = [t.contiguous(**(layout if t.ndim == 4 else {})).requires_grad_() for t in (x, weight)]

    def run() -> object:
        y = way(*leaves)
        return torch.autograd.grad(y, leaves, torch.ones_like(y))

    return run


def grouped(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv2d(x, weight, padding=1, groups=x.shape[1] // weight.shape[1])


def looped(x: Tensor, weight: Tensor) -> Tensor:
    return torch.cat([F.conv2d(a[None], b, padding=1) for a, b in zip(x.unbind(), weight.unbind(), strict=True)])


def seconds(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
