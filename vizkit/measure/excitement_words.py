"""What was measured on a picture that should excite a unit, in words: a line for each question, and a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from torch import Tensor

from vizkit.measure.held_out import HELD_OUT
from vizkit.measure.meters import Judged, Line, Tone, share, tone
from vizkit.nets.network import Network

if TYPE_CHECKING:
    from vizkit.measure.excitement import Question

REACHES = (0.4, 0.75)  # level, as a share of the strongest real pictures': bad below, good from
KEEPS = (0.65, 0.75)  # the same for what is kept when the picture is changed
BEYOND = (1.5, 3.0)  # times the strongest real picture's level: good up to, bad beyond

_CLEAN = (
    "What the network makes of the picture as it is. A search raises just this, so a full bar only says that the "
    "search has done its work. The notch is where the strongest real pictures stand."
)
_MOVED = (
    "The picture is mirrored, moved, turned, brought nearer, blurred, made noisy and paler, and saved as a JPEG: in "
    "other ways, or farther, than a search usually moves it. What real pictures keep is at the notch; what holds only "
    "for the exact pixels keeps less."
)
_BESIDE = (
    "A full bar: unit and layer answer as they do to real pictures. A short one: the unit is driven beyond anything it "
    "meets in them, so the picture exaggerates what it responds to; or the whole layer answers as to none of them."
)
_OTHER = (
    "Another network, trained apart, looks at the same picture. What only one of them sees is that network's own habit "
    "and need not be in the picture at all."
)

Row = Mapping[str, float]
Answer = tuple[str, float]


@dataclass(frozen=True, eq=False)
class Words:
    """Tells what `numbers` {name: (n,)} say to `question`. `answers` are the networks' own first ones."""

    question: "Question"
    numbers: Mapping[str, Tensor]
    answers: Sequence[Sequence[Answer]]
    captions: Sequence[str]

    def judged(self, i: int) -> Judged:
        """Picture i."""
        row = {name: float(values[i]) for name, values in self.numbers.items()}
        own, theirs = (answers[i] if answers else None for answers in self.answers)
        lines = (self._clean(row, own), self._moved(row), self._beside(row), self._other(row, i, own, theirs))
        return Judged(lines, *_verdict(lines, row), self.captions[i])

    @cached_property
    def about(self) -> str:
        """Who was asked, and against what."""
        asked, real = self.question, self.question.real
        reference = f"beside {real.name}" if real else "beside no real pictures"
        second = f"with {asked.referee.name} as the second network" if asked.referee else "without a second network"
        return f"{asked.net.name} at {asked.reading.layer}, {reference}, {second}"

    @property
    def _count(self) -> str:
        return f"{len(self.question.real)} real pictures" if self.question.real else "real pictures"

    def _clean(self, row: Row, own: Answer | None) -> Line:
        name, activation = "On the clean picture", f"activation {row['clean']:.3g}"
        if self.question.classes and own:
            said = f"{_class(row['probability'], row['rank'], own, len(self.question.net.labels))}; {activation}"
            return Line(name, said, share(row["probability"]), _placed(row["rank"], self.question.net), None, _CLEAN)
        if math.isnan(row["above"]):
            return Line(name, f"{activation}; how much that is, only real pictures can tell", means=_CLEAN)
        beaten = "all" if row["above"] == 1 else f"{percent(row['above'])} of"
        said, reached = f"{activation}, above {beaten} {self._count}", row["level"] / row["typical level"]
        return Line(name, said, share(row["level"]), tone(reached, *REACHES), share(row["typical level"]), _CLEAN)

    def _moved(self, row: Row) -> Line:
        name, real = "Moved, blurred, re-encoded", row["kept by real"]
        if math.isnan(row["kept"]):
            return Line(name, "nothing to keep: no more active than on an average picture", means=_MOVED)
        least = min(HELD_OUT, key=lambda look: row[f"kept when {look}"])
        said = f"keeps {_left(row['kept'])}, {_left(row[f'kept when {least}'])} when {least}"
        if math.isnan(real):
            return Line(name, said, share(row["kept"]), tone(row["kept"], *KEEPS), None, _MOVED)
        said += f"; the strongest real pictures keep {percent(real)}"
        return Line(name, said, share(row["kept"]), tone(row["kept"] / real, *KEEPS), share(real), _MOVED)

    def _beside(self, row: Row) -> Line:
        name, level = f"Beside {self._count}", row["level"]
        if math.isnan(level):
            return Line(name, self._no_reference(), means=_BESIDE)
        strange = max(level, 0.0 if math.isnan(row["apart"]) else row["apart"])  # how far from all of them
        idle = level < REACHES[0] and row.get("rank") != 1  # an inactive unit is natural, and tells nothing
        told = "note" if idle and strange <= BEYOND[0] else tone(-strange, -BEYOND[1], -BEYOND[0])
        said = self._beyond(level)
        if row["apart"] > BEYOND[0]:
            said += (
                f"; the whole layer answers {row['apart']:.1f} times as far from the nearest as they from each other"
            )
        return Line(name, said, share(1 / max(strange, 1)), told, None, _BESIDE)

    def _beyond(self, level: float) -> str:
        if level <= 1:
            return "below their average" if level < 0 else f"within what they reach: {percent(level)} of the strongest"
        strongest = "strongest answer to any" if self.question.classes else "strongest"
        return f"{level:.1f} times as far above their average as the {strongest} of them"

    def _no_reference(self) -> str:
        if self.question.real:
            return "the unit does not change from one of them to the other"
        return f"none to compare with: the bundled ones are not what {self.question.net.name} was made for"

    def _other(self, row: Row, i: int, own: Answer | None, theirs: Answer | None) -> Line:
        asked, referee = self.question, self.question.referee
        if referee is None:
            return Line("A second network", "none was asked", means=_OTHER)
        name, means = f"A second network: {referee.name}", _OTHER + _said(asked.net.name, own, referee.name, theirs)
        if asked.shared is not None and theirs:
            rank, chance = row["referee rank"], row["referee probability"]
            said = _class(chance, rank, theirs, len(referee.labels))
            return Line(name, said, share(chance), _placed(rank, referee), None, means)
        if asked.match is None:
            return Line(name, "an inner unit has no name; only with real pictures can its like be found", means=means)
        told = f"its unit {int(asked.match.units[i])} of {asked.match.layer}"
        if math.isnan(row["referee level"]):
            said = f"no unit of {asked.match.layer} goes along with this one (correlation {row['correlation']:.2f})"
            return Line(name, said, means=means)
        level, typical = row["referee level"], max(row["referee typical level"], 0.25)
        said = f"{told} goes along (correlation {row['correlation']:.2f}) and is {_reach(level)}"
        return Line(name, said, share(level), tone(level / typical, *REACHES), share(typical), means)


