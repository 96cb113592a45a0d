"""A run that plays from disk: no weights, no GPU. A `.vizkit` is a zip of what its frames hold and one `manifest.json`.

Frames hold Images, Points or Curves, all of one kind; `kept_images.py` and its neighbors say how each is stored.
Scalars are exact float32.
"""

import zipfile
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images, Points, Result
from vizkit.core.runs import Run
from vizkit.save.files import ending, replacing
from vizkit.save.kept_curves import CurveReader, CurveWriter, curve_members
from vizkit.save.kept_images import ImageReader, ImageWriter, image_members
from vizkit.save.kept_points import PointReader, PointWriter, point_members
from vizkit.save.manifests import Entry, Held, Manifest, Numbers
from vizkit.save.members import read_bytes
from vizkit.save.thinning import thinned

CONTENTS = "manifest.json"
MOST_CONTENTS = 2**25  # bytes of the manifest


@dataclass(frozen=True)
class Kind:
    """How one kind of result is written and read, and which files hold it."""

    result: type[Result]
    writer: Callable[[zipfile.ZipFile, str], Any]
    reader: Callable[[Manifest], Any]
    members: Callable[[Manifest], set[str]]


KINDS = {
    "images": Kind(Images, ImageWriter, ImageReader, image_members),
    "points": Kind(Points, PointWriter, PointReader, point_members),
    "curves": Kind(Curves, CurveWriter, CurveReader, curve_members),
}


@dataclass(frozen=True, eq=False)
class Recording(Run):
    """A `Run` whose frames come from a file, with the recipe of the run that was recorded."""

    manifest: Manifest

    @cached_property
    def recipe(self) -> str:
        """The Python that makes the recorded run again."""
        return self.manifest.recipe

    def __repr__(self) -> str:
        words = ", ".join(f"{name}={value}" for name, value in self.manifest.arguments.items())
        return f"<recording of {self.manifest.method}({words}), {len(self.manifest.frames)} frames>"


def record(frames: Iterable[Frame], path: str | Path, most: int = 60, lossless: bool = False) -> Path:
    """Play `frames` into a `.vizkit` file that keeps at most `most` of them, the first and the last included.

    Takes a run, or any frames of one. Pictures are WebP at quality 90, or PNG if `lossless`, when a value is
    rounded to 1/255 only; places of points are rounded to 1/65535 of their span, or not at all if `lossless`. What
    points are besides their place is taken from the last frame, and their pictures become thumbnails; those of more
    than 16384 points are left out. Where points have come or gone, frames from before are left out: a map's draft has
    a point for a picture that turns out to be unreadable. An existing file is replaced once the new one is complete.

    Raises:
        ValueError: another ending; there is no frame; a point lies nowhere.
        TypeError: frames hold what cannot be recorded, or not all the same kind.
    """
    path = Path(path)
    ending(path, (".vizkit",))
    coding = "png" if lossless else "webp"
    with replacing(path) as draft:
        for _, stretch in groupby(_alike(thinned(frames, most)), key=_points_of):
            _write(stretch, draft, coding)  # over the one before
    return path


def open_recording(path: str | Path) -> Recording:
    """The run in a `.vizkit` file: iterate, `.result()`, `.curves()` and `.recipe` work as they did live.

    Nothing in the file is run or unpacked, and its sizes are checked before they are believed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, of a newer format, or no recording.

    >>> vizkit.open_recording("unit 7.vizkit").result().save("unit 7.png")
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording {str(path)!r}. run.save('x.vizkit') makes one.")
    try:
        with zipfile.ZipFile(path) as file:
            manifest = Manifest.from_json(read_bytes(file, CONTENTS, MOST_CONTENTS).decode())
            _check_members(file, manifest)
    except (ValueError, zipfile.BadZipFile, RecursionError) as error:
        raise ValueError(f"{path.name!r} cannot be opened: {error}.") from error
    return Recording(recorded, MappingProxyType({"path": path}), manifest)


def recorded(path: Path) -> Generator[Frame, None, None]:
    """The frames in the recording at `path`, one after the other."""
    manifest = open_recording(path).manifest
    reader = KINDS[manifest.kind].reader(manifest)
    for index, entry in enumerate(manifest.frames):
        try:
            with zipfile.ZipFile(path) as file:  # not held open across the yield
                result = reader.read(file, index, entry.held)
        except (ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path.name!r} cannot be played: {error}.") from error
        scalars = {name: torch.tensor(value, dtype=torch.float32) for name, value in entry.scalars.items()}
        yield Frame(entry.step, entry.of, result, scalars, entry.remark)


def _alike(frames: Iterable[Frame]) -> Generator[Frame, None, None]:
    """The same frames, all of one kind."""
    name = ""
    for frame in frames:
        found = _kind_of(frame.result)
        if found != (name := name or found):
            raise TypeError(f"Frames of a recording are all of one kind, and here are {found} after {name}.")
        yield frame


def _points_of(frame: Frame) -> int:
    """How many points a frame has; pictures and lines may become more or fewer."""
    return len(frame.result) if isinstance(frame.result, Points) else -1


def _write(frames: Iterable[Frame], path: Path, coding: str) -> None:
    """Write frames of one kind, at least one, as a whole recording."""
    name, writer, run, entries = "", None, None, []
    with zipfile.ZipFile(path, "w") as file:
        for frame in frames:
            if writer is None:
                name = _kind_of(frame.result)
                writer = KINDS[name].writer(file, coding)
            run = frame.result.run
            entries.append(_entry(frame, writer.write(len(entries), frame.result)))
        assert writer is not None, "there is at least one frame"
        contents = _manifest(run, coding, name, entries, writer.close()).to_json()
        file.writestr(CONTENTS, contents, compress_type=zipfile.ZIP_DEFLATED)


def _kind_of(result: Result) -> str:
    for name, kind in KINDS.items():
        if isinstance(result, kind.result):
            return name
    known = ", ".join(kind.result.__name__ for kind in KINDS.values())
    raise TypeError(f"A recording holds {known}, and this run makes {type(result).__name__}.")


def _manifest(run: Run | None, coding: str, kind: str, entries: list[Entry], told: dict) -> Manifest:
    method, words, recipe = "", {}, ""
    if isinstance(run, Recording):  # a copy tells of the original
        method, words, recipe = run.manifest.method, run.manifest.arguments, run.recipe
    elif run is not None:
        method, recipe = run.method.__name__, run.recipe
        words = {name: _words(value) for name, value in run.arguments.items()}
    return Manifest(method, words, recipe, coding, tuple(entries), kind, **told)


def _words(value: object) -> str:
    return f"tensor {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)


def _entry(frame: Frame, held: Held) -> Entry:
    scalars = {name: _numbers(value) for name, value in frame.scalars.items()}
    return Entry(frame.step, frame.of, scalars, held, frame.said)


def _numbers(scalar: Tensor) -> Numbers:
    values = scalar.detach().float().cpu()
    return tuple(values.tolist()) if values.ndim else float(values)


def _check_members(file: zipfile.ZipFile, manifest: Manifest) -> None:
    """The file holds what its manifest tells of, and nothing else."""
    expected = KINDS[manifest.kind].members(manifest)
    found = set(file.namelist()) - {CONTENTS}
    if found != expected:
        odd = sorted(found ^ expected)[0]
        raise ValueError(f"it {'lacks' if odd in expected else 'should not hold'} {odd!r}")
