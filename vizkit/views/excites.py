"""On a page without a kernel: the units that a picture excites, for whichever picture its reader clicks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import torch
import traitlets

from vizkit.measure.answers import Excited
from vizkit.views.modules import joined

_static = Path(__file__).parent / "static"
NONE = 0xFFFF  # where a picture excites fewer units than there is room for


class Excites(anywidget.AnyWidget):
    """Of one picture, which of the page's units it excites most, layer by layer; a click on one goes to it.

    Units are counted among `units` (their words), layers among `layers`, and `position` as the deck of a page counts:
    row by row over layers, units and `strengths`. `cell` and `chosen` are what is clicked in the grid of crops, whose
    numbers `crops` has for each layer and unit, and on the map; `picture` is the number of the one that is told of.
    `best` (uint16), `answers` (float32) and `above` (uint8, percent of the pictures that the unit answers less to) are
    (pictures, layers, `most`), of the pictures `known` (int32), all `count` where it is empty. `names`, `sheets` and
    `drawn` are those of the map.
    """

    _esm = joined("parts.mjs", "points_data.mjs", "excites.mjs")
    _css = _static / "excites.css"

    layers = traitlets.List(traitlets.Unicode()).tag(sync=True)
    units = traitlets.List(traitlets.Unicode()).tag(sync=True)
    strengths = traitlets.Int(1, min=1).tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    crops = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)
    cell = traitlets.Int(-1, min=-1).tag(sync=True)
    chosen = traitlets.CBytes().tag(sync=True)
    picture = traitlets.Int(-1, min=-1).tag(sync=True)
    count = traitlets.Int(0, min=0).tag(sync=True)
    known = traitlets.Bytes().tag(sync=True)
    most = traitlets.Int(1, min=1).tag(sync=True)
    best = traitlets.Bytes().tag(sync=True)
    answers = traitlets.Bytes().tag(sync=True)
    above = traitlets.Bytes().tag(sync=True)
    names = traitlets.Bytes().tag(sync=True)
    sheets = traitlets.List(traitlets.Bytes()).tag(sync=True)
    drawn = traitlets.List(traitlets.Bytes()).tag(sync=True)


@dataclass(frozen=True)
class Best:
    """What `Excites` knows of pictures: the traits `count`, `known`, `most`, `best`, `answers` and `above`."""

    traits: dict[str, Any]

    @classmethod
    def of(cls, layers: Sequence[Excited], known: Sequence[int] | None = None) -> "Best":
        """From what every picture excites in each layer, (pictures, most) each; of the pictures `known`, or all."""
        numbers = slice(None) if known is None else torch.tensor(list(known), dtype=torch.int64)
        units, answers, above = (
            torch.stack([each[numbers] for each in column], 1) for column in zip(*layers, strict=True)
        )
        return cls(
            {
                "count": len(layers[0].units),
                "known": b"" if known is None else np.array(list(known), "<i4").tobytes(),
                "most": layers[0].units.shape[1],
                "best": torch.where(units < 0, NONE, units).numpy().astype("<u2").tobytes(),
                "answers": answers.nan_to_num().numpy().astype("<f4").tobytes(),
                "above": (100 * above).round().clamp(0, 100).numpy().astype("u1").tobytes(),
            }
        )