def percent(value: float) -> str:
    """A share as a reader has it: 0.834 is 83 %."""
    if 0 < value < 0.005:
        return "under 1 %"
    return f"{100 * value:.0f} %"


def _left(value: float) -> str:
    return percent(value) if value > 0 else "nothing"


def _class(probability: float, rank: float, first: Answer, count: int) -> str:
    if rank == 1:
        return f"“{first[0]}” {percent(probability)}, its first answer of {count}"
    return f"{percent(probability)}, its answer {rank:.0f} of {count}; the first is “{first[0]}”"


def _placed(rank: float, net: Network) -> Tone:
    """The first answer is right, one of the first few nearly: 5 of a hundred and more, else 2."""
    near = 5 if len(net.labels) >= 100 else 2
    return "good" if rank == 1 else "fair" if rank <= near else "bad"


def _reach(level: float) -> str:
    if level > 1:
        return f"{level:.1f} times as far above its average as on the strongest real picture"
    return f"at {percent(level)} of the strongest real picture" if level >= 0 else "less active than on average"


def _said(name: str, own: Answer | None, other: str, theirs: Answer | None) -> str:
    """What each would call the whole picture."""
    if not (own and theirs):
        return ""
    return (
        f" Asked for a name, {name} says “{own[0]}” ({percent(own[1])}), {other} “{theirs[0]}” ({percent(theirs[1])})."
    )


_BELIEF = {
    "good": "Believed by the network and by a second one",
    "fair": "Believed by the network, and in part by a second one",
    "bad": "Believed by the network, but not by a second one",
}
_CHANGED = {
    "good": "it holds when the picture is changed",
    "fair": "it weakens when the picture is changed",
    "bad": "it falls apart when the picture is changed",
}


def _verdict(lines: Sequence[Line], row: Row) -> tuple[str, str]:
    """Grade and sentence."""
    own, changed, beside, other = (line.tone for line in lines)
    if own == "bad":
        return "not believed", "The network itself is not convinced: this picture tells nothing about the unit."
    told = [_BELIEF.get(other, "Believed by the network"), _CHANGED.get(changed, "")]
    if own == "fair":
        told[0] = told[0].replace("Believed", "Half believed")
    if own == "unknown":
        told[0] = "How strongly the network believes it is not known without real pictures"
    if beside in ("fair", "bad"):
        caricature = f"a caricature, {row['level']:.1f} times as far from the average as any real picture"
        told.append(caricature if row["level"] > BEYOND[0] else "the layer answers as to no real picture")
    return _grade(row, changed, beside, other), "; ".join(filter(None, told)) + "."


def _grade(row: Row, changed: str, beside: str, other: str) -> str:
    if changed == "bad":
        return "artifact" if other == "bad" else "fragile"
    if other == "bad":
        return "not shared"
    if "fair" in (changed, other):
        return "doubtful"
    if beside in ("fair", "bad"):
        return "exaggerated" if row["level"] > BEYOND[0] else "unnatural"
    return "natural" if beside == "good" else "steady"
