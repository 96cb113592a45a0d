"""The Python that spells a value, for recipes: an expression that needs no names but `torch` and `vizkit`."""

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

from vizkit.core.dials import Dial

FEW = 8  # numbers of a tensor that are still worth spelling out


def spelled(value: Any) -> str | None:
    """The expression that makes `value` again; None where it would be too long, or nobody knows one."""
    if value is None or isinstance(value, (bool, str, bytes, torch.dtype)):
        return repr(value)
    if isinstance(value, Real):  # numpy's numbers too
        return repr(int(value)) if isinstance(value, Integral) else _float(float(value))
    if isinstance(value, Dial):
        return f"vizkit.{value!r}"
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, torch.device):
        return f"torch.device({str(value)!r})"
    return _container(value)


def told(value: Any) -> str:
    """A value in words on one line, for where it cannot be spelled."""
    if isinstance(value, Tensor):
        return f"tensor {tuple(value.shape)}, sum {float(value.detach().double().sum()):.6g}"
    words = " ".join(repr(value).split())
    return words if len(words) < 80 else f"{words[:80]}…"


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"float('{value}')"


def _tensor(value: Tensor) -> str | None:
    if value.numel() > FEW or value.is_complex():
        return None
    return f"torch.tensor({spelled(value.detach().tolist())}, dtype={value.dtype})"


def _container(value: Any) -> str | None:
    if isinstance(value, Mapping):
        pairs = [(spelled(key), spelled(item)) for key, item in value.items()]
        known = all(key is not None and item is not None for key, item in pairs)
        return f"{{{', '.join(f'{key}: {item}' for key, item in pairs)}}}" if known else None
    if not isinstance(value, (list, tuple)):
        return None
    items = [spelled(item) for item in value]
    if None in items:
        return None
    inside = ", ".join(map(str, items))
    if isinstance(value, list):
        return f"[{inside}]"
    return f"({inside},)" if len(items) == 1 else f"({inside})"
