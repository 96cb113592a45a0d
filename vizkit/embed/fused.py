"""The forces of t-SNE between all pairs in one Triton kernel: the same sums as `exact`, with nothing of n × n kept.

A program keeps some points in registers and walks over a share of all points; shares are added in a fixed order, no
atomics, so the same map gives the same bits. float32. Runs on CUDA, and on the CPU under TRITON_INTERPRET=1.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from vizkit.embed.affinities import Affinities
from vizkit.embed.exact import Repulsion

OWN, OTHERS = 64, 32  # points a program holds, and meets at a time
ENTRIES = 128  # of a row of P, added up at a time
PROGRAMS = 2048  # that keep the largest devices busy
WARPS = {name: {"num_warps": warps, "enable_fp_fusion": True} for name, warps in {"repel": 4, "attract": 1}.items()}
FAR = 1e18  # where the points that fill up a tile are: q is 0 there, and its square times the distance too


def runs_on(device: torch.device) -> bool:
    """Whether Triton is there and compiles for `device`, or interprets."""
    wanted = device.type == "cuda" or (device.type == "cpu" and os.environ.get("TRITON_INTERPRET") == "1")
    return wanted and find_spec("triton") is not None and _compiles(device)


@cache
def _compiles(device: torch.device) -> bool:
    try:
        repulsion(torch.zeros(2, 2, device=device))
    except Exception:  # an old device, no C compiler, a Triton of another time: each fails in its own way
        return False
    return True


def repulsion(xy: Tensor) -> Repulsion:
    """What drives each point of `xy` (n, 2) from all others; see `exact.repulsion`.

    Raises:
        ModuleNotFoundError: Triton is not installed.
    """
    n = len(xy)
    x, y = xy.to(torch.float32).T.contiguous()
    blocks = -(-n // OWN)
    shares = max(1, min(PROGRAMS // blocks, -(-n // (8 * OTHERS))))
    reach = -(-n // (shares * OTHERS)) * OTHERS  # points a program meets
    parts = torch.empty(3, shares, n, device=xy.device)
    with _current(xy.device):
        kernels()["repel"][(blocks, shares)](x, y, parts, n, shares, reach, OWN, OTHERS, FAR, **WARPS["repel"])
    sums = parts.sum(1)
    return Repulsion(sums[:2].T.contiguous(), sums[2].sum(dtype=torch.float64) - n)


def attraction(p: Affinities, xy: Tensor) -> Tensor:
    """What draws each point to its neighbors; see `exact.attraction`."""
    x, y = xy.T.contiguous()
    force = torch.empty(2, len(xy), device=xy.device)
    with _current(xy.device):
        kernels()["attract"][(len(xy),)](x, y, p.starts, p.index, p.values, force, len(xy), ENTRIES, **WARPS["attract"])
    return force.T.contiguous()


def _current(device: torch.device) -> AbstractContextManager:
    """Triton launches on the current device, whichever holds the tensors."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


@cache
def kernels() -> dict[str, Any]:
    """The kernels, compiled when first launched; Triton is imported here and nowhere else."""
    from vizkit.embed import fused_kernels

    return {"repel": fused_kernels.repel, "attract": fused_kernels.attract}
