"""The real pictures of a unit as tiles (n, c, side, side), and what is told of each on its page."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vizkit.data.collections import NONE
from vizkit.measure.crops import boxes, cell_size, cropped, on_paper
from vizkit.measure.looking import Seen
from vizkit.measure.picking import Pick, picks
from vizkit.save.site.folder import key_of
from vizkit.save.site.plan import DECILES, DRAWN, REAL, Plan
from vizkit.save.site.tiles import squared


class Real(NamedTuple):
    """`tiles` of the strongest pictures, then of the deciles; what is told of each, `top` and `deciles`.

    An entry has the picture's number, its name, its label's word, the unit's answer, and how many are `alike`.
    """

    tiles: Tensor
    top: list[dict[str, Any]]
    deciles: list[dict[str, Any]]


def real(plan: Plan, seen: Seen, layer: str, unit: int) -> Real:
    """The real pictures of a unit; none where none is ranked."""
    top = picks(seen, layer, unit, "top", REAL, fold=True)
    deciles = picks(seen, layer, unit, "deciles", DECILES, fold=False)
    tiles = _tiles(plan, seen, layer, [*top, *deciles])
    return Real(tiles, [_told(pick, seen) for pick in top], [_told(pick, seen) for pick in deciles])


def key_of_real(plan: Plan, seen: Seen, layer: str) -> str:
    """What the real pictures of a layer depend on."""
    contents = seen.index.contents
    drawn = contents.plan
    pictures = contents.pictures_hash or seen.pictures.hash
    how = drawn.k, drawn.spread, drawn.precision, drawn.batch, drawn.count
    return key_of(DRAWN, contents.weights, contents.edits, pictures, contents.label_names, how, layer, plan.size)


def label_of(seen: Seen, number: int) -> str:
    """The word for a picture's label; empty where it has none."""
    label, words = int(seen.index.labels[number]), seen.index.label_names
    return "" if label == NONE else words[label] if label < len(words) else f"label {label}"


def _tiles(plan: Plan, seen: Seen, layer: str, row: Sequence[Pick]) -> Tensor:
    if not row:
        return torch.zeros(0, plan.net.channels, plan.size, plan.size)
    whole = torch.stack([seen.pictures[pick.picture] for pick in row])
    site = seen.index.site(layer)
    where = boxes(site, torch.tensor([pick.position for pick in row]))
    return squared(on_paper(cropped(whole, where, cell_size(site))), plan.size)


def _told(pick: Pick, seen: Seen) -> dict[str, Any]:
    name = PurePosixPath(seen.pictures.name(pick.picture)).as_posix()
    return {
        "picture": pick.picture,
        "name": name,
        "word": label_of(seen, pick.picture),
        "value": pick.value,
        "alike": pick.copies,
    }
