"""Which real pictures does a unit look for? Many are shown to the network, and those that excite it most are kept."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerName, Range, Unit
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images, Profile
from vizkit.data.collections import NONE, Collection
from vizkit.maximize.objectives import unit_numbers
from vizkit.measure.crops import Maps, averaged, boxes, cell_size, cropped, enlarged, heat, heated, on_paper, outlined
from vizkit.measure.honesty import judged
from vizkit.measure.index import Index
from vizkit.measure.looking import Seen, looking, refuse
from vizkit.measure.picking import SPREADS, Pick, picks, read_ahead
from vizkit.measure.picking_words import said
from vizkit.measure.places import Places
from vizkit.measure.profile import profile
from vizkit.nets.network import Network

SHOWS = ("crop", "whole", "overlay")


@judged(None)  # they are real, and a crop is not what the network was shown
def top_images(
    net: Network,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int | Sequence[int], Unit(of="layer")] = 0,
    *,
    pictures: str | Path | Tensor | Collection | Sequence | None = None,
    index: str | Path | Index | None = None,
    show: Annotated[str, Choice(*SHOWS)] = "crop",
    spread: Annotated[str, Choice(*SPREADS)] = "top",
    count: Annotated[int, Range(1, 64)] = 16,
    mean: bool = False,
    fold: bool = True,
    seed: int = 0,
) -> Frames[Images]:
    """Find the real pictures, and the places in them, that excite a unit most (Zeiler & Fergus 2014; Zhou et al. 2015).

    A frame is the answer for the pictures so far; the last one for all. Nothing is optimized: each cell is cut from a
    picture, at the place of the unit's strongest answer there. The scalar "activation" (n,) is that answer; of the
    mean of the cells, their mean. Pictures that were looked at are remembered beside the network: another unit of the
    layer, and the same run again, begins where the last one ended.

    Args:
        net: The network to look into.
        layer: Where the unit lives; `output` holds the class logits.
        unit: A channel of a map, a column of a flat layer, or several of them: a row for each.
        pictures: A folder, "world", an array (n, c, h, w), a dataset; see `vizkit.scan`. None for 480 pictures of the
            bundled world, which networks of photographs have never seen. An array or a dataset is taken to stay as it
            is.
        index: What `vizkit.scan` made, or its path: nothing is scanned then.
        show: What the unit sees in each picture, its receptive field; or the whole picture with that outlined; or the
            whole picture, lit where the unit is active.
        spread: The strongest; as many evenly spaced from the strongest to the weakest, 11 for deciles; the weakest; or
            the strongest of each class. Where an index has ranked the strongest only, deciles and bottom are those of
            an even sample, and the frame says so.
        count: How many pictures for each unit, at most.
        mean: Whether the mean of the cells stands before them.
        fold: Whether pictures that are nearly the same are shown once, the strongest; of top and bottom.
        seed: Which pictures of the world, where none are given.

    Raises:
        LookupError: the layer or the unit does not exist, or the pictures have no classes.
        ValueError: there are no pictures, or the index is of another network, or an argument is out of its bounds.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> vizkit.run("top_images", net, layer="stage3", unit=3, count=6).result().captions[0]
    'beach · 8.48'
    """
    units = list(dict.fromkeys(unit_numbers(unit).tolist()))
    _check(count, show, spread)
    before, grid, maps = None, None, None
    for seen in looking(net, layer, pictures, index, seed):
        rows = _rows(seen, layer, units, spread, count, fold)
        if not rows[0]:
            refuse(net, layer, seen)
            continue
        if rows != before:
            maps = maps or (Maps(net, layer) if show == "overlay" else None)
            before, grid = rows, _grid(maps, dict(zip(units, rows, strict=True)), seen, layer, show, mean)
        assert grid is not None
        remark = partial(said, net, layer, units, seen, spread, pictures is None and index is None)
        yield Frame(seen.done, seen.of, *grid, remark)
        read_ahead(seen, layer, units[-1], spread, count)


def _rows(seen: Seen, layer: str, units: Sequence[int], spread: str, count: int, fold: bool) -> list[list[Pick]]:
    """The picks of each unit, as many of each."""
    found = [picks(seen, layer, unit, spread, count, fold) for unit in units]
    length = min(map(len, found))
    return [row[:length] for row in found]


def _grid(
    maps: Maps | None, rows: dict[int, list[Pick]], seen: Seen, layer: str, show: str, mean: bool
) -> tuple[Images, dict[str, Tensor]]:
    """The pictures of all rows with their captions, and the values they stand for."""
    cells, captions, values, numbers, sources = [], [], [], [], []
    places = Places(seen, layer, show == "crop")
    for unit, row in rows.items():
        drawn, answers = _cells(maps, unit, row, seen, layer, show), torch.tensor([pick.value for pick in row])
        words = [_caption(pick, seen) for pick in row]
        if mean:
            drawn, answers = (torch.cat([averaged(some), some]) for some in (drawn, answers))
            words = [f"mean of {len(row)}", *words]
        cells.append(drawn)
        values.append(answers)
        captions += words if len(rows) == 1 else [f"unit {unit} · {word}" for word in words]
        numbers += [NONE] * mean + [pick.picture for pick in row]
        sources += [""] * mean + places.of(row, unit)
    columns = len(cells[0]) if len(rows) > 1 else 0
    pixels = on_paper(torch.cat(cells))
    about = _about(seen, layer, rows, mean)
    images = Images(pixels, tuple(captions), None, columns, tuple(numbers), tuple(sources), about)
    return images, {"activation": torch.cat(values)}


def _about(seen: Seen, layer: str, rows: dict[int, list[Pick]], mean: bool) -> Callable[[], Profile] | None:
    """What tells of a unit beside its pictures; nothing for several."""
    if len(rows) > 1:
        return None
    ((unit, row),) = rows.items()
    marks = torch.tensor([torch.nan] * mean + [pick.value for pick in row])
    return partial(profile, seen, layer, unit, marks)


def _cells(maps: Maps | None, unit: int, row: Sequence[Pick], seen: Seen, layer: str, show: str) -> Tensor:
    """The pictures of one unit, (n, c, h, w), NaN beside crops that are cut off."""
    whole = torch.stack([seen.pictures[pick.picture] for pick in row])
    site = seen.index.site(layer)
    where = boxes(site, torch.tensor([pick.position for pick in row]))
    if show == "crop":
        return cropped(whole, where, cell_size(site))
    if show == "whole":
        return outlined(whole, where)
    assert maps is not None, "made where the map is shown"
    active = heat(maps.of(unit, [pick.picture for pick in row], whole), site)
    return enlarged(whole) if active is None else heated(whole, active)


def _caption(pick: Pick, seen: Seen) -> str:
    """`farm · 3.2`, `012 · 3.2 · 2 alike`"""
    label, words = int(seen.index.labels[pick.picture]), seen.index.label_names
    name = words[label] if label != NONE and label < len(words) else Path(seen.pictures.name(pick.picture)).stem
    alike = [f"{pick.copies} alike"] if pick.copies > 1 else []
    above = [] if pick.above is None else [f"above {100 * pick.above:.0f} %"]
    return " · ".join([name, f"{pick.value:.3g}", *alike, *above])


def _check(count: int, show: str, spread: str) -> None:
    if count < 1:
        raise ValueError(f"count={count} shows nothing. Give 1 or more; 16 is usual.")
    for name, value, known in (("show", show, SHOWS), ("spread", spread, SPREADS)):
        if value not in known:
            raise ValueError(f"{name}={value!r} is none of {', '.join(known)}.")
