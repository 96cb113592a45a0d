"""A run that plays from disk: no weights, no GPU. A `.vizkit` is a zip of pictures and one `manifest.json`.

What pictures are compared with is stored once, however many frames there are. Pictures are 8-bit, (c, h, w) in
[0, 1] once read; scalars are exact float32.
"""

import io
import zipfile
import zlib
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.save.animations import pictures
from vizkit.save.files import ending, replacing
from vizkit.save.manifests import Entry, Manifest, Numbers, Shape
from vizkit.save.thinning import thinned

CONTENTS = "manifest.json"
MOST_CONTENTS = 2**25  # bytes of the manifest
MOST_PICTURE = 2**27  # bytes of one picture file


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

    Takes a run, or any frames of one. Pictures are WebP at quality 90, or PNG if `lossless`; either way a
    value is rounded to 1/255. An existing file is replaced once the new one is complete.

    Raises:
        ValueError: another ending; there is no frame.
        TypeError: a frame holds no pictures.
    """
    path = Path(path)
    ending(path, (".vizkit",))
    coding = "png" if lossless else "webp"
    entries, originals, run = [], [], None
    with replacing(path) as draft, zipfile.ZipFile(draft, "w") as file:
        for frame in thinned(frames, most):
            images, run = pictures(frame), frame.result.run
            _write(file, _frame(len(entries)), images.pixels, coding)
            entries.append(_entry(frame, images, _kept(file, images.beside, originals, coding)))
        contents = _manifest(run, coding, entries, [_four(original) for original in originals]).to_json()
        file.writestr(CONTENTS, contents, compress_type=zipfile.ZIP_DEFLATED)
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
            manifest = Manifest.from_json(_bytes(file, CONTENTS, MOST_CONTENTS).decode())
            _check_members(file, manifest)
    except (ValueError, zipfile.BadZipFile, RecursionError) as error:
        raise ValueError(f"{path.name!r} cannot be opened: {error}.") from error
    return Recording(recorded, MappingProxyType({"path": path}), manifest)


def recorded(path: Path) -> Generator[Frame[Images], None, None]:
    """The frames in the recording at `path`, one after the other."""
    manifest = open_recording(path).manifest
    original: tuple[int | None, Tensor | None] = (None, None)  # the newest
    for index, entry in enumerate(manifest.frames):
        try:
            with zipfile.ZipFile(path) as file:  # not held open across the yield
                pixels = _pixels(file, _frame(index), entry.shape, manifest.coding)
                if entry.beside != original[0]:
                    original = entry.beside, _beside(file, entry.beside, manifest)
            images = Images(pixels, entry.captions, original[1], entry.columns)
        except (ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path.name!r} cannot be played: {error}.") from error
        scalars = {name: torch.tensor(value, dtype=torch.float32) for name, value in entry.scalars.items()}
        yield Frame(entry.step, entry.of, images, scalars)


def _kept(file: zipfile.ZipFile, original: Tensor | None, known: list[Tensor], coding: str) -> int | None:
    """Which of the recording's originals this one is; a new one is written, and becomes the last of `known`."""
    if original is None:
        return None
    for i, other in enumerate(known):
        if other is original or _equal(other, original):
            return i
    _write(file, _original(len(known)), original, coding)
    known.append(original)
    return len(known) - 1


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.device == b.device and torch.equal(a, b)


def _manifest(run: Run | None, coding: str, entries: list[Entry], originals: list[Shape]) -> Manifest:
    method, words, recipe = "", {}, ""
    if isinstance(run, Recording):  # a copy tells of the original
        method, words, recipe = run.manifest.method, run.manifest.arguments, run.recipe
    elif run is not None:
        method, recipe = run.method.__name__, run.recipe
        words = {name: _words(value) for name, value in run.arguments.items()}
    return Manifest(method, words, recipe, coding, tuple(entries), tuple(originals))


def _words(value: object) -> str:
    return f"tensor {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)


def _entry(frame: Frame, images: Images, beside: int | None) -> Entry:
    scalars = {name: _numbers(value) for name, value in frame.scalars.items()}
    return Entry(frame.step, frame.of, _four(images.pixels), images.captions, scalars, images.columns, beside)


