"""What are all the units of a layer for? One cell for each: the picture that excites it most, or one made to."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import torch
from torch import Tensor

from vizkit.core.controls import Choice, LayerName, Range, Text
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.data.collections import NONE, Collection
from vizkit.maximize.gallery import Gallery, Made, Remembering, fingerprint, hung, shelved
from vizkit.measure import listing
from vizkit.measure.crops import enlarged
from vizkit.measure.cutting import CUTS, Cutter, paper
from vizkit.measure.honesty import judged
from vizkit.measure.index import Index
from vizkit.measure.listing import Page
from vizkit.measure.listing_words import looked, said
from vizkit.measure.looking import Memory, Seen, looking, numbers, refuse
from vizkit.measure.naming import best, has_masks, knows_masks, labeled, masked, of_the_world
from vizkit.measure.places import Places
from vizkit.methods.activation_maximization import activation_maximization
from vizkit.methods.top_images import top_images
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network

SHOWS = (*CUTS, "optimized")
HASTE: Mapping[str, Any] = {"rate": 3.0, "tv": 0.3}  # of made pictures: few steps, and large ones
AT_ONCE, AT_ONCE_ON_CUDA = 16, 64  # units whose pictures are made together
EMPTY: Mapping[int, "Drawn"] = {}
WIDE, LEAST = 2, 48  # fields, and pixels, that are shown of a made picture at least, from its middle

Drawn: TypeAlias = tuple[Tensor, Tensor]  # a picture (c, h, w) and its score


@dataclass(frozen=True, eq=False, repr=False)
class Sheet(Images):
    """Pictures of a layer's units, one for each; `units` are their numbers."""

    units: tuple[int, ...] = ()


@judged(None)  # crops are real; a made picture is judged where it is opened alone
def unit_sheet(
    net: Network,
    layer: Annotated[str, LayerName()],
    *,
    show: Annotated[str, Choice(*SHOWS)] = "close-up",
    order: Annotated[str, Choice(*listing.ORDERS)] = "number",
    find: Annotated[str, Text()] = "",
    page: Annotated[int, Range(1, 64)] = 1,
    count: Annotated[int, Range(1, 144)] = 64,
    pictures: str | Path | Tensor | Collection | Sequence | None = None,
    index: str | Path | Index | None = None,
    cache: str | Path | None = None,
    steps: Annotated[int, Range(1, 512, log=True)] = 64,
    seed: int = 0,
) -> Frames[Images]:
    """Show every unit of a layer by the real picture that excites it most, or by one that is made to excite it.

    A frame is the answer for the pictures so far, and of made ones for the steps so far; a cell that is still to be
    made is empty. A caption names what a unit's strongest pictures have in common, with the share that have it: their
    label or, in the generated world, the thing, part, color, ground or texture that its masks have in the close-up.
    The scalar "activation" (n,) is the unit's strongest answer to a real picture; "objective" (n,) what
    `activation_maximization` measured, 0 for an empty cell. What was looked at and made is remembered beside the
    network, so that another page or order is there at once. `unit_sheet.opens(run, index)` is one unit alone.

    Args:
        net: The network to look into.
        layer: The layer whose units are shown; `output` holds the class logits.
        show: The crop that the unit sees, its receptive field; a close-up of the middle of it, where four fifths of
            what moves the unit lies; the whole picture with the field outlined; or a picture made by
            `activation_maximization`, of which the middle is shown where the field is small.
        order: By number; the rarest active first, dead units last; those first whose strongest pictures agree most,
            beyond what is usual; or the strongest answers first.
        find: Only units whose pictures agree on something with these words, or units by number: 7, 3 7 11, or 0-8.
        page: Which page; beyond the last, the last.
        count: How many units on a page, at most.
        pictures: A folder, "world", an array (n, c, h, w), a dataset; see `vizkit.scan`. None for 480 pictures of the
            bundled world. Made pictures need none, unless order or search ask for them.
        index: What `vizkit.scan` made, or its path: nothing is scanned then.
        cache: A folder to keep made pictures in, by network, layer and settings; None to keep them as long as the
            network. A sheet that was stopped goes on where it was.
        steps: How often each made picture is turned.
        seed: Where made pictures start, and which pictures of the world, where none are given.

    Raises:
        LookupError: the layer does not exist, no unit is what was looked for, or the order needs labels and there are
            none.
        ValueError: there are no pictures, or the index is of another network, or an argument is out of its bounds.
        NotADirectoryError: `cache` is a file.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> run = vizkit.run("unit_sheet", net, layer="stage3", show="close-up", order="selectivity", count=24)
    >>> run.result().captions[0]
    'unit 2 · roof 100 %'
    """
    _check(show, order, page, count)
    asked = _Asked(net, layers_of(net)[layer].name, show, order, find, page, count)
    if show != "optimized":
        yield from _real(asked, _looks(asked, pictures, index, seed))
        return
    blind = pictures is None and index is None and order == "number" and not listing.asks_words(find)
    looks = iter([_Known(asked, None, 0, 0)]) if blind else _looks(asked, pictures, index, seed)
    yield from _made(asked, looks, _gallery(asked, cache, steps, seed), steps, seed)


