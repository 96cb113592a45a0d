"""Pictures out: bytes, encoded files, sheets with captions, notebook output. Pixels are (c, h, w) in [0, 1].

Any number of channels is shown: one as gray, two as red and green, three as they are, more by the first three.
"""

import base64
import functools
import html
import io
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from vizkit.core.results import Images
from vizkit.save import lettering, recipes
from vizkit.save.files import ending, replacing

PAPER, INK = "white", "#333333"
ORIGINAL = "original"  # what pictures are compared with
CAPTION_WIDTH = 72  # pixels a caption gets even below a smaller picture
SMALL, LARGE = 128, 192  # pixels; narrower pictures are enlarged on a page, more so where they are few
FEW = 4  # pictures in a row that are shown large: as many as fit beside JupyterLab's files
COARSE = 64  # pixels; below this, a picture's own pixels are to be seen when it is enlarged
SHOWN_AT_ONCE = 256  # pictures in one notebook output
WEBP_SIDE = 16383  # pixels; the format's own limit


def to_uint8(pixels: Tensor) -> np.ndarray:
    """`pixels` (n, c, h, w) in [0, 1] as bytes (n, h, w, 1 or 3), rounded to nearest; NaN becomes 0."""
    shown = _shown(pixels.detach()).float().nan_to_num(0.0)  # a copy, so the rest is done in place
    levels = shown.clamp_(0, 1).mul_(255).round_().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_pil(pixel: Tensor) -> Image.Image:
    """One picture (c, h, w) in [0, 1] as a Pillow image, gray or RGB."""
    return _pillow(to_uint8(pixel[None])[0])


def encode(pixel: Tensor, format: str = "jpeg", quality: int = 85) -> bytes:
    """One picture (c, h, w) in [0, 1] as the bytes of a `"jpeg"`, `"webp"` or `"png"` file."""
    return _written(to_pil(pixel), format, quality)


def encode_all(pixels: Tensor, format: str = "jpeg", quality: int = 85) -> list[bytes]:
    """Pictures (n, c, h, w), each as `encode` does it; quicker than one at a time."""
    return [_written(_pillow(array), format, quality) for array in to_uint8(pixels)]


def _pillow(array: np.ndarray) -> Image.Image:
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def _written(picture: Image.Image, format: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, quality=quality)
    return buffer.getvalue()


def channel_note(channels: int) -> str:
    """How `channels` channels are shown, in words; empty for gray and RGB."""
    if channels in {1, 3}:
        return ""
    return "channels 1 and 2 as red and green" if channels == 2 else f"first 3 of {channels} channels as RGB"


def automatic_columns(count: int) -> int:
    """How many columns `count` pictures take: about square, somewhat wide where that leaves fewer holes."""
    widths = range(math.ceil(math.sqrt(count)), math.floor(2 * math.sqrt(count)) + 1)
    return min(widths, key=lambda columns: (-count % columns, columns), default=1)


