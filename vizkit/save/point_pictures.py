"""Points out: a drawn map with its legend, a table, notebook output, a data frame."""

import base64
import csv
import html
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from vizkit.core.results import Points
from vizkit.save import lettering, palettes, recipes
from vizkit.save.files import ending, replacing
from vizkit.save.pictures import INK, PAPER

WIDTH, HEIGHT, LEGEND = 760, 640, 200  # pixels, of the map and of the legend beside it
MARGIN = 20
FEW = 20_000  # points that are drawn as discs, each with a rim; of more, each is spread over four pixels
LISTED = 26  # labels in the legend
DEEP = 2  # how much larger discs are drawn than shown
QUIET = "#6B6B6B"  # of numbers beside words


def draw(points: Points) -> Image.Image:
    """The points on white, colored by label, else by the first values that are kinds or the first, with a legend.

    Neither axis has a unit, so both have one scale and no ticks.
    """
    colors = colors_of(points)
    spread = _spread if len(points) > FEW else _discs
    paper = Image.new("RGB", (WIDTH + (LEGEND if _has_legend(points) else 0), HEIGHT), PAPER)
    paper.paste(spread(_places(points), colors), (0, 0))
    _write_legend(paper, points)
    return paper


def save_points(points: Points, path: str | Path) -> Path:
    """Write `draw(points)` as `.png` or lossless `.webp`, recipe inside, or a table as `.csv`.

    A table has a row for each point: x, y, label, name and every value, those there are.

    Raises:
        ValueError: another ending.
    """
    path = Path(path)
    suffix = ending(path, (".png", ".webp", ".csv"))
    with replacing(path) as draft:
        if suffix == ".csv":
            _write_table(points, draft)
        else:
            lossless = {"lossless": True} if suffix == ".webp" else {}
            draw(points).save(draft, **lossless, **recipes.options(points.recipe, suffix))
    return path


def mimebundle(points: Points) -> dict[str, str]:
    """A notebook's output: a sentence, and an `<img>` that needs no script and no file beside it."""
    buffer = io.BytesIO()
    draw(points).save(buffer, "png", optimize=True)
    data, alt = base64.b64encode(buffer.getvalue()).decode(), html.escape(points.alt)
    page = f'<img alt="{alt}" style="max-width: 100%; border-radius: 4px" src="data:image/png;base64,{data}">'
    return {"text/plain": points.alt, "text/html": page}


def columns_of(points: Points) -> dict[str, Any]:
    """`{column: values}` of a table: x, y, label, name and every value, those there are; arrays and lists (n,)."""
    x, y = points.xy.detach().float().cpu().numpy().T
    found: dict[str, Any] = {"x": x, "y": y}
    if points.labels is not None:
        known, places = np.unique(points.labels.cpu().numpy(), return_inverse=True)
        words = [points.label(int(number)) if number >= 0 else "" for number in known]
        found["label"] = [words[place] for place in places]
    if len(points.names):
        found["name"] = [str(name) for name in points.names]
    taken = set(found)
    for name, value in points.values.items():
        numbers = value.detach().cpu().numpy()
        told = [points.word(name, int(number)) for number in numbers] if name in points.words else numbers
        found[f"{name} value" if name in taken else name] = told
    return found


