"""How far to trust an invented picture: four questions, asked without a gradient. Pictures are (n, c, h, w) in [0, 1].

A search makes a picture that one network loves. Is it still loved when it is changed a little, is it beyond what real
pictures reach, and does a network that never saw it being made agree?
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor

from vizkit.core.controls import LayerName, Picture, Unit, controls
from vizkit.core.results import Images
from vizkit.maximize.codes import Part
from vizkit.measure import codes, excitement
from vizkit.measure.meters import Honesty
from vizkit.measure.reading import Reading
from vizkit.measure.reference import Pictures, reference
from vizkit.nets.describe import layers
from vizkit.nets.network import Network

Judge: TypeAlias = Callable[..., Honesty]
M = TypeVar("M", bound=Callable)


def honesty(
    net: Network,
    pixels: Tensor,
    layer: str,
    unit: int | Sequence[int] | Tensor | None = None,
    *,
    original: Tensor | None = None,
    real: Pictures | None = None,
    referee: Network | None = None,
    captions: Sequence[str] = (),
    reading: Reading | None = None,
    part: Part = Part(),  # noqa: B008  a frozen value
) -> Honesty:
    """Judge pictures that should excite `unit` of `layer`, or have the code that `original` has there.

    Forward passes only. What real pictures reach is measured once for a layer and remembered until the network
    changes. Pictures of another size than the network's are resized to it.

    Args:
        net: The network that the pictures were made for.
        pixels: The pictures (n, c, h, w) in [0, 1].
        layer: Where the unit or the code lives; `output` holds the class logits.
        unit: One unit, or one for each picture.
        original: Instead of a unit, what each picture was made from, (n or 1, c, h, w).
        real: Real pictures to compare with: a tensor, files, a `World`. Left out, 256 test pictures of the generated
            world for a network of that world, and for any other none, which is said.
        referee: A second network, best trained apart from the first on the same kind of pictures.
        captions: What to call the pictures.
        reading: How the unit is read, where that is not its channel's mean over the picture.
        part: Which part of the code counts, where that is not all.

    Raises:
        LookupError: the layer or the unit does not exist.
        TypeError: neither or both of `unit` and `original` are given.
        ValueError: counts or channels do not fit together.
        FloatingPointError: the network answers with NaN.

    >>> net, referee = vizkit.load("world"), vizkit.load("world-b")
    >>> result = vizkit.run("activation_maximization", net, layer="output", unit=5).result()
    >>> honesty(net, result.pixels, "output", 5, referee=referee)
    """
    if (unit is None) == (original is None):
        raise TypeError("honesty takes a unit that the pictures should excite, or an original. Give one of the two.")
    layers(net)[layer]  # a LookupError that names the nearest
    _check_channels(net, referee, pixels)
    compared = reference(net, real)
    if original is not None:
        return codes.judge(codes.Question(net, layer, compared, referee, part), pixels, original, captions)
    units = torch.as_tensor(unit).reshape(-1).cpu()
    units = units.expand(len(pixels)) if len(units) == 1 else units
    question = excitement.Question(net, reading or Reading(layer), units, compared, referee)
    return excitement.judge(question, pixels, captions)


def honesty_of(result: Images, *, real: Pictures | None = None, referee: Network | None = None) -> Honesty:
    """Judge what a run has made: which network, layer, unit or original is read from the run.

    A method with a `Unit` among its controls is judged by its units, in whose order its pictures come; another with
    a `Picture`, by what its pictures stand `beside`. A method may say how by itself: `@judged(by_unit)`.

    Args:
        result: Pictures (n, c, h, w) that a run has made; each is judged by itself.
        real: Real pictures to compare with, as in `honesty`.
        referee: A second network, best trained apart from the first on the same kind of pictures.

    Raises:
        ValueError: no run made the result, or its method cannot be judged; the message says what to call.

    >>> run = vizkit.run("activation_maximization", net, layer="stage3", unit=[3, 7])
    >>> honesty_of(run.result(), referee=vizkit.load("world-b"))
    """
    if result.run is None:
        raise ValueError("No run made these pictures. Call honesty(net, pixels, layer, unit) and say what they are.")
    judge = judge_of(result.run.method)
    if judge is None:
        name = result.run.method.__name__
        raise ValueError(f"{name} does not say how it is judged. Call honesty(net, pixels, layer, …) yourself.")
    return judge(result, _arguments(result), real=real, referee=referee)


def judged(by: Judge | None) -> Callable[[M], M]:
    """Declare how a method's pictures are judged: `@judged(by_unit)`, `@judged(by_original)`, or a function of yours.

    `@judged(None)` declares that they are not, as real pictures are not.
    `by(result, arguments, real=…, referee=…)` gets the pictures and all arguments of the run, defaults included.
    """

    def declare(method: M) -> M:
        method.judged = by  # type: ignore[attr-defined]
        return method

    return declare


def judge_of(method: Callable) -> Judge | None:
    """How the pictures of `method` are judged: as it declares, else as its hints suggest; None where nothing does."""
    if hasattr(method, "judged"):
        return getattr(method, "judged")  # noqa: B009 - a function has no such attribute to a type checker
    hints = [type(control.hint) for control in controls(method).values()]
    if LayerName not in hints:
        return None
    return by_unit if Unit in hints else by_original if Picture in hints else None


def by_unit(result: Images, arguments: Mapping[str, Any], **against: Any) -> Honesty:
    """By the units that the pictures should excite: an equal number of pictures for each unit, one after the other.

    Takes notice of `objective` ("channel", "contrast", "neuron" or "energy"), `position` and `vectors`.
    """
    net, layer, reading = _net(arguments), _hinted(result, arguments, LayerName), _reading(result, arguments)
    units = torch.as_tensor(_hinted(result, arguments, Unit)).reshape(-1)
    if reading.kind == "energy":
        units = torch.zeros(1, dtype=torch.long)
    if reading.vectors is not None:
        units = torch.arange(len(reading.vectors.reshape(-1, reading.vectors.shape[-1])))
    each, left = divmod(len(result), len(units))
    if left:
        raise ValueError(f"{len(result)} pictures cannot be {len(units)} units in turn. Call honesty(…, unit=[…]).")
    units = units.repeat_interleave(each)
    return honesty(net, result.pixels, layer, units, captions=result.captions, reading=reading, **against)


def by_original(result: Images, arguments: Mapping[str, Any], **against: Any) -> Honesty:
    """By what the pictures stand beside: the pictures whose code they should have.

    Takes notice of `channels` and `region`, the part of the code that counts.
    """
    if result.beside is None:
        raise ValueError("These pictures stand beside none. Call honesty(net, pixels, layer, original=…).")
    net, layer = _net(arguments), _hinted(result, arguments, LayerName)
    part = Part(tuple(arguments.get("channels", ())), arguments.get("region"))
    against = {"original": result.beside, "captions": result.captions, "part": part, **against}
    return honesty(net, result.pixels, layer, **against)


def _arguments(result: Images) -> dict[str, Any]:
    """All arguments of the run that made `result`, its method's defaults included."""
    run = result.run
    assert run is not None
    defaults = inspect.signature(run.method).parameters.items()
    return {name: p.default for name, p in defaults if p.default is not p.empty} | dict(run.arguments)


