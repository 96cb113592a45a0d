"""How far to trust a picture that was made to have another's code. Pictures (n, c, h, w), originals (n or 1, c, h, w).

Errors are shares, (n,): of features ‖Φ − Φ₀‖ / ‖Φ₀‖, of pictures `likeness.image_error`. How much that is, pairs of
different real pictures tell: their median is the *usual* error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import torch
from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.maximize.codes import Part
from vizkit.measure import codes_words
from vizkit.measure.held_out import HELD_OUT
from vizkit.measure.likeness import image_error
from vizkit.measure.meters import Honesty
from vizkit.measure.reading import at_once, fitted
from vizkit.measure.referee import counterpart
from vizkit.measure.reference import Reference
from vizkit.nets.network import Network
from vizkit.nets.read import Reader

Numbers = dict[str, Tensor]
Error = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Question:
    """Who is asked about what: the networks, the layer whose code was to be had, and real pictures if there are any."""

    net: Network
    layer: str
    real: Reference | None = None
    referee: Network | None = None
    part: Part = field(default_factory=Part)  # of the code that counts; of the referee's, all does

    @cached_property
    def other_layer(self) -> str:
        """Where the referee is asked."""
        return counterpart(self.net, self.layer, self.referee) if self.referee else ""


def judge(question: Question, pixels: Tensor, originals: Tensor, captions: Sequence[str] = ()) -> Honesty:
    """Measure `pixels` against `originals` and say what it comes to, picture by picture."""
    pixels, originals = (fitted(question.net, some.detach()) for some in (pixels, originals))
    if len(originals) not in {1, len(pixels)}:
        raise ValueError(f"{len(originals)} originals for {len(pixels)} pictures. Give one for each, or one for all.")
    originals = originals.expand(len(pixels), -1, -1, -1)
    numbers = _features(question, pixels, originals)
    if not bool(numbers["feature error"].isfinite().all()):
        raise FloatingPointError(f"{question.net.name} answers with NaN, or not at all, at {question.layer}.")
    numbers |= _changed(question, pixels, originals) | _as_pictures(question, pixels, originals)
    numbers |= _of_the_referee(question, pixels, originals)
    words = codes_words.Words(question, numbers, tuple(captions) or ("",) * len(pixels))
    return Honesty(tuple(map(words.judged, range(len(pixels)))), numbers, words.about)


def feature_errors(
    net: Network,
    layer: str,
    pixels: Tensor,
    originals: Tensor,
    part: Part = Part(),  # noqa: B008  a frozen value
) -> Tensor:
    """The error of the features at `layer`, (n,), on the CPU; a few pictures at a time."""
    reader, some = Reader(net, [layer]), max(1, at_once(net) // 2)
    parts = []
    with own_modes(), torch.no_grad():
        for a, b in zip(pixels.split(some), originals.split(some), strict=True):
            code, wanted = part(layer, reader(torch.cat([fitted(net, a), fitted(net, b)]))[layer]).split(len(a))
            parts.append(torch.linalg.vector_norm(code - wanted, dim=1) / torch.linalg.vector_norm(wanted, dim=1))
    return torch.cat(parts).float().cpu()


def pair_errors(net: Network, real: Reference, error: Error, key: str) -> Tensor:
    """`error` between different real pictures, (pairs,): each is in one pair, and a second call is a look-up."""

    def measure() -> Tensor:
        half = len(real) // 2
        return error(real.pixels[:half], real.pixels[half : 2 * half])

    return net.once(f"pairs {net.weight_hash} {real.key} {key}", measure)


def _features(question: Question, pixels: Tensor, originals: Tensor) -> Numbers:
    """The feature error, that of usual pairs of real pictures, and the share of pairs that are nearer."""
    asked = question
    error = partial(feature_errors, asked.net, asked.layer, part=asked.part)
    return _with_usual("feature error", error, asked.net, asked.real, f"{asked.layer} {asked.part}", pixels, originals)


def _of_the_referee(question: Question, pixels: Tensor, originals: Tensor) -> Numbers:
    if question.referee is None:
        return {}
    referee, layer = question.referee, question.other_layer
    error = partial(feature_errors, referee, layer)
    return _with_usual("referee feature error", error, referee, question.real, layer, pixels, originals)


def _as_pictures(question: Question, pixels: Tensor, originals: Tensor) -> Numbers:
    """How far the pictures themselves differ."""

    def error(a: Tensor, b: Tensor) -> Tensor:
        return image_error(fitted(question.net, a), fitted(question.net, b)).cpu()

    return _with_usual("image error", error, question.net, question.real, "as pictures", pixels, originals)


def _with_usual(
    name: str, error: Error, net: Network, real: Reference | None, key: str, pixels: Tensor, originals: Tensor
) -> Numbers:
    found = error(pixels, originals)
    if real is None:
        return {name: found, f"usual {name}": torch.full_like(found, torch.nan)}
    pairs = pair_errors(net, real, error, key)
    nearer = (pairs < found[:, None]).float().mean(1)
    return {name: found, f"usual {name}": pairs.median().expand(len(found)), f"nearer pairs by {name}": nearer}


def _changed(question: Question, pixels: Tensor, originals: Tensor) -> Numbers:
    """The feature error after both were changed in the same way."""
    error = partial(feature_errors, question.net, question.layer, part=question.part)
    found = {name: error(look(pixels), look(originals)) for name, look in HELD_OUT.items()}
    table = torch.stack(list(found.values()))
    summary = {"changed feature error": table.mean(0), "changed feature error, spread": table.std(0)}
    return summary | {f"feature error when {name}": errors for name, errors in found.items()}
