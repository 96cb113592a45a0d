"""A module's double: the structure copied, the numbers shared, so that hooks and modes never touch the original."""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from vizkit.nets.calls import Edit, install


class Double:
    """Keeps a module's twin, and what was worked out about it, until the module changes.

    Noticed are: a replaced submodule, tensors that moved or changed type, a hook added or removed. A plain
    attribute (`conv.stride = 2`) is not; wrap the module again after such a change.
    """

    def __init__(self):
        self._lock = threading.RLock()
        self._print: tuple | None = None
        self._twin: nn.Module | None = None
        self._known: dict[str, Any] = {}

    def of(self, module: nn.Module, edits: Mapping[str, Edit]) -> nn.Module:
        """The twin of `module` as it is now; `module` itself where it cannot be copied."""
        with self._lock:
            now = fingerprint(module)
            if self._twin is None or now != self._print:
                self._twin, self._print, self._known = _make(module, edits), now, {}
            return self._twin

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make()` gives, remembered as long as the twin lives."""
        known = self._known
        if key not in known:
            known[key] = make()
        return known[key]


def copied(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose tensors share the storage of `module`'s and ask for no gradient."""
    with torch.inference_mode(False):  # it may be made in a caller's inference mode and outlive it
        memo: dict[int, Any] = {id(t): _same_numbers(t) for part in module.modules() for t in _tensors(part)}
        return copy.deepcopy(module, memo).eval()


def fingerprint(module: nn.Module) -> tuple:
    """Equal as long as the structure, the hooks and the place of every tensor are the same; reads no numbers."""
    return tuple(
        (name, part, *part._forward_pre_hooks, None, *part._forward_hooks, None, *map(_place, _tensors(part)))
        for name, part in module.named_modules()
    )


@contextmanager
def at_rest(module: nn.Module) -> Iterator[None]:
    """Inside, `module` is in evaluation mode and its weights ask for no gradient; after, all is as it was.

    For modules that cannot be copied. One thread at a time, or the second would take the first's modes for
    the user's and leave them behind.
    """
    with _one_at_a_time:
        modes = [(part, part.training) for part in module.modules()]
        weights = [weight for weight in module.parameters() if weight.requires_grad]
        try:
            for part, _ in modes:
                part.training = False  # not .eval(), which a class may have given side effects
            for weight in weights:
                weight.requires_grad_(False)
            yield
        finally:
            for part, training in modes:
                part.training = training
            for weight in weights:
                weight.requires_grad_(True)


_one_at_a_time = threading.RLock()


def _make(module: nn.Module, edits: Mapping[str, Edit]) -> nn.Module:
    try:
        twin = copied(module)
    except Exception as error:  # __deepcopy__ is the user's code: it may raise anything
        if edits:
            kind = type(module).__name__
            raise TypeError(f"{kind} cannot be edited, because copy.deepcopy fails on it: {error}") from error
        return module
    install(twin, edits)
    return twin


def _tensors(part: nn.Module) -> Iterator[Tensor]:
    for held in (part._parameters, part._buffers, vars(part)):
        yield from (value for value in held.values() if isinstance(value, Tensor))


def _same_numbers(tensor: Tensor) -> Tensor:
    # what was made in inference mode can neither be trained nor pass a gradient on, unless copied
    view = tensor.clone() if tensor.is_inference() else tensor.detach()
    return nn.Parameter(view, requires_grad=False) if isinstance(tensor, nn.Parameter) else view


def _place(tensor: Tensor) -> tuple[int, torch.device, torch.dtype]:
    return tensor.data_ptr(), tensor.device, tensor.dtype
