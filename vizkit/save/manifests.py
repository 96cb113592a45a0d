"""The table of contents of a recording: what was run, and what each kept frame held. JSON in and out.

Nothing in it is trusted: a recording comes by mail or from a web page.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT, VERSION = "vizkit recording", 2
OLDEST = 1  # version 1 has no originals, nor columns
MOST_COLUMNS = 1024
LARGEST_SIDE = 8192  # pixels of one picture
MOST_PIXELS = 2**28  # numbers of one frame, all pictures and channels together

Shape = tuple[int, int, int, int]
Numbers = float | tuple[float, ...]


@dataclass(frozen=True)
class Entry:
    """A kept frame: its `step` of `of`, the shape (n, c, h, w) and captions of its pictures, its scalars.

    `columns` is how many pictures stand side by side, 0 for as many as look good; `beside` says which of the
    manifest's originals they are compared with.
    """

    step: int
    of: int
    shape: Shape
    captions: tuple[str, ...]
    scalars: Mapping[str, Numbers]
    columns: int = 0
    beside: int | None = None


@dataclass(frozen=True)
class Manifest:
    """Method and arguments in words, the recipe, how pictures are stored, and the kept frames.

    `originals` are the shapes (n, c, h, w) of what frames are compared with, each stored once for all frames.
    """

    method: str
    arguments: Mapping[str, str]
    recipe: str
    coding: str
    frames: tuple[Entry, ...]
    originals: tuple[Shape, ...] = ()

    def to_json(self) -> str:
        """The manifest as text. Floats are exact; what JSON has no number for is a string ("nan", "inf")."""
        return json.dumps({"format": FORMAT, "version": VERSION, **_plain(asdict(self))}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read and check a manifest.

        Raises:
            ValueError: it is not one this vizkit reads; the message says what is wrong.
        """
        told = json.loads(text)
        _require(isinstance(told, dict) and told.get("format") == FORMAT, "it is no vizkit recording")
        version = told.get("version")
        _require(
            version in range(OLDEST, VERSION + 1),
            f"it has format {version!r} and this vizkit reads up to {VERSION}; update with pip install -U vizkit",
        )
        try:
            originals = tuple(map(_shape, told.get("originals", [])))
            return cls(
                method=_text(told["method"]),
                arguments={_text(name): _text(words) for name, words in told["arguments"].items()},
                recipe=_text(told["recipe"]),
                coding=_coding(told["coding"]),
                frames=_frames(told["frames"], originals),
                originals=originals,
            )
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"its table of contents is damaged ({type(error).__name__}: {error})") from error


def _frames(told: list[dict], originals: tuple[Shape, ...]) -> tuple[Entry, ...]:
    entries = tuple(map(_entry, told))
    _require(bool(entries), "it holds no frame")
    for entry in entries:
        _require(_compares(entry, originals), f"it compares {entry.shape[0]} pictures with originals it does not hold")
    steps = [entry.step for entry in entries]
    _require(steps == sorted(set(steps)), "its steps do not count up")
    return entries


def _entry(told: dict) -> Entry:
    captions = tuple(map(_text, told["captions"]))
    shape = _shape(told["shape"])
    _require(len(captions) in {0, shape[0]}, f"it has {len(captions)} captions for {shape[0]} pictures")
    scalars = {_text(name): _numbers(value) for name, value in told["scalars"].items()}
    columns, beside = _count(told.get("columns", 0)), told.get("beside")
    _require(columns <= MOST_COLUMNS, f"{columns} columns are too many")
    return Entry(
        _count(told["step"]),
        _count(told["of"]),
        shape,
        captions,
        scalars,
        columns,
        None if beside is None else _count(beside),
    )


def _compares(entry: Entry, originals: tuple[Shape, ...]) -> bool:
    """Whether there is what an entry is compared with: one original, or as many as it has pictures."""
    if entry.beside is None:
        return True
    return entry.beside < len(originals) and originals[entry.beside][0] in {1, entry.shape[0]}


def _shape(told: list) -> Shape:
    n, c, h, w = map(_count, told) if len(told) == 4 else (0, 0, 0, 0)
    good = min(c, h, w) > 0 and max(h, w) <= LARGEST_SIDE and n * c * h * w <= MOST_PIXELS
    _require(good, f"a frame of shape {told} is impossible or too large")
    return n, c, h, w


def _count(told: Any) -> int:
    _require(isinstance(told, int) and not isinstance(told, bool) and told >= 0, f"{told!r} is no count")
    return told


def _numbers(told: Any) -> Numbers:
    if isinstance(told, list):
        return tuple(float(value) for value in told)
    return float(told)


def _text(told: Any) -> str:
    _require(isinstance(told, str), f"{told!r} is no text")
    return told


def _coding(told: Any) -> str:
    _require(told in {"webp", "png"}, f"its pictures are {told!r}, not webp or png")
    return told


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _plain(value: Any) -> Any:
    """`value` with tuples as lists, mappings as dicts, and numbers JSON lacks as strings."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
