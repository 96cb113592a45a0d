"""Small sites for tests: a few units of the bundled network, its pictures hardly turned."""

from pathlib import Path

import torch

import vizkit
from vizkit.data.collections import as_collection
from vizkit.measure.index import Index
from vizkit.save.site.build import site

LAYERS = ["stem", "stage3", "output"]
QUICK = {"size": 32, "steps": 2, "seed": 0, "units": 10, "together": 4}
HOSTILE = (
    "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">",
    "\"quotes' & <b>bold</b>",
    "\u202eright to left\u2028 and \U0001f98a",
    "long " * 400,
)


def network():
    return vizkit.load("world", device="cpu")


def labelled(count: int = 24, labels: tuple[str, ...] = HOSTILE):
    """World pictures, a quarter of them with each label in turn."""
    world = as_collection(f"world/test/{count}").at((96, 96), 3)
    items = [(world[number], number * len(labels) // count) for number in range(count)]
    return as_collection(items, labels=labels)


def scanned(net, pictures="world/test/24", **settings) -> Index:
    return vizkit.scan(net, pictures, LAYERS, k=12, batch=8, **settings)


def built(net, index: Index, out: Path, **settings) -> Path:
    return site(net, out=out, index=index, **{**QUICK, **settings})


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stamps(folder: Path) -> dict[str, int]:
    """What differs where a file was written again."""
    return {path.relative_to(folder).as_posix(): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def peaks(net, layer: str, pixels: torch.Tensor, unit: int) -> torch.Tensor:
    """The strongest answer of a unit on each picture."""
    return vizkit.activations(net, pixels, [layer])[layer][:, unit].flatten(1).amax(1)
