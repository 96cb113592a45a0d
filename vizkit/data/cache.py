"""Decoded pictures kept on disk as labels (n,) and bytes (n, h, w, c), so that a second pass needs no decoder."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vizkit.core.files import replacing
from vizkit.data.around import Around
from vizkit.data.collections import Collection

MISSING = -2  # a label of NONE (-1) is one, too


@dataclass(frozen=True, eq=False, repr=False)
class Cached(Around):
    """The pictures of `kept`, read from a file in `folder` once they have been read from where they lie.

    The file is named after the collection's hash and shape, takes n * h * w * c bytes, and may be filled by several
    threads and processes at once. Pictures that are no bytes (float arrays) are handed on without being kept.
    """

    folder: Path
    _open: dict[str, np.memmap] = field(default_factory=dict, init=False)

    def __reduce__(self) -> tuple:
        return cached, (self.kept, self.folder)  # to another process, without what was read of the file

    def read(self, number: int) -> tuple[Tensor, int]:
        pixels, labels = self._files
        if labels[number] != MISSING:
            return torch.from_numpy(np.array(pixels[number])).permute(2, 0, 1), int(labels[number])
        picture, label = self.kept.read(number)
        if picture.dtype == torch.uint8:
            pixels[number] = picture.permute(1, 2, 0).numpy()
            labels[number] = label  # last, as it says that the picture is there
        return picture, label

    def at(self, size: tuple[int, int] | None, channels: int) -> Collection:
        kept = self.kept.at(size, channels)
        return replace(self, kept=kept, size=kept.size, channels=channels) if size else kept

    @property
    def _files(self) -> tuple[np.memmap, np.memmap]:
        if not self._open:
            assert self.size is not None
            n, shape = len(self), (*self.size, self.channels)
            path = self.folder / f"{self.hash}-{'x'.join(map(str, shape))}.pictures"
            _make(path, n, int(np.prod(shape)))
            self._open["labels"] = np.memmap(path, "<i8", "r+", shape=(n,))
            self._open["pixels"] = np.memmap(path, np.uint8, "r+", offset=8 * n, shape=(n, *shape))
        return self._open["pixels"], self._open["labels"]


def cached(collection: Collection, folder: str | Path) -> Collection:
    """`collection`, keeping what it decodes in `folder`, which is made where it is missing.

    Raises:
        ValueError: the collection has no size to cut to yet.
    """
    if collection.size is None:
        raise ValueError("Only pictures of one size can be kept. Cut them first: collection.at(size, channels).")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = Cached(
        collection,
        folder,
        size=collection.size,
        channels=collection.channels,
        label_names=collection.label_names,
    )
    made._files  # noqa: B018 - a full disk or a wrong folder is told here, not by a thread
    return made


def _make(path: Path, count: int, each: int) -> None:
    """A file of `count` labels and as many pictures of `each` bytes, unless there is one of that size."""
    size = count * (8 + each)
    if path.is_file() and path.stat().st_size == size:
        return
    with replacing(path) as draft, draft.open("wb") as file:
        file.write(np.full(count, MISSING, "<i8").tobytes())
        file.truncate(size)  # without writing it: most file systems keep holes
