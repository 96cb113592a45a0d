"""The table of contents of a recording: what was run, and what each kept frame held. JSON in and out.

Nothing in it is trusted: a recording comes by mail or from a web page.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

FORMAT, VERSION = "vizkit recording", 4
# Version 1 has no originals, nor columns; 2 nothing but pictures, and no remarks; 3 points without measures and words.
OLDEST = 1
MOST_COLUMNS = 1024
LARGEST_SIDE = 8192  # pixels of one picture
MOST_PIXELS = 2**28  # numbers of one frame, all pictures and channels together
MOST_POINTS = 2**24
MOST_SERIES = 1024  # lines of a frame, values or maps of points

Shape = tuple[int, int, int, int]
Numbers = float | tuple[float, ...]


@dataclass(frozen=True)
class Pictures:
    """The pictures of a frame: their shape (n, c, h, w) and captions.

    `columns` is how many stand side by side, 0 for as many as look good; `beside` says which of the manifest's
    originals they are compared with.
    """

    shape: Shape
    captions: tuple[str, ...] = ()
    columns: int = 0
    beside: int | None = None


@dataclass(frozen=True)
class Places:
    """Where the points of a frame lie: between `low` and `high` (x, y), which stored numbers are shares of."""

    low: tuple[float, float]
    high: tuple[float, float]


@dataclass(frozen=True)
class Lines:
    """The lines of a frame: their names, `count` numbers each, and what the axes are called."""

    names: tuple[str, ...]
    count: int
    x_name: str
    y_name: str


@dataclass(frozen=True)
class Cloud:
    """What points are, whatever the frame: how many, which labels, `values` and `maps` by name, a name each or none.

    `thumbnails` are (channels, side, columns) of the sheet that shows them, all 0 where there is none. `measures` are
    what was measured of maps, `words` what the numbers of some values stand for.
    """

    count: int
    labeled: bool = False
    label_names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    thumbnails: tuple[int, int, int] = (0, 0, 0)
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def sheet(self) -> Shape:
        """The shape of the thumbnails' sheet."""
        channels, side, columns = self.thumbnails
        return 1, channels, side * math.ceil(self.count / max(columns, 1)), side * columns


Held: TypeAlias = Pictures | Places | Lines


@dataclass(frozen=True)
class Entry:
    """A kept frame: its `step` of `of`, its scalars, its remark, and what it held."""

    step: int
    of: int
    scalars: Mapping[str, Numbers]
    held: Held
    remark: str = ""


@dataclass(frozen=True)
class Manifest:
    """Method and arguments in words, the recipe, how pictures are stored, and the kept frames, all of one `kind`.

    `originals` are the shapes (n, c, h, w) of what pictures are compared with, each stored once for all frames;
    `cloud` is what points have in common, None for other kinds.
    """

    method: str
    arguments: Mapping[str, str]
    recipe: str
    coding: str
    frames: tuple[Entry, ...]
    kind: str = "images"
    originals: tuple[Shape, ...] = ()
    cloud: Cloud | None = None

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
            type(version) is int and OLDEST <= version <= VERSION,
            f"it has format {version!r} and this vizkit reads up to {VERSION}; update with pip install -U vizkit",
        )
        try:
            return cls._read(told if version == VERSION else _updated(told))
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"its table of contents is damaged ({type(error).__name__}: {error})") from error

    @classmethod
    def _read(cls, told: dict) -> "Manifest":
        kind = _one_of(told["kind"], tuple(_HELD), "kind of frames")
        originals = tuple(map(_shape, told["originals"]))
        cloud = None if kind != "points" else _cloud(told["cloud"])
        return cls(
            method=_text(told["method"]),
            arguments={_text(name): _text(words) for name, words in told["arguments"].items()},
            recipe=_text(told["recipe"]),
            coding=_one_of(told["coding"], ("webp", "png"), "coding of pictures"),
            frames=_frames(told["frames"], kind, originals),
            kind=kind,
            originals=originals,
            cloud=cloud,
        )


def _updated(told: dict) -> dict:
    """A manifest of an older version, as it would be now."""
    if told["version"] == 3:
        return told if told["cloud"] is None else {**told, "cloud": {**told["cloud"], "measures": {}, "words": {}}}
    return _from_pictures(told)


def _from_pictures(told: dict) -> dict:
    """One of version 1 or 2: frames held pictures, and told of them beside their step."""
    frames = [
        {**frame, "remark": "", "held": {"columns": 0, "beside": None, **frame}} if isinstance(frame, dict) else frame
        for frame in told["frames"]
    ]
    return {"originals": [], **told, "kind": "images", "frames": frames}


