"""Words that people give to units after looking at their top pictures, and how far two of them agree.

A word comes with one of the categories of the crowdsourced study of Zhou et al. (2015, "Object detectors emerge in deep
scene CNNs"): simple elements and colors, textures and materials, parts, objects, scenes; here six of them, as in the
Broden dataset (Bau et al. 2017). "unclear" is for a unit whose pictures have nothing to be named in common.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vizkit.core.files import replacing

CATEGORIES = ("color", "texture", "material", "part", "object", "scene")
UNCLEAR = "unclear"
ALL = (*CATEGORIES, UNCLEAR)

FORMAT, VERSION = "vizkit words", 1
_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))  # unseen, and needed to write Persian or some emoji
LONGEST = 200  # letters of a word
MOST_BYTES = 2**25  # of a file
MOST_UNITS = 2**24


@dataclass(frozen=True)
class Word:
    """What a unit was named, and as what kind of thing; "unclear" goes without a word.

    Raises:
        ValueError: one of both is missing or not what it can be; the message says what to give.
    """

    word: str
    category: str

    def __post_init__(self):
        object.__setattr__(self, "word", " ".join(self.word.split()))
        if self.category not in ALL:
            known = ", ".join(ALL)
            raise ValueError(f"{self.category!r} is no category. Choose {known}." if self.category else _choose(known))
        if not self.word and self.category != UNCLEAR:
            raise ValueError(f"What is the {self.category} called? Type a word, or choose {UNCLEAR}.")
        if len(self.word) > LONGEST or not self.word.translate(_JOINERS).isprintable():
            raise ValueError(f"{self.word[:20]!r}… is no word. Give up to {LONGEST} letters on one line.")


@dataclass(frozen=True)
class Subject:
    """What was looked at: network, weights and index by their hashes, the layer, and the `k` pictures of a unit shown.

    `python` is the recipe that makes the index again. Two subjects are equal however many pictures were shown.
    """

    net: str
    weights: str
    index: str
    layer: str
    units: int
    k: int = field(compare=False)
    python: str = field(default="", compare=False)


@dataclass(frozen=True)
class Words:
    """Words by unit, whose they are, and what they are about.

    >>> words = Words(subject, "me").named(7, Word("lamp", "object"))
    >>> words.save("words.json")
    """

    subject: Subject
    annotator: str
    units: Mapping[int, Word] = field(default_factory=dict)

    def named(self, unit: int, word: Word | None) -> "Words":
        """The same with `unit` named; or, with None, named no more."""
        others = {number: other for number, other in self.units.items() if number != unit}
        return replace(self, units={**others, unit: word} if word else others)

    def save(self, path: str | Path) -> Path:
        """Write them as JSON, whole or not at all."""
        with replacing(Path(path)) as draft:
            draft.write_text(self.to_json(), encoding="utf-8")
        return Path(path)

    def to_json(self) -> str:
        """As text, units in their order."""
        about = {"format": FORMAT, "version": VERSION, "annotator": self.annotator, "about": asdict(self.subject)}
        named = {str(unit): asdict(self.units[unit]) for unit in sorted(self.units)}
        return json.dumps({**about, "words": named}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Words":
        """Read and check.

        Raises:
            ValueError: these are no words that this vizkit reads; the message says what is wrong.
        """
        told = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
        _require(isinstance(told, dict) and told.get("format") == FORMAT, "it holds no words of vizkit")
        version = told.get("version")
        wanted = f"it has format {version!r} and this vizkit reads {VERSION}; update with pip install -U vizkit"
        _require(version == VERSION and not isinstance(version, bool), wanted)
        try:
            subject = _subject(told["about"])
            named = {_unit(key, subject.units): _word(value) for key, value in told["words"].items()}
            return cls(subject, _text(told["annotator"]), named)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is damaged ({type(error).__name__}: {error})") from error


def open_words(path: str | Path) -> Words:
    """The words in a file that `annotate` wrote. Everything in it is checked before it is believed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not one; the message says what is wrong.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There are no words {str(path)!r}. vizkit.annotate(…, path={str(path)!r}) makes some.")
    try:
        _require(path.stat().st_size <= MOST_BYTES, f"it is larger than {MOST_BYTES >> 20} MiB")
        return Words.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {str(error) or 'it is nested too deep'}.") from error