def _net(arguments: Mapping[str, Any]) -> Network:
    net = next((value for value in arguments.values() if isinstance(value, Network)), None)
    if net is None:
        raise ValueError("The run has no network among its arguments. Call honesty(net, pixels, layer, …) yourself.")
    return net


def _hinted(result: Images, arguments: Mapping[str, Any], kind: type) -> Any:
    """The argument whose control has a hint of this kind."""
    assert result.run is not None
    return next(arguments[name] for name, c in controls(result.run.method).items() if isinstance(c.hint, kind))


def _reading(result: Images, arguments: Mapping[str, Any]) -> Reading:
    layer, vectors = _hinted(result, arguments, LayerName), arguments.get("vectors")
    if vectors is not None:
        return Reading(layer, "direction", vectors=vectors)
    kind = arguments.get("objective", "channel")
    kind = kind if kind in ("neuron", "energy") else "channel"
    return Reading(layer, kind, arguments.get("position") if kind == "neuron" else None)


def _check_channels(net: Network, referee: Network | None, pixels: Tensor) -> None:
    if pixels.ndim != 4:
        raise ValueError(f"Pictures are (n, c, h, w), not {tuple(pixels.shape)}. Add pixels[None].")
    if referee and referee.channels != net.channels:
        raise ValueError(
            f"{referee.name} takes {referee.channels} channels and {net.name} {net.channels}. "
            "Give a referee that takes the same pictures."
        )
