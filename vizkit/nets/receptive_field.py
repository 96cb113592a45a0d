"""Which pixels a unit can see, in theory: read off the autograd graph, whatever the network. No numbers are used.

Along each axis, unit o sees the pixels `first(o)` to `last(o)`, both whole numbers that may lie outside the picture
(padding); both repeat with a period, so strides, dilation, upsampling and transposed convolutions are all exact.
What sees everything (a mean over space, attention, statistics of the whole map) or is not known has the field `None`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

from torch import Tensor

from vizkit.nets.graph import Node, made_of, operation, output_shape, settled

Taps: TypeAlias = Callable[[int], tuple[int, int]]  # output index -> first and last input index it reads


@dataclass(frozen=True)
class Axis:
    """Pixels seen along one axis: units o and o + period see the same, `advance` pixels apart."""

    advance: int = 1
    first: tuple[int, ...] = (0,)
    last: tuple[int, ...] = (0,)

    @property
    def period(self) -> int:
        return len(self.first)

    @property
    def stride(self) -> Fraction:
        """Pixels from one unit to the next, on average over a period."""
        return Fraction(self.advance, self.period)

    @property
    def size(self) -> int:
        """Pixels seen by the unit of the period that sees most."""
        return max(b - a + 1 for a, b in zip(self.first, self.last, strict=True))

    def at(self, o: int) -> tuple[int, int]:
        """The first and last pixel that unit `o` sees."""
        rounds, phase = divmod(o, self.period)
        return self.first[phase] + rounds * self.advance, self.last[phase] + rounds * self.advance

    def through(self, taps: Taps, period: int = 1, advance: int = 1) -> "Axis":
        """The axis after an operation whose output o + period reads `advance` further than its output o."""
        rounds = self.period // math.gcd(self.period, advance)
        ends = [taps(o) for o in range(period * rounds)]
        moved = advance * rounds // self.period * self.advance
        return Axis(moved, tuple(self.at(a)[0] for a, _ in ends), tuple(self.at(b)[1] for _, b in ends))

    def union(self, other: "Axis") -> "Axis":
        """What a unit sees that reads both; both must have the same stride."""
        period = math.lcm(self.period, other.period)
        pairs = [(self.at(o), other.at(o)) for o in range(period)]
        first, last = (min(a[0], b[0]) for a, b in pairs), (max(a[1], b[1]) for a, b in pairs)
        return Axis(self.advance * period // self.period, tuple(first), tuple(last))


@dataclass(frozen=True)
class Field:
    """The pixels each unit of a map sees, along both axes of the picture.

    >>> field = layers(resnet18)["layer1"].field
    >>> field.size, field.stride, field.box(0, 0)
    ((43, 43), (4, 4), (-21, -21, 22, 22))
    """

    y: Axis
    x: Axis

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels, of the unit that sees most."""
        return self.y.size, self.x.size

    @property
    def stride(self) -> tuple[float, float]:
        """Pixels from one unit to the next, down and across; whole numbers unless the map was enlarged."""
        return _plain(self.y.stride), _plain(self.x.stride)

    def box(self, i: int, j: int) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of what unit (row i, column j) sees: `picture[top:bottom, left:right]`.

        Not clipped: near the border it reaches beyond the picture, where padding is.
        """
        (top, bottom), (left, right) = self.y.at(i), self.x.at(j)
        return top, left, bottom + 1, right + 1

    def center(self, i: int, j: int) -> tuple[float, float]:
        """The middle of that box, in pixels from the picture's top left corner."""
        top, left, bottom, right = self.box(i, j)
        return (top + bottom) / 2, (left + right) / 2

    def __str__(self) -> str:
        h, w = self.size
        return f"{h}" if h == w else f"{h} × {w}"