def opens(run: Run, index: int, result: Images | None = None) -> Run:
    """The unit in cell `index` of a sheet, alone: its top pictures, or its made picture from the start.

    >>> vizkit.methods.unit_sheet.opens(run, 3, run.result())
    """
    sheet = result if isinstance(result, Sheet) else run.result()
    assert isinstance(sheet, Sheet), "a sheet's run gives a sheet"
    if not 0 <= index < len(sheet.units):
        raise LookupError(f"This sheet has {len(sheet.units)} cells, 0 to {len(sheet.units) - 1}.")
    given = {**_defaults(unit_sheet), **run.arguments, **HASTE, "unit": sheet.units[index]}
    method = activation_maximization if given["show"] == "optimized" else top_images
    given["show"] = "whole" if given["show"] == "whole" else "crop"
    own = set(inspect.signature(method).parameters) - {"count"}
    return Run.of(method, **{name: value for name, value in given.items() if name in own})


unit_sheet.opens = opens  # type: ignore[attr-defined]  what a panel calls where a cell is clicked


@dataclass(frozen=True, eq=False)
class _Asked:
    """What the sheet is to show."""

    net: Network
    layer: str
    show: str
    order: str
    find: str
    page: int
    count: int

    @property
    def units(self) -> int:
        return layers_of(self.net)[self.layer].channels

    @property
    def names(self) -> tuple[str, ...]:
        """What the units of the last layer tell apart."""
        return self.net.labels if self.layer == "output" and len(self.net.labels) == self.units else ()


class _Known:
    """What is known of the units after `step` of `of`, and which of them are shown; `seen` None where nobody looked."""

    def __init__(self, asked: _Asked, seen: Seen | None, step: int, of: int, by_masks: bool = False, kit: bool = False):
        self.asked, self.seen, self.step, self.of, self._kit = asked, seen, step, of, kit
        words = None if seen is None else labeled(seen, asked.layer)
        if seen is not None and by_masks:
            words = best(masked(asked.net, seen, asked.layer), words)
        self.roll = listing.roll(asked.layer, asked.units, asked.names, seen, words)
        self.page = self._page()

    @property
    def last(self) -> bool:
        return self.step == self.of

    def _page(self) -> Page | None:
        """None as long as nothing is found; once that is for good, it is said."""
        early = self.asked.order == "selectivity" and not (self.last or self.roll.meanings)
        order = "number" if early else self.asked.order
        found = listing.searched(self.roll, listing.ordered(self.roll, order), self.asked.find)
        if not found and self.last:
            raise listing.nobody(self.roll, self.asked.find)
        return listing.paged(found, self.asked.page, self.asked.count) if found else None

    @property
    def units(self) -> list[int]:
        """Those of the page."""
        assert self.page is not None, "something was found"
        return self.page.units

    @property
    def captions(self) -> tuple[str, ...]:
        return tuple(self.roll.caption(unit, self.asked.order) for unit in self.units)

    def remark(self, more: str = "") -> str:
        asked = self.asked
        assert self.page is not None, "something was found"
        before = "" if self.seen is None else looked(asked.net, self.seen, self._kit)
        return " ".join(filter(None, [said(self.roll, self.page, asked.find, asked.order, asked.page), more, before]))


def _looks(asked: _Asked, pictures: Any, index: Any, seed: int) -> Iterator[_Known]:
    """What is known after every few pictures and, in the world, once more when its masks were looked at."""
    extra, kit = None, pictures is None and index is None
    for seen in looking(asked.net, asked.layer, pictures, index, seed):
        if not bool((seen.index.top(asked.layer).ids[:, 0] != NONE).any()):
            refuse(asked.net, asked.layer, seen)
            continue
        known = has_masks(seen) and knows_masks(asked.net, seen, asked.layer)
        extra = int(of_the_world(seen) and not known) if extra is None else extra
        if not known:
            yield _Known(asked, seen, seen.done, seen.of + extra, kit=kit)
        if has_masks(seen):
            yield _Known(asked, seen, seen.of + extra, seen.of + extra, True, kit)


# Real pictures


def _real(asked: _Asked, looks: Iterator[_Known]) -> Frames[Images]:
    cutter = Cutter(asked.net, asked.layer, asked.show)
    for known in (known for known in looks if known.page is not None):
        assert known.seen is not None, "real pictures were looked at"
        silent = [known.roll.state(unit) in listing.SILENT for unit in known.units]
        found = zip(silent, listing.strongest(known.seen, asked.layer, known.units), strict=True)
        picks = [None if still else pick for still, pick in found]
        places = Places(known.seen, asked.layer, asked.show == "crop")
        told = zip(picks, known.units, strict=True)
        sheet = Sheet(
            cutter.cells(known.seen, picks),
            known.captions,
            numbers=tuple(NONE if pick is None else pick.picture for pick in picks),
            sources=tuple("" if pick is None else places.of([pick], unit)[0] for pick, unit in told),
            units=tuple(known.units),
        )
        values = torch.tensor([0.0 if pick is None else pick.value for pick in picks])
        yield Frame(known.step, known.of, sheet, {"activation": values}, known.remark)