def to_dataframe(points: Points) -> Any:
    """`columns_of(points)` as a `pandas.DataFrame`, labels and other words of kinds as categories.

    Raises:
        ModuleNotFoundError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'A data frame needs pandas, which is not installed. Type `pip install pandas`, or points.save("map.csv").'
        ) from None
    frame = pd.DataFrame(columns_of(points))
    kinds = [name for name in ("label", *points.words) if name in frame and frame[name].dtype.kind not in "iuf"]
    return frame.astype(dict.fromkeys(kinds, "category"))


def colors_of(points: Points) -> np.ndarray:
    """RGB (n, 3), uint8: by kind, else by the first values, else one color."""
    if (kinds := kinds_of(points)) is not None:
        known, places = np.unique(kinds[0], return_inverse=True)
        return palettes.of_labels(known)[places]
    if points.values:
        return _ramped(_first(points))
    return np.broadcast_to(palettes.of_labels(np.zeros(1, int)), (len(points), 3))


def kinds_of(points: Points) -> tuple[np.ndarray, Callable[[int], str]] | None:
    """Of which kind each point is, (n,), and the word for a kind: labels, or the first values that have words."""
    if points.labels is not None:
        return points.labels.cpu().numpy(), points.label
    for name in points.words:
        return points.values[name].detach().cpu().numpy().astype(np.int64), partial(points.word, name)
    return None


def span(values: np.ndarray) -> tuple[float, float]:
    """Low and high without the outermost hundredths, so that one odd value does not flatten the rest."""
    some = values[np.isfinite(values)]
    if not len(some):
        return 0.0, 1.0
    low, high = np.quantile(some, [0.01, 0.99] if len(some) >= 100 else [0, 1])
    if low >= high:  # nearly all are alike
        low, high = some.min(), some.max()
    return float(low), float(high) if low < high else float(low) + 1


def dot(count: int) -> tuple[float, float]:
    """How wide in pixels, and how opaque, each of `count` dots is on `WIDTH` × `HEIGHT`, as the map in a browser."""
    room = (WIDTH * HEIGHT / max(count, 1)) ** 0.5
    return min(9.0, max(1.6, 0.42 * room)), max(0.18, 0.9 * min(1.0, room / 6))


def _places(points: Points) -> np.ndarray:
    """Pixels (n, 2) from the upper left corner, both axes at one scale."""
    xy = points.xy.detach().float().cpu().numpy().astype(float)
    if not len(xy):
        return xy
    low, high = xy.min(0), xy.max(0)
    room = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
    scale = (room / np.maximum(high - low, 1e-30)).min()
    return (xy - (low + high) / 2) * min(scale, 1e30) * [1, -1] + [WIDTH / 2, HEIGHT / 2]


def _scattered(count: int) -> np.ndarray:
    """All numbers below `count` in an order that looks like none, so that no label lies on top of all others."""
    stride = max(1, round(count * 0.6180339887))
    while np.gcd(stride, max(count, 1)) > 1:
        stride += 1
    return np.arange(count) * stride % max(count, 1)


def _discs(places: np.ndarray, colors: np.ndarray) -> Image.Image:
    """Each point as a disc with a rim of paper, drawn large and made small."""
    paper = Image.new("RGB", (DEEP * WIDTH, DEEP * HEIGHT), PAPER)
    pen, (size, alpha) = ImageDraw.Draw(paper, "RGBA"), dot(len(places))
    radius, rim = DEEP * size / 2, DEEP * 0.8 if size > 6 else 0
    for i in _scattered(len(places)):
        x, y = DEEP * places[i]
        if rim:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), (255, 255, 255, 200))
        inner = radius - rim
        pen.ellipse((x - inner, y - inner, x + inner, y + inner), (*colors[i].tolist(), round(255 * alpha)))
    return paper.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def _spread(places: np.ndarray, colors: np.ndarray) -> Image.Image:
    """Each point shared out among the four pixels around it; a pixel is as opaque as what it got, of the mean color."""
    corner = np.floor(places - 0.5)
    part, corner = places - 0.5 - corner, corner.astype(np.int64)
    ink, mixed = np.zeros(WIDTH * HEIGHT), np.zeros((3, WIDTH * HEIGHT))
    for dx, dy in ((0, 0), (0, 1), (1, 0), (1, 1)):
        x, y = (corner + np.array([dx, dy])).T
        share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
        pixel = y.clip(0, HEIGHT - 1) * WIDTH + x.clip(0, WIDTH - 1)
        ink += np.bincount(pixel, share, len(ink))
        for channel in range(3):
            mixed[channel] += np.bincount(pixel, share * colors[:, channel], len(ink))
    size, alpha = dot(len(places))
    cover = 1 - (1 - alpha) ** (ink * size**2)
    shown = 255 - cover * (255 - mixed / np.maximum(ink, 1e-12))
    return Image.fromarray(shown.T.reshape(HEIGHT, WIDTH, 3).round().astype(np.uint8))


def _has_legend(points: Points) -> bool:
    return points.labels is not None or bool(points.values)


def _write_legend(paper: Image.Image, points: Points) -> None:
    if (kinds := kinds_of(points)) is not None:
        _write_labels(paper, *kinds)
    elif points.values:
        _write_ramp(paper, points)


def _write_labels(paper: Image.Image, kinds: np.ndarray, word: Callable[[int], str]) -> None:
    """A line for each kind: its color, its name and how many there are; the most frequent where there are many."""
    known, counts = np.unique(kinds, return_counts=True)
    listed = np.sort(np.argsort(-counts, kind="stable")[:LISTED])
    pen, face = ImageDraw.Draw(paper), lettering.font(13)
    for row, k in enumerate(listed):
        y = MARGIN + 22 * row
        color = palettes.named(palettes.of_labels(known[k : k + 1])[0])
        pen.ellipse((WIDTH + 4, y + 2, WIDTH + 14, y + 12), color)
        count = f"{counts[k]:,}"
        room = LEGEND - 44 - round(face.getlength(count))
        pen.text((WIDTH + 22, y), lettering.wrapped(word(int(known[k])), face, room, 1), INK, face)
        pen.text((WIDTH + LEGEND - 14, y), count, QUIET, face, anchor="ra")
    if len(known) > LISTED:
        pen.text((WIDTH + 22, MARGIN + 22 * LISTED), f"and {len(known) - LISTED} more labels", QUIET, face)


def _write_ramp(paper: Image.Image, points: Points) -> None:
    """What the colors of values mean: their name, and the ramp from low to high."""
    pen, face = ImageDraw.Draw(paper), lettering.font(13)
    low, high = span(_first(points))
    width = LEGEND - 24
    pen.text((WIDTH + 4, MARGIN), lettering.wrapped(next(iter(points.values)), face, width, 1), INK, face)
    paper.paste(Image.fromarray(palettes.ramp(width)[None].repeat(10, 0)), (WIDTH + 4, MARGIN + 22))
    pen.text((WIDTH + 4, MARGIN + 36), f"{low:.4g}", QUIET, face)
    pen.text((WIDTH + 4 + width, MARGIN + 36), f"{high:.4g}", QUIET, face, anchor="ra")


def _first(points: Points) -> np.ndarray:
    return next(iter(points.values.values())).detach().float().cpu().numpy()


def _ramped(values: np.ndarray) -> np.ndarray:
    low, high = span(values)
    places = ((values - low) / (high - low) * 255).clip(0, 255)
    colors = palettes.ramp()[np.nan_to_num(places).astype(int)]
    return np.where(np.isnan(values)[:, None], palettes.of_labels(np.full(1, -1)), colors)


def _write_table(points: Points, draft: Path) -> None:
    columns = columns_of(points)
    with Path(draft).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*(c.tolist() if isinstance(c, np.ndarray) else c for c in columns.values()), strict=True))
