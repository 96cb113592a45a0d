"""A network as a site: `site` makes one, `building` tells how far it is. What is there and unchanged stays."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vizkit.data.collections import NONE, Files, Pictures, as_collection
from vizkit.measure.index import Index
from vizkit.measure.looking import Seen, looking
from vizkit.measure.plan import plan as scan_plan
from vizkit.measure.scan import Scanned, scanning
from vizkit.nets.describe import Layer
from vizkit.nets.network import Network
from vizkit.save.site.facts import Facts, Summary
from vizkit.save.site.folder import FORMAT, MANIFEST, VERSION, Folder, Made, key_of
from vizkit.save.site.frame import About
from vizkit.save.site.index_page import index_page
from vizkit.save.site.invented import invented
from vizkit.save.site.layer_page import layer_page
from vizkit.save.site.plan import Plan, Units, planned
from vizkit.save.site.real import key_of_real, real
from vizkit.save.site.recipes import versions
from vizkit.save.site.search import search_script
from vizkit.save.site.tiles import ACROSS, ON_A_SHEET, blank, first_tile, sheet
from vizkit.save.site.unit_page import unit_page

STATIC = Path(__file__).parent / "static"
NAMED = 3  # of the strongest pictures, by which a unit can be searched for where they have no labels


@dataclass(frozen=True)
class Built:
    """How far a site has come: `done` of `of` units are there, `fresh` were made in this call, in `seconds`."""

    done: int
    of: int
    fresh: int
    seconds: float
    layer: str
    complete: bool = False

    @property
    def rate(self) -> float:
        """Units a second in this call; 0 before the first."""
        return self.fresh / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds left at that rate; None before the first units."""
        return (self.of - self.done) / self.rate if self.rate else None


def site(
    net: Network,
    pictures: Pictures | None = None,
    out: str | Path = "site/",
    layers: Sequence[str] | None = None,
    units: Units = None,
    *,
    index: Index | str | Path | None = None,
    size: int = 96,
    steps: int = 64,
    seed: int | Sequence[int] = (0, 1),
    tv: float | Sequence[float] = 0.1,
    rate: float = 2.0,
    precision: str = "float32",
    together: int | None = None,
    credit: str = "",
    progress: Callable[[Built | Scanned], object] | None = None,
) -> Path:
    """Make pages of a whole network: what each unit looks for, in made and in real pictures. Returns the first page.

    The pages are plain files that open from a disk and from any web server. Stopped or killed, the same call goes on
    where it was and ends with the very same files; called again after a change, it makes only what that touches. The
    scan of the pictures is kept beside `out`, in `out-index/`, and is no part of the site: it knows where they lie.

    Args:
        net: The network to show.
        pictures: A folder, "world", an array (n, c, h, w), a dataset; see `vizkit.scan`.
        out: The folder of the site, and of nothing else.
        layers: Which layers; every convolution and linear map if None, and the layer a panel opens on.
        units: The first so many of each layer, or a list of numbers; all if None.
        index: What `vizkit.scan` made, or its path: nothing is scanned then.
        size: Side of the pictures in pixels.
        steps: How often a made picture is turned.
        seed: Where made pictures start; several give several of each unit.
        tv: Strength of total variation; several give several pictures of each unit.
        rate: How far each turn goes; at 2, half as many steps do.
        precision: "float32" or "bfloat16", of the network while pictures are made.
        together: Pictures made in one batch; what fits a processor's cache, or a GPU, if None.
        credit: A line for the foot of every page: whose pictures they are, under which license.
        progress: Called with a `Scanned` while pictures are scanned, then with a `Built` after every batch.

    Raises:
        LookupError: the network has no such layer, or the layers no such units.
        ValueError: there are no pictures, the index is of another network, or a setting is none.
        FileExistsError: `out` holds something that is no site.
        FloatingPointError: the network answers with NaN.

    >>> vizkit.site(net, "photos/", "site/")
    PosixPath('site/index.html')
    """
    settings = {
        "size": size, "steps": steps, "seed": seed, "tv": tv, "rate": rate, "precision": precision,
        "together": together, "credit": credit,
    }  # fmt: skip
    for told in building(net, pictures, out, layers, units, index=index, **settings):
        if progress is not None:
            progress(told)
    return Path(out).expanduser() / "index.html"


