"""An explorer as a page: sliders over layers, units and strengths, and at each the drawing, real pictures, and the map.

Positions count row by row over layer, unit and strength, as those of any grid of answers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from vizkit.core.dials import Dial
from vizkit.core.frames import Frame
from vizkit.core.results import Images, Points
from vizkit.core.runs import Run
from vizkit.measure.answers import Excited, excited_each
from vizkit.measure.answers import answers as answers_of
from vizkit.save import grids
from vizkit.save.grids import Grid
from vizkit.views.component import Link, Part
from vizkit.views.excites import Best, Excites
from vizkit.views.live_image import LiveImage
from vizkit.views.pages import (
    CREDIT,
    LARGE,
    QUALITY,
    Page,
    Shower,
    assembled,
    defaults,
    frame_parts,
    in_words,
    settings_of,
)
from vizkit.views.point_map import PointMap
from vizkit.views.remark import Remark
from vizkit.widgets.point_numbers import pictures_of, points_of

if TYPE_CHECKING:
    from vizkit.widgets.explorer import Explorer

UNITS = 8
MARKED = 16  # pictures of the map that a unit answers most to
OURS = "this unit"  # the map's value that follows the unit
SENTENCE = "What units of {} look for: drawn from noise, in real pictures, and where those lie among all {}."
TITLES = (
    "What it likes, drawn",
    "Real pictures that excite it",
    "All pictures",
    "The chosen picture, and the units it excites",
)
EVERY = 20_000  # pictures of which the page keeps what they excite; of more, those it shows as crops
RINGS = "Rings: the {} pictures this unit answers most to."

Tell = Callable[[int, int], object]


def explorer_page(
    explorer: "Explorer",
    *,
    layers: Sequence[str] | str | None = None,
    units: Sequence[int] | int | None = None,
    tv: Sequence[float] | float | None = None,
    steps: int | None = None,
    title: str = "",
    credit: str = CREDIT,
    quality: int = QUALITY,
    tell: Tell | None = None,
    folder: Path | None = None,
) -> Page:
    """The page of `explorer`; what is in `folder` is not drawn again. See `Explorer.to_html`.

    Raises:
        LookupError: a layer does not exist, or a unit in one of them.
        ValueError: a list is empty.
    """
    wanted = _wanted(explorer, layers, units, tv)
    work = Work(explorer, wanted.total, tell)
    if explorer.index is None:
        explorer.scanning.now()
    settings = {**_drawing(explorer.drawn.run), **({} if steps is None else {"steps": steps})}
    grid = Grid.of(explorer.drawn.method, **settings, layer=list(wanted.layers), unit=list(wanted.units), tv=wanted.tv)
    with Shower(quality) as map_shower, Shower(quality) as crop_shower:
        seen, best = _all_seen(explorer, wanted, map_shower, crop_shower, work)
    start = _start(explorer, wanted)
    excites = _excites(wanted, seen, best, _words(explorer, wanted), start)
    rows, told = [[]] * wanted.total, [[]] * wanted.total
    with Shower(quality) as shower:
        for position, frame in grids.answers(grid, folder):
            drawn, about = frame_parts(frame, shower)
            place, strength = divmod(position, len(wanted.tv))
            rows[position] = _row(drawn, seen[place], excites)
            told[position] = [*about, *({**crop, "again": strength > 0} for crop in seen[place].told)]
            work.done()
    axes = {"layer": wanted.layers, "unit": _words(explorer, wanted), "tv": list(map(in_words, wanted.tv))}
    return assembled(
        title or f"Units of {explorer.net.name}",
        SENTENCE.format(explorer.net.name, len(explorer.pictures)),
        axes,
        rows,
        told,
        start=start,
        settings=[pair for pair in settings_of(grid.first) if pair[0] not in axes],
        recipe=_recipe(explorer, wanted, steps),
        credit=credit,
        heavy=_heavy(wanted, quality, _thumbnails(seen[0]), len(explorer.pictures)),
        links=_links(rows[start]),
    )


@dataclass(frozen=True)
class Wanted:
    """What the sliders of the page move over."""

    layers: tuple[str, ...]
    units: tuple[int, ...]
    tv: list[float]

    @property
    def total(self) -> int:
        """How many drawings that is."""
        return len(self.layers) * len(self.units) * len(self.tv)


@dataclass(frozen=True)
class Seen:
    """What does not depend on the strength: the parts with real pictures, with the map, and what is told of crops.

    `numbers` says which pictures the crops are of.
    """

    real: list[Part]
    map: list[Part]
    told: list[dict]
    numbers: tuple[int, ...]


class Work:
    """Tells how many drawings are done: to `tell`, and on the explorer."""

    def __init__(self, explorer: "Explorer", total: int, tell: Tell | None):
        self._scanning, self._total, self._tell, self._done = explorer.scanning, total, tell, 0

    def say(self, sentence: str) -> None:
        """Tell what is going on, besides drawing."""
        self._scanning.say(sentence, self._done / self._total)

    def done(self) -> None:
        """Another drawing is done."""
        self._done += 1
        last = self._done == self._total
        self.say("The page is drawn" if last else f"Making a page: {self._done} of {self._total} drawn")
        if self._tell is not None:
            self._tell(self._done, self._total)


def answering(points: Points, own: Tensor) -> Points:
    """`points` with one unit's answers (pictures,) as a value to color by; the least where there is none."""
    own = own[pictures_of(points, len(own))]
    return replace(points, values={**points.values, OURS: own.nan_to_num(float(own.nan_to_num().min()))})


