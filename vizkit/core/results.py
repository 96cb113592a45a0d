"""What a frame shows: a few plain values, detached and on whatever device made them. Views are written per kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from vizkit.core.runs import Run


@dataclass(frozen=True, eq=False)
class Result:
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

    >>> Images(torch.zeros(2, 3, 8, 8), captions=("unit 3", "unit 7"))
    2 pictures of 8 × 8, 3 channels: unit 3 · unit 7
    """

    pixels: Tensor
    captions: tuple[str, ...] = ()
    beside: Tensor | None = None
    columns: int = 0

    def __post_init__(self):
        if self.pixels.ndim != 4:
            raise ValueError(f"Images takes pixels (n, c, h, w), not {tuple(self.pixels.shape)}. Add pixels[None].")
        if self.captions and len(self.captions) != len(self.pixels):
            raise ValueError(f"{len(self.captions)} captions for {len(self.pixels)} pictures. Give one each, or none.")
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

    def __repr__(self) -> str:
        return f"{', '.join(self.lines)} over {self.x_name}, {len(self.x)} points"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {**self.figure()._repr_mimebundle_(), "text/plain": repr(self)}


def tensors(result: Result) -> dict[str, Tensor]:
    """Every tensor a result holds, by field; those inside a mapping as `field.key`."""
    found = {}
    for name, value in vars(result).items():
        if isinstance(value, Tensor):
            found[name] = value
        elif isinstance(value, Mapping):
            found.update({f"{name}.{key}": v for key, v in value.items() if torch.is_tensor(v)})
    return found
