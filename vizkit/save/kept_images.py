"""Images in a recording: a small picture file for each; what they are compared with is stored once."""

import zipfile

import torch
from torch import Tensor

from vizkit.core.results import Images
from vizkit.save.manifests import Manifest, Pictures, Shape
from vizkit.save.members import picture_members, read_pictures, write_pictures


class ImageWriter:
    """Writes the pictures of one frame after another; `originals` are what frames so far are compared with."""

    def __init__(self, file: zipfile.ZipFile, coding: str):
        self._file, self._coding = file, coding
        self._originals: list[Tensor] = []

    def write(self, index: int, images: Images) -> Pictures:
        """Write the pictures of frame `index`."""
        write_pictures(self._file, _frame(index), images.pixels, self._coding)
        return Pictures(_four(images.pixels), images.captions, images.columns, self._kept(images.beside))

    def close(self) -> dict:
        """What the manifest tells of all frames together."""
        return {"originals": tuple(map(_four, self._originals))}

    def _kept(self, original: Tensor | None) -> int | None:
        """Which of the recording's originals this one is; a new one is written."""
        if original is None:
            return None
        for i, other in enumerate(self._originals):
            if other is original or _equal(other, original):
                return i
        write_pictures(self._file, _original(len(self._originals)), original, self._coding)
        self._originals.append(original)
        return len(self._originals) - 1


class ImageReader:
    """Reads the pictures of one frame after another; frames that are compared with one original share it."""

    def __init__(self, manifest: Manifest):
        self._manifest = manifest
        self._newest: tuple[int | None, Tensor | None] = (None, None)

    def read(self, file: zipfile.ZipFile, index: int, held: Pictures) -> Images:
        """The pictures of frame `index`."""
        pixels = read_pictures(file, _frame(index), held.shape, self._manifest.coding)
        if held.beside != self._newest[0]:
            self._newest = held.beside, self._original(file, held.beside)
        return Images(pixels, held.captions, self._newest[1], held.columns)

    def _original(self, file: zipfile.ZipFile, index: int | None) -> Tensor | None:
        if index is None:
            return None
        return read_pictures(file, _original(index), self._manifest.originals[index], self._manifest.coding)


def image_members(manifest: Manifest) -> set[str]:
    """The names of all files that hold pictures."""
    shapes = {_frame(i): entry.held.shape for i, entry in enumerate(manifest.frames)}  # type: ignore[union-attr]
    shapes |= {_original(i): shape for i, shape in enumerate(manifest.originals)}
    return {name for folder, shape in shapes.items() for name in picture_members(folder, shape, manifest.coding)}


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.device == b.device and torch.equal(a, b)


def _four(pictures: Tensor) -> Shape:
    n, c, h, w = pictures.shape
    return n, c, h, w


def _frame(index: int) -> str:
    return f"frames/{index:04d}"


def _original(index: int) -> str:
    return f"originals/{index:04d}"