def strongest(own: Tensor) -> Tensor:
    """The numbers of the pictures that a unit answers most to, from its answers (pictures,)."""
    return own.nan_to_num(-torch.inf).topk(min(MARKED, len(own))).indices


def marked(points: Points, own: Tensor) -> Tensor:
    """The points of those pictures."""
    found = points_of(points, len(own), strongest(own))
    return found[found >= 0]


def _wanted(explorer: "Explorer", layers: Any, units: Any, tv: Any) -> Wanted:
    """Names of layers, numbers of units and strengths, as given or as the explorer stands."""
    names = _several("layers", explorer.layer if layers is None else layers)
    entries = [explorer.table[name] for name in names]
    least = min(entries, key=lambda layer: layer.channels)
    numbers = [
        int(unit) for unit in _several("units", _around(explorer.unit, least.channels) if units is None else units)
    ]
    for unit in numbers:
        if not 0 <= unit < least.channels:
            raise LookupError(f"There is no unit {unit} of {least.name}. Give units from 0 to {least.channels - 1}.")
    strengths = _several("tv", _strengths(explorer) if tv is None else tv)
    return Wanted(tuple(layer.name for layer in entries), tuple(numbers), [float(one) for one in strengths])


def _several(name: str, given: Any) -> list:
    found = [given] if isinstance(given, (str, int, float)) else list(dict.fromkeys(given))
    if not found:
        raise ValueError(f"{name}=[] leaves nothing to show. Give at least one, or leave it out.")
    return found