def building(
    net: Network,
    pictures: Pictures | None = None,
    out: str | Path = "site/",
    layers: Sequence[str] | None = None,
    units: Units = None,
    *,
    index: Index | str | Path | None = None,
    credit: str = "",
    **settings,
) -> Generator[Built | Scanned, None, None]:
    """The same, told of after every batch; see `site`. Closing the iterator stops it and keeps what is there."""
    if pictures is None and index is None:
        raise ValueError('A site needs real pictures. Give a folder of them, "world", or index=….')
    folder = Folder(out)
    if index is None:
        index = yield from _scanning(net, pictures, layers, folder.path)
        pictures = None
    seen = next(looking(net, "", pictures, index))  # checks that the index is of this network
    plan = planned(net, seen.index, layers, units, **settings)
    yield from _Work(plan, seen, folder, credit).go()


def _scanning(
    net: Network, pictures: Pictures, layers: Sequence[str] | None, out: Path
) -> Generator[Scanned, None, Index]:
    """The index of the pictures, from beside the site where it is there: one for every network, pictures and plan."""
    collection = as_collection(pictures).at(net.size, net.channels)
    drawn = scan_plan(net, len(collection), layers)
    kept = [drawn.names, drawn.k, drawn.spread, drawn.samples, drawn.precision]
    key = key_of(net.weight_hash, list(net.edits), collection.hash, kept)
    beside = out.resolve().with_name(f"{out.resolve().name}-index")
    beside.mkdir(parents=True, exist_ok=True)
    last = None
    for last in scanning(net, collection, drawn.names, out=beside / key):
        yield last
    assert last is not None, "a scan tells at least how it ended"
    return last.index()