@dataclass(frozen=True)
class Agreement:
    """How far two people agree on the units that both looked at.

    `category` is the share of `units` that both put into one category, and `kappa` that share beyond chance (Cohen
    1960): 1 for all, 0 for what guessing with the same preferences would give, NaN where both know one category only.
    `exact` and `folded` are the shares of the `worded` units, to which both gave a word, with the same word, letter for
    letter and apart from upper and lower case. NaN is a share of nothing.
    `same_pictures` says whether both looked at one and the same index, by its hash.

    >>> print(vizkit.agreement("mine.json", "yours.json"))
    Both named 48 units. Same category: 79 %, kappa 0.71. Same word: 52 % of 44, 57 % apart from case.
    """

    units: tuple[int, ...]
    category: float
    kappa: float
    worded: tuple[int, ...]
    exact: float
    folded: float
    only_first: int
    only_second: int
    same_pictures: bool = True

    def __str__(self) -> str:
        if not self.units:
            return f"No unit was named by both; {self.only_first} by the first only, {self.only_second} by the second."
        kappa = "undefined" if math.isnan(self.kappa) else f"{self.kappa:.2f}"
        told = f"Both named {len(self.units)} units. Same category: {self.category:.0%}, kappa {kappa}."
        if self.worded:
            told += f" Same word: {self.exact:.0%} of {len(self.worded)}, {self.folded:.0%} apart from case."
        told = told.replace("%", " %")
        return told if self.same_pictures else f"{told} They looked at two indexes."


def agreement(first: str | Path | Words, second: str | Path | Words) -> Agreement:
    """How far two annotators of the same units agree, in categories (kappa: Cohen 1960) and in words.

    Only units that both have named count. All shares are from 0 to 1; one of nothing is NaN.

    Args:
        first: What `vizkit.annotate` wrote, or its path.
        second: The same of the other annotator; who comes first changes no number.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is damaged, or the two are about other networks or layers.

    >>> vizkit.agreement("mine.json", "yours.json").kappa
    0.71
    """
    a, b = (words if isinstance(words, Words) else open_words(words) for words in (first, second))
    _same_subject(a.subject, b.subject)
    units = tuple(sorted(a.units.keys() & b.units.keys()))
    pairs = [(a.units[unit], b.units[unit]) for unit in units]
    worded = tuple(unit for unit, (x, y) in zip(units, pairs, strict=True) if x.word and y.word)
    spoken = [(a.units[unit].word, b.units[unit].word) for unit in worded]
    return Agreement(
        units=units,
        category=share([x.category == y.category for x, y in pairs]),
        kappa=kappa([x.category for x, _ in pairs], [y.category for _, y in pairs]),
        worded=worded,
        exact=share([x == y for x, y in spoken]),
        folded=share([x.casefold() == y.casefold() for x, y in spoken]),
        only_first=len(a.units) - len(units),
        only_second=len(b.units) - len(units),
        same_pictures=a.subject.index == b.subject.index,
    )


def kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Agreement of two lists of labels beyond chance (Cohen 1960); NaN where chance alone makes them agree.

    >>> kappa(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    0.5
    """
    count = len(first)
    if not count:
        return math.nan
    ours, theirs = Counter(first), Counter(second)
    seen = sum(a == b for a, b in zip(first, second, strict=True)) * count  # in units of 1 / count², so exact
    chance = sum(ours[label] * theirs[label] for label in ours)
    return math.nan if chance == count**2 else (seen - chance) / (count**2 - chance)


def share(true: Sequence[bool]) -> float:
    """How many of them hold; NaN of none."""
    return sum(true) / len(true) if true else math.nan


def _same_subject(a: Subject, b: Subject) -> None:
    for what, ours, theirs in (
        ("networks", (a.net, a.weights), (b.net, b.weights)),
        ("layers", (a.layer, a.units), (b.layer, b.units)),
    ):
        if ours != theirs:
            told = [" with ".join(map(str, one)) for one in (ours, theirs)]
            raise ValueError(f"These words are about two {what}, {told[0]} and {told[1]}. Compare words about one.")


def _subject(told: Any) -> Subject:
    _require(isinstance(told, dict), "it does not say what it is about")
    words = {name: _text(told[name]) for name in ("net", "weights", "index", "layer", "python")}
    return Subject(**words, units=_count(told["units"]), k=_count(told["k"]))


def _word(told: Any) -> Word:
    _require(isinstance(told, dict), f"{told!r:.80} is no word")
    return Word(_text(told["word"]), _text(told["category"]))


def _unit(key: str, units: int) -> int:
    good = key.isascii() and key.isdecimal() and len(key) <= 8 and str(int(key)) == key and int(key) < units
    _require(good, f"{key!r:.40} is no unit from 0 to {units - 1}")
    return int(key)


def _count(told: Any) -> int:
    good = isinstance(told, int) and not isinstance(told, bool) and 0 < told <= MOST_UNITS
    _require(good, f"{told!r:.40} is no number of units or pictures")
    return told


def _text(told: Any) -> str:
    _require(isinstance(told, str), f"{told!r:.80} is no text")
    return told


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number here")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    _require(len(found) == len(pairs), "it says something twice")
    return found


def _choose(known: str) -> str:
    return f"There is no category yet. Choose {known}."


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