def _around(unit: int, channels: int) -> range:
    """Units with `unit` in their middle, or as near to it as the layer's ends allow."""
    first = max(0, min(unit - UNITS // 2 + 1, channels - UNITS))
    return range(first, min(channels, first + UNITS))


def _strengths(explorer: "Explorer") -> list[float]:
    """None, what is dialed now, and ten times that."""
    now = _plain(explorer.drawn.controls["tv"].value) or 0.1
    return [0.0, now, round(10 * now, 6)]


def _plain(value: Any) -> Any:
    """One of several, and a dial's number."""
    value = value[0] if isinstance(value, (list, tuple)) and value else value
    return value.value if isinstance(value, Dial) else value


def _drawing(run: Run) -> dict[str, Any]:
    """The arguments of a run but for the layer, units and strengths; of a strip, or of several seeds, the first."""
    return {name: _plain(value) for name, value in run.arguments.items() if name not in ("layer", "unit", "tv")}


def _all_seen(
    explorer: "Explorer", wanted: Wanted, map_shower: Shower, crop_shower: Shower, work: Work
) -> tuple[list[Seen], list[Excited]]:
    """Layer by layer, unit by unit; and what every picture excites in each layer."""
    seen, best = [], []
    for some, excited in _seen(explorer, wanted, map_shower, crop_shower, work):
        seen += some
        best.append(excited)
    return seen, best


def _seen(
    explorer: "Explorer", wanted: Wanted, map_shower: Shower, crop_shower: Shower, work: Work
) -> Iterator[tuple[list[Seen], Excited]]:
    """For each layer its units, and what every picture excites among them."""
    pictures = None
    for layer in wanted.layers:
        work.say(f"Making a page: a map of {layer}")
        frame = _map(explorer, layer)
        assert isinstance(frame.result, Points)
        pictures = frame.result.pictures if pictures is None else pictures  # the same, so thumbnails are made once
        points = replace(frame.result, pictures=pictures)
        known = answers_of(explorer.net, layer, explorer.pictures, explorer.index)
        count, known = len(known), known[pictures_of(points, len(known))]  # on a page, pictures count as points do
        some = []
        for unit in wanted.units:
            real = _last(explorer.real.run.using(layer=layer, unit=unit))
            assert isinstance(real.result, Images)
            parts, told = frame_parts(real, crop_shower)
            crops = tuple(points_of(points, count, real.result.numbers).tolist())
            some.append(Seen(parts, _map_parts(frame, points, known[:, unit], map_shower), told, crops))
        yield some, excited_each(known, wanted.units)


def _excites(
    wanted: Wanted, seen: Sequence[Seen], best: Sequence[Excited], words: Sequence[str], position: int
) -> Part:
    """What lists the units that a picture excites; of very many pictures, of those that are shown."""
    crops = sorted({number for one in seen for number in one.numbers if number >= 0})
    known = Best.of(best, crops if len(best[0].units) > EVERY else None)
    shown = seen[0].map[0].state
    traits = {
        "layers": list(wanted.layers),
        "units": [
            f"unit {unit}" if word == str(unit) else word for unit, word in zip(wanted.units, words, strict=True)
        ],
        "strengths": len(wanted.tv),
        "position": position,
        "crops": [list(one.numbers) for one in seen],
        **{name: shown[name] for name in ("names", "sheets", "drawn")},
        **known.traits,
    }
    return Part(Excites, {**defaults(Excites), **traits}, "right")


def _links(row: Sequence[Part]) -> list[Link]:
    """A click on a crop or a point chooses a picture, a click on one of its units moves the sliders."""
    kinds = [None, *(part.kind for part in row)]  # before them, the deck
    crops, points, excites = len(kinds) - 1 - kinds[::-1].index(LiveImage), kinds.index(PointMap), kinds.index(Excites)
    both = ((0, "position", "position"), (crops, "selected", "cell"), (points, "chosen", "chosen"))
    there: list[Link] = [(i, own, excites, its) for i, own, its in both]
    return there + [(excites, its, i, own) for i, own, its in both]


def _map(explorer: "Explorer", layer: str) -> Frame:
    """The finished map of a layer: the one that is shown, or another made like it."""
    shown = explorer.map.frame
    if shown is not None and shown.last and shown.result.run and shown.result.run.arguments["layer"] == layer:
        return shown
    return _last(explorer.map.run.using(layer=layer))


def _map_parts(frame: Frame, points: Points, own: Tensor, shower: Shower) -> list[Part]:
    """The map with a unit's answers and rings, and below it what is to be said of it."""
    marked = strongest(own)
    shown = shower.part(answering(points, own))
    state = {**shown.state, "ringed": marked.sort().values.numpy().astype("<i4").tobytes()}
    said = " ".join([RINGS.format(len(marked)), frame.said])
    return [replace(shown, state=state), Part(Remark, {"text": said, "settled": True})]


def _row(drawn: Sequence[Part], seen: Seen, excites: Part) -> list[Part]:
    """All parts at one position, the first of each group under its title."""
    groups: list[Sequence[Part]] = [drawn, seen.real, [replace(part, place="right") for part in seen.map], [excites]]
    return [
        replace(part, title="" if i else title)
        for title, parts in zip(TITLES, groups, strict=True)
        for i, part in enumerate(parts)
    ]


def _last(run: Run) -> Frame:
    *_, last = run
    return last


def _words(explorer: "Explorer", wanted: Wanted) -> list[str]:
    """Numbers of units; of classes their labels."""
    labels = explorer.net.labels if wanted.layers == ("output",) else ()
    return [labels[unit] if unit < len(labels) else str(unit) for unit in wanted.units]


def _start(explorer: "Explorer", wanted: Wanted) -> int:
    """The position nearest to where the explorer stands."""
    here = (explorer.layer, explorer.unit, _plain(explorer.drawn.controls["tv"].value))
    places = list(product(wanted.layers, wanted.units, wanted.tv))
    return max(range(len(places)), key=lambda i: sum(a == b for a, b in zip(places[i], here, strict=True)))


def _recipe(explorer: "Explorer", wanted: Wanted, steps: int | None) -> str:
    """The Python that makes the page again, as far as an explorer can be spelled."""
    before, after = _around_run(explorer.real.run.using(layer=wanted.layers[0], unit=wanted.units[0]).recipe)
    words = {"layers": list(wanted.layers), "units": list(wanted.units), "tv": wanted.tv, "steps": steps}
    told = "".join(f", {name}={value!r}" for name, value in words.items() if value is not None)
    state = {"layer": explorer.layer, "unit": explorer.unit}
    made = f"explorer = vizkit.explore(net, index=index, state={state!r})"
    return "\n".join([*before, made, f'explorer.to_html("page.html"{told})', *after])


def _around_run(recipe: str) -> tuple[list[str], list[str]]:
    """The lines of a recipe before its run, and those after its result."""
    lines = recipe.split("\n")
    begin = next(i for i, line in enumerate(lines) if line.startswith("run = "))
    return lines[:begin], lines[begin + 2 :]


def _thumbnails(seen: Seen) -> int:
    """Bytes of the map's small pictures, which the page has once."""
    return sum(len(sheet) for sheet in seen.map[0].state["sheets"])


def _heavy(wanted: Wanted, quality: int, thumbnails: int, pictures: int) -> str:
    """What to leave out of a page that is too large: pictures, where their thumbnails are half of it, else drawings."""
    if thumbnails > LARGE / 2:
        megabytes = f"{thumbnails / 1e6:.1f} MB"
        return f"Thumbnails of its {pictures} pictures are {megabytes} of it: explore fewer pictures, a subset of them."
    counts = {"layers": len(wanted.layers), "units": len(wanted.units), "tv": len(wanted.tv)}
    longest = max(counts, key=lambda name: counts[name])
    lower = f", or quality={quality // 2 + 20} instead of {quality}" if quality > 60 else ""
    return f"It holds {wanted.total} drawings: give fewer than {counts[longest]} {longest}{lower}."