def fields(picture: Tensor, nodes: Sequence[Node | None]) -> list[Field | None]:
    """The field of the tensor each of `nodes` (its `grad_fn`) made out of `picture` (n, c, h, w), a leaf."""
    known: dict[Node, _State] = settled(nodes, lambda node, known: _state(node, picture, known))
    return [_field(known[node]) if node is not None else None for node in nodes]


@dataclass(frozen=True)
class _Space:
    """A tensor whose dimensions `dims` (counted from the end) are the picture's y and x."""

    y: Axis = Axis()
    x: Axis = Axis()
    dims: tuple[int, int] = (-2, -1)
    folded: tuple[int, ...] | None = None  # the leading shape, while a linear layer has it as one dimension


_WHOLE = "the whole picture"
_State: TypeAlias = "_Space | str | None"  # None: nothing of the picture


def _field(state: _State) -> Field | None:
    return Field(state.y, state.x) if isinstance(state, _Space) and not state.folded else None


def _state(node: Node, picture: Tensor, known: dict[Node, _State]) -> _State:
    if getattr(node, "variable", None) is not None:
        return _Space() if node.variable is picture else None
    edges = [(state, shape) for state, shape in made_of(node, known) if state is not None]
    if not edges or _WHOLE in [state for state, _ in edges]:
        return _WHOLE if edges else None
    rule, output = _RULES.get(operation(node)), output_shape(node)
    if rule is None or (rule is not _alike and len(edges) > 1):
        return _WHOLE
    return rule(node, edges, output)


