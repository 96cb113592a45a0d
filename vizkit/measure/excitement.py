"""How far to trust a picture that was made to excite a unit. Pictures (n, c, h, w), one unit each, numbers (n,).

Activations are told on a scale of the unit's own, its *level*: 0 on an average real picture, 1 on the strongest. Of a
class few real pictures are, or none: there 1 is the strongest answer that any real picture gets, whatever its class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from vizkit.measure import excitement_words
from vizkit.measure.held_out import HELD_OUT
from vizkit.measure.meters import Honesty
from vizkit.measure.reading import Reading, fitted, read
from vizkit.measure.referee import Match, counterpart, matched, probabilities, shared_classes, tells_classes
from vizkit.measure.reference import Reference, apart, levels
from vizkit.nets.describe import layers
from vizkit.nets.network import Network

TOP = 4  # the strongest real pictures of a unit, whose mean is what a made one is held against

Numbers = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Question:
    """Who is asked about what: the networks, the unit of each picture, and real pictures where there are any."""

    net: Network
    reading: Reading
    units: Tensor
    real: Reference | None = None
    referee: Network | None = None

    @cached_property
    def classes(self) -> bool:
        """Whether the units are classes with names."""
        return self.reading.kind in ("channel", "neuron") and tells_classes(self.net, self.reading.layer)

    @cached_property
    def shared(self) -> Tensor | None:
        """The referee's index of each picture's class; None where the two do not tell the same classes apart."""
        if not (self.classes and self.referee):
            return None
        found = shared_classes(self.net, self.referee, self.units)
        return None if bool((found < 0).any()) else found

    @cached_property
    def scale(self) -> "Scale":
        """What real pictures do to the unit of each picture."""
        if self.real is None:
            return Scale.unknown(len(self.units))
        table = levels(self.net, self.real, self.reading)
        return Scale.of_classes(table, self.units) if self.classes else Scale.of_units(table, self.units)

    @cached_property
    def match(self) -> Match | None:
        """The referee's units that go along with the pictures' units; None where nobody can tell."""
        if self.referee is None or self.real is None or self.shared is not None:
            return None
        layer = counterpart(self.net, self.reading.layer, self.referee)
        own = levels(self.net, self.real, self.reading)[:, self.units]
        return matched(layer, own, levels(self.referee, self.real, Reading(layer)))


@dataclass(frozen=True, eq=False)
class Scale:
    """What real pictures do to n units: activations `real` (pictures, n), read at the units `at` (pictures, n).

    `ordinary` and `strongest` (n,) are 0 and 1 of the scale.
    """

    real: Tensor
    at: Tensor
    ordinary: Tensor
    strongest: Tensor

    @classmethod
    def unknown(cls, n: int) -> "Scale":
        """Without real pictures average is 0, and nobody knows the strongest."""
        none = torch.empty(0, n)
        return cls(none, none.long(), torch.zeros(n), torch.full((n,), torch.nan))

    @classmethod
    def of_units(cls, table: Tensor, units: Tensor) -> "Scale":
        """From activations `table` (pictures, all units): every picture is read at the unit."""
        real = table[:, units]
        return cls(real, units.expand(len(table), -1), real.mean(0), real.max(0).values)

    @classmethod
    def of_classes(cls, table: Tensor, units: Tensor) -> "Scale":
        """The same, where every picture is read at its own first answer, as far as that is above the average."""
        first = (table - table.mean(0)).max(1)
        ordinary = table.mean(0)[units]
        real = ordinary + first.values[:, None]
        return cls(real, first.indices[:, None].expand(-1, len(units)), ordinary, real.max(0).values)

    def level(self, activation: Tensor) -> Tensor:
        """`activation` (…, n) on the scale from average to the strongest real picture; NaN where these are one."""
        length = self.strongest - self.ordinary
        return (activation - self.ordinary) / length.where(length > 0, torch.nan)

    @property
    def top(self) -> Tensor:
        """The numbers of each unit's strongest real pictures, (TOP or fewer, n)."""
        return self.real.topk(min(TOP, len(self.real)), dim=0).indices


def judge(question: Question, pixels: Tensor, captions: Sequence[str] = ()) -> Honesty:
    """Measure `pixels` (n, c, h, w) and say what it comes to, picture by picture."""
    pixels = fitted(question.net, pixels.detach())
    _check_units(question, len(pixels))
    numbers = _on_the_clean_picture(question, pixels)
    numbers |= _changed(question, pixels, numbers["clean"])
    numbers |= _of_the_referee(question, pixels)
    answers = [_answers(question.net, pixels), _answers(question.referee, pixels)]
    words = excitement_words.Words(question, numbers, answers, tuple(captions) or ("",) * len(pixels))
    return Honesty(tuple(map(words.judged, range(len(pixels)))), numbers, words.about)