def sheet(images: Images, columns: int = 0, gap: int = 4) -> Image.Image:
    """All pictures on white, `gap` pixels apart, captions below; `columns=0` takes those of `images`, or enough.

    Pictures keep their pixels. A caption too long for three lines under its picture ends in "…". One original that
    all are compared with (`images.beside`) stands first, in a column of its own where `images` asks for columns;
    where each has its own, it stands to its left.

    Raises:
        ValueError: there is no picture.
    """
    if not len(images):
        raise ValueError("There is no picture to put on a sheet. Give Images at least one.")
    cells, columns = _cells(images, columns or images.columns)
    h, w = images.pixels.shape[-2:]
    across = w + w + 1 if _pairs(images) else w
    width = max(across, CAPTION_WIDTH) if any(name for _, name in cells) else across
    face = lettering.font(max(11, min(20, w // 16)))
    captions = [lettering.wrapped(name, face, width) if name else "" for _, name in cells]
    height = h + _room([caption for caption in captions if caption], face)
    rows = math.ceil(len(cells) / columns)
    paper = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), PAPER)
    for i, (picture, _) in enumerate(cells):
        if picture is None:
            continue
        x, y = gap + i % columns * (width + gap), gap + i // columns * (height + gap)
        paper.paste(picture, (x + (width - picture.width) // 2, y))
        _write(paper, captions[i], (x + width / 2, y + h + 2), face)
    return paper


def save_sheet(images: Images, path: str | Path) -> Path:
    """Write `sheet(images)` as `.png` or lossless `.webp`, recipe inside; an existing file is replaced whole.

    Raises:
        ValueError: another ending, or a sheet too large for the format.
    """
    path = Path(path)
    suffix = ending(path, (".png", ".webp"))
    paper = sheet(images)
    if suffix == ".webp" and max(paper.size) > WEBP_SIDE:
        size = " × ".join(map(str, paper.size))
        raise ValueError(f"A .webp holds {WEBP_SIDE} pixels a side; this sheet is {size}. Save it as .png.")
    with replacing(path) as draft:
        lossless = {"lossless": True} if suffix == ".webp" else {}
        paper.save(draft, **lossless, **recipes.options(images.recipe, suffix))
    return path


def mimebundle(images: Images) -> dict[str, str]:
    """A notebook's output: a sentence, and `<img>` elements that need no script and no file beside them.

    Originals that the pictures are compared with come first, each or the one of all.
    """
    note = channel_note(images.pixels.shape[1])
    text = f"{images.alt} ({note})" if note else images.alt
    more = len(images) - SHOWN_AT_ONCE
    last = f"<p>… and {more} more. result.save(…) writes them all.</p>" if more > 0 else ""
    below = f"<p>{note}</p>" if note else ""
    page = f'<div role="group" aria-label="{html.escape(text)}">{_figures(images)}{below}{last}</div>'
    return {"text/plain": text, "text/html": page}


def _figures(images: Images) -> str:
    """The pictures as HTML, in the rows that `images` asks for."""
    names = _names(images)[:SHOWN_AT_ONCE]
    figure = functools.partial(_figure, least=_least(images))
    figures = list(map(figure, images.pixels, names))
    if images.beside is None:
        return _in_rows(figures, images.columns)
    if not _pairs(images):
        return _in_rows([figure(images.beside[0], ORIGINAL)], images.columns) + _in_rows(figures, images.columns)
    befores = map(figure, images.beside, [f"{ORIGINAL} of {name}" for name in names])
    pairs = [_together(before + after) for before, after in zip(befores, figures, strict=True)]
    return _in_rows(pairs, images.columns if len(pairs) > images.columns else 0)


def _together(figures: str) -> str:
    """`figures` that no line break parts."""
    return f'<div style="display: inline-block; white-space: nowrap">{figures}</div>'


def _least(images: Images) -> int:
    """How wide each picture is shown at the least, in pixels."""
    alone = len(images) + (images.beside is not None and not _pairs(images))
    in_a_row = images.columns * (1 + _pairs(images)) if len(images) > images.columns > 0 else alone
    return LARGE if in_a_row <= FEW else SMALL


def _in_rows(figures: list[str], columns: int) -> str:
    """`figures` one after the other, or so many in a row; rows scroll rather than break."""
    if not columns:
        return "".join(figures)
    rows = ("".join(figures[i : i + columns]) for i in range(0, len(figures), columns))
    return "".join(f'<div style="white-space: nowrap; overflow-x: auto">{row}</div>' for row in rows)


def _cells(images: Images, asked: int) -> tuple[list[tuple[Image.Image | None, str]], int]:
    """What stands on a sheet, row by row, each with its caption, and how many of them make a row."""
    pictures = [_rgb(array) for array in to_uint8(images.pixels)]
    captions = list(images.captions) or [""] * len(pictures)
    originals = _originals(images)
    if _pairs(images):
        pictures = [_joined(*pair) for pair in zip(originals, pictures, strict=True)]
    cells: list[tuple[Image.Image | None, str]] = list(zip(pictures, captions, strict=True))
    if not originals or _pairs(images):
        return cells, asked or automatic_columns(len(cells))
    if not asked:
        return [(originals[0], ORIGINAL), *cells], automatic_columns(len(cells) + 1)
    rows = [cells[i : i + asked] for i in range(0, len(cells), asked)]
    first = [(originals[0], ORIGINAL), *[(None, "")] * (len(rows) - 1)]  # a column of its own
    return [cell for left, row in zip(first, rows, strict=True) for cell in [left, *row]], asked + 1


def _originals(images: Images) -> list[Image.Image]:
    """What the pictures are compared with, at their size."""
    if images.beside is None:
        return []
    h, w = images.pixels.shape[-2:]
    return [_rgb(array).resize((w, h)) for array in to_uint8(images.beside)]


def _pairs(images: Images) -> bool:
    """Whether each picture has an original of its own."""
    return images.beside is not None and len(images.beside) > 1


def _joined(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pictures of one size with a line of paper between them."""
    paper = Image.new("RGB", (left.width + 1 + right.width, left.height), PAPER)
    paper.paste(left, (0, 0))
    paper.paste(right, (left.width + 1, 0))
    return paper


def _shown(pixels: Tensor) -> Tensor:
    """(n, c, h, w) with any c as (n, 1, h, w) or (n, 3, h, w)."""
    if pixels.shape[1] == 2:
        return torch.cat([pixels, torch.zeros_like(pixels[:, :1])], dim=1)
    return pixels[:, :3]


def _rgb(array: np.ndarray) -> Image.Image:
    """(h, w, 1 or 3) bytes as an RGB image."""
    return Image.fromarray(np.broadcast_to(array, (*array.shape[:2], 3)).copy())


def _room(captions: list[str], face: lettering.Font) -> int:
    """Pixels the tallest of `captions` takes below its picture."""
    lines = max((1 + caption.count("\n") for caption in captions), default=0)
    return lines * lettering.line_height(face) + 4 * bool(lines)


def _write(paper: Image.Image, caption: str, top: tuple[float, float], face: lettering.Font) -> None:
    """Draw `caption` centered below the point `top`, line by line."""
    x, y = top
    for i, line in enumerate(caption.split("\n")):
        ImageDraw.Draw(paper).text((x, y + i * lettering.line_height(face)), line, fill=INK, font=face, anchor="ma")


def _names(images: Images) -> list[str]:
    return list(images.captions) or [f"picture {i + 1} of {len(images)}" for i in range(len(images))]


def _figure(pixel: Tensor, name: str, least: int) -> str:
    """One picture with its name below, as HTML that looks the same in an untrusted notebook."""
    w = pixel.shape[-1]
    kind = "png" if w < SMALL else "webp"
    data = base64.b64encode(encode(pixel, kind, quality=90)).decode()
    sharp = "image-rendering: pixelated; " if w < COARSE else ""
    width = max(w, least)
    return (
        '<figure style="display: inline-block; white-space: normal; '
        f'margin: 4px; max-width: {width}px; vertical-align: top">'
        f'<img alt="{html.escape(name)}" style="{sharp}width: {width}px" '
        f'src="data:image/{kind};base64,{data}">'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
    )
