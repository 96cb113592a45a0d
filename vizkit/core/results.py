"""What a frame shows: a few plain values, detached and on whatever device made them. Views are written per kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from vizkit.core.paged import Paged

if TYPE_CHECKING:
    from vizkit.core.runs import Run


@dataclass(frozen=True, eq=False)
class Result(Paged):
    """A complete answer, and the run it came from."""

    run: "Run | None" = field(default=None, kw_only=True, repr=False)

    @property
    def recipe(self) -> str:
        """The Python that makes this again, with weight hashes and versions; empty where no run made it."""
        return self.run.recipe if self.run is not None else ""


@dataclass(frozen=True, eq=False)
class Images(Result):
    """Pictures: `pixels` (n, c, h, w) in [0, 1], and as many captions as pictures, or none.

    `beside` (n or 1, c, h, w) is what each picture is to be compared with, such as the photograph it was made
    from. `columns` is how many stand side by side, 0 for as many as look good.

    Of real pictures, `numbers` are their places in their collection, -1 where there is none, and `sources` say where
    each is from, as a line of Python that makes it; `profile()` tells of all the pictures they were chosen from.

    >>> Images(torch.zeros(2, 3, 8, 8), captions=("unit 3", "unit 7"))
    2 pictures of 8 × 8, 3 channels: unit 3 · unit 7
    """

    pixels: Tensor
    captions: tuple[str, ...] = ()
    beside: Tensor | None = None
    columns: int = 0
    numbers: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    profile: "Callable[[], Profile] | None" = field(default=None, repr=False)

    def __post_init__(self):
        if self.pixels.ndim != 4:
            raise ValueError(f"Images takes pixels (n, c, h, w), not {tuple(self.pixels.shape)}. Add pixels[None].")
        for name in ("captions", "numbers", "sources"):
            told = getattr(self, name)
            if told and len(told) != len(self.pixels):
                raise ValueError(f"{len(told)} {name} for {len(self.pixels)} pictures. Give one each, or none.")
        if self.beside is not None and (self.beside.ndim != 4 or len(self.beside) not in {1, len(self.pixels)}):
            raise ValueError(
                f"beside has shape {tuple(self.beside.shape)}; {len(self.pixels)} pictures are compared with as many "
                "(n, c, h, w), or with one (1, c, h, w)."
            )

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def alt(self) -> str:
        """One sentence for someone who cannot see the pictures."""
        n, c, h, w = self.pixels.shape
        names = f": {' · '.join(self.captions)}" if self.captions else ""
        return f"{n} picture{'s' * (n != 1)} of {w} × {h}, {c} channel{'s' * (c != 1)}{names}"

    def save(self, path: str | Path) -> Path:
        """Write all pictures as one sheet; `.png` or `.webp` (lossless) by the name's ending, recipe inside.

        Raises:
            ValueError: the ending is neither.
        """
        from vizkit.save.pictures import save_sheet  # a hand-over: core knows no file format

        return save_sheet(self, Path(path))

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        from vizkit.save.pictures import mimebundle

        return mimebundle(self)


@dataclass(frozen=True, eq=False)
class Curves(Result):
    """Lines over a common axis: `x` (k,), `lines` {name: (k,)}, and what the axes are called.

    >>> Curves(torch.arange(3.0), {"objective": torch.tensor([0.0, 1.0, 4.0])}, x_name="step")
    objective over step, 3 points
    """

    x: Tensor
    lines: Mapping[str, Tensor]
    x_name: str = "x"
    y_name: str = ""

    def figure(self) -> Any:
        """The lines as a `plotly.graph_objects.Figure`."""
        from vizkit.views.charts import line_chart  # a hand-over: core draws nothing

        return line_chart(self)

    def save(self, path: str | Path) -> Path:
        """Draw the lines into a `.png` or lossless `.webp` by the name's ending, recipe inside.

        Raises:
            ValueError: the ending is neither.
        """
        from vizkit.save.curve_pictures import save_curves

        return save_curves(self, Path(path))

    def __repr__(self) -> str:
        return f"{', '.join(self.lines)} over {self.x_name}, {len(self.x)} points"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        from vizkit.save.curve_pictures import png  # for readers that know no plotly

        return {**self.figure()._repr_mimebundle_(), "image/png": png(self), "text/plain": repr(self)}


@dataclass(frozen=True, eq=False)
class Profile:
    """What is known of one unit beside the pictures that show it.

    `counts` (bins,) are how many of its answers lie between `edges` (bins + 1,), float64; both are empty where nobody
    counted. `marks` (n,) are its answers to the pictures shown, NaN where a picture has none. `groups` are words, how
    many of its `first` strongest pictures have each, and the share of all pictures that do; the commonest first.
    """

    name: str
    edges: Tensor
    counts: Tensor
    marks: Tensor
    groups: tuple[tuple[str, int, float], ...] = ()
    first: int = 0

    @property
    def alt(self) -> str:
        """Its histogram and its groups, each in a sentence."""
        return " ".join(filter(None, [self._spread(), self._breakdown()]))

    def _spread(self) -> str:
        if not len(self.counts):
            return ""
        shown = self.marks[self.marks.isfinite()]
        low, high = (f"{float(end):.3g}" for end in (self.edges[0], self.edges[-1]))
        marks = f" The shown: {float(shown.min()):.3g} to {float(shown.max()):.3g}." if len(shown) else ""
        return f"Answers of {self.name} from {low} to {high}.{marks}"

    def _breakdown(self) -> str:
        told = ", ".join(f"{word} {count}" for word, count, _ in self.groups)
        return f"Of the {self.first} strongest: {told}." if told else ""


@dataclass(frozen=True, eq=False)
class Points(Result):
    """Points of a plane, one for each picture (or row): `xy` (n, 2), finite, in no unit.

    `labels` (n,) are numbers into `label_names`, -1 where none is known. `values` {name: (n,)} are what points may be
    colored by besides; `words` {name: (…)} are what the numbers of such values stand for, where they are kinds and no
    amounts. `names` say what each point is called, or nothing. `pictures[i]` is what point i stands for,
    (c, h, w) in [0, 1], read when it is looked at. `maps` {name: (n, 2)} are where the same points lie in finished
    maps of other layers or networks, in their order and turned to fit one another; `xy` is one of them or between two.
    `measures` {name of a map: {what: number}} say what was measured of each.

    >>> Points(torch.zeros(3, 2), labels=torch.tensor([0, 1, 1]), label_names=("cat", "dog"))
    3 points: 1 cat · 2 dog
    """

    xy: Tensor
    labels: Tensor | None = None
    label_names: tuple[str, ...] = ()
    values: Mapping[str, Tensor] = field(default_factory=dict)
    names: Sequence[str] = ()
    pictures: Sequence[Tensor] | None = None
    maps: Mapping[str, Tensor] = field(default_factory=dict)
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self):
        if self.xy.ndim != 2 or self.xy.shape[1] != 2:
            raise ValueError(f"Points takes xy (n, 2), not {tuple(self.xy.shape)}. Give two numbers for each point.")
        told = {"labels": self.labels, "names": self.names or None, "pictures": self.pictures, **self.values}
        for name, value in told.items():
            if value is not None and len(value) != len(self.xy):
                raise ValueError(f"{len(value)} {name} for {len(self.xy)} points. Give one each, or none.")
        for name, xy in self.maps.items():
            if xy.shape != self.xy.shape:
                raise ValueError(f"Map {name} has shape {tuple(xy.shape)}, and xy {tuple(self.xy.shape)}. Give equal.")
        for name in self.measures:
            if name not in self.maps:
                raise ValueError(f"Measures of {name!r}, and no such map. There are {', '.join(self.maps) or 'none'}.")
        for name in self.words:
            if name not in self.values:
                known = ", ".join(self.values) or "none"
                raise ValueError(f"Words of {name!r}, and no such values. There are {known}.")

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def alt(self) -> str:
        """One sentence for someone who cannot see the points: how many, and of which label how many, up to six."""
        told = f"{len(self)} point{'s' * (len(self) != 1)}"
        return f"{told}: {' · '.join(self._census())}" if self.labels is not None else told

    def _census(self) -> list[str]:
        assert self.labels is not None
        labels, counts = self.labels.unique(return_counts=True)
        order = counts.argsort(descending=True, stable=True).tolist()
        told = [f"{counts[i]} {self.label(int(labels[i]))}" for i in sorted(order[:6])]
        return told + [f"and {len(order) - 6} more labels"] * (len(order) > 6)

    def label(self, number: int) -> str:
        """The word for label `number`."""
        return _word(self.label_names, number, "no label")

    def word(self, name: str, number: int) -> str:
        """The word for `number` of the values called `name`, which have words."""
        return _word(self.words[name], number, "none")

    def figure(self) -> Any:
        """The points as a `plotly.graph_objects.Figure` (scattergl), colored by label or by the first of `values`."""
        from vizkit.views.charts import point_chart  # a hand-over: core draws nothing

        return point_chart(self)

    def to_dataframe(self) -> Any:
        """A `pandas.DataFrame`: x, y, label, name and every value, those there are; for other tools.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        from vizkit.save.point_pictures import to_dataframe

        return to_dataframe(self)

    def save(self, path: str | Path) -> Path:
        """Draw the map as `.png` or `.webp` (lossless), recipe inside, or write a table as `.csv`.

        Raises:
            ValueError: the ending is none of these.
        """
        from vizkit.save.point_pictures import save_points

        return save_points(self, Path(path))

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        from vizkit.save.point_pictures import mimebundle

        return mimebundle(self)


def _word(words: Sequence[str], number: int, none: str) -> str:
    return words[number] if 0 <= number < len(words) else none if number < 0 else str(number)


def tensors(result: Result) -> dict[str, Tensor]:
    """Every tensor a result holds, by field; those inside a mapping as `field.key`."""
    found = {}
    for name, value in vars(result).items():
        if isinstance(value, Tensor):
            found[name] = value
        elif isinstance(value, Mapping):
            found.update({f"{name}.{key}": v for key, v in value.items() if torch.is_tensor(v)})
    return found
