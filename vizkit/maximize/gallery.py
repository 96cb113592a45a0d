"""Pictures that took long to make, one for each unit, kept in memory or in a folder: what is there is not made again.

A picture is kept as bytes (c, h, w), with the activation that was measured on it. In a folder each has a file of its
own, which is written beside its place and moved there when complete, and believed only where its checksum is right:

    world-3fb1c2d4e5f6/stage3-9a0b1c2d/00012.safetensors
"""

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vizkit.core.files import replacing
from vizkit.nets.network import Network

FORMAT = 1
MOST = 2**27  # bytes in memory: some 900 pictures of 224 by 224


class Made(NamedTuple):
    """A finished picture, uint8 (c, h, w), and the activation measured on it."""

    pixels: Tensor
    score: float


class Gallery(Protocol):
    """Where made pictures hang, by the number of their unit."""

    def get(self, unit: int) -> Made | None: ...

    def put(self, unit: int, made: Made) -> None: ...


def hung(pixels: Tensor, scores: Tensor) -> list[Made]:
    """Pictures (n, c, h, w) in [0, 1] as they are kept: rounded to bytes."""
    rounded = (pixels.detach() * 255).round().to(torch.uint8).cpu()
    return [Made(*one) for one in zip(rounded, scores.detach().float().cpu().tolist(), strict=True)]


class Remembering:
    """The pictures that were made last, in memory, in at most `most` bytes; for several threads."""

    def __init__(self, most: int = MOST):
        self._left, self._lock = most, threading.Lock()
        self._made: OrderedDict[int, Made] = OrderedDict()

    def get(self, unit: int) -> Made | None:
        with self._lock:
            return self._made.get(unit)

    def put(self, unit: int, made: Made) -> None:
        with self._lock:
            self._drop(unit)
            self._made[unit], self._left = made, self._left - made.pixels.nbytes
            while self._left < 0 and self._made:
                self._drop(next(iter(self._made)))

    def _drop(self, unit: int) -> None:
        if unit in self._made:
            self._left += self._made.pop(unit).pixels.nbytes


class Shelved:
    """Pictures of `shape` (c, h, w) in a folder, which is made for the first of them."""

    def __init__(self, folder: Path, shape: tuple[int, int, int]):
        self.folder, self.shape = folder, shape

    def path(self, unit: int) -> Path:
        return self.folder / f"{unit:05}.safetensors"

    def get(self, unit: int) -> Made | None:
        """The picture; None where there is none, or a file that is not whole, which is then made anew."""
        try:
            with safe_open(self.path(unit), "pt") as file:
                pixels, told = file.get_tensor("pixels"), file.metadata() or {}
            score = float.fromhex(told["score"])
        except (SafetensorError, OSError, KeyError, ValueError):
            return None
        whole = pixels.dtype == torch.uint8 and tuple(pixels.shape) == self.shape
        made = Made(pixels, score)
        return made if whole and told.get("checksum") == _checksum(unit, made) else None

    def put(self, unit: int, made: Made) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"score": made.score.hex(), "checksum": _checksum(unit, made)}
        with replacing(self.path(unit)) as draft:
            save_file({"pixels": made.pixels.contiguous()}, draft, told)


def shelved(cache: str | Path, net: Network, layer: str, settings: Mapping[str, Any], size: tuple[int, int]) -> Shelved:
    """Where pictures of `layer` that were made with `settings` lie below `cache`; a network's weights tell it apart.

    Raises:
        NotADirectoryError: `cache` is a file.
        ValueError: the network is an edited one; nobody can tell one edit from another.
    """
    root = Path(cache).expanduser()
    if root.exists() and not root.is_dir():
        raise NotADirectoryError(f"cache={str(cache)!r} is a file. Give a folder, or one that is not there yet.")
    if net.edits:
        raise ValueError(
            f"{net.name} is edited, and a folder cannot tell one edit from another. Leave cache=… out: the pictures "
            "are remembered as long as the network."
        )
    weights = f"{_plain(net.name)}-{net.weight_hash}"
    return Shelved(root / weights / f"{_plain(layer)}-{fingerprint(net, layer, settings)}", (net.channels, *size))


def fingerprint(net: Network, layer: str, settings: Mapping[str, Any]) -> str:
    """8 hex digits that differ where a picture of one unit may, other than by weights."""
    told = [FORMAT, _version(), net.size, net.channels, net.mean, net.std, layer, sorted(settings.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]


def _checksum(unit: int, made: Made) -> str:
    digest = hashlib.sha256(f"{unit} {made.score.hex()} {tuple(made.pixels.shape)}".encode())
    digest.update(made.pixels.contiguous().numpy().data)
    return digest.hexdigest()


def _plain(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:60] or "layer"


def _version() -> str:
    try:
        return version("vizkit")
    except PackageNotFoundError:
        return "from a checkout"