def _on_the_clean_picture(question: Question, pixels: Tensor) -> Numbers:
    scale, real = question.scale, question.scale.real
    clean = _own(question, pixels)
    if not bool(clean.isfinite().all()):
        raise FloatingPointError(f"{question.net.name} answers with NaN at {question.reading.layer}.")
    found = {
        "clean": clean,
        "level": scale.level(clean),
        "above": (real < clean).float().mean(0) if len(real) else torch.full_like(clean, torch.nan),
        "typical level": scale.level(real.gather(0, scale.top)).mean(0) if len(real) else torch.full_like(clean, 1.0),
    }
    if question.real:
        layer = question.reading.layer
        means = read(question.net, pixels, {layer: Reading(layer)})[layer]
        found["apart"] = apart(question.net, question.real, layer, means)
    return found | (_as_classes(question.net, pixels, question.units, "") if question.classes else {})


def _changed(question: Question, pixels: Tensor, clean: Tensor) -> Numbers:
    """What is kept of the clean activation above average, as a share, where the picture is changed."""
    ordinary = question.scale.ordinary
    above = (clean - ordinary).where(clean > ordinary, torch.nan)  # there is nothing to keep
    kept = torch.stack([_own(question, look(pixels)) - ordinary for look in HELD_OUT.values()]) / above
    found = {"kept": kept.mean(0), "kept, spread": kept.std(0), "kept by real": _kept_by_real(question)}
    return found | {f"kept when {name}": share for name, share in zip(HELD_OUT, kept, strict=True)}


def _kept_by_real(question: Question) -> Tensor:
    """The same share for each unit's strongest real pictures, (n,)."""
    if question.real is None:
        return torch.full((len(question.units),), torch.nan)
    scale, reading = question.scale, question.reading
    chosen = scale.top.unique()
    place, at = torch.searchsorted(chosen, scale.top), scale.at.gather(0, scale.top)
    pixels = fitted(question.net, question.real.pixels[chosen.to(question.real.pixels.device)])
    tables = [read(question.net, look(pixels), {reading.layer: reading})[reading.layer] for look in HELD_OUT.values()]
    average = levels(question.net, question.real, reading).mean(0)
    held = torch.stack(tables).mean(0)[place, at] - average[at]
    return held.mean(0) / (scale.real.gather(0, scale.top).mean(0) - scale.ordinary)


def _of_the_referee(question: Question, pixels: Tensor) -> Numbers:
    if question.referee is None:
        return {}
    if question.shared is not None:
        return _as_classes(question.referee, pixels, question.shared, "referee ")
    if (match := question.match) is None or question.real is None:
        return {}
    reading = Reading(match.layer)
    scale = Scale.of_units(levels(question.referee, question.real, reading), match.units)
    theirs = read(question.referee, pixels, {match.layer: reading})[match.layer][range(len(pixels)), match.units]
    level, typical = scale.level(theirs), scale.level(scale.real.gather(0, question.scale.top)).mean(0)
    return {
        "correlation": match.correlations.float(),
        "referee level": level.where(match.found, torch.nan),
        "referee typical level": typical.where(match.found, torch.nan),
    }


def _as_classes(net: Network, pixels: Tensor, classes: Tensor, whose: str) -> Numbers:
    """The probability that `net` gives each picture's class, and the place of that among its answers, from 1."""
    answers = probabilities(_outputs(net, pixels))
    own = answers[range(len(pixels)), classes]
    return {f"{whose}probability": own, f"{whose}rank": (answers > own[:, None]).sum(1).float() + 1}


def _answers(net: Network | None, pixels: Tensor) -> list[tuple[str, float]]:
    """The first answer of `net` to each picture, with its probability; none where it has no labels."""
    if net is None or not net.labels:
        return []
    best = probabilities(_outputs(net, pixels)).max(1)
    return [(net.labels[i], float(p)) for i, p in zip(best.indices.tolist(), best.values, strict=True)]


def _outputs(net: Network, pixels: Tensor) -> Tensor:
    return read(net, pixels, {"output": Reading("output")})["output"]


def _own(question: Question, pixels: Tensor) -> Tensor:
    """The activation of each picture's own unit, (n,)."""
    layer = question.reading.layer
    return read(question.net, pixels, {layer: question.reading})[layer][range(len(pixels)), question.units]


def _check_units(question: Question, n: int) -> None:
    units = question.units
    if len(units) != n:
        raise ValueError(f"{len(units)} units for {n} pictures. Give one for each, or one for all.")
    if question.reading.kind in ("channel", "neuron"):
        count = layers(question.net)[question.reading.layer].channels
        wrong = [unit for unit in units.tolist() if not 0 <= unit < count]
        if wrong:
            layer = question.reading.layer
            raise LookupError(f"{layer} has {count} units, 0 to {count - 1}; there is no unit {wrong[0]}.")
