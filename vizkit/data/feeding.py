"""Pictures of a collection in batches, decoded by threads while whoever asks for them is busy with the last ones."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from vizkit.data.collections import NONE, Array, Collection
from vizkit.data.decoding import Unreadable

Read: TypeAlias = tuple[Tensor, int] | str  # a picture and its label, or why there is none
Reading: TypeAlias = Callable[[Collection, int], Read]
Finishing: TypeAlias = Callable[[list[Read], range], list[Read]]


@dataclass(frozen=True, eq=False)
class Batch:
    """The readable pictures among `numbers`: `pixels` (n, c, h, w), uint8 or float in [0, 1], `ids` (n,), labels (n,).

    `unreadable` tells the others and why.
    """

    numbers: range
    ids: Tensor
    pixels: Tensor | None
    labels: Tensor
    unreadable: tuple[tuple[int, str], ...] = ()


def usual_workers() -> int:
    """How many threads decode: as many as there are cores, at most 16."""
    return min(16, os.cpu_count() or 1)


def batches(
    collection: Collection,
    numbers: range,
    batch: int,
    workers: int | None = None,
    read: Reading | None = None,
    finish: Finishing | None = None,
) -> Iterator[Batch]:
    """Pictures `numbers` of `collection`, in order, `batch` at a time; the last may be fewer.

    `workers` threads decode at most two batches ahead; 0 for none. They end when the iterator does or is closed.
    Another way to `read` a picture may leave something to be done for a batch at once: `finish`.
    """
    parts = [numbers[start : start + batch] for start in range(0, len(numbers), batch)]
    if read is None and isinstance(collection, Array) and collection.slab(0, 0) is not None:
        yield from (_slab(collection, part) for part in parts)
        return
    one = partial(read or _read, collection)
    for part, found in zip(parts, _found(parts, one, batch, workers), strict=True):
        yield _gathered(part, found if finish is None else finish(found, part))


def _found(parts: list[range], one: Callable[[int], Read], batch: int, workers: int | None) -> Iterator[list[Read]]:
    """What was read of each part."""
    workers = usual_workers() if workers is None else workers
    if not workers:
        yield from ([one(number) for number in part] for part in parts)
        return
    with ThreadPoolExecutor(workers, "vizkit decode") as pool:
        try:
            yield from _ahead(parts, one, pool, 2 * batch + workers)
        finally:
            pool.shutdown(cancel_futures=True)


def _ahead(parts: list[range], one: Callable[[int], Read], pool: ThreadPoolExecutor, most: int) -> Iterator[list[Read]]:
    waiting: deque[Future[Read]] = deque()
    coming = (number for part in parts for number in part)
    for part in parts:
        found: list[Read] = []
        while len(found) < len(part):
            for number in coming:
                waiting.append(pool.submit(one, number))
                if len(waiting) >= most:
                    break
            found.append(waiting.popleft().result())
        yield found


def _read(collection: Collection, number: int) -> Read:
    try:
        return collection.read(number)
    except Unreadable as error:
        return failure(error)


def failure(error: Exception) -> str:
    """Why a picture could not be read, in a line."""
    return " ".join(str(error).split())[:500] or type(error).__name__


def _slab(collection: Array, part: range) -> Batch:
    found = collection.slab(part.start, part.stop)
    assert found is not None, "asked for before"
    pixels, labels = found
    return Batch(part, torch.arange(part.start, part.stop), pixels, torch.tensor(labels))


def _gathered(part: range, found: list[Read]) -> Batch:
    good = [(number, *read) for number, read in zip(part, found, strict=True) if not isinstance(read, str)]
    bad = tuple((number, read) for number, read in zip(part, found, strict=True) if isinstance(read, str))
    ids = torch.tensor([number for number, _, _ in good], dtype=torch.int64)
    labels = torch.tensor([label for _, _, label in good] or [NONE][:0], dtype=torch.int64)
    return Batch(part, ids, _together([pixels for _, pixels, _ in good]), labels, bad)


def _together(pictures: list[Tensor]) -> Tensor | None:
    """One tensor with its channels last in memory, as networks compute on it."""
    if not pictures:
        return None
    shapes = {tuple(p.shape) for p in pictures}
    if len(shapes) > 1:
        raise ValueError(f"The pictures differ in shape: {sorted(shapes)}. Cut them: collection.at(size, channels).")
    if len({p.dtype for p in pictures}) > 1:
        pictures = [p.float() / 255 if p.dtype == torch.uint8 else p for p in pictures]
    return torch.stack([p.permute(1, 2, 0) for p in pictures]).permute(0, 3, 1, 2)