# Made pictures


def _made(asked: _Asked, looks: Iterator[_Known], gallery: Gallery, steps: int, seed: int) -> Frames[Images]:
    made: dict[int, Made] = {}
    known, left = None, []
    for known in (known for known in looks if known.page is not None):
        hanging = {unit: gallery.get(unit) for unit in known.units if unit not in made}
        made |= {unit: one for unit, one in hanging.items() if one is not None}
        left = _batches(asked, [unit for unit in known.units if unit not in made])
        if not (known.last and left):
            yield _frame(asked, known, made, known.step or 1, (known.of or 1) + len(left) * (steps + 1))
    assert known is not None, "somebody looked, or a sentence says why not"
    step, of = known.step, known.of + len(left) * (steps + 1)
    for units in left:
        for frame in activation_maximization(asked.net, asked.layer, units, steps=steps, seed=seed, **HASTE):
            step += 1
            pixels, scores = frame.result.pixels, frame.scalars["objective"]
            growing = dict(zip(units, zip(pixels, scores, strict=True), strict=True))
            if frame.last:
                made |= zip(units, hung(pixels, scores), strict=True)
                growing = {}
            for unit in units if frame.last else ():
                gallery.put(unit, made[unit])
            yield _frame(asked, known, made, step, of, growing)


def _frame(
    asked: _Asked, known: _Known, made: Mapping[int, Made], step: int, of: int, growing: Mapping[int, Drawn] = EMPTY
) -> Frame[Images]:
    """The sheet of what is `made`, and of what is just `growing`; empty cells are still to be made."""
    device, size = asked.net.device, _middle(asked)
    empty = (paper(asked.net.channels, size).to(device), torch.zeros((), device=device))
    cells, scores = [], []
    for unit in known.units:
        drawn = growing.get(unit) or (_drawn(made[unit], device) if unit in made else None)
        cells.append(empty[0] if drawn is None else _shown(drawn[0], size))
        scores.append(empty[1] if drawn is None else drawn[1])
    sheet = Sheet(torch.stack(cells), known.captions, units=tuple(known.units))
    done = sum(unit in made for unit in known.units)
    drawn = "" if done == len(cells) else f" {done} of {len(cells)} are made."
    remark = partial(known.remark, f"They are made, not real: open one to see how far to trust it.{drawn}")
    return Frame(step, of, sheet, {"objective": torch.stack(scores)}, remark)


def _drawn(made: Made, device: torch.device) -> Drawn:
    return made.pixels.to(device) / 255, torch.tensor(made.score, device=device)


def _batches(asked: _Asked, units: Sequence[int]) -> list[Sequence[int]]:
    """The units that are still to be made, as many together as are drawn at once."""
    size = AT_ONCE_ON_CUDA if asked.net.device.type == "cuda" else AT_ONCE
    return [units[start : start + size] for start in range(0, len(units), size)]


def _middle(asked: _Asked) -> tuple[int, int]:
    """Height and width that are shown of a made picture: some fields, so that what repeats can be seen."""
    field, (h, w) = layers_of(asked.net)[asked.layer].field, asked.net.size
    if field is None:
        return h, w
    rows, columns = field.size
    return min(h, max(LEAST, WIDE * rows)), min(w, max(LEAST, WIDE * columns))


def _shown(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle of a picture (c, h, w), enlarged as a cell is."""
    top, left = ((whole - part) // 2 for whole, part in zip(pixels.shape[1:], size, strict=True))
    return enlarged(pixels[None, :, top : top + size[0], left : left + size[1]])[0]


def _gallery(asked: _Asked, cache: str | Path | None, steps: int, seed: int) -> Gallery:
    """Where made pictures are kept: beside the network, or in a folder."""
    entry = layers_of(asked.net)[asked.layer]
    layer = entry.same_as or entry.name
    plain = {k: v for k, v in _defaults(activation_maximization).items() if isinstance(v, (str, int, float))}
    settings = {**plain, **HASTE, "steps": steps, "seed": seed}
    if cache is not None:
        return shelved(cache, asked.net, layer, settings, asked.net.size)
    key = numbers(asked.net), fingerprint(asked.net, layer, settings)
    return asked.net.once("galleries", Memory).once(key, Remembering)


def _defaults(method: Any) -> dict[str, Any]:
    defaults = inspect.signature(method).parameters.items()
    return {name: p.default for name, p in defaults if p.default is not p.empty}


def _check(show: str, order: str, page: int, count: int) -> None:
    for name, value, known in (("show", show, SHOWS), ("order", order, listing.ORDERS)):
        if value not in known:
            raise ValueError(f"{name}={value!r} is none of {', '.join(known)}.")
    if count < 1:
        raise ValueError(f"count={count} shows nothing. Give 1 or more; 64 is usual.")
    if page < 1:
        raise ValueError(f"page={page} is before the first, which is 1.")
