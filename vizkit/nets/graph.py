"""The autograd graph of a forward pass, walked from the picture to what was made of it."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Node: TypeAlias = Any  # torch.autograd.graph.Node, with whatever `_saved_…` its operation keeps
Shape: TypeAlias = tuple[int, ...]


def settled(nodes: Sequence[Node | None], work_out: Callable[[Node, dict[Node, T]], T]) -> dict[Node, T]:
    """What `work_out(node, known)` says of `nodes` and of all before them, the deepest first.

    `known` holds what was said of everything that a node was made of. No recursion: graphs are deep.
    """
    known: dict[Node, T] = {}
    stack = [node for node in nodes if node is not None]
    while stack:
        node = stack[-1]
        open_ = [n for n, _ in node.next_functions if n is not None and n not in known]
        if open_ and node not in known:
            stack.extend(open_)
            continue
        stack.pop()
        if node not in known:
            known[node] = work_out(node, known)
    return known


def made_of(node: Node, known: dict[Node, T]) -> list[tuple[T, Shape]]:
    """What is known of each tensor that a node was made of, and its shape."""
    return [(known[n], tuple(n._input_metadata[i].shape)) for n, i in node.next_functions if n is not None]


def operation(node: Node) -> str:
    """The name of what a node did: "Addmm" of AddmmBackward0."""
    return re.sub(r"Backward\w*$", "", node.name().split("::")[-1])


def output_shape(node: Node) -> Shape:
    """The shape of the tensor that a node made."""
    return tuple(node._input_metadata[0].shape)
