"""What was measured on a picture that should have another's code, in words: a line for each question, and a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from torch import Tensor

from vizkit.measure.excitement_words import percent
from vizkit.measure.held_out import HELD_OUT
from vizkit.measure.meters import Judged, Line, Tone, share, tone

if TYPE_CHECKING:
    from vizkit.measure.codes import Question

ALIKE = (0.25, 0.1)  # error, as a share of the usual one between real pictures: bad above, good up to
CARRIED = (0.45, 0.25)  # the same when both are changed, and for a second network: what nobody searched for is larger

_CLEAN = (
    "How far the network's features of the picture are from those of the original, as a share of the original's. "
    "The bar is full where they are the same, and empty where they are as far apart as two real pictures usually are."
)
_MOVED = (
    "The same after picture and original were both mirrored, moved, turned, brought nearer, blurred, made noisy and "
    "paler, and saved as JPEGs. Where the likeness is only there on the exact pixels, it is an accident of them."
)
_BESIDE = (
    "How far the pictures themselves are apart: the bar is empty where the picture is no nearer to the original than a "
    "plain one. It speaks neither for nor against: a difference that the network does not see is what it has let go."
)
_OTHER = (
    "Another network, trained apart, compares the same two pictures. What it tells apart, the first network has let go "
    "and others keep; what neither tells apart is hard to see for networks like these."
)

Row = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Words:
    """Tells what `numbers` {name: (n,)} say to `question`."""

    question: "Question"
    numbers: Mapping[str, Tensor]
    captions: Sequence[str]

    def judged(self, i: int) -> Judged:
        """Picture i."""
        row = {name: float(values[i]) for name, values in self.numbers.items()}
        lines = (_clean(row), _moved(row), _beside(row), self._other(row))
        return Judged(lines, *_verdict(lines, row), self.captions[i])

    @cached_property
    def about(self) -> str:
        """Who was asked, and against what."""
        asked, real = self.question, self.question.real
        reference = f"beside {real.name}" if real else "beside no real pictures"
        second = f"with {asked.referee.name} at {asked.other_layer}" if asked.referee else "without a second network"
        return f"{asked.net.name} at {asked.layer}, {reference}, {second}"

    def _other(self, row: Row) -> Line:
        referee = self.question.referee
        if referee is None:
            return Line("A second network", "none was asked", means=_OTHER)
        error, usual = row["referee feature error"], row["usual referee feature error"]
        name, layer = f"A second network: {referee.name}", self.question.other_layer
        if not math.isfinite(error):
            return Line(name, f"it answers the original with zero everywhere at {layer}", means=_OTHER)
        said = f"feature error {percent(error)} at {layer}{_usually(usual)}"
        return Line(name, said, _bar(error, usual), _alike(error, usual, CARRIED), None, _OTHER)


def _clean(row: Row) -> Line:
    error, usual = row["feature error"], row["usual feature error"]
    said = f"feature error {percent(error)}{_usually(usual)}"
    return Line("On the clean picture", said, _bar(error, usual), _alike(error, usual), None, _CLEAN)


def _moved(row: Row) -> Line:
    error, usual = row["changed feature error"], row["usual feature error"]
    most = max(HELD_OUT, key=lambda look: row[f"feature error when {look}"])
    said = f"feature error {percent(error)}, {percent(row[f'feature error when {most}'])} when {most}"
    return Line("Moved, blurred, re-encoded", said, _bar(error, usual), _alike(error, usual, CARRIED), None, _MOVED)


def _beside(row: Row) -> Line:
    error, usual = row["image error"], row["usual image error"]
    said = f"differs by {percent(error)}, a plain one by 100 %{_usually(usual)}"
    return Line("Beside the original", said, share(1 - error), "note", None, _BESIDE)


def _usually(usual: float) -> str:
    return "" if math.isnan(usual) else f"; between two real pictures usually {percent(usual)}"


def _bar(error: float, usual: float) -> float | None:
    return share(1 - error / _measure(usual))


def _alike(error: float, usual: float, ends: tuple[float, float] = ALIKE) -> Tone:
    return tone(-error / _measure(usual), -ends[0], -ends[1])


def _measure(usual: float) -> float:
    """What an error is held against; without real pictures, the original itself."""
    return 1.0 if math.isnan(usual) else usual


_TOLD = {
    "good": "The network hardly tells the two apart",
    "fair": "To the network the two are alike, but not the same",
    "bad": "The network still tells the two apart",
}
_SECOND = {"good": ", nor does a second one", "fair": ", and a second one sees more", "bad": ", but a second one does"}
_CHANGED = {
    "good": "; the likeness holds when both are changed",
    "fair": "; the likeness weakens when both are changed",
    "bad": "; the likeness is lost when both are changed",
}


def _verdict(lines: Sequence[Line], row: Row) -> tuple[str, str]:
    """Grade and sentence."""
    own, changed, _, other = (line.tone for line in lines)
    apart = f"; as pictures they differ by {percent(row['image error'])}"
    if own == "bad":
        return "not reached", f"{_TOLD[own]}: the code was not reached{apart}."
    told = f"{_TOLD[own]}{_SECOND.get(other, '') if own == 'good' else ''}{_CHANGED[changed]}{apart}."
    return _grade(own, changed, other), told


def _grade(own: str, changed: str, other: str) -> str:
    if changed == "bad":
        return "fragile"
    if other == "bad":
        return "not shared"
    return "alike" if own == "good" else "nearly alike"
