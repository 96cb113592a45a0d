"""What was worked out of a tensor, remembered as long as the tensor lives and nobody writes into it."""

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

T = TypeVar("T")

_known = WeakIdKeyDictionary()
_lock = threading.Lock()


def remembered(of: Tensor, key: Hashable, make: Callable[[], T]) -> T:
    """What `make()` gives, or gave before for the same tensor and key. It must not hold the tensor itself.

    >>> remembered(x, "mean", lambda: x.mean(0))
    """
    if of.is_inference():  # nobody can tell whether it was written into
        return make()
    at = key, of._version
    with _lock:
        found: dict = _known.setdefault(of, {})  # pyright: ignore[reportAssignmentType]
        if at in found:
            return found[at]
    made = make()  # without the lock, as it may take long
    with _lock:
        return found.setdefault(at, made)
