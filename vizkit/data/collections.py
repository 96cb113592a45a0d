"""Many pictures by number: a folder, a dataset, an array or the generated world. Item i is (c, h, w) in [0, 1].

Nothing is read before it is asked for. A collection has a `hash` that differs where its pictures do.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vizkit.core.words import nearest
from vizkit.data.decoding import Size, Unreadable, decoded
from vizkit.data.pictures import picture_files, remedy
from vizkit.data.world.sampling import SPLITS

Pictures: TypeAlias = Any  # what `as_collection` takes

OF_THE_WORLD = 1200  # pictures of the world where nobody says how many: a hundred of each scene
LOOKED_AT = 64  # pictures of an array whose values are checked
NONE = -1  # the label of a picture that has none


@dataclass(frozen=True, eq=False)
class Collection(ABC):
    """Pictures by number, cut to `size` (height, width) and `channels`; with `size` None each keeps its own.

    `label_names` are the words for the labels, `()` where none are known.

    >>> collection = as_collection("photos/")
    >>> len(collection), collection[0].shape, collection.name(0)
    (812, torch.Size([3, 480, 640]), 'cats/001.jpg')
    """

    size: Size | None = field(default=None, kw_only=True)
    channels: int = field(default=3, kw_only=True)
    label_names: tuple[str, ...] = field(default=(), kw_only=True)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def found(self, number: int) -> tuple[Any, int]:
        """Picture `number` as it lies there, and its label or `NONE`; called from several threads."""

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What it is, in words and numbers that JSON has; "kind" is "folder", "files", "array", "items", "world" …"""

    @cached_property
    @abstractmethod
    def hash(self) -> str:
        """12 hex digits that differ where the pictures do."""

    def name(self, number: int) -> str:
        """What to call picture `number`."""
        return str(number)

    def read(self, number: int) -> tuple[Tensor, int]:
        """Picture `number`, uint8 or float32 (c, h, w), and its label or `NONE`.

        Raises:
            Unreadable: it cannot be read.
        """
        source, label = self.found(number)
        return decoded(source, self.size, self.channels), label

    def __getitem__(self, number: int) -> Tensor:
        if not -len(self) <= number < len(self):
            raise IndexError(f"There are pictures 0 to {len(self) - 1}, not {number}.")
        pixels = self.read(number % len(self))[0]
        return pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels

    def __iter__(self) -> Iterator[Tensor]:
        return (self[number] for number in range(len(self)))

    def at(self, size: Size | None, channels: int) -> "Collection":
        """The same pictures in another shape."""
        return replace(self, size=None if size is None else tuple(size), channels=channels)

    def subset(self, numbers: Sequence[int] | Tensor | np.ndarray) -> "Collection":
        """Some of the pictures: picture i is `numbers[i]` here, or the i-th that a mask (n,) of truth values keeps.

        Raises:
            ValueError: none is chosen, or a mask has another length.
            IndexError: there is no such picture.

        >>> as_collection("world").subset([3, 700, 41]).name(1)
        'world/test/700'
        """
        made = {"size": self.size, "channels": self.channels, "label_names": self.label_names}
        return Subset(self, _chosen(numbers, len(self)), **made)

    def __repr__(self) -> str:
        told = ", ".join(f"{key} {value}" for key, value in self.description.items() if key != "kind")
        return f"<{self.description['kind']} of {len(self)} pictures{', ' * bool(told)}{told}>"


@dataclass(frozen=True, eq=False, repr=False)
class Files(Collection):
    """Picture files by their names below `root`; labels are the folders they lie in, where all lie in one."""

    root: Path
    names: tuple[str, ...]
    listed: bool = False  # rather than found in a folder

    def __len__(self) -> int:
        return len(self.names)

    def name(self, number: int) -> str:
        return _writable(self.names[number])

    def path(self, number: int) -> Path:
        """Where picture `number` lies."""
        return self.root / self.names[number]

    @cached_property
    def _labels(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.label_names)}

    def found(self, number: int) -> tuple[Path, int]:
        return self.path(number), self._labels.get(self.name(number).split("/")[0], NONE)

    @property
    def description(self) -> dict[str, Any]:
        return {"kind": "files" if self.listed else "folder", "root": str(self.root)}

    @cached_property
    def hash(self) -> str:
        """Of every file's name, size and time of change, so that nothing has to be read."""
        stats = ((name, _stat(self.root / name)) for name in self.names)
        lines = (f"{name}\0{size}\0{changed}\n" for name, (size, changed) in stats)
        return digest(line.encode(errors="backslashreplace") for line in lines)


