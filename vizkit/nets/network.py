"""A vision network and what it expects of a picture. Pictures are (n, c, h, w) in [0, 1] until `prepare`."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor, nn

from vizkit.nets.calls import Edit
from vizkit.nets.twin import Double, at_rest

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A module, the pictures it takes, and the names of what it tells apart. Made by `wrap` or `load`.

    The module is never changed: whatever vizkit does happens to `twin`, which shares its weights. Pictures are
    (n, channels, *size) in [0, 1]; `mean` and `std`, one of each per channel, are what the module expects of them.
    `labels` name the entries of its output, or are empty. `made_by` is Python that makes it again, where that is known.

    Raises:
        TypeError: `module` is no `nn.Module`.
        ValueError: the size, channels, mean and std do not fit together, or weights have no shape yet.

    >>> net = vizkit.load("world")
    >>> net.size, net.channels, len(net.labels)
    ((96, 96), 3, 12)
    """

    module: nn.Module
    size: tuple[int, int]
    channels: int = 3
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    name: str = ""
    made_by: str = ""
    edits: Mapping[str, Edit] = field(default_factory=dict)
    _double: Double = field(default_factory=Double, init=False)

    def __post_init__(self):
        _check_module(self.module)
        if self.channels < 1:
            raise ValueError(f"channels={self.channels}, but a picture has at least 1. Say how many yours has.")
        put = object.__setattr__
        put(self, "size", _pair(self.size))
        put(self, "mean", _per_channel("mean", self.mean or 0.0, self.channels))
        put(self, "std", _per_channel("std", self.std or 1.0, self.channels))
        if not all(0 < s < math.inf for s in self.std):
            wanted = "must be above 0 and finite, as pictures are divided by it"
            raise ValueError(f"std={self.std} {wanted}. Leave it out for 1.")
        put(self, "name", self.name or type(self.module).__name__)

    @property
    def device(self) -> torch.device:
        """Where the module's first tensor lies now; the CPU where it has none."""
        tensor = _first(self.module)
        return torch.device("cpu") if tensor is None else tensor.device

    @property
    def dtype(self) -> torch.dtype:
        """The floating type the module computes in."""
        tensor = _first(self.module, floating=True)
        return torch.get_default_dtype() if tensor is None else tensor.dtype

    @property
    def twin(self) -> nn.Module:
        """An evaluation-mode copy of the module that shares its weights' storage and asks for no gradients.

        Made once, and anew after the module was moved or rebuilt. Where the module cannot be copied it is the
        module itself, so call it inside `with net.at_rest():`, as `vizkit.activations` does.
        """
        return self._double.of(self.module, self.edits)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make()` gives, remembered until the module changes."""
        self._double.of(self.module, self.edits)  # forgets what was known of another module
        return self._double.once(key, make)

    def at_rest(self) -> AbstractContextManager[None]:
        """Put around a call of `twin`: evaluation mode and no gradients for weights; free where it is a copy."""
        return at_rest(self.module) if self.twin is self.module else nullcontext()

    @property
    def weight_hash(self) -> str:
        """First 12 hex digits of the SHA-256 over all named tensors: names, types, shapes and numbers."""
        digest = hashlib.sha256()
        tensors = {n: t for n, t in self.module.state_dict(keep_vars=True).items() if isinstance(t, Tensor)}
        for name, tensor in sorted(tensors.items()):
            plain = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}".encode())
            digest.update(plain.reshape(-1).view(torch.uint8).numpy().data)
        return digest.hexdigest()[:12]

    @property
    def code(self) -> str:
        """The Python expression that makes this network again, as far as a class name can."""
        return self.made_by or f"vizkit.wrap({_arguments(self)})"

    @property
    def origin(self) -> str:
        """That expression with the weights' present hash as a comment."""
        return f"{self.code}  # weights {self.weight_hash}"

    def prepare(self, x: Tensor) -> Tensor:
        """What the module wants for pictures `x` (n, c, h, w): normalized, on its device and in its type.

        Differentiable, never shares memory with `x`, and leaves the size as it is: most networks take several.
        The values are not looked at, as that would wait for the device; `vizkit.activations` does.

        Raises:
            TypeError: `x` is no floating tensor.
            ValueError: `x` has not four dimensions or not this network's channels.
        """
        self._check(x)
        x = x.to(self.device, self.dtype)
        scale, shift = self._double.once(f"normalization {x.device} {x.dtype}", lambda: self._affine(x))
        return torch.addcmul(shift, x, scale)

    def _affine(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (1, c, 1, 1) that take [0, 1] to normalized values."""
        with torch.inference_mode(False):  # remembered, so it must serve callers who want gradients, too
            mean, std = (torch.tensor(v, dtype=torch.float64).view(1, -1, 1, 1) for v in (self.mean, self.std))
            return (1 / std).to(x), (-mean / std).to(x)

    def _check(self, x: Tensor) -> None:
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{self.name} takes a tensor of pictures, not {type(x).__name__}. Try vizkit.data.pictures."
            )
        if x.ndim != 4:
            hint = " Add x[None]." if x.ndim == 3 else ""
            raise ValueError(f"{self.name} takes pictures (n, c, h, w), not {tuple(x.shape)}.{hint}")
        if x.shape[1] != self.channels:
            raise ValueError(_wrong_channels(self, x))
        if not x.is_floating_point():
            raise TypeError(f"{self.name} takes floats in [0, 1], not {x.dtype}. Try x.float() / 255.")

    def __repr__(self) -> str:
        h, w = self.size
        count = sum(weight.numel() for weight in self.module.parameters())
        seen = f"{w} × {h} pictures of {self.channels} channel{'s' * (self.channels != 1)}"
        told = f", {len(self.labels)} labels" if self.labels else ""
        edits = f", edited at {', '.join(self.edits)}" if self.edits else ""
        kind = type(self.module).__name__
        who = self.name if self.name == kind else f"{self.name}: {kind}"
        return f"{who} for {seen}, {count:,} parameters{told}, on {self.device}{edits}"


def wrap(
    module: nn.Module,
    size: int | Sequence[int],
    channels: int = 3,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    labels: Sequence[str] = (),
    name: str | None = None,
) -> Network:
    """Any `module` that takes pictures, as a `Network`. Runs nothing and changes nothing.

    Of a module from `torch.compile`, the one it was compiled from is taken, as hooks would break its graph.

    Args:
        module: The network; it stays yours, and what you train later is what is shown later.
        size: Height and width of its pictures in pixels, or one number for both.
        channels: How many channels a picture has.
        mean: Subtracted from pictures in [0, 1], per channel; 0 if left out.
        std: Then divides them, per channel; 1 if left out.
        labels: What the entries of the output mean.
        name: What to call the network; its class if left out.

    Raises:
        TypeError: `module` is no `nn.Module`.
        ValueError: the size, channels, mean and std do not fit together, or weights have no shape yet.

    >>> vizkit.wrap(SmallNet(), size=28, channels=1)
    SmallNet for 28 × 28 pictures of 1 channel, 9,098 parameters, on cpu
    """
    if isinstance(labels, str):
        raise TypeError(f"labels={labels!r} is one string; a list is wanted. Try [{labels!r}].")
    return Network(
        getattr(module, "_orig_mod", module),
        size=_pair(size),
        channels=channels,
        mean=() if mean is None else _per_channel("mean", mean, channels),
        std=() if std is None else _per_channel("std", std, channels),
        labels=tuple(labels or ()),
        name=name or "",
    )


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, Iterable) else (size, size)  # arrays and tensors, too
    if len(sides) != 2 or not all(hasattr(side, "__index__") and side >= 1 for side in sides):
        raise ValueError(f"size={size!r} is no (height, width). Give two whole numbers above 0, or one.")
    return int(sides[0]), int(sides[1])


def _per_channel(what: str, values: float | Sequence[float], channels: int) -> tuple[float, ...]:
    if not isinstance(values, Iterable):
        return (float(values),) * channels
    found = tuple(float(v) for v in values)
    if len(found) != channels:
        raise ValueError(f"{what} has {len(found)} values for {channels} channels. Give one each, or one number.")
    return found


def _check_module(module: nn.Module) -> None:
    if isinstance(module, type):
        raise TypeError(f"{module.__name__} is a class. Wrap an object of it: {module.__name__}().")
    if isinstance(module, Network):
        raise TypeError(f"{module.name} is wrapped already. Take it as it is, or wrap its module: net.module.")
    if not isinstance(module, nn.Module):
        raise TypeError(f"A network is an nn.Module, not {type(module).__name__}. Load its weights into one first.")
    if isinstance(module, torch.jit.ScriptModule):
        raise TypeError("Nothing can be read inside a ScriptModule. Wrap the Python module it was made from.")
    for name, tensor in module.named_parameters():
        if nn.parameter.is_lazy(tensor):
            raise ValueError(f"The weight {name!r} has no shape yet. Call the module on a picture once, then wrap it.")


def _first(module: nn.Module, floating: bool = False) -> Tensor | None:
    for held in (module.parameters(), module.buffers()):
        for tensor in held:
            if not floating or tensor.is_floating_point():
                return tensor
    return None


def _wrong_channels(net: Network, x: Tensor) -> str:
    wanted = f"{net.channels} channel{'s' * (net.channels != 1)}"
    told = f"{net.name} takes {wanted}, but x {tuple(x.shape)} has {x.shape[1]}."
    if x.shape[1] == 1:
        return f"{told} Try x.expand(-1, {net.channels}, -1, -1)."
    if x.shape[-1] == net.channels:
        return f"{told} Channels come second: try x.movedim(-1, 1)."
    if net.channels == 1:
        return f"{told} Try x.mean(1, keepdim=True)."
    return f"{told} If that is what the module takes, wrap it with channels={x.shape[1]}."


def _arguments(net: Network) -> str:
    """The arguments of `wrap` that make `net`; labels are left out, as no result depends on them."""
    words = [f"{type(net.module).__name__}()", f"size={net.size}"]
    if net.channels != 3:
        words.append(f"channels={net.channels}")
    if any(net.mean):
        words.append(f"mean={net.mean}")
    if set(net.std) != {1.0}:
        words.append(f"std={net.std}")
    return ", ".join(words)