def _four(pictures: Tensor) -> Shape:
    n, c, h, w = pictures.shape
    return n, c, h, w


def _numbers(scalar: Tensor) -> Numbers:
    values = scalar.detach().float().cpu()
    return tuple(values.tolist()) if values.ndim else float(values)


def _kind(coding: str, channels: int) -> str:
    """The format of one picture: planes on top of each other outgrow what WebP holds."""
    return coding if channels in {1, 3} else "png"


def _frame(index: int) -> str:
    return f"frames/{index:04d}"


def _original(index: int) -> str:
    return f"originals/{index:04d}"


def _member(folder: str, picture: int, kind: str) -> str:
    return f"{folder}/{picture:04d}.{kind}"


def _write(file: zipfile.ZipFile, folder: str, pictures: Tensor, coding: str) -> None:
    for i, pixel in enumerate(pictures):
        kind = _kind(coding, len(pixel))
        file.writestr(_member(folder, i, kind), _encoded(pixel, kind))


def _encoded(pixel: Tensor, kind: str) -> bytes:
    """RGB as it is; any other number of channels as gray planes, one below the other."""
    values = pixel.detach().float().nan_to_num(0.0).clamp(0, 1).mul(255).round().to(torch.uint8).cpu()
    array = values.permute(1, 2, 0) if len(values) == 3 else values.flatten(0, 1)
    buffer = io.BytesIO()
    Image.fromarray(array.numpy()).save(buffer, kind, quality=90)
    return buffer.getvalue()


def _check_members(file: zipfile.ZipFile, manifest: Manifest) -> None:
    """The file holds the pictures its manifest tells of, and nothing else."""
    shapes = {_frame(index): entry.shape for index, entry in enumerate(manifest.frames)}
    shapes |= {_original(index): shape for index, shape in enumerate(manifest.originals)}
    expected = {
        _member(folder, i, _kind(manifest.coding, shape[1]))
        for folder, shape in shapes.items()
        for i in range(shape[0])
    }
    found = set(file.namelist()) - {CONTENTS}
    if found != expected:
        odd = sorted(found ^ expected)[0]
        raise ValueError(f"it {'lacks' if odd in expected else 'should not hold'} {odd!r}")


def _beside(file: zipfile.ZipFile, index: int | None, manifest: Manifest) -> Tensor | None:
    """The original that is stored under `index`."""
    if index is None:
        return None
    return _pixels(file, _original(index), manifest.originals[index], manifest.coding)


def _pixels(file: zipfile.ZipFile, folder: str, shape: Shape, coding: str) -> Tensor:
    kind = _kind(coding, shape[1])
    read = [_decoded(file, _member(folder, i, kind), shape) for i in range(shape[0])]
    return torch.stack(read) if read else torch.zeros(shape)


def _decoded(file: zipfile.ZipFile, member: str, shape: Shape) -> Tensor:
    """One picture (c, h, w) in [0, 1], its size compared with the manifest before it is unpacked."""
    _, c, h, w = shape
    size, mode = ((w, h), "RGB") if c == 3 else ((w, c * h), "L")
    data = io.BytesIO(_bytes(file, member, MOST_PICTURE))
    try:
        with Image.open(data, formats=[member.rpartition(".")[-1]]) as image:
            if image.size != size:
                raise ValueError(f"{member} is {image.size} pixels and the table of contents says {size}")
            array = np.array(image.convert(mode))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # SyntaxError: Pillow's broken PNG
        raise ValueError(f"{member} is no picture ({error})") from error
    values = torch.from_numpy(array).float() / 255
    return values.permute(2, 0, 1) if c == 3 else values.reshape(c, h, w)


def _bytes(file: zipfile.ZipFile, member: str, most: int) -> bytes:
    """The contents of `member`, at most `most` bytes of them, whatever its header says."""
    try:
        with file.open(member) as stream:
            found = stream.read(most + 1)
    except KeyError:
        raise ValueError(f"it holds no {member}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # RuntimeError: encrypted
        raise ValueError(f"{member} is damaged ({error})") from error
    if len(found) > most:
        raise ValueError(f"{member} is larger than {most} bytes")
    return found
