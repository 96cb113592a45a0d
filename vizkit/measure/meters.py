"""What a meter shows: questions put to a picture, how far each bar goes, and what the answers come to in a sentence."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, Literal, TypeAlias, overload

from torch import Tensor

Tone: TypeAlias = Literal["good", "fair", "bad", "note", "unknown"]

SIGNS: dict[str, str] = {"good": "✓", "fair": "~", "bad": "✗", "note": "·", "unknown": "?"}
WORDS: dict[str, str] = {
    "good": "speaks for it",
    "fair": "speaks for it in part",
    "bad": "speaks against it",
    "note": "neither for nor against",
    "unknown": "not known",
}
_BAR = 10  # letters


@dataclass(frozen=True)
class Line:
    """One question and its answer for one picture.

    `value` in [0, 1] is how far the bar goes, more is better, None where nothing could be measured; `mark` in
    [0, 1] is where real pictures stand on it. `says` is the answer in words, `means` how to read it.
    """

    name: str
    says: str
    value: float | None = None
    tone: Tone = "unknown"
    mark: float | None = None
    means: str = ""


@dataclass(frozen=True)
class Judged:
    """One picture's lines, and what they come to: in a word or two (`grade`) and in a sentence (`verdict`)."""

    lines: tuple[Line, ...]
    grade: str
    verdict: str
    caption: str = ""

    def __repr__(self) -> str:
        width = max((len(line.name) for line in self.lines), default=0)
        head = f"{self.caption}: {self.verdict}" if self.caption else self.verdict
        return "\n".join([head, *(f"  {_text(line, width)}" for line in self.lines)])


@dataclass(frozen=True, eq=False, repr=False)
class Honesty(Sequence[Judged]):
    """How far each picture can be trusted. `pictures[i]` are the lines of picture i; `summary` those of all.

    `numbers` {name: (n,)} is what was measured, NaN where nothing could be; `about` says against what.
    """

    pictures: tuple[Judged, ...]
    numbers: Mapping[str, Tensor] = field(default_factory=dict)
    about: str = ""

    @overload
    def __getitem__(self, index: int) -> Judged: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Judged]: ...
    def __getitem__(self, index):
        return self.pictures[index]

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def summary(self) -> Judged:
        """The picture itself where there is one; else mean bars, and how many answers speak for the pictures."""
        if len(self) == 1:
            return self.pictures[0]
        lines = tuple(map(_together, zip(*(picture.lines for picture in self), strict=True)))
        grades = Counter(picture.grade for picture in self).most_common()
        counted = ", ".join(f"{count} {grade}" for grade, count in grades)
        return Judged(lines, "", f"Of {len(self)} pictures: {counted}.", "all pictures")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON knows; a number that is none is None."""
        numbers = {name: [_plain(v) for v in values.tolist()] for name, values in self.numbers.items()}
        pictures = [asdict(picture) for picture in self]
        return {"about": self.about, "pictures": pictures, "summary": asdict(self.summary), "numbers": numbers}

    def __repr__(self) -> str:
        return "\n".join([*map(repr, self), f"({self.about})"])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        parts = "".join(map(_html, self))
        about = f'<p style="opacity: .75">{escape(self.about)}</p>'
        page = f'<div style="overflow: auto; max-height: 40em">{parts}{about}</div>'
        return {"text/plain": repr(self), "text/html": page}


def share(value: float) -> float | None:
    """`value` brought into [0, 1] for a bar; None where it is no number."""
    return None if math.isnan(value) else min(max(value, 0.0), 1.0)


def tone(value: float, bad: float, good: float) -> Tone:
    """Bad below one threshold, good from the other on; unknown where `value` is no number."""
    if math.isnan(value):
        return "unknown"
    return "bad" if value < bad else "good" if value >= good else "fair"


def _together(lines: Sequence[Line]) -> Line:
    """One line for several pictures."""
    known = [line for line in lines if line.tone in ("good", "fair", "bad")]
    notes = all(line.tone == "note" for line in lines)
    counts = Counter(line.tone for line in known)
    return Line(
        lines[0].name,
        f"speaks for {counts['good']} of {len(lines)}" if known else "" if notes else lines[0].says,
        _mean(line.value for line in lines),
        "note" if notes else _majority(counts, len(known)),
        _mean(line.mark for line in lines),
        lines[0].means,
    )


def _majority(counts: Mapping[str, int], known: int) -> Tone:
    if not known:
        return "unknown"
    return "good" if counts["good"] == known else "bad" if 2 * counts["bad"] > known else "fair"


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _text(line: Line, width: int) -> str:
    bar = "" if line.value is None else "█" * round(_BAR * line.value)
    return f"{SIGNS[line.tone]} {line.name:<{width}}  {bar:░<{_BAR}}  {line.says}"


def _html(picture: Judged) -> str:
    caption = f"<strong>{escape(picture.caption)}</strong>: " if picture.caption else ""
    rows = "".join(map(_html_line, picture.lines))
    return (
        f'<table style="border-collapse: collapse; margin-bottom: 1em; font-size: .9em">'
        f'<caption style="text-align: left; padding: .2em 0">{caption}{escape(picture.verdict)}</caption>'
        f"<tbody>{rows}</tbody></table>"
    )


def _html_line(line: Line) -> str:
    """A row: the question, a meter that says its answer to who cannot see it, and the answer."""
    cell = "padding: .15em .8em .15em 0; text-align: left"
    sign = f'<span title="{WORDS[line.tone]}">{SIGNS[line.tone]}</span>'
    bar = "" if line.value is None else _html_bar(line)
    return (
        f'<tr title="{escape(line.means)}"><th scope="row" style="{cell}; font-weight: normal">{sign} '
        f'{escape(line.name)}</th><td style="{cell}">{bar}</td><td style="{cell}">{escape(line.says)}</td></tr>'
    )


def _html_bar(line: Line) -> str:
    return f'<meter min="0" max="1" value="{line.value:.3f}" aria-label="{escape(line.name)}">{line.value:.0%}</meter>'
