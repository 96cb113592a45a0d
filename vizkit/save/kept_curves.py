"""Curves in a recording: a table (1 + lines, points) of float32 for each frame, the axis first."""

import zipfile

import torch

from vizkit.core.results import Curves
from vizkit.save.manifests import Lines, Manifest
from vizkit.save.members import read_array, write_array


class CurveWriter:
    """Writes the lines of one frame after another."""

    def __init__(self, file: zipfile.ZipFile, coding: str):
        self._file = file

    def write(self, index: int, curves: Curves) -> Lines:
        """Write the lines of frame `index`."""
        rows = [row.detach().cpu().float() for row in (curves.x, *curves.lines.values())]
        write_array(self._file, _frame(index), torch.stack(rows).numpy().astype("<f4"))
        return Lines(tuple(curves.lines), len(curves.x), curves.x_name, curves.y_name)

    def close(self) -> dict:
        """What the manifest tells of all frames together: nothing."""
        return {}


class CurveReader:
    """Reads the lines of one frame after another."""

    def __init__(self, manifest: Manifest):
        pass

    def read(self, file: zipfile.ZipFile, index: int, held: Lines) -> Curves:
        """The lines of frame `index`."""
        x, *lines = torch.from_numpy(read_array(file, _frame(index), (1 + len(held.names), held.count), "<f4"))
        return Curves(x, dict(zip(held.names, lines, strict=True)), held.x_name, held.y_name)


def curve_members(manifest: Manifest) -> set[str]:
    """The names of all files that hold lines."""
    return {_frame(i) for i in range(len(manifest.frames))}


def _frame(index: int) -> str:
    return f"frames/{index:04d}"