def _frames(told: list[dict], kind: str, originals: tuple[Shape, ...]) -> tuple[Entry, ...]:
    entries = tuple(_entry(frame, _HELD[kind]) for frame in told)
    _require(bool(entries), "it holds no frame")
    for entry in entries:
        _require(_compares(entry.held, originals), "it compares pictures with originals it does not hold")
    steps = [entry.step for entry in entries]
    _require(steps == sorted(set(steps)), "its steps do not count up")
    return entries


def _entry(told: dict, held: Callable[[dict], Held]) -> Entry:
    scalars = {_text(name): _numbers(value) for name, value in told["scalars"].items()}
    return Entry(_count(told["step"]), _count(told["of"]), scalars, held(told["held"]), _text(told["remark"]))


def _pictures(told: dict) -> Pictures:
    captions, shape = _texts(told["captions"]), _shape(told["shape"])
    _require(len(captions) in {0, shape[0]}, f"it has {len(captions)} captions for {shape[0]} pictures")
    columns, beside = _count(told["columns"]), told["beside"]
    _require(columns <= MOST_COLUMNS, f"{columns} columns are too many")
    return Pictures(shape, captions, columns, None if beside is None else _count(beside))


def _places(told: dict) -> Places:
    (left, bottom), (right, top) = map(_finite, told["low"]), map(_finite, told["high"])
    _require(left <= right and bottom <= top, "its points lie between ends that are no ends")
    return Places((left, bottom), (right, top))


def _lines(told: dict) -> Lines:
    names, count = _texts(told["names"]), _count(told["count"])
    _require(len(names) <= MOST_SERIES, f"{len(names)} lines are too many")
    _require(len(set(names)) == len(names), "two of its lines have one name")
    _require((len(names) + 1) * count <= MOST_PIXELS, f"lines of {count} numbers are too long")
    return Lines(names, count, _text(told["x_name"]), _text(told["y_name"]))


_HELD: dict[str, Callable[[dict], Held]] = {"images": _pictures, "points": _places, "curves": _lines}


def _cloud(told: dict) -> Cloud:
    count, names = _count(told["count"]), _texts(told["names"])
    _require(count <= MOST_POINTS, f"{count} points are too many")
    _require(len(names) in {0, count}, f"it has {len(names)} names for {count} points")
    values, maps = _texts(told["values"]), _texts(told["maps"])
    for series in (values, maps):
        _require(len(set(series)) == len(series) <= MOST_SERIES, "its values or maps are too many, or share a name")
    labeled = told["labeled"]
    _require(isinstance(labeled, bool), f"{labeled!r} is neither true nor false")
    channels, side, columns = map(_count, told["thumbnails"])
    about = {"measures": _measures(told["measures"], maps), "words": _words(told["words"], values)}
    cloud = Cloud(count, labeled, _texts(told["label_names"]), values, maps, names, (channels, side, columns), **about)
    if side:
        _shape(list(cloud.sheet))
    return cloud


def _measures(told: dict, maps: tuple[str, ...]) -> dict[str, dict[str, float]]:
    _require(set(told) <= set(maps), "it measures maps that it does not hold")
    return {name: {_text(what): float(number) for what, number in found.items()} for name, found in told.items()}


def _words(told: dict, values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    _require(set(told) <= set(values), "it has words for values that it does not hold")
    return {name: _texts(words) for name, words in told.items()}


def _compares(held: Held, originals: tuple[Shape, ...]) -> bool:
    """Whether there is what pictures are compared with: one original, or as many as there are pictures."""
    if not isinstance(held, Pictures) or held.beside is None:
        return True
    return held.beside < len(originals) and originals[held.beside][0] in {1, held.shape[0]}


def _shape(told: list) -> Shape:
    n, c, h, w = map(_count, told) if len(told) == 4 else (0, 0, 0, 0)
    good = min(c, h, w) > 0 and max(h, w) <= LARGEST_SIDE and n * c * h * w <= MOST_PIXELS
    _require(good, f"a frame of shape {told} is impossible or too large")
    return n, c, h, w


def _count(told: Any) -> int:
    _require(isinstance(told, int) and not isinstance(told, bool) and told >= 0, f"{told!r} is no count")
    return told


def _finite(told: Any) -> float:
    _require(type(told) in {int, float} and math.isfinite(told), f"{told!r} is no place")
    return float(told)


def _numbers(told: Any) -> Numbers:
    if isinstance(told, list):
        return tuple(float(value) for value in told)
    return float(told)


def _text(told: Any) -> str:
    _require(isinstance(told, str), f"{told!r} is no text")
    return told


def _texts(told: Any) -> tuple[str, ...]:
    _require(isinstance(told, list), f"{told!r} is no list")
    return tuple(map(_text, told))


def _one_of(told: Any, known: tuple[str, ...], what: str) -> str:
    _require(told in known, f"its {what} is {told!r}, not {' or '.join(known)}")
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
