"""A collection around another one, which it hands on but for the way pictures are read."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vizkit.data.collections import Collection


@dataclass(frozen=True, eq=False, repr=False)
class Around(Collection):
    """The pictures of `kept`, with their names, labels and hash."""

    kept: Collection

    def __len__(self) -> int:
        return len(self.kept)

    def __getattr__(self, name: str) -> Any:
        """What the collection itself has: its root, its masks."""
        if name.startswith("_") or name == "kept":
            raise AttributeError(name)
        return getattr(self.kept, name)

    def found(self, number: int) -> tuple[Any, int]:
        return self.kept.found(number)

    def name(self, number: int) -> str:
        return self.kept.name(number)

    @property
    def description(self) -> dict[str, Any]:
        return self.kept.description

    @cached_property
    def hash(self) -> str:
        return self.kept.hash
