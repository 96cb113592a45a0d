"""Gradient through ReLUs that are dead everywhere, for the first steps of a search.

A unit that is zero on the whole starting picture gives no gradient, and its picture would stay gray.
While awake, a ReLU whose gradient vanishes for *all* of a picture lets pass what would push its input up
(lucid's redirected ReLU, per picture). Gradients are of a score to be maximized; values are never changed.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

_RELUS = {torch.relu, F.relu, Tensor.relu}
_RELUS_IN_PLACE = {torch.relu_, F.relu_, Tensor.relu_}


class Awake(TorchFunctionMode):
    """Inside `with Awake():`, ReLU and ReLU6 of the calling thread wake dead pictures."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        relu = _as_relu(func, args, kwargs or {}) if torch.is_grad_enabled() else None
        if relu is None:
            return func(*args, **(kwargs or {}))
        x, high, in_place = relu
        y = _AwakeReLU.apply(x, high)
        return x.copy_(y) if in_place else y


def _as_relu(func, args, kwargs) -> tuple[Tensor, float, bool] | None:
    """(input, upper bound or inf, in place) if the call is a ReLU of any spelling."""
    if func in _RELUS or func in _RELUS_IN_PLACE:
        named = dict(zip(("input", "inplace"), args, strict=False)) | kwargs
        return named["input"], math.inf, func in _RELUS_IN_PLACE or named.get("inplace", False)
    if func is F.relu6:
        named = dict(zip(("input", "inplace"), args, strict=False)) | kwargs
        return named["input"], 6.0, named.get("inplace", False)
    if func is F.hardtanh:  # what nn.ReLU6 calls
        named = dict(zip(("input", "min_val", "max_val", "inplace"), args, strict=False)) | kwargs
        if named.get("min_val", -1.0) == 0:
            return named["input"], named.get("max_val", 1.0), named.get("inplace", False)
    return None


class _AwakeReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, high):
        ctx.save_for_backward(x <= 0, x >= high)  # not x: an in-place ReLU overwrites it
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx, *gradients):
        (gradient,), (below, above) = gradients, ctx.saved_tensors
        plain = gradient.masked_fill(below | above, 0)
        helpful = gradient.masked_fill((below & (gradient < 0)) | (above & (gradient > 0)), 0)
        alive = plain.flatten(1).any(1).reshape(-1, *[1] * (gradient.ndim - 1))
        return torch.where(alive, plain, helpful), None
