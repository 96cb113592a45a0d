"""A trait that holds some of n things: their numbers, ascending, as an int64 array (k,)."""

from typing import Any

import numpy as np
import torch
import traitlets


class Indices(traitlets.TraitType):
    """Set it to numbers, to a mask (n,), or to nothing; an array, a tensor or a list. Told only when it changes."""

    default_value = ()
    info_text = "numbers of things, or a mask"

    def make_dynamic_default(self) -> np.ndarray:
        return np.zeros(0, np.int64)

    def validate(self, obj: traitlets.HasTraits, value: Any) -> np.ndarray:
        given = value.detach().cpu().numpy() if torch.is_tensor(value) else np.asarray([] if value is None else value)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "biu"):
            self.error(obj, value)
        numbers = np.flatnonzero(given) if given.dtype.kind == "b" else np.unique(given.astype(np.int64))
        numbers.flags.writeable = False
        return numbers

    def set(self, obj: traitlets.HasTraits, value: Any) -> None:
        """As of any trait, but two arrays are compared number by number."""
        new, old = np.asarray(self._validate(obj, value)), np.asarray(self.get(obj))
        assert isinstance(self.name, str)
        obj._trait_values[self.name] = new
        if not np.array_equal(old, new):
            obj._notify_trait(self.name, old, new)


def packed(numbers: np.ndarray, count: int) -> bytes:
    """Some of `count` things as one bit each, the first in the lowest bit."""
    mask = np.zeros(count, bool)
    mask[numbers] = True
    return np.packbits(mask, bitorder="little").tobytes()


def unpacked(bits: bytes, count: int) -> np.ndarray:
    """The numbers in what `packed` made; bits beyond `count` are passed over."""
    mask = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return np.flatnonzero(mask[:count])
