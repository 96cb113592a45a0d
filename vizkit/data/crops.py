"""Places in pictures as pictures: item i is a box cut out of one."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from torch import Tensor

from vizkit.data.collections import Collection, digest
from vizkit.data.decoding import Size


@dataclass(frozen=True, eq=False, repr=False)
class Crops(Collection):
    """Item i is the box `boxes[i]` (top, left, bottom, right) of picture `numbers[i]` of `whole`."""

    whole: Collection
    numbers: tuple[int, ...]
    boxes: Tensor

    def __len__(self) -> int:
        return len(self.numbers)

    def found(self, number: int) -> tuple[Tensor, int]:
        pixels, label = self.whole.read(self.numbers[number])
        top, left, bottom, right = self.boxes[number].tolist()
        return pixels[:, top:bottom, left:right], label

    def name(self, number: int) -> str:
        top, left, _, _ = self.boxes[number].tolist()
        return f"{self.whole.name(self.numbers[number])} at {top}, {left}"

    def at(self, size: Size | None, channels: int) -> Collection:
        """The same crops, resized; a box stays where it is."""
        return replace(self, size=None if size is None else tuple(size), channels=channels)

    @property
    def description(self) -> dict[str, Any]:
        return {"kind": "crops", "of": self.whole.description["kind"]}

    @cached_property
    def hash(self) -> str:
        return digest([self.whole.hash.encode(), repr(self.numbers).encode(), self.boxes.numpy().tobytes()])
