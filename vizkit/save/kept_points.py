"""Points in a recording: where they lie, frame by frame; all else once. Pictures are kept as thumbnails.

A place is stored as two whole numbers of 16 bits, shares of the span of its frame, or as float32 where nothing may be
lost. Thumbnails are squares cut from the middle of each picture, all on one sheet.
"""

import math
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from typing import overload

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from vizkit.core.results import Points
from vizkit.save.manifests import Cloud, Manifest, Places
from vizkit.save.members import picture_members, read_array, read_pictures, write_array, write_pictures
from vizkit.save.pictures import to_pil

STEPS = 2**16 - 1  # of the span of a frame's points
SIDES = {1024: 48, 4096: 32, 16384: 16}  # pixels of a thumbnail, for up to so many points; none beyond
_LABELS, _SHEET = "points/labels", "points/pictures"


class Thumbnails(Sequence[Tensor]):
    """The squares of one sheet (c, h, w), row by row, `columns` in a row; each is cut out when it is looked at."""

    def __init__(self, sheet: Tensor, count: int, side: int, columns: int):
        self._sheet, self._count, self._side, self._columns = sheet, count, side, columns

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...
    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        row, column = divmod(range(self._count)[index], self._columns)
        y, x = row * self._side, column * self._side
        return self._sheet[:, y : y + self._side, x : x + self._side]


class PointWriter:
    """Writes where the points of one frame after another lie, and at the end what they are."""

    def __init__(self, file: zipfile.ZipFile, coding: str):
        self._file, self._coding = file, coding
        self._points: Points | None = None

    def write(self, index: int, points: Points) -> Places:
        """Write where the points of frame `index` lie.

        Raises:
            ValueError: one lies nowhere.
        """
        assert self._points is None or len(points) == len(self._points), "record() parts frames by their points"
        self._points, xy = points, points.xy.detach().cpu().double()
        if not xy.isfinite().all():
            raise ValueError("A point has no place (NaN or infinite), so it cannot be recorded.")
        low, high = (xy.amin(0), xy.amax(0)) if len(xy) else (torch.zeros(2), torch.zeros(2))
        exact = self._coding == "png"
        told = xy if exact else ((xy - low) / (high - low).clamp(min=1e-300) * STEPS).round()
        write_array(self._file, _frame(index), told.numpy().astype(_kind(self._coding)))
        return Places(tuple(low.tolist()), tuple(high.tolist()))  # type: ignore[arg-type]

    def close(self) -> dict:
        """Write what points are, whatever the frame; what the manifest tells of it."""
        assert self._points is not None, "a recording has at least one frame"
        points = self._points
        if points.labels is not None:
            write_array(self._file, _LABELS, points.labels.cpu().numpy().astype("<i4"))
        for name, series in _series(points):
            write_array(self._file, name, series.detach().cpu().float().numpy().astype("<f4"))
        cloud = Cloud(
            len(points),
            points.labels is not None,
            points.label_names,
            tuple(points.values),
            tuple(points.maps),
            tuple(map(str, points.names)),
            measures={layer: {what: float(v) for what, v in told.items()} for layer, told in points.measures.items()},
            words={name: tuple(words) for name, words in points.words.items()},
        )
        side = next((side for most, side in SIDES.items() if len(points) <= most), 0)
        if not points.pictures or not side:
            return {"cloud": cloud}
        sheet, told = _sheet(points.pictures, side)
        write_pictures(self._file, _SHEET, sheet[None], self._coding)
        return {"cloud": replace(cloud, thumbnails=told)}


class PointReader:
    """Reads where the points of one frame after another lie; what they are is read once."""

    def __init__(self, manifest: Manifest):
        assert manifest.cloud is not None
        self._cloud, self._coding = manifest.cloud, manifest.coding
        self._once: Points | None = None

    def read(self, file: zipfile.ZipFile, index: int, held: Places) -> Points:
        """The points of frame `index`."""
        told = read_array(file, _frame(index), (self._cloud.count, 2), _kind(self._coding)).astype("<f8")
        low, high = np.array(held.low), np.array(held.high)
        xy = torch.from_numpy(told if self._coding == "png" else low + told / STEPS * (high - low)).float()
        if not xy.isfinite().all():
            raise ValueError(f"{_frame(index)} has a point that lies nowhere")
        self._once = self._once or self._read_once(file)
        return replace(self._once, xy=xy)

    def _read_once(self, file: zipfile.ZipFile) -> Points:
        cloud, n = self._cloud, self._cloud.count
        return Points(
            torch.zeros(n, 2),
            torch.from_numpy(read_array(file, _LABELS, (n,), "<i4")).long() if cloud.labeled else None,
            cloud.label_names,
            {name: _floats(file, _value(i), n) for i, name in enumerate(cloud.values)},
            cloud.names,
            self._thumbnails(file),
            maps={name: _floats(file, _map(i), n, 2) for i, name in enumerate(cloud.maps)},
            measures=cloud.measures,
            words=cloud.words,
        )

    def _thumbnails(self, file: zipfile.ZipFile) -> Thumbnails | None:
        _, side, columns = self._cloud.thumbnails
        if not side:
            return None
        sheet = read_pictures(file, _SHEET, self._cloud.sheet, self._coding)[0]
        return Thumbnails(sheet, self._cloud.count, side, columns)


def point_members(manifest: Manifest) -> set[str]:
    """The names of all files that hold places, or tell what points are."""
    cloud = manifest.cloud
    assert cloud is not None
    pictures = picture_members(_SHEET, cloud.sheet, manifest.coding) if cloud.thumbnails[1] else []
    return {
        *(_frame(i) for i in range(len(manifest.frames))),
        *([_LABELS] if cloud.labeled else []),
        *(_value(i) for i in range(len(cloud.values))),
        *(_map(i) for i in range(len(cloud.maps))),
        *pictures,
    }


def _sheet(pictures: Sequence[Tensor], side: int) -> tuple[Tensor, tuple[int, int, int]]:
    """Thumbnails on a sheet (c, h, w), and its channels, side and columns; none larger than its picture."""
    side = min(side, max(pictures[0].shape[-2:]))
    columns = math.ceil(math.sqrt(len(pictures)))
    gray = len(pictures[0]) == 1
    size = columns * side, math.ceil(len(pictures) / columns) * side
    paper = Image.new("L" if gray else "RGB", size, "white")
    for i, picture in enumerate(pictures):
        square = ImageOps.fit(to_pil(picture).convert(paper.mode), (side, side))
        paper.paste(square, (i % columns * side, i // columns * side))
    values = torch.from_numpy(np.array(paper)).float() / 255
    return values[None] if gray else values.permute(2, 0, 1), (1 if gray else 3, side, columns)


def _series(points: Points) -> list[tuple[str, Tensor]]:
    """Values and maps, each with the name of its file."""
    values = [(_value(i), value) for i, value in enumerate(points.values.values())]
    return values + [(_map(i), xy) for i, xy in enumerate(points.maps.values())]


def _floats(file: zipfile.ZipFile, member: str, *shape: int) -> Tensor:
    return torch.from_numpy(read_array(file, member, shape, "<f4"))


def _kind(coding: str) -> str:
    return "<f4" if coding == "png" else "<u2"


def _frame(index: int) -> str:
    return f"frames/{index:04d}"


def _value(index: int) -> str:
    return f"points/values/{index:04d}"


def _map(index: int) -> str:
    return f"points/maps/{index:04d}"
