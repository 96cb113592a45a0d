"""Curves out: lines drawn with axes to read off, for files and for notebooks that keep nothing but pictures."""

import base64
import io
import math
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from vizkit.core.results import Curves
from vizkit.save import lettering, recipes
from vizkit.save.files import ending, replacing
from vizkit.save.pictures import INK, PAPER

WIDTH, HEIGHT = 760, 340  # pixels
LEFT, RIGHT, TOP, BOTTOM = 74, 20, 16, 52  # around what is drawn
DEEP = 2  # how much larger lines are drawn than shown, so that they are smooth
GRID, QUIET = "#E0E0E0", "#6B6B6B"
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito (2008)


def draw(curves: Curves) -> Image.Image:
    """The lines on white over round numbers; their names stand above them. What is not finite leaves a gap."""
    names = list(curves.lines)
    head = 26 * math.ceil(len(names) / 3)
    x, across = _scale(curves.x[None], LEFT, WIDTH - RIGHT, 6)
    y, up = _scale(torch.stack(list(curves.lines.values())) if names else curves.x[None], HEIGHT - BOTTOM, TOP, 4)
    paper = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    _write_axes(ImageDraw.Draw(paper), curves.x_name, [(x(v), v) for v in across], [(y(v), v) for v in up])
    large = paper.resize((WIDTH * DEEP, HEIGHT * DEEP), Image.Resampling.NEAREST)
    for i, values in enumerate(curves.lines.values()):
        places = [(DEEP * x(a), DEEP * y(b)) for a, b in zip(curves.x.tolist(), values.tolist(), strict=True)]
        _write_line(ImageDraw.Draw(large), places, COLORS[i % len(COLORS)])
    whole = Image.new("RGB", (WIDTH, head + HEIGHT), PAPER)
    whole.paste(large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), (0, head))
    _write_names(ImageDraw.Draw(whole), names)
    return whole


def save_curves(curves: Curves, path: str | Path) -> Path:
    """Write `draw(curves)` as `.png` or lossless `.webp`, recipe inside; an existing file is replaced whole.

    Raises:
        ValueError: another ending.
    """
    path = Path(path)
    suffix = ending(path, (".png", ".webp"))
    with replacing(path) as draft:
        lossless = {"lossless": True} if suffix == ".webp" else {}
        draw(curves).save(draft, **lossless, **recipes.options(curves.recipe, suffix))
    return path


def png(curves: Curves) -> str:
    """`draw(curves)` as a notebook keeps it: a PNG in base64."""
    buffer = io.BytesIO()
    draw(curves).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers between two ends: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / count or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _scale(values: Tensor, begin: int, end: int, count: int):
    """What takes a value to its pixel between `begin` and `end`, and the round values there."""
    known = values[values.isfinite()].double()
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    span = (high - low) or 1.0
    return lambda value: begin + (end - begin) * (value - low) / span, ticks(low, high, count)


def _write_axes(pen: ImageDraw.ImageDraw, name: str, across: list, up: list) -> None:
    face = lettering.font(12)
    for y, value in up:
        pen.line([(LEFT, y), (WIDTH - RIGHT, y)], GRID)
        pen.text((LEFT - 8, y), f"{value:.4g}", QUIET, face, anchor="rm")
    for x, value in across:
        pen.text((x, HEIGHT - BOTTOM + 8), f"{value:.4g}", QUIET, face, anchor="ma")
    words = lettering.wrapped(name, face, WIDTH - LEFT, most=1)
    pen.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18), words, INK, face, anchor="ma")


def _write_line(pen: ImageDraw.ImageDraw, places: list[tuple[float, float]], color: str) -> None:
    """Every stretch of finite places as a line; a lonely one as a dot."""
    stretch: list[tuple[float, float]] = []
    for place in [*places, (math.nan, math.nan)]:
        if all(map(math.isfinite, place)):
            stretch.append(place)
        elif stretch:
            pen.line(stretch, color, 2 * DEEP, joint="curve")
            if len(stretch) == 1:
                pen.circle(stretch[0], 3 * DEEP, color)
            stretch = []


def _write_names(pen: ImageDraw.ImageDraw, names: list[str]) -> None:
    """Three names in a row, each with the color of its line."""
    face, width = lettering.font(12), (WIDTH - LEFT) // 3
    for i, name in enumerate(names):
        x, y = LEFT + i % 3 * width, 15 + 26 * (i // 3)
        pen.line([(x, y), (x + 18, y)], COLORS[i % len(COLORS)], 3)
        pen.text((x + 26, y), lettering.wrapped(name, face, width - 36, most=1), INK, face, anchor="lm")
