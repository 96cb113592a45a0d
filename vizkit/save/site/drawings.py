"""Small drawings as SVG: attributes only, so that no page needs a style of its own."""

import math
from collections.abc import Sequence

from torch import Tensor

from vizkit.nets.describe import Layer
from vizkit.save.site.markup import Markup, tag

WIDE, HIGH, RUG = 600, 150, 16


def histogram(counts: Tensor, edges: Tensor, real: Sequence[float], made: Sequence[float]) -> Markup:
    """Bars by the logarithm of their counts over the answer; below, a line for every top picture that is shown.

    `made` are the answers to pictures that were made for the unit; what lies beyond the edges is left out.
    """
    low, high = float(edges[0]), float(edges[-1])
    most = math.log1p(float(counts.max()))
    step = WIDE / len(counts)
    bars = [_bar(i * step, step, math.log1p(n) / most) for i, n in enumerate(counts.tolist()) if n > 0]
    lines = [_line(value, low, high, "mark-real") for value in real]
    lines += [_line(value, low, high, "mark-made") for value in made if low <= value <= high]
    told = f"Answers from {low:.3g} to {high:.3g}; the pictures shown reach {min(real):.3g} to {max(real):.3g}."
    box = f"0 0 {WIDE} {HIGH + RUG}"
    words = {"preserveAspectRatio": "none", "aria_label": told}
    return tag(
        "svg", tag("path", d="".join(bars), class_="bars"), lines, viewBox=box, role="img", class_="histogram", **words
    )


def share(part: float, usual: float) -> Markup:
    """A bar for a share, with a line at the `usual` one."""
    x = f"{100 * min(1.0, usual):.1f}"
    bar = tag("rect", width=f"{100 * part:.1f}", height=10)
    line = tag("line", x1=x, x2=x, y1=0, y2=10)
    return tag("svg", bar, line, viewBox="0 0 100 10", preserveAspectRatio="none", class_="share", aria_hidden="true")


def field(layer: Layer, size: tuple[int, int]) -> Markup:
    """How much of the picture a unit of the layer sees: a square within a square."""
    share = (
        [1.0, 1.0] if layer.field is None else [min(1.0, a / b) for a, b in zip(layer.field.size, size, strict=True)]
    )
    h, w = (max(1.5, 22 * part) for part in share)
    frame = tag("rect", x=1, y=1, width=22, height=22, rx=3, class_="whole")
    seen = tag(
        "rect",
        x=f"{12 - w / 2:.4g}",
        y=f"{12 - h / 2:.4g}",
        width=f"{w:.4g}",
        height=f"{h:.4g}",
        rx=min(3, w / 4),
        class_="seen",
    )
    return tag("svg", frame, seen, viewBox="0 0 24 24", class_="field", aria_hidden="true")


def _bar(x: float, step: float, share: float) -> str:
    height = max(2.0, share * HIGH)
    return f"M{x:.1f} {HIGH}v{-height:.1f}h{step * 0.88:.1f}V{HIGH}z"


def _line(value: float, low: float, high: float, kind: str) -> Markup:
    x = f"{WIDE * (value - low) / ((high - low) or 1):.1f}"
    return tag("line", x1=x, x2=x, y1=HIGH + 3, y2=HIGH + RUG, class_=kind)