class _Work:
    """A site in hand."""

    def __init__(self, plan: Plan, seen: Seen, folder: Folder, credit: str):
        self.plan, self.seen, self.folder = plan, seen, folder
        self.about = About(seen.of, credit, seen.index.contents.pictures)
        self._began, self._done, self._fresh = time.monotonic(), 0, 0
        self._was_whole = False

    def go(self) -> Iterator[Built]:
        self._begin()
        shown = [(layer, units) for layer, units in zip(self.plan.layers, self.plan.units, strict=True) if units]
        near = [None, *((layer.name, self.plan.places[layer.name].split("/")[1]) for layer, _ in shown), None]
        summaries: list[Summary] = []
        for number, (layer, units) in enumerate(shown):
            made = Made(self.folder, self.plan.places[layer.name])
            yield from self._pictures(made, layer, units)
            summaries.append(self._pages(made, layer, units, (near[number], near[number + 2])))
            if not self._was_whole or layer is shown[-1][0]:  # one that grows can be looked at
                self.folder.write("index.html", index_page(self.plan, self.about, summaries))
                self.folder.write("search.js", search_script(summaries))
        self.folder.write(MANIFEST, self._manifest(complete=True))
        self.folder.sweep()
        yield self._told(self.plan.layers[-1], complete=True)

    def _begin(self) -> None:
        """Say what the folder is going to hold, unless it holds that."""
        there = self.folder.path / MANIFEST
        self._was_whole = there.is_file() and there.read_bytes() == self._manifest(complete=True).encode()
        if not self._was_whole:
            self.folder.write(MANIFEST, self._manifest(complete=False))
        for path in sorted(STATIC.iterdir()):
            self.folder.write(f"static/{path.name}", path.read_bytes())

    def _pictures(self, made: Made, layer: Layer, units: Sequence[int]) -> Iterator[Built]:
        """Make what is missing or of something else, a block of units after the other."""
        key = key_of_real(self.plan, self.seen, layer.name)
        for block in self.plan.blocks(units):
            wanted = self.plan.key_of_block(layer.name, block)
            fresh = not all(made.good(f"{unit} made", wanted) for unit in block)
            if fresh:
                self._invent(made, layer, block, wanted)
            for unit in block:
                if not made.good(f"{unit} real", key):
                    self._choose(made, layer, unit, key)
                    fresh = True
            self._done, self._fresh = self._done + len(block), self._fresh + len(block) * fresh
            if fresh:
                made.save()
                yield self._told(layer)

    def _invent(self, made: Made, layer: Layer, block: Sequence[int], key: str) -> None:
        found = invented(self.plan, layer.name, block)
        for unit, tiles, peaks, left in zip(block, found.tiles, found.peaks, found.left, strict=True):
            files = {f"{unit}.webp": sheet(tiles, self.plan.pictures)}
            told = {"peaks": _numbers(peaks), "left": _numbers(left), "by": versions(self.plan.net)}
            made.put(f"{unit} made", key, files, **told)

    def _choose(self, made: Made, layer: Layer, unit: int, key: str) -> None:
        found = real(self.plan, self.seen, layer.name, unit)
        files = {f"{unit}-real.webp": sheet(found.tiles)} if len(found.tiles) else {}
        made.put(f"{unit} real", key, files, top=found.top, deciles=found.deciles)

    def _pages(self, made: Made, layer: Layer, units: Sequence[int], near: tuple) -> Summary:
        """The sheets and pages of a layer whose pictures are there."""
        facts = Facts(self.plan.net, layer, self.seen)
        strip = facts.strip(units, ACROSS)
        parts = range(0, len(units), ON_A_SHEET)
        for kind in ("made", "real"):
            for number, start in enumerate(parts):
                self._sheet(made, f"{kind}-{number}", [f"{u} {kind}" for u in units[start : start + ON_A_SHEET]])
        self._sheet(made, "strip", [f"{unit} made" for unit in strip])
        sheets = [f"{kind}-{number}" for kind in ("made", "real") for number in range(len(parts))]
        made.only([*(f"{unit} {kind}" for unit in units for kind in ("made", "real")), *sheets, "strip"])
        made.save()
        made.keep()
        self._write_pages(made, facts, units, near)
        return self._summary(made, facts, units, strip)

    def _write_pages(self, made: Made, facts: Facts, units: Sequence[int], near: tuple) -> None:
        self.folder.write(f"{made.place}/index.html", layer_page(self.plan, self.about, facts, units, near))
        before, after = [None, *units[:-1]], [*units[1:], None]
        for unit, *turns in zip(units, before, after, strict=True):
            records = made.records[f"{unit} made"], made.records[f"{unit} real"]
            page = unit_page(self.plan, self.about, facts, unit, *records, turns)
            self.folder.write(f"{made.place}/{unit}.html", page)

    def _sheet(self, made: Made, name: str, of: Sequence[str]) -> None:
        """Join the first tile of each of some records in one file."""
        files = [next(iter(made.records[record]["files"].items()), ("", "")) for record in of]
        key = key_of([digest for _, digest in files])
        if not made.good(name, key):
            side = self.plan.size
            tiles = [first_tile(self.folder.read(file), side) if file else blank(side) for file, _ in files]
            made.put(name, key, {f"{name}.webp": sheet(tiles)})

    def _summary(self, made: Made, facts: Facts, units: Sequence[int], strip: Sequence[int]) -> Summary:
        found = tuple(
            (unit, facts.words[unit], round(100 * float(facts.share[unit])), self._names(made, unit)) for unit in units
        )
        called = tuple((unit, facts.called(unit)) for unit in strip)
        return Summary(facts.layer, made.place, facts.dead_share(units), called, found)

    def _names(self, made: Made, unit: int) -> tuple[str, ...]:
        """Of files without labels, what the strongest are called."""
        pictures = getattr(self.seen.pictures, "kept", self.seen.pictures)
        if not isinstance(pictures, Files) or int(self.seen.index.labels.max()) != NONE:
            return ()
        return tuple(PurePosixPath(told["name"]).stem for told in made.records[f"{unit} real"]["top"][:NAMED])

    def _manifest(self, complete: bool) -> str:
        layers = [
            {"name": layer.name, "place": self.plan.places[layer.name], "units": len(units)}
            for layer, units in zip(self.plan.layers, self.plan.units, strict=True)
        ]
        told = {
            "format": FORMAT, "version": VERSION, "complete": complete, "network": self.plan.net.name,
            "settings": self.plan.settings, "pictures": self.about.count,
            "pictures hash": self.seen.index.contents.pictures_hash, "layers": layers,
        }  # fmt: skip
        return json.dumps(told, indent=1)

    def _told(self, layer: Layer, complete: bool = False) -> Built:
        seconds = time.monotonic() - self._began
        return Built(self._done, self.plan.count, self._fresh, seconds, layer.name, complete)


def _numbers(values) -> list[float | None]:
    """Numbers as JSON has them: to six digits, None for what is none."""
    return [float(f"{value:.6g}") if abs(value) < float("inf") else None for value in values.tolist()]