def _alike(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    """Each unit reads the units at its own place: all inputs must have the output's map."""
    states = [state for state, _ in edges]
    dims = states[0].dims
    for state, shape in edges:
        same = [len(shape) >= -d and shape[d] == output[d] for d in dims]
        if state.dims != dims or state.folded != states[0].folded or not all(same):
            return _WHOLE
    return reduce(_union, states)


def _union(a: _State, b: _State) -> _State:
    if not isinstance(a, _Space) or not isinstance(b, _Space):
        return _WHOLE
    if a.y.stride != b.y.stride or a.x.stride != b.x.stride:
        return _WHOLE
    return replace(a, y=a.y.union(b.y), x=a.x.union(b.x))


def _through(state: _Space, *taps: tuple[Taps, int, int]) -> _State:
    if state.dims != (-2, -1) or state.folded:
        return _WHOLE
    (down, *along_y), (across, *along_x) = taps
    return replace(state, y=state.y.through(down, *along_y), x=state.x.through(across, *along_x))


def _convolution(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    kernel = tuple(node._saved_weight.shape[2:])
    steps = zip(kernel, node._saved_stride, node._saved_padding, node._saved_dilation, strict=True)
    taps = [(_reversed_window if node._saved_transposed else _window)(*step) for step in steps]
    return _through(edges[0][0], *taps) if len(taps) == 2 else _WHOLE


def _pool(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    kernel = node._saved_kernel_size
    dilation = getattr(node, "_saved_dilation", (1, 1))
    settings = (kernel, node._saved_stride or kernel, node._saved_padding, dilation)
    return _through(edges[0][0], *(_window(*step) for step in zip(*(s[-2:] for s in settings), strict=True)))


def _window(kernel: int, stride: int, padding: int, dilation: int) -> tuple[Taps, int, int]:
    return lambda o: (o * stride - padding, o * stride - padding + (kernel - 1) * dilation), 1, stride


def _reversed_window(kernel: int, stride: int, padding: int, dilation: int) -> tuple[Taps, int, int]:
    def taps(o: int) -> tuple[int, int]:
        return -((dilation * (kernel - 1) - o - padding) // stride), (o + padding) // stride

    return taps, stride, 1


def _adaptive_pool(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    state, shape = edges[0]
    if output[-2:] == (1, 1):
        return _WHOLE
    return _through(state, *(_share(i, o) for i, o in zip(shape[-2:], output[-2:], strict=True)))


def _share(taken: int, made: int) -> tuple[Taps, int, int]:
    common = math.gcd(taken, made)
    return lambda o: (o * taken // made, -(-(o + 1) * taken // made) - 1), made // common, taken // common


def _upsample(before: int, after: int) -> Callable[..., _State]:
    """The rule of an interpolation that reads `before` units left and `after` right of the one it falls on."""

    def rule(node: Node, edges: list, output: tuple[int, ...]) -> _State:
        state, shape = edges[0]
        smooth, corners = before + after > 0, getattr(node, "_saved_align_corners", False)
        sizes = zip(shape[-2:], output[-2:], strict=True)
        return _through(state, *(_stretch(i, o, before, after, smooth, corners) for i, o in sizes))

    return rule


def _stretch(taken: int, made: int, before: int, after: int, smooth: bool, corners: bool) -> tuple[Taps, int, int]:
    ratio = Fraction(taken - 1, max(made - 1, 1)) if corners else Fraction(taken, made)
    offset = (ratio - 1) / 2 if smooth and not corners else Fraction(0)  # pixel centers, not corners, line up

    def taps(o: int) -> tuple[int, int]:
        middle = math.floor(o * ratio + offset)
        return middle - before, middle + after

    return taps, ratio.denominator, ratio.numerator


def _shuffle(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    r = node._saved_upscale_factor
    return _through(edges[0][0], *[(lambda o: (o // r, o // r), r, 1)] * 2)


def _unshuffle(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    r = node._saved_downscale_factor
    return _through(edges[0][0], *[_window(r, r, 0, 1)] * 2)


def _pad(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    pads = list(getattr(node, "_saved_pad", None) or node._saved_padding)
    left, top = pads[0], pads[2] if len(pads) > 2 else 0
    return _through(edges[0][0], _window(1, 1, top, 1), _window(1, 1, left, 1))


def _slice(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    state, shape = edges[0]
    dim = _signed(node._saved_dim) % len(shape) - len(shape)
    if dim not in state.dims:
        return state
    if state.folded:
        return _WHOLE
    size, step = shape[dim], _signed(node._saved_step)
    start = _signed(node._saved_start)
    start = min(start + size if start < 0 else start, size)
    which = "yx"[state.dims.index(dim)]
    axis = getattr(state, which).through(lambda o: (o * step + start,) * 2, 1, step)
    return replace(state, **{which: axis})


def _permute(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    state, shape = edges[0]
    order = [_signed(d) % len(shape) for d in node._saved_dims]
    return _renumbered(state, {old - len(shape): new - len(shape) for new, old in enumerate(order)})


def _transpose(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    state, shape = edges[0]
    a, b = (_signed(d) % len(shape) - len(shape) for d in (node._saved_dim0, node._saved_dim1))
    return _renumbered(state, {**{d: d for d in range(-len(shape), 0)}, a: b, b: a})


def _over_dims(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    """A reduction, a softmax, an unbind: harmless where its dimensions are not those of the map."""
    state, shape = edges[0]
    dims = getattr(node, "_saved_dim", None)
    dims = [dims] if isinstance(dims, int) else dims
    if not dims or state.folded:
        return _WHOLE
    gone = {_signed(d) % len(shape) - len(shape) for d in dims}
    if gone & set(state.dims):
        return _WHOLE
    if len(output) == len(shape):
        return state
    kept = [d for d in range(-len(shape), 0) if d not in gone]
    return _renumbered(state, {old: new - len(kept) for new, old in enumerate(kept)})


def _unsqueeze(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    state, _ = edges[0]
    added = _signed(node._saved_dim) % len(output) - len(output)
    kept = [d for d in range(-len(output), 0) if d != added]
    return _renumbered(state, {old - len(kept): new for old, new in enumerate(kept)})


def _layer_norm(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    state, _ = edges[0]
    return _WHOLE if min(state.dims) >= -len(node._saved_normalized_shape) else _alike(node, edges, output)


def _batch_norm(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    return _WHOLE if node._saved_training else _alike(node, edges, output)  # else over statistics of this map


def _view(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    """A reshape keeps the map where both its dimensions keep their size and what lies before them."""
    state, shape = edges[0]
    if state.folded:
        return replace(state, folded=None) if output[:-1] == state.folded else _WHOLE
    if output == (math.prod(shape[:-1]), shape[-1]) and -1 not in state.dims:
        return replace(state, folded=shape[:-1])
    moved = {d: kept for d in state.dims if (kept := _kept(d, shape, output)) is not None}
    return _renumbered(state, moved) if len(moved) == 2 else _WHOLE


def _kept(dim: int, shape: tuple[int, ...], output: tuple[int, ...]) -> int | None:
    before = math.prod(shape[:dim])
    for d in range(-len(output), 0):
        if output[d] == shape[dim] and math.prod(output[:d]) == before:
            return d
    return None


def _matrix(node: Node, edges: list, output: tuple[int, ...]) -> _State:
    """A linear layer over the last dimension of a folded map; every other product mixes places."""
    return edges[0][0] if edges[0][0].folded else _WHOLE


def _renumbered(state: _Space, moved: dict[int, int]) -> _State:
    if state.folded:
        return _WHOLE
    y, x = (moved[d] for d in state.dims)
    return replace(state, dims=(y, x))


def _signed(n: int) -> int:
    """Autograd keeps negative dimensions as unsigned 64-bit numbers."""
    return n - 2**64 if n >= 2**63 else n


def _plain(n: Fraction) -> float:
    return int(n) if n.denominator == 1 else float(n)


# fmt: off
_POINTWISE = [
    "Abs", "Add", "Addcmul", "Alias", "Cat", "Celu", "Clamp", "ClampMax", "ClampMin", "Clone", "Copy",
    "Div", "Elu", "Erf", "Exp", "Expand", "Gelu", "Glu", "Hardshrink", "Hardsigmoid", "Hardswish",
    "Hardtanh", "LeakyRelu", "Lerp", "Log", "Log1P", "LogSigmoid", "Maximum", "Minimum", "Mish", "Mul",
    "Neg", "Pow", "PreluKernel", "Reciprocal", "Relu", "Rsqrt", "Selu", "Sigmoid", "Sign", "Silu",
    "Softplus", "Softshrink", "Split", "Sqrt", "Sub", "Tanh", "Threshold", "ToCopy", "Where",
]
# fmt: on

_RULES: dict[str, Callable[..., _State]] = {
    **dict.fromkeys(_POINTWISE, _alike),
    **dict.fromkeys(["Convolution", "MkldnnConvolution", "CudnnConvolution", "MpsConvolution"], _convolution),
    **dict.fromkeys(["MaxPool2DWithIndices", "AvgPool2D", "MaxPool3DWithIndices", "AvgPool3D"], _pool),
    **dict.fromkeys(["AdaptiveAvgPool2D", "AdaptiveMaxPool2D"], _adaptive_pool),
    **dict.fromkeys(["NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm"], _batch_norm),
    **dict.fromkeys(["ConstantPadNd", "ReflectionPad2D", "ReplicationPad2D"], _pad),
    **dict.fromkeys(["View", "UnsafeView", "ReshapeAlias"], _view),
    **dict.fromkeys(["Addmm", "Mm"], _matrix),
    **dict.fromkeys(
        ["Mean", "Sum", "Amax", "Amin", "Max", "Min", "Softmax", "LogSoftmax", "Unbind", "Squeeze"], _over_dims
    ),
    "UpsampleNearest2D": _upsample(0, 0),
    "UpsampleBilinear2D": _upsample(0, 1),
    "UpsampleBicubic2D": _upsample(1, 2),
    "PixelShuffle": _shuffle,
    "PixelUnshuffle": _unshuffle,
    "Slice": _slice,
    "Permute": _permute,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "NativeLayerNorm": _layer_norm,
}
