"""Pages without a kernel: of a result, of a run that plays, of a grid of answers. One file, no network.

A page is a table: for each position of its sliders, what each component then shows. Pictures are WebP.
"""

import html
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
from torch import Tensor

from vizkit import __version__
from vizkit.core.controls import summary
from vizkit.core.files import replacing
from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images, Points, Result
from vizkit.core.runs import Run, curves
from vizkit.save.files import ending
from vizkit.save.pictures import encode
from vizkit.save.thinning import thinned
from vizkit.views.about import About
from vizkit.views.component import Assembly, Link, Part, state_of, to_html, to_json, to_module
from vizkit.views.deck import Deck
from vizkit.views.line_chart import LineChart
from vizkit.views.live_image import LiveImage
from vizkit.views.remark import Remark

QUALITY = 80  # of WebP pictures
FRAMES = 60  # of a run
LARGE = 10_000_000  # bytes; above, a page says what to leave out
ENOUGH = 6  # pictures to search among
CREDIT = f"Made with vizkit {__version__}."

Axes = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Page:
    """Something to see without a kernel. `save(path)` writes it, `iframe()` and `myst(folder)` embed it.

    `heavy` says in words what to leave out where it is too large.
    """

    title: str
    assembly: Assembly
    heavy: str = "Give fewer pictures, or quality=60."

    def html(self) -> str:
        """The page as a string."""
        return to_html(self.assembly, self.title)

    def save(self, path: str | Path) -> Path:
        """Write the page; above 10 MB, a warning says what to leave out.

        Raises:
            ValueError: another ending than `.html`.
        """
        path = Path(path)
        ending(path, (".html",))
        content = self.html().encode()
        with replacing(path) as draft:
            draft.write_bytes(content)
        if len(content) > LARGE:
            warnings.warn(
                f"{path.name} is {len(content) / 1e6:.1f} MB, slow to mail and to open. {self.heavy}", stacklevel=3
            )
        return path

    def iframe(self, height: int = 640) -> "Iframe":
        """The page inside a frame `height` pixels tall."""
        return Iframe(self, height)

    def myst(self, folder: str | Path, name: str = "") -> str:
        """Write `name.mjs` and `name.css` into `folder`; returns the directive that shows them in a MyST document.

        Its body may say where sliders start: {"position": 3}. Paths in it start at the folder's parent.
        """
        folder, name = Path(folder), name or _file_name(self.title)
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, text in ((".mjs", to_module(self.assembly)), (".css", self.assembly.styles())):
            with replacing(folder / f"{name}{suffix}") as draft:
                draft.write_text(text, encoding="utf-8")
        start = {} if self.assembly.deck is None else {"position": self._start()}
        place = f"./{folder.name}/{name}"
        return f"```{{anywidget}} {place}.mjs\n:css: {place}.css\n{to_json(start)}\n```\n"

    def _start(self) -> int:
        assert self.assembly.deck is not None
        return self.assembly.parts[self.assembly.deck].state["position"]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return self.iframe()._repr_mimebundle_()


