"""Pictures of units by lucent 0.1.8, timed in a process of their own. Started by activation_maximization.py.

As shipped, it is `render_vis` with all its defaults but the number of steps, the progress bar and the viewer: a
128 px picture enlarged to 224, weights asking for gradients, hooks left on the module. Tuned, weights are frozen,
several units share a batch, the module may be channels_last, and hooks are taken off; the fastest batch and memory
format of a short trial are taken.
"""

import argparse
import sys
import time
import warnings
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import subjects
import torch
from torch import Tensor, nn


def as_shipped(network: str, layer: str, units: list[int], steps: int) -> dict:
    """One unit on a new module, after one step on another; `warm` is the time of day when that step was done."""
    from lucent.optvis.render import render_vis

    (unit,), show = units, partial(render_vis, progress=False, show_image=False)
    show(subjects.module(network), _objective(layer, units), thresholds=(1,))
    warm, net = time.time(), subjects.module(network)
    _seed(unit)
    start = time.perf_counter()
    (picture,) = show(net, _objective(layer, units), thresholds=(steps,))
    return {"pictures": _pictures(picture), "seconds": [time.perf_counter() - start], "warm": warm, "batch": 1}


def tuned(network: str, layer: str, units: list[int], steps: int) -> dict:
    """All units in the batch and memory format that a short trial finds fastest; seconds are per full batch."""
    sizes = [size for size in (1, 4, 8, 16) if size <= len(units)]
    trials = {
        (size, memory): _rendered(_frozen(network, memory), layer, units[:size], 3)[1] / size
        for size, memory in product(sizes, (torch.contiguous_format, torch.channels_last))
    }
    size, memory = min(trials, key=trials.__getitem__)
    net = _frozen(network, memory)
    groups = [units[i : i + size] for i in range(0, len(units), size)]
    pictures, seconds = zip(*(_rendered(net, layer, group, steps) for group in groups), strict=True)
    full = [s for s, group in zip(seconds, groups, strict=True) if len(group) == size]
    return {"pictures": torch.cat(pictures), "seconds": full, "batch": size, "memory": str(memory).split(".")[1]}


def _rendered(net: nn.Module, layer: str, units: list[int], steps: int) -> tuple[Tensor, float]:
    from lucent.optvis.param import image
    from lucent.optvis.render import render_vis

    _seed(units[0])
    draw = partial(image, 128, batch=len(units))
    start = time.perf_counter()
    (picture,) = render_vis(net, _objective(layer, units), draw, thresholds=(steps,), progress=False, show_image=False)
    for part in net.modules():
        part._forward_hooks.clear()
    return _pictures(picture), time.perf_counter() - start


def _objective(layer: str, units: list[int]):
    from lucent.optvis.objectives import Objective, channel

    name = "labels" if layer == "output" else layer.replace(".", "_")
    if len(units) == 1:
        return channel(name, units[0])
    return Objective.sum([channel(name, unit, batch=i) for i, unit in enumerate(units)])


def _frozen(network: str, memory: torch.memory_format) -> nn.Module:
    return subjects.module(network).requires_grad_(False).to(memory_format=memory)


def _seed(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002  lucent draws its movements from there


def _pictures(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array).permute(0, 3, 1, 2).contiguous()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("how", choices=["shipped", "tuned"])
    options.add_argument("network", choices=list(subjects.FILES))
    options.add_argument("layer")
    options.add_argument("--units", type=int, nargs="+", required=True)
    options.add_argument("--steps", type=int, required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--lucent", type=Path, required=True, help="the folder lucent was installed into")
    options.add_argument("--out", type=Path, required=True)
    chosen = options.parse_args()
    sys.path.append(str(chosen.lucent))
    warnings.simplefilter("ignore")  # kornia 0.4.1 warns of nearly everything
    torch.set_num_threads(chosen.threads)
    make = as_shipped if chosen.how == "shipped" else tuned
    torch.save(make(chosen.network, chosen.layer, chosen.units, chosen.steps), chosen.out)


if __name__ == "__main__":
    main()
