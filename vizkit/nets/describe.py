"""What is inside a network: every layer that ran on one picture, in the order in which it finished."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload

import torch
from torch import Tensor, nn

from vizkit.core.words import nearest
from vizkit.nets.calls import Place, leaves
from vizkit.nets.network import Network
from vizkit.nets.receptive_field import Field, fields
from vizkit.nets.table import html_table, text_table
from vizkit.nets.units import unit_dims


@dataclass(frozen=True)
class Layer:
    """One output of one call of a module.

    `shape` is without the batch; `channels` counts the units: the first of (c, h, w), the last of tokens (t, d),
    all of a flat output. With `channels_last` the module itself makes (h, w, c), as Swin's do. `field` is what a unit
    sees in pixels of the input and `stride` how far apart two units look, both None where each sees the whole
    picture. `overwritten_by` names the layer that later wrote over this output in place: this name is before it, that
    name after. `same_as` names the earlier layer whose very tensor this one hands on.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    channels: int
    stride: tuple[float, float] | None
    field: Field | None
    parameters: int
    stage: str
    overwritten_by: str | None = None
    same_as: str | None = None
    channels_last: bool = False

    @property
    def note(self) -> str:
        """What is special about the output, in words."""
        told = ["channels last"] if self.channels_last else []
        told += [f"overwritten by {self.overwritten_by}"] if self.overwritten_by else []
        return " · ".join([*told, f"same as {self.same_as}"] if self.same_as else told)


@dataclass(frozen=True, repr=False)
class Layers(Sequence[Layer]):
    """The layers of a network, by position or by name; shown as a table."""

    of: str
    entries: tuple[Layer, ...]
    default: str = field(default="output")

    @cached_property
    def _by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.entries}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order in which the layers finished."""
        return tuple(self._by_name)

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> "Layers": ...
    def __getitem__(self, key):
        """The layer of that name or position; of a slice, a shorter table.

        Raises:
            LookupError: there is none; the message names the nearest ones.
        """
        if isinstance(key, slice):
            return Layers(self.of, self.entries[key], self.default)
        if not isinstance(key, str):
            return self.entries[key]
        if key not in self._by_name:
            known = f"vizkit.layers(net) lists all {len(self)}."
            raise LookupError(f"{self.of} has no layer {key!r}.{nearest(key, self.names)} {known}")
        return self._by_name[key]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self._by_name if isinstance(key, str) else key in self.entries

    def __repr__(self) -> str:
        return text_table(_COLUMNS, map(_row, self))

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        caption = f"{len(self)} layers of {self.of}"
        return {"text/plain": repr(self), "text/html": html_table(_COLUMNS, map(_row, self), caption)}


_COLUMNS = ("layer", "kind", "shape", "channels", "stride", "field", "parameters", "note")


def _row(layer: Layer) -> tuple[str, ...]:
    return (
        layer.name,
        layer.kind,
        " × ".join(map(str, layer.shape)),
        str(layer.channels),
        _stride(layer.stride),
        str(layer.field or "all"),
        f"{layer.parameters:,}" if layer.parameters else "",
        layer.note,
    )


def _stride(stride: tuple[float, float] | None) -> str:
    if stride is None:
        return ""
    return f"{stride[0]:g}" if stride[0] == stride[1] else f"{stride[0]:g} × {stride[1]:g}"


def layers(net: Network) -> Layers:
    """Every layer of `net` that runs, found by running it once on a fixed noise picture of its size.

    A module called again is `name@2`, further tensors of a tuple or dict are `name[1]` or `name[key]`, the
    network's own output is `output` (a child of that name: `output@1`). Layers whose output does not start with
    the batch are left out. The table is remembered until the module changes. Shapes in it are those of one picture:
    (units, h, w) of a map, (tokens, units) of tokens, (units,) of a flat layer. Where a module makes maps with their
    channels last, which is seen by what it computes, they are moved to where they are in all others.

    Raises:
        TypeError: the network returns no tensor of floats with one row for each picture.
        ValueError: it fails on a picture of its size and channels.

    >>> vizkit.layers(net).default
    'layer4'
    """
    return net.once("layers", lambda: _describe(net))


@dataclass(frozen=True, eq=False)
class _Output:
    """A layer's output as it was when the layer finished."""

    place: Place
    module: nn.Module
    tensor: Tensor
    version: int
    node: Any


def _describe(net: Network) -> Layers:
    with torch.inference_mode(False), torch.enable_grad(), net.at_rest():
        picture = torch.rand(1, net.channels, *net.size, generator=torch.Generator().manual_seed(0))
        picture = picture.to(net.device, net.dtype).requires_grad_()
        outputs, overwritten = _probe(net, picture)
        nodes = [o.node for o in outputs]
        seen, dims = fields(picture, nodes), unit_dims(picture, nodes)
    if all(o.place.path for o in outputs):
        wanted = "Wrap a module whose output has the batch first."
        raise TypeError(f"{net.name} returned no tensor of (1, …) floats. {wanted}")
    same, stages = _same_as(outputs), _stages([str(o.place) for o in outputs])
    entries = tuple(
        _layer(o, field, dim, stages[str(o.place)], overwritten.get(str(o.place)), same.get(str(o.place)))
        for o, field, dim in zip(outputs, seen, dims, strict=True)
    )
    return Layers(net.name, entries, _default(entries, {str(o.place): o.module for o in outputs}))


