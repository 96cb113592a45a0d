"""Which dimension of a tensor counts units: read off the autograd graph, as some networks keep their channels last.

Dimensions are counted from the end: -3 is that of maps (n, c, h, w), -1 that of (n, h, w, c). Convolutions and norms
over a batch make maps; linear layers and norms over the last dimension say that units are there; whatever permutes,
splits or joins dimensions moves them along. No numbers are used.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from torch import Tensor

from vizkit.nets.graph import Node, Shape, made_of, operation, output_shape, settled

Edges: TypeAlias = list[tuple[int, Shape]]  # of every input that is known: its dimension of units, its shape


def unit_dims(picture: Tensor, nodes: Sequence[Node | None]) -> list[int | None]:
    """The dimension of units of the tensor each of `nodes` (its `grad_fn`) made out of `picture`, None if unknown."""
    known: dict[Node, int | None] = settled(nodes, lambda node, known: _dim(node, picture, known))
    return [None if node is None else known[node] for node in nodes]


def _dim(node: Node, picture: Tensor, known: dict[Node, int | None]) -> int | None:
    if getattr(node, "variable", None) is not None:
        return -3 if node.variable is picture else None
    inputs, output, name = made_of(node, known), output_shape(node), operation(node)
    edges = [(dim, shape) for dim, shape in inputs if dim is not None]
    if name in _SECOND:
        return 1 - len(output) if len(output) > 1 else None
    if name in _LAST:
        return -1 if len(inputs) == 1 else None  # else a product of two tensors, not with a weight
    return _RULES.get(name, _same_shape)(node, edges, output) if edges or name == "NativeLayerNorm" else None


def _same_shape(node: Node, edges: Edges, output: Shape) -> int | None:
    """Whatever keeps a tensor's shape keeps its order, too; an input that was not broadcast is asked first."""
    alike = sorted((edge for edge in edges if len(edge[1]) == len(output)), key=lambda edge: edge[1] != output)
    return next((dim for dim, shape in alike if shape[dim] == output[dim]), None)


def _same_order(node: Node, edges: Edges, output: Shape) -> int | None:
    """Sides may grow or shrink."""
    return next((dim for dim, shape in edges if len(shape) == len(output)), None)


def _layer_norm(node: Node, edges: Edges, output: Shape) -> int | None:
    return -1 if len(node._saved_normalized_shape) == 1 else _same_shape(node, edges, output)


def _view(node: Node, edges: Edges, output: Shape) -> int | None:
    """A reshape leaves a dimension alone that keeps its size, and the number of rows before it."""
    dim, shape = edges[0]
    before = math.prod(shape[:dim])
    fit = (d for d in range(-len(output), 0) if output[d] == shape[dim] and math.prod(output[:d]) == before)
    return next(fit, None)


def _permute(node: Node, edges: Edges, output: Shape) -> int | None:
    dim, shape = edges[0]
    order = [_signed(d) % len(shape) - len(shape) for d in node._saved_dims]
    return order.index(dim) - len(shape)


def _transpose(node: Node, edges: Edges, output: Shape) -> int | None:
    dim, shape = edges[0]
    a, b = (_signed(d) % len(shape) - len(shape) for d in (node._saved_dim0, node._saved_dim1))
    return {a: b, b: a}.get(dim, dim)


def _unsqueeze(node: Node, edges: Edges, output: Shape) -> int | None:
    added = _signed(node._saved_dim) % len(output) - len(output)
    return edges[0][0] - (edges[0][0] <= added)


def _without(node: Node, edges: Edges, output: Shape) -> int | None:
    """A reduction or a selection: the dimensions it takes away are not there anymore."""
    dim, shape = edges[0]
    if len(output) == len(shape):
        return _same_shape(node, edges, output)
    told = getattr(node, "_saved_dim", ())
    gone = {_signed(d) % len(shape) - len(shape) for d in ([told] if isinstance(told, int) else told or ())}
    if len(gone) != len(shape) - len(output) or dim in gone:
        return None
    return dim + sum(d > dim for d in gone)


def _signed(n: int) -> int:
    """Autograd keeps negative dimensions as unsigned 64-bit numbers."""
    return n - 2**64 if n >= 2**63 else n


# fmt: off
_SECOND = {  # channels come after the batch
    "Convolution", "MkldnnConvolution", "CudnnConvolution", "MpsConvolution", "NativeBatchNorm", "CudnnBatchNorm",
    "MiopenBatchNorm", "NativeGroupNorm", "PixelShuffle", "PixelUnshuffle",
}
_LAST = {"Addmm", "Mm", "Linear", "MkldnnLinear"}
_ORDERED = [
    "Cat", "Slice", "Split", "ConstantPadNd", "ReflectionPad2D", "ReplicationPad2D", "MaxPool2DWithIndices",
    "AvgPool2D", "AdaptiveAvgPool2D", "AdaptiveMaxPool2D", "UpsampleNearest2D", "UpsampleBilinear2D",
    "UpsampleBicubic2D",
]
# fmt: on

_RULES: dict[str, Callable[[Node, Edges, Shape], int | None]] = {
    **dict.fromkeys(_ORDERED, _same_order),
    **dict.fromkeys(["View", "UnsafeView", "ReshapeAlias"], _view),
    **dict.fromkeys(["Mean", "Sum", "Amax", "Amin", "Max", "Min", "Unbind", "Squeeze", "Select"], _without),
    "NativeLayerNorm": _layer_norm,
    "Permute": _permute,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
