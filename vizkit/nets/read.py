"""Read what a network computes inside. Pictures are (n, c, h, w) in [0, 1]; outputs are whatever the layers return."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor, nn

from vizkit.nets.calls import by_path, leaves
from vizkit.nets.describe import channels_last, units_second
from vizkit.nets.describe import layers as layers_of
from vizkit.nets.network import Network
from vizkit.nets.twin import at_rest

Take: TypeAlias = Callable[[str, Tensor], Any]  # layer, output -> what is kept of it


def activations(net: Network, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Run `net` on `x` (n, c, h, w) in [0, 1] just far enough to return the outputs of `layers`.

    Outputs are as `vizkit.layers` has them, (n, units, h', w') of a map, (n, tokens, units) or (n, units); maps that a
    module makes with their channels last come in that order, too. They keep their gradient. Hooks live only during
    the call and listen only to the calling thread. Values are checked roughly (-1 to 2, so that noise may be added);
    `Reader` skips that and is for loops.

    Raises:
        LookupError: a layer does not exist; the message names the nearest ones.
        TypeError: `x` is no floating tensor, or `layers` is a single string.
        ValueError: `x` has other channels than the network takes, or values far outside [0, 1].

    >>> activations(net, x, ["layer1"])["layer1"].shape
    torch.Size([1, 64, 56, 56])
    """
    reader = Reader(net, layers)
    _check_range(net, x)
    return reader(x)


class Reader:
    """Reads the same `layers` of `net` again and again: names are resolved once, values are not checked.

    It keeps the network's twin of the moment it was made: after `module.to(...)`, make another. Instead of an
    output, what `each(layer, output)` makes of it is returned; it is called before the next layer may write over it.

    >>> reader = Reader(net, ["layer1"])
    >>> reader(x)["layer1"].shape
    torch.Size([1, 64, 56, 56])
    """

    def __init__(self, net: Network, layers: Sequence[str], each: Take | None = None):
        if isinstance(layers, str):
            raise TypeError(f"layers={layers!r} is one string; a list is wanted. Try [{layers!r}].")
        for name in layers:
            if not isinstance(name, str):
                raise TypeError(f"layer {name!r} is no name. Give one of vizkit.layers(net).names.")
        self.net, self.layers, self._each = net, tuple(dict.fromkeys(layers)), each
        self._twin = net.twin
        self._rest = partial(at_rest, self._twin) if self._twin is net.module else nullcontext
        self._wanted = by_path(self.layers)
        self._output = self._wanted.pop("", {}).get(1, {})
        parts = dict(self._twin.named_modules())
        self._parts = {path: parts[path] for path in self._wanted if path in parts}
        if len(self._parts) < len(self._wanted):
            self._refuse(set())
        self._last = channels_last(net)

    def __call__(self, x: Tensor) -> dict[str, Any]:
        """`{layer: output}` for pictures `x` (n, c, h, w); same errors as `activations`, but any values."""
        seen: dict[str, Any] = {}
        enough = _Enough()
        x = self.net.prepare(x)
        with self._rest(), self._listening(seen, enough):
            try:
                _keep(seen, self._output, self._twin(x), self._take(_as_it_is))
            except _Enough as stop:
                if stop is not enough:  # of a reader around this one
                    raise
                enough.__traceback__ = None  # it holds the pass's tensors, and this frame holds it
        if len(seen) < len(self.layers):
            self._refuse(set(seen))
        return {name: seen[name] for name in self.layers}

    @contextmanager
    def _listening(self, seen: dict[str, Any], enough: "_Enough") -> Iterator[None]:
        left = {(path, count) for path, counts in self._wanted.items() for count in counts}
        if self._output or not left:
            left.add(("", 1))  # never met by a hook, so that the network runs to its end
        handles = [
            part.register_forward_hook(_listener(path, self._wanted[path], left, seen, enough, self._take))
            for path, part in self._parts.items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _take(self, otherwise: Take) -> Take:
        """What becomes of an output: what the caller said, or `otherwise`; its units come second."""
        take = self._each or otherwise
        return lambda name, output: take(name, units_second(output, name in self._last))

    def _refuse(self, seen: set[str]) -> None:
        known = layers_of(self.net)
        for name in self.layers:
            if name not in seen:
                known[name]  # says what is wrong with a name that does not exist
        missing = ", ".join(repr(name) for name in self.layers if name not in seen)
        raise LookupError(f"{self.net.name} did not run {missing} on this picture. Try one of {self.net.size} pixels.")


class _Enough(BaseException):
    """Ends a forward pass once all is seen. Not an Exception, so that a module's own handlers let it through."""


def _listener(
    path: str, wanted: dict, left: set, seen: dict[str, Any], enough: _Enough, take: Callable[[Take], Take]
) -> Callable:
    thread, count = threading.get_ident(), 0

    def hook(module: nn.Module, args: Any, output: Any) -> None:
        nonlocal count
        if threading.get_ident() != thread:
            return
        count += 1
        if count in wanted:
            left.discard((path, count))
            # where the pass goes on, the next layer may overwrite its input in place
            _keep(seen, wanted[count], output, take(_copied if left else _as_it_is))
            if not left:
                raise enough

    return hook


def _keep(seen: dict[str, Any], wanted: dict[str, str], output: Any, take: Take) -> None:
    found = leaves(output)
    for leaf, name in wanted.items():
        if leaf in found:
            seen[name] = take(name, found[leaf])


def _copied(name: str, output: Tensor) -> Tensor:
    return output.clone()


def _as_it_is(name: str, output: Tensor) -> Tensor:
    return output


def _check_range(net: Network, x: Tensor) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point() or not x.numel():
        return  # `prepare` has the sentence for these
    low, high = (float(v) for v in x.detach().aminmax())
    if high > 2:
        raise ValueError(f"x goes up to {high:.4g}, but {net.name} takes pictures in [0, 1]. Try x / 255.")
    if low < -1:
        raise ValueError(
            f"x goes down to {low:.4g}, but {net.name} takes pictures in [0, 1] and normalizes them itself."
        )