@dataclass(frozen=True, eq=False)
class Iframe:
    """A page inside a page: `_repr_html_()` is all there is to it, so it survives wherever HTML does."""

    page: Page
    height: int = 640

    def _repr_html_(self) -> str:
        inside = html.escape(self.page.html())
        return (
            f'<iframe srcdoc="{inside}" sandbox="allow-scripts" title="{html.escape(self.page.title)}" loading="lazy" '
            f'style="width: 100%; height: {int(self.height)}px; border: 0"></iframe>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": f"{self.page.title} (a page of its own)"}


def page_of(shown: Any, **options: Any) -> Page:
    """The page of a result, of a run, or of the frames of one.

    Raises:
        TypeError: there is no view for it.
    """
    if isinstance(shown, Result):
        return result_page(shown, **options)
    if isinstance(shown, Run):
        return run_page(shown, **options)
    raise TypeError(f"A page shows a result, a run or a panel, not {type(shown).__name__}.")


def result_page(result: Result, *, title: str = "", credit: str = CREDIT, quality: int = QUALITY) -> Page:
    """What one result holds."""
    heading, sentence = head_of(result.run, title)
    with Shower(quality) as shower:
        shown = shower.part(result)
    told, heavy = [told_of(shown.state, {})], heavy_of(result)
    return assembled(heading, sentence, {}, [[shown]], told, recipe=result.recipe, credit=credit, heavy=heavy)


def heavy_of(result: Result) -> str:
    """What to leave out of a page of one result that is too large."""
    if isinstance(result, Points):
        pictures = " and their thumbnails" if result.pictures is not None else ""
        return f"It holds {len(result)} points{pictures}: give fewer."
    return Page.heavy


def run_page(
    run: Iterable[Frame],
    *,
    title: str = "",
    credit: str = CREDIT,
    quality: int = QUALITY,
    frames: int = FRAMES,
) -> Page:
    """A run or a recording, played to its end: a slider over at most `frames` frames, a curve of what it measured."""
    steps, rows, told, measured, known = [], [], [], [], None
    with Shower(quality) as shower:
        for frame in thinned(run, frames):
            row, values = frame_parts(frame, shower)
            rows.append(row)
            told.append(values)
            steps.append(f"{frame.step} of {frame.of}")
            measured.append(Frame(frame.step, frame.of, Result(), _means(frame.scalars)))  # lets the pictures go
            known = frame.result.run
    chart = chart_of(curves(measured))
    if chart is not None:
        for frame, row in zip(measured, rows, strict=True):
            row.append(Part(LineChart, {**chart, "marked": float(frame.step)}))
    known = run if isinstance(run, Run) else known
    heading, sentence = head_of(known, title)
    return assembled(
        heading,
        sentence,
        {"step": steps},
        rows,
        told,
        plays=True,
        recipe=known.recipe if known else "",
        settings=settings_of(known),
        credit=credit,
        heavy=f"Give fewer than {len(steps)} frames (frames={max(len(steps) // 2, 2)}), or quality=60.",
    )


def assembled(
    title: str,
    sentence: str,
    axes: Axes,
    rows: Sequence[Sequence[Part]],
    told: Sequence[list],
    *,
    plays: bool = False,
    start: int | None = None,
    settings: Iterable[tuple[str, str]] = (),
    recipe: str = "",
    credit: str = "",
    heavy: str = Page.heavy,
    links: Sequence[Link] = (),
) -> Page:
    """A page of `rows`: which parts there are at each position of the sliders, always the same in the same order.

    `links` count those parts from 1, as the deck comes before them. `told` has an entry for each picture of a row's
    grids, one grid after another; all grids but the last show as many pictures at every position.
    """
    position = (len(rows) - 1 if plays else 0) if start is None else start
    words = [{"name": name, "values": list(values), "plays": plays} for name, values in axes.items()]
    state = {**defaults(Deck), "axes": words, "told": list(told), "position": position}
    deck = Part(Deck, state, "side" if axes or _worth_telling(told[0]) else "")
    about = {"settings": [list(pair) for pair in settings], "recipe": recipe, "credit": credit}
    parts = [deck, *rows[position], Part(About, {**defaults(About), **about}, "foot")]
    picks = [*_picks(parts, max(map(len, told)))]
    table = [[{}, *traits, {}] for traits in _varying(rows)]
    return Page(title, Assembly(parts, (title, sentence), table, 0, [*picks, *links]), heavy)


def _picks(parts: Sequence[Part], pictures: int) -> Iterator[Link]:
    """Links that select the picture a search led to, in the grid among `parts` that shows it."""
    first = 0
    for i, part in enumerate(parts):
        if part.kind is LiveImage:
            yield 0, "picked", i, "selected", first, pictures if first else len(part.state["last"])
            first += len(part.state["last"])


def _worth_telling(pictures: Sequence[dict]) -> bool:
    """Whether there are values to read, or enough captions to search."""
    return len(pictures) >= ENOUGH or any(picture["values"] for picture in pictures)


def frame_parts(frame: Frame, shower: "Shower") -> tuple[list[Part], list]:
    """The parts that show a frame, and what is told of its pictures."""
    shown, remark = shower.part(frame.result), Part(Remark, {"text": frame.said, "settled": True})
    return [shown, remark], told_of(shown.state, frame.scalars)


def told_of(state: Mapping[str, Any], scalars: Mapping[str, Tensor]) -> list[dict]:
    """Caption and values of each picture in `state`; of results without pictures, the values of all of it."""
    count = len(state.get("last", [])) or 1
    captions = [*state.get("captions", []), *[""] * count][:count]
    values = {name: value.detach().float().cpu().reshape(-1).tolist() for name, value in scalars.items()}
    return [
        {
            "caption": caption,
            "values": [
                [name, f"{each[i % len(each)]:.4g}"] for name, each in values.items() if len(each) in {1, count}
            ],
        }
        for i, caption in enumerate(captions)
    ]


def settings_of(run: Run | None) -> list[tuple[str, str]]:
    """The arguments of a run in words; a recording remembers them."""
    manifest = getattr(run, "manifest", None)
    if manifest is not None:
        return [(name, words) for name, words in manifest.arguments.items()]
    return [(name, in_words(value)) for name, value in run.arguments.items()] if run else []


def in_words(value: Any) -> str:
    """An argument in a few words."""
    if isinstance(value, Tensor):
        return f"tensor of {' × '.join(map(str, value.shape))}"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    words = ", ".join(map(in_words, value)) if isinstance(value, (list, tuple)) else repr(value)
    return words if len(words) <= 200 else f"{words[:200]}…"


class Shower:
    """Shows one result after another in a component that nobody sees, and says in which state that is."""

    def __init__(self, quality: int = QUALITY):
        self._quality = quality
        self._widget: Any = None
        self._originals: tuple[Tensor | None, list[bytes]] = (None, [])

    def part(self, result: Result) -> Part:
        """What shows `result`.

        Raises:
            TypeError: there is no view for it, or results before it were of another kind.
        """
        kind = _kind_of(result)
        if self._widget is None:
            self._widget = kind()
        if not isinstance(self._widget, kind):
            raise TypeError(f"A page shows results of one kind, and here is {type(result).__name__} among others.")
        widget: Any = self._widget
        widget.show(result)
        for finish in ("keep", "gather"):  # what a component that reads in the background has not shown yet
            getattr(widget, finish, lambda: None)()
        state = state_of(widget)
        return Part(kind, {**state, **self._pictures(result)} if isinstance(result, Images) else state)

    def __enter__(self) -> "Shower":
        return self

    def __exit__(self, *_) -> None:
        if self._widget is not None:
            self._widget.layout.close()
            self._widget.close()

    def _pictures(self, images: Images) -> dict[str, Any]:
        """The pictures as WebP instead of what a live view sends."""
        if images.beside is not self._originals[0]:
            self._originals = images.beside, [] if images.beside is None else self._encoded(images.beside)
        return {"last": self._encoded(images.pixels), "beside": self._originals[1]}

    def _encoded(self, pixels: Tensor) -> list[bytes]:
        return [encode(picture, "webp", self._quality) for picture in pixels]


def _kind_of(result: Result) -> type[anywidget.AnyWidget]:
    if isinstance(result, Images):
        return LiveImage
    if isinstance(result, Points):
        from vizkit.views.point_map import PointMap

        return PointMap
    if isinstance(result, Curves):
        return LineChart
    raise TypeError(f"A page shows Images, Points or Curves, and {type(result).__name__} has no view there.")


def _varying(rows: Sequence[Sequence[Part]]) -> list[list[dict]]:
    """For each row and part, those traits that are not the same in all rows."""
    if not all([part.kind for part in row] == [part.kind for part in rows[0]] for row in rows):
        raise TypeError("A page shows the same components at every position of its sliders.")
    moves = [
        {name for name in column[0].state if any(part.state[name] != column[0].state[name] for part in column[1:])}
        for column in zip(*rows, strict=True)
    ]
    return [[{name: part.state[name] for name in moves[i]} for i, part in enumerate(row)] for row in rows]


def chart_of(lines: Curves) -> dict[str, Any] | None:
    """The state of a chart of `lines`; None where there is nothing to draw."""
    if len(lines.x) < 2 or not lines.lines:
        return None
    with Shower() as shower:
        return dict(shower.part(lines).state)


def _means(scalars: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.float().mean().cpu() for name, value in scalars.items()}


def head_of(run: Run | None, title: str) -> tuple[str, str]:
    """A title and a sentence: those of the method, where none is given."""
    manifest = getattr(run, "manifest", None)
    method: Callable | None = None if run is None or manifest is not None else run.method
    name = manifest.method if manifest is not None else getattr(method, "__name__", "")
    if manifest is not None:
        method = _bundled(name)
    sentence = summary(method).replace("`", "") if method is not None else ""
    return title or name.replace("_", " ").capitalize() or "vizkit", sentence


def _bundled(name: str) -> Callable | None:
    from vizkit.methods import catalogue

    return catalogue.get(name)


def defaults(kind: type[anywidget.AnyWidget]) -> dict[str, Any]:
    """What the component's own traits are before anyone sets them."""
    own = set(kind.class_trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names(sync=True))
    traits = kind.class_traits()
    return {name: traits[name].default() for name in own if not name.startswith("_")}


def _file_name(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")[:60] or "vizkit"
