"""Captions on a picture: a font, and text broken to a width. Widths are in pixels."""

import unicodedata
from functools import lru_cache
from typing import TypeAlias

from PIL import ImageFont

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FAMILIES = ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf")  # Linux, macOS, Windows
_SPELLED = str.maketrans({"×": "x", "–": "-", "—": "-", "−": "-", "λ": "lambda", "σ": "sigma", "→": "to"})


@lru_cache
def font(size: int) -> Font:
    """The machine's own sans-serif, or Pillow's built-in one, which has little beyond ASCII."""
    for family in _FAMILIES:
        try:
            return ImageFont.truetype(family, size)
        except OSError:  # not on this machine
            continue
    return ImageFont.load_default(size)


def drawable(text: str, face: Font) -> str:
    """`text` without letters the built-in font lacks: symbols spelled, accents dropped."""
    if isinstance(face, ImageFont.FreeTypeFont) and face.getname()[0] != "Aileron":
        return text
    return unicodedata.normalize("NFKD", text.translate(_SPELLED)).encode("ascii", "ignore").decode()


def wrapped(text: str, face: Font, width: int, most: int = 3) -> str:
    """`text` broken into at most `most` lines of `width` pixels; what does not fit is told by "…"."""
    lines = [""]
    for word in drawable(text, face).split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or face.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return "\n".join(_cut(line, face, width) for line in lines)


def line_height(face: Font) -> int:
    """Pixels from one line to the next."""
    return round(1.25 * (face.getbbox("Ag")[3]))


def _cut(line: str, face: Font, width: int) -> str:
    """`line` if it fits into `width` pixels, else as much of it as fits with "…"."""
    if face.getlength(line) <= width:
        return line
    keep = len(line)
    while keep and face.getlength(f"{line[:keep]}…") > width:
        keep -= 1
    return f"{line[:keep].rstrip()}…"