@dataclass(frozen=True, eq=False, repr=False)
class Array(Collection):
    """Pictures that are in memory already: (n, c, h, w), uint8 or float in [0, 1]."""

    pixels: Tensor
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def found(self, number: int) -> tuple[Tensor, int]:
        return self.pixels[number], NONE if self.labels is None else int(self.labels[number])

    def slab(self, first: int, last: int) -> tuple[Tensor, list[int]] | None:
        """Pictures `first` to `last` (not included) and their labels, if they need no cutting."""
        _, c, h, w = self.pixels.shape
        if c != self.channels or self.size not in (None, (h, w)):
            return None
        labels = [NONE] * (last - first) if self.labels is None else self.labels[first:last].tolist()
        return self.pixels[first:last], labels

    @property
    def description(self) -> dict[str, Any]:
        return {"kind": "array", "shape": list(self.pixels.shape)}

    @cached_property
    def hash(self) -> str:
        return digest(_contents(part) for part in [self.pixels, *([] if self.labels is None else [self.labels])])


@dataclass(frozen=True, eq=False, repr=False)
class Items(Collection):
    """Anything with a length and items that are pictures, or pictures with labels: a dataset or a list."""

    items: Any

    def __len__(self) -> int:
        return len(self.items)

    def found(self, number: int) -> tuple[Any, int]:
        try:
            return _parted(self.items[number])
        except OSError as error:
            raise Unreadable(str(error) or type(error).__name__) from error

    def read(self, number: int) -> tuple[Tensor, int]:
        source, label = self.found(number)
        try:
            return decoded(source, self.size, self.channels), label
        except OSError as error:  # Pillow reads the rest of a file when it is asked for it
            raise Unreadable(str(error) or type(error).__name__) from error

    @property
    def description(self) -> dict[str, Any]:
        return {"kind": "items", "of": type(self.items).__name__}

    @cached_property
    def hash(self) -> str:
        """Of all items of a list; of a dataset, of its files' names or labels and of three items."""
        if isinstance(self.items, (list, tuple)):
            return digest(_contents(item) for item in self.items)
        told = (getattr(self.items, name, None) for name in ("samples", "imgs", "targets", "labels"))
        some = sorted({0, len(self) // 2, len(self) - 1})
        parts = [type(self.items).__name__, len(self), *(repr(t)[:10_000_000] for t in told if t is not None)]
        return digest([repr(parts).encode(), *(_contents(self.items[i]) for i in some)])


@dataclass(frozen=True, eq=False, repr=False)
class OfTheWorld(Collection):
    """The first `count` pictures of a split of the generated world, drawn when asked for; it has masks, too."""

    split: str = "test"
    count: int = OF_THE_WORLD
    seed: int = 0
    knobs: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.count

    def view(self, number: int) -> Any:
        """Picture `number` with its label maps, as large as its longer side must be."""
        from vizkit.data import world

        scene = world.scene(number, self.split, self.seed, **self.knobs)
        return world.render(scene, max(self.size) if self.size else 96)

    def name(self, number: int) -> str:
        return f"world/{self.split}/{number}"

    def found(self, number: int) -> tuple[Any, int]:
        view = self.view(number)
        return Image.fromarray(view.picture), view.label

    @property
    def description(self) -> dict[str, Any]:
        return {
            "kind": "world",
            "split": self.split,
            "count": self.count,
            "seed": self.seed,
            "knobs": {name: list(v) if isinstance(v, tuple) else v for name, v in self.knobs.items()},
        }

    @cached_property
    def hash(self) -> str:
        """Of what was asked for and of one picture, which another way of drawing would change."""
        plain = replace(self, size=None)
        return digest([repr(self.description).encode(), plain.view(0).picture.tobytes()])


@dataclass(frozen=True, eq=False, repr=False)
class Subset(Collection):
    """Some pictures of another collection: picture i is `numbers[i]` of `whole`."""

    whole: Collection
    numbers: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def found(self, number: int) -> tuple[Any, int]:
        return self.whole.found(self.numbers[number])

    def read(self, number: int) -> tuple[Tensor, int]:
        return self.whole.read(self.numbers[number])

    def name(self, number: int) -> str:
        return self.whole.name(self.numbers[number])

    def at(self, size: Size | None, channels: int) -> Collection:
        whole = self.whole.at(size, channels)
        return replace(self, whole=whole, size=whole.size, channels=whole.channels)

    @property
    def description(self) -> dict[str, Any]:
        return {"kind": "subset", "of": self.whole.description["kind"]}

    @cached_property
    def hash(self) -> str:
        return digest([self.whole.hash.encode(), repr(self.numbers).encode()])


def as_collection(source: Pictures, *, labels: Sequence[str] | None = None) -> Collection:
    """Whatever holds many pictures, as a collection.

    Args:
        source: A folder (searched to its depths; by name), `"world"`, `"world/train/6000"`, a list of paths, an array
            or tensor (n, c, h, w), a torchvision dataset, or any sequence of pictures or of (picture, label).
        labels: Words for the labels; a folder's are the folders in it, a dataset's its `classes`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it holds no picture, or is none of these.

    >>> as_collection("world/train/6000")
    <world of 6000 pictures, split train, count 6000, seed 0, knobs {}>
    """
    made = _collection(source)
    if not len(made):
        raise ValueError(f"{source!r} holds no picture. Give a folder with some, a dataset, an array or 'world'.")
    return made if labels is None else replace(made, label_names=tuple(map(str, labels)))


def _collection(source: Pictures) -> Collection:
    if isinstance(source, Collection):
        return source
    if isinstance(source, (str, Path)):
        return _named(source)
    if isinstance(source, (Tensor, np.ndarray)):
        return Array(_stacked(source))
    from vizkit.data.world.dataset import World

    if isinstance(source, World):
        return _of_the_world(source.split, source.count, source.seed, source.knobs)
    if isinstance(source, (list, tuple)) and source and all(isinstance(item, (str, Path)) for item in source):
        return _listed([Path(item) for item in source])
    if not hasattr(source, "__getitem__") or not hasattr(source, "__len__") or isinstance(source, Mapping):
        raise ValueError(
            f"{type(source).__name__} is no collection of pictures. Give a folder, a list of paths, an array "
            "(n, c, h, w), a dataset with a length, or 'world'."
        )
    classes = getattr(source, "classes", ())
    return Items(source, label_names=tuple(map(str, classes)))


def _chosen(numbers: Sequence[int] | Tensor | np.ndarray, count: int) -> tuple[int, ...]:
    """The numbers that are meant, each from 0 to `count` (not included)."""
    given = torch.as_tensor(numbers).flatten()
    if given.dtype == torch.bool:
        if len(given) != count:
            raise ValueError(f"A mask of {len(given)} for {count} pictures. Give a truth value for each, or numbers.")
        given = given.nonzero()[:, 0]
    if not len(given):
        raise ValueError("A subset of no pictures is none. Choose some first: collection.subset([0, 7]).")
    if given.is_floating_point():
        raise ValueError(f"Pictures have whole numbers, not {float(given[0]):g}. Give integers, or a mask.")
    wrong = (given < -count) | (given >= count)
    if bool(wrong.any()):
        raise IndexError(f"There are pictures 0 to {count - 1}, not {int(given[wrong][0])}.")
    return tuple((given % count).tolist())


def _named(source: str | Path) -> Collection:
    path = Path(source).expanduser()
    words = str(source).split("/")
    if words[0] == "world" and not path.exists():
        return _world_by_name(words, str(source))
    if path.suffix == ".npy" and path.is_file():
        return Array(_stacked(np.load(path, allow_pickle=False)))
    names = tuple(file.relative_to(path).as_posix() for file in picture_files(path))
    folders = sorted({_writable(name).split("/")[0] for name in names if "/" in name})
    labels = folders if len(folders) > 1 and all("/" in name for name in names) else ()
    return Files(path.resolve(), names, label_names=tuple(labels))


def _world_by_name(words: list[str], name: str) -> "OfTheWorld":
    split, count = (words[1:] + ["test", str(OF_THE_WORLD)][len(words) - 1 :])[:2]
    if split not in SPLITS or not count.isdecimal() or len(words) > 3:
        raise ValueError(
            f"{name!r} is no part of the world.{nearest(split, SPLITS)} Give 'world' or 'world/SPLIT/COUNT', with "
            f"{' or '.join(SPLITS)}."
        )
    return _of_the_world(split, int(count))


def _of_the_world(split: str, count: int, seed: int = 0, knobs: Mapping[str, Any] | None = None) -> "OfTheWorld":
    from vizkit.data import world

    if count:
        world.scene(count - 1, split, seed, **(knobs or {}))  # a wrong count or knob fails here
    return OfTheWorld(split, count, seed, dict(knobs or {}), label_names=world.LABELS)


def _listed(paths: list[Path]) -> Files:
    """Files by their paths, below the folder that holds them all."""
    whole = [path.expanduser().resolve() for path in paths]
    root = whole[0].parent
    while not all(path.is_relative_to(root) for path in whole):
        root = root.parent
    return Files(root, tuple(path.relative_to(root).as_posix() for path in whole), listed=True)


def _stacked(array: Tensor | np.ndarray) -> Tensor:
    """(n, c, h, w), bytes or floats in [0, 1], of an array that may have its channels last."""
    if array.ndim != 4:
        hint = " Give x[:, None] if these are gray pictures, x[None] if it is one." if array.ndim == 3 else ""
        raise ValueError(f"An array of pictures is (n, c, h, w), not {tuple(array.shape)}.{hint}")
    tensor = torch.from_numpy(array.copy()) if isinstance(array, np.ndarray) else array.detach()
    if tensor.shape[-1] in (1, 3, 4) and tensor.shape[1] not in (1, 3, 4):
        tensor = tensor.movedim(-1, 1)
    if tensor.dtype != torch.uint8:
        tensor = tensor.float()
        some = tensor[:: max(1, len(tensor) // LOOKED_AT)]
        low, high = (float(v) for v in some.aminmax()) if some.numel() else (0.0, 1.0)
        if not (low >= -1e-6 and high <= 1 + 1e-6):
            raise ValueError(f"Pictures hold values from 0 to 1, and these {low:g} to {high:g}. {remedy(low)}")
    return tensor


def _parted(item: Any) -> tuple[Any, int]:
    """Picture and label of an item that may have both."""
    if not isinstance(item, (tuple, list)):
        return item, NONE
    picture, label = item[0], item[1] if len(item) > 1 else NONE
    number = isinstance(label, (int, np.integer)) or (isinstance(label, Tensor) and label.numel() == 1)
    return picture, int(label) if number else NONE


def _writable(name: str) -> str:
    """A file's name as pages and files can hold it: old names may have bytes that are no UTF-8."""
    return name.encode(errors="replace").decode()


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return -1, -1  # a listed file that is not there: it will be told when it is read
    return found.st_size, found.st_mtime_ns


def _contents(item: Any) -> bytes:
    """Bytes that differ where a picture, a tensor or a pair with a label does."""
    if isinstance(item, (tuple, list)):
        return b"(" + b",".join(map(_contents, item)) + b")"
    if isinstance(item, Image.Image):
        return f"{item.mode}{item.size}".encode() + item.tobytes()
    if isinstance(item, Tensor):
        item = item.detach().cpu().numpy()
    if isinstance(item, np.ndarray):
        return f"{item.dtype}{item.shape}".encode() + hashlib.sha256(np.ascontiguousarray(item).data).digest()
    return repr(item).encode()


def digest(parts: Iterable[bytes]) -> str:
    """12 hex digits that differ where the parts do, one after another."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part)
    return made.hexdigest()[:12]