def _probe(net: Network, picture: Tensor) -> tuple[list[_Output], dict[str, str]]:
    """All outputs of one forward pass, and which layer had finished when an output was seen overwritten."""
    outputs: list[_Output] = []
    overwritten: dict[str, str] = {}
    calls: Counter[str] = Counter()
    thread = threading.get_ident()

    def listen(path: str, module: nn.Module):
        def hook(module, args, output):
            if threading.get_ident() != thread:
                return
            calls[path] += 1
            found = [(Place(path, calls[path], leaf), tensor) for leaf, tensor in leaves(output).items()]
            name = str(found[0][0]) if found else path
            for old in outputs:
                if old.tensor._version != old.version:
                    overwritten.setdefault(str(old.place), name)
            outputs.extend(
                _Output(place, module, tensor, tensor._version, tensor.grad_fn)
                for place, tensor in found
                if tensor.ndim > bool(path) and len(tensor) == 1  # the network itself may have one answer, (n,)
            )

        return module.register_forward_hook(hook)

    twin = net.twin
    parts = [(path, part) for path, part in twin.named_modules() if "parametrizations" not in path.split(".")]
    handles = [listen(path, part) for path, part in parts]
    try:
        twin(net.prepare(picture))
    except (RuntimeError, ValueError, AssertionError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        c, h, w = picture.shape[1:]
        taken = "Wrap it with the size and channels it takes."
        raise ValueError(f"{net.name} fails on a picture of {c} × {h} × {w}: {error}. {taken}") from error
    finally:
        for handle in handles:
            handle.remove()
    return outputs, overwritten


def _same_as(outputs: list[_Output]) -> dict[str, str]:
    """`{layer: earliest layer with the very same tensor, unchanged since}`."""
    firsts: dict[tuple[int, int], str] = {}
    same = {}
    for output in outputs:
        name = str(output.place)
        first = firsts.setdefault((id(output.tensor), output.version), name)
        if first != name:
            same[name] = first
    return same


def _layer(
    output: _Output, field: Field | None, dim: int | None, stage: str, overwritten: str | None, same: str | None
) -> Layer:
    last = dim == -1 and output.tensor.ndim > 3
    shape = tuple(units_second(output.tensor, last).shape[1:])
    return Layer(
        name=str(output.place),
        kind=type(output.module).__name__,
        shape=shape,
        channels=shape[-1] if len(shape) == 2 else shape[0],
        stride=field.stride if field else None,
        field=field,
        parameters=sum(weight.numel() for weight in output.module.parameters()),
        stage=stage,
        overwritten_by=overwritten,
        same_as=same,
        channels_last=last,
    )


def units_second(output: Tensor, last: bool) -> Tensor:
    """A layer's output as all others are, (n, units, …), in the same memory; `last` says that it is (n, …, units)."""
    if output.ndim == 1:
        return output[:, None]
    return output.movedim(-1, 1) if last else output


def channels_last(net: Network) -> frozenset[str]:
    """The layers whose maps have their channels last; none where `net` cannot be run on a picture of its size."""

    def find() -> frozenset[str]:
        try:
            return frozenset(layer.name for layer in layers(net) if layer.channels_last)
        except Exception:  # it may be read on other pictures all the same, and then says itself what is wrong
            return frozenset()

    return net.once("channels last", find)


def _stages(names: list[str]) -> dict[str, str]:
    """`{layer: group in a menu}`: the first part of its name, or more of it where that part holds most layers.

    A layer that is alone at the top has the group "".
    """
    sizes: Counter[str] = Counter()
    for name in names:
        parts = name.split(".")
        sizes.update(".".join(parts[:k]) for k in range(1, len(parts) + 1))
    return {name: _stage(name.split("."), sizes, len(names)) for name in names}


def _stage(parts: list[str], sizes: Counter, total: int) -> str:
    depth = 1
    if sizes[parts[0]] == 1:
        return ""
    while depth < len(parts) and sizes[".".join(parts[:depth])] > total / 2:
        if sizes[".".join(parts[: depth + 1])] == 1:
            break
        depth += 1
    return ".".join(parts[:depth])


def _default(entries: Sequence[Layer], modules: dict[str, nn.Module]) -> str:
    """The deepest layer that still says where, after a nonlinearity or at the end of a block, before the classes."""
    classes = next((e.channels for e in entries if e.name == "output"), None)
    inner = [e for e in entries if not e.name.startswith("output") and not e.same_as]
    finished = [e for e in inner if _is_finished(e, modules[e.name])]
    for enough in (4, 3, 2, 1):
        for choice in (finished, inner):
            fit = [e for e in choice if _side(e) >= enough and (e.channels != classes or enough == 1)]
            if fit:
                return _outermost(fit[-1], entries)
    return entries[-1].name


def _is_finished(layer: Layer, module: nn.Module) -> bool:
    """Whether an output is a nonlinearity's, or a block's own (a sum or a concatenation of its parts)."""
    if any(True for _ in module.children()):
        return not isinstance(module, nn.MultiheadAttention)
    return type(module).__module__ == nn.ReLU.__module__ and not isinstance(module, (nn.Softmax, nn.Softmax2d))


def _side(layer: Layer) -> float:
    """The shorter side of a map, that of a square of as many tokens, or 1."""
    if len(layer.shape) == 2:
        return layer.shape[0] ** 0.5
    return min(layer.shape[1:], default=1)


def _outermost(layer: Layer, entries: Sequence[Layer]) -> str:
    """The shortest name of `layer`'s tensor that does not stand for most of the network: layer4, not layer4.1.relu."""
    names = [e.name for e in entries if e.same_as == layer.name and e.name != "output"]
    small = [n for n in names if sum(e.name.startswith(f"{n}.") for e in entries) <= len(entries) / 2]
    return min([layer.name, *small], key=lambda name: name.count("."))
