"""Names for what runs: the k-th call of a module, and the tensors inside what that call returned.

`conv` is the first call of module `conv`, `conv@2` its second. Where a call returns several tensors, the first
floating one has the bare name and the others say where they lie: `conv[1]`, `conv[aux]`. The network's own output
is `output`; a child that is called `output` is `output@1`.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor, nn

Edit: TypeAlias = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Place:
    """Where a layer's tensor is found: module path ("" is the network itself), count of the call, leaf."""

    path: str
    count: int = 1
    leaf: str = ""

    @classmethod
    def parse(cls, name: str) -> "Place":
        """The place a layer name means; any string parses, whether or not such a layer exists."""
        found = re.fullmatch(r"(?P<path>.*?)(@(?P<count>\d+))?(?P<leaf>(\[[^\]]*\])*)", name, re.DOTALL)
        assert found, "the pattern takes any string"
        path, count = found["path"], found["count"]
        if path == "output" and count is None:
            path = ""
        return cls(path, int(count or 1), found["leaf"])

    def __str__(self) -> str:
        if not self.path:
            return f"output{self.leaf}"
        count = f"@{self.count}" if self.count > 1 or self.path == "output" else ""
        return f"{self.path}{count}{self.leaf}"


def leaves(output: Any) -> dict[str, Tensor]:
    """`{leaf: tensor}` of every floating tensor in what a module returned; the first has the leaf ""."""
    found = list(_walk(output, ""))
    return {leaf if i else "": tensor for i, (leaf, tensor) in enumerate(found)}


def with_leaf(output: Any, leaf: str, change: Edit) -> Any:
    """`output` with the tensor at `leaf` replaced by `change` of it; containers are copied, not written to."""
    place = leaf or next(_walk(output, ""))[0]
    return _rebuilt(output, "", place, change)


def install(module: nn.Module, edits: Mapping[str, Edit]) -> None:
    """Hook `edits` {layer name: change} into `module` for good; only ever called on a twin."""
    if not edits:
        return
    counts = threading.local()
    module.register_forward_pre_hook(lambda *_: counts.__dict__.clear())
    parts = dict(module.named_modules())
    for path, places in by_path(edits).items():
        parts[path].register_forward_hook(_editing(counts, path, places, edits))


def by_path(names: Iterable[str]) -> dict[str, dict[int, dict[str, str]]]:
    """`{path: {count: {leaf: name}}}` for layer names."""
    found: dict[str, dict[int, dict[str, str]]] = {}
    for name in names:
        place = Place.parse(name)
        found.setdefault(place.path, {}).setdefault(place.count, {})[place.leaf] = name
    return found


def _editing(counts: threading.local, path: str, places: dict, edits: Mapping[str, Edit]) -> Callable:
    def hook(module, args, output):
        seen = counts.__dict__
        seen[path] = seen.get(path, 0) + 1
        for leaf, name in places.get(seen[path], {}).items():
            output = with_leaf(output, leaf, partial(_changed, name, edits[name]))
        return output

    return hook


def _changed(name: str, change: Edit, tensor: Tensor) -> Tensor:
    new = change(tensor)
    if not isinstance(new, Tensor):
        raise TypeError(f"The edit of {name!r} gave {type(new).__name__}, not a tensor. Let it return one.")
    return new


def _children(output: Any) -> Iterator[tuple[Any, Any]]:
    """Key and value of everything directly inside a tuple, list, mapping or dataclass."""
    if isinstance(output, Mapping):
        yield from output.items()
    elif isinstance(output, (tuple, list)):
        yield from enumerate(output)
    elif _is_record(output):
        yield from ((field.name, getattr(output, field.name)) for field in fields(output))


def _is_record(output: Any) -> bool:
    return is_dataclass(output) and not isinstance(output, type)


def _walk(output: Any, leaf: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(output, Tensor):
        if output.is_floating_point():
            yield leaf, output
        return
    for key, value in _children(output):
        yield from _walk(value, f"{leaf}[{key}]")


def _rebuilt(output: Any, here: str, place: str, change: Edit) -> Any:
    if here == place:
        return change(output)
    for key, value in _children(output):
        inside = f"{here}[{key}]"
        if place.startswith(inside):
            return _with_child(output, key, _rebuilt(value, inside, place, change))
    return output


def _with_child(output: Any, key: Any, value: Any) -> Any:
    if isinstance(output, Mapping):
        changed = {**output, key: value}
        return changed if type(output) is dict else type(output)(**changed)  # a dict with attributes: ModelOutput
    if _is_record(output):
        return replace(output, **{key: value})
    items = [value if i == key else item for i, item in enumerate(output)]
    return type(output)(*items) if hasattr(output, "_fields") else type(output)(items)
