"""Pictures out: bytes, encoded files, sheets with captions, notebook output. Pixels are (c, h, w) in [0, 1].

Any number of channels is shown: one as gray, two as red and green, three as they are, more by the first three.
"""

import base64
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
CAPTION_WIDTH = 72  # pixels a caption gets even below a smaller picture
SMALL = 128  # pixels; narrower pictures are enlarged on a page
SHOWN_AT_ONCE = 256  # pictures in one notebook output
WEBP_SIDE = 16383  # pixels; the format's own limit


def to_uint8(pixels: Tensor) -> np.ndarray:
    """`pixels` (n, c, h, w) in [0, 1] as bytes (n, h, w, 1 or 3), rounded to nearest; NaN becomes 0."""
    shown = _shown(pixels.detach()).float().nan_to_num(0.0).clamp(0, 1)
    return (shown * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_pil(pixel: Tensor) -> Image.Image:
    """One picture (c, h, w) in [0, 1] as a Pillow image, gray or RGB."""
    array = to_uint8(pixel[None])[0]
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def encode(pixel: Tensor, format: str = "jpeg", quality: int = 85) -> bytes:
    """One picture (c, h, w) in [0, 1] as the bytes of a `"jpeg"`, `"webp"` or `"png"` file."""
    buffer = io.BytesIO()
    to_pil(pixel).save(buffer, format, quality=quality)
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
    """All pictures on white, `gap` pixels apart, captions below; `columns=0` picks a near-square number.

    Pictures keep their pixels. A caption too long for three lines under its picture ends in "…".

    Raises:
        ValueError: there is no picture.
    """
    if not len(images):
        raise ValueError("There is no picture to put on a sheet. Give Images at least one.")
    columns = columns or automatic_columns(len(images))
    h, w = images.pixels.shape[-2:]
    width = max(w, CAPTION_WIDTH) if images.captions else w
    face = lettering.font(max(11, min(20, w // 16)))
    captions = [lettering.wrapped(caption, face, width) for caption in images.captions]
    height = h + _room(captions, face)
    rows = math.ceil(len(images) / columns)
    paper = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), PAPER)
    for i, array in enumerate(to_uint8(images.pixels)):
        x, y = gap + i % columns * (width + gap), gap + i // columns * (height + gap)
        paper.paste(_rgb(array), (x + (width - w) // 2, y))
        if captions:
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
    """A notebook's output: a sentence, and `<img>` elements that need no script and no file beside them."""
    note = channel_note(images.pixels.shape[1])
    text = f"{images.alt} ({note})" if note else images.alt
    more = len(images) - SHOWN_AT_ONCE
    last = f"<p>… and {more} more. result.save(…) writes them all.</p>" if more > 0 else ""
    figures = "".join(map(_figure, images.pixels[:SHOWN_AT_ONCE], _names(images)))
    below = f"<p>{note}</p>" if note else ""
    page = f'<div role="group" aria-label="{html.escape(text)}">{figures}{below}{last}</div>'
    return {"text/plain": text, "text/html": page}


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


def _figure(pixel: Tensor, name: str) -> str:
    """One picture with its name below, as HTML that looks the same in an untrusted notebook."""
    w = pixel.shape[-1]
    small = w < SMALL
    kind = "png" if small else "webp"
    data = base64.b64encode(encode(pixel, kind, quality=90)).decode()
    sharp = "image-rendering: pixelated; " if small else ""
    width = SMALL if small else w
    return (
        f'<figure style="display: inline-block; margin: 4px; max-width: {width}px; vertical-align: top">'
        f'<img alt="{html.escape(name)}" style="{sharp}width: {width}px" '
        f'src="data:image/{kind};base64,{data}">'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
    )
