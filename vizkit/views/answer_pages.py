"""A page with a slider for each argument that was given as a list: every combination is computed beforehand."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vizkit.core.presets import preset as named_preset
from vizkit.methods import find
from vizkit.nets.network import Network
from vizkit.save.files import ending
from vizkit.save.grids import Grid, answers
from vizkit.views.component import Part
from vizkit.views.pages import CREDIT, QUALITY, Page, Shower, assembled, frame_parts, head_of, in_words, settings_of

Tell = Callable[[int, int], object]


def page(
    method: str | Callable,
    *args: Any,
    out: str | Path | None = None,
    preset: str | None = None,
    title: str = "",
    credit: str = CREDIT,
    quality: int = QUALITY,
    tell: Tell | None = None,
    **arguments: Any,
) -> Page:
    """A page on which sliders move over answers computed beforehand: one for each argument that is given as a list.

    Every combination is computed, units and whatever else the method takes together in one batch. With `out`, the page
    is written there, and what was computed is kept beside it until it is, so that the same call goes on after it was
    interrupted. The page needs neither Python nor a network, and keeps the recipe of what it shows.

    Args:
        method: A name from the catalogue, or any generator function that yields frames.
        args: What the method works on, usually a network first.
        out: Where to write the page, a `.html`; without it, the page is returned and not written.
        preset: Named settings of the method; arguments given beside it win.
        title: What stands above it; the method's name without one.
        credit: Who is to be thanked, and under which license the pictures are.
        quality: Of the WebP pictures, 0 to 100.
        tell: Called with how many combinations are done, and of how many.
        arguments: The method's own; a list makes a slider.

    Raises:
        LookupError: the method, the preset, the layer or the unit does not exist.
        TypeError: an argument is unknown or missing.
        ValueError: a list is empty, or `out` ends in something else than `.html`.

    >>> vizkit.page("activation_maximization", net, layer="output", unit=[0, 1, 2], tv=[0, 0.1, 1], out="classes.html")
    """
    if out is not None:
        ending(Path(out), (".html",))  # before minutes of work, not after
    found = find(method)
    grid = Grid.of(found, *args, **{**(named_preset(found, preset) if preset else {}), **arguments})
    folder = None if out is None else Path(out).with_name(f".{Path(out).name}.answers")
    made = answer_page(grid, folder, title, credit, quality, tell)
    if out is not None:
        made.save(out)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    return made


def answer_page(
    grid: Grid, folder: Path | None, title: str, credit: str, quality: int, tell: Tell | None = None
) -> Page:
    """The page of a grid of answers; what is in `folder` is not computed again."""
    rows: list[list[Part]] = [[]] * len(grid)
    told: list[list] = [[]] * len(grid)
    with Shower(quality) as shower:
        for done, (position, frame) in enumerate(answers(grid, folder), 1):
            rows[position], told[position] = frame_parts(frame, shower)
            if tell is not None:
                tell(done, len(grid))
    heading, sentence = head_of(grid.first, title)
    return assembled(
        heading,
        sentence,
        {name: [_word(grid, name, value) for value in values] for name, values in grid.axes.items()},
        rows,
        told,
        settings=[pair for pair in settings_of(grid.first) if pair[0] not in grid.axes],
        recipe=_recipe(grid),
        credit=credit,
        heavy=_heavy(grid, quality),
    )


def _word(grid: Grid, name: str, value: Any) -> str:
    """A listed value in words; a class by its label."""
    net = next((each for each in grid.first.arguments.values() if isinstance(each, Network)), None)
    classes = name == "unit" and grid.first.arguments.get("layer") == "output" and "layer" not in grid.axes
    if net is not None and classes and isinstance(value, int) and 0 <= value < len(net.labels):
        return net.labels[value]
    return in_words(value)


def _recipe(grid: Grid) -> str:
    """The Python that makes the page again."""
    listed = grid.first.using(**{name: list(values) for name, values in grid.axes.items()})
    lines = listed.recipe.replace("run = vizkit.run(", "vizkit.page(").replace("\nresult = run.result()", "")
    return lines.replace(")\n# vizkit", ', out="page.html")\n# vizkit')


def _heavy(grid: Grid, quality: int) -> str:
    """What to leave out of a page that is too large."""
    if not grid.axes:
        return Page.heavy
    longest = max(grid.axes, key=lambda name: len(grid.axes[name]))
    count = len(grid.axes[longest])
    lower = f", or quality={quality // 2 + 20} instead of {quality}" if quality > 60 else ""
    return f"It holds {len(grid)} answers: give fewer than {count} values of {longest}{lower}."
