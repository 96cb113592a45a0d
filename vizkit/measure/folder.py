"""An index on disk, and what a scan has finished of it so far.

    contents.json            what was read, of what; written first, and again when all is there
    pictures.json            the pictures' names, where they have any
    shards/00007.safetensors the state after the pictures of shard 7, until all shards are there
    results.safetensors      the finished statistics of all layers
    unreadable.json          pictures that could not be read, and why
    embeddings/3.npy         one row a picture, of layer 3

Every file is written beside its place and moved there when complete, so that a scan may be killed at any moment, and
several processes may write to one folder.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vizkit.core.files import replacing
from vizkit.measure.contents import Contents, names_from_json
from vizkit.measure.histogram import BINS, used
from vizkit.measure.plan import Plan
from vizkit.measure.results import save_results
from vizkit.measure.statistic import State, zeros

CONTENTS, NAMES, UNREADABLE, RESULTS = "contents.json", "pictures.json", "unreadable.json", "results.safetensors"
MOST_TEXT = 2**31  # bytes of a JSON file

Failures = tuple[tuple[int, str], ...]


@dataclass(frozen=True, eq=False)
class Shard:
    """What became of the pictures of one shard: the state after them, their labels, and those that were unreadable."""

    state: State
    labels: Tensor
    unreadable: Failures


class Folder:
    """The files of one index."""

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()

    def contents(self) -> Contents | None:
        """What the folder says it holds; None where it is empty or not there yet.

        Raises:
            FileExistsError: it holds something else.
            ValueError: its table of contents is damaged.
        """
        if not (self.path / CONTENTS).is_file():
            if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
                raise FileExistsError(f"{str(self.path)!r} holds something that is no index. Give a new folder.")
            return None
        return Contents.from_json(self._text(CONTENTS))

    def begin(self, contents: Contents, names: Iterable[str] | None) -> None:
        """Make the folder and say what it is going to hold."""
        (self.path / "shards").mkdir(parents=True, exist_ok=True)
        if names is not None:
            self._write(NAMES, json.dumps(list(names)))
        self._write(CONTENTS, contents.to_json())

    def names(self, count: int) -> tuple[str, ...] | None:
        """The pictures' names, checked; None where they have none."""
        return names_from_json(self._text(NAMES), count) if (self.path / NAMES).is_file() else None

    def unreadable(self, plan: Plan) -> Failures:
        """Numbers of the pictures that could not be read, and why.

        Raises:
            ValueError: the file is damaged.
        """
        try:
            return _failures(json.loads(self._text(UNREADABLE)), plan)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{UNREADABLE} is damaged ({error})") from error

    def done(self, plan: Plan) -> set[int]:
        """The numbers of the shards that are there."""
        return {number for number in range(len(plan.shards)) if self._shard(number).is_file()}

    def keep(self, number: int, shard: Shard) -> None:
        """Write a finished shard."""
        tensors = {key: tensor.contiguous() for key, tensor in _packed(shard.state).items()}
        told = {"unreadable": json.dumps(shard.unreadable)}
        with replacing(self._shard(number)) as draft:
            save_file({**tensors, "labels": shard.labels}, draft, told)

    def shard(self, plan: Plan, number: int) -> Shard | None:
        """A finished shard; None where it is missing or damaged and must be made again."""
        path = self._shard(number)
        try:
            with safe_open(path, "pt") as file:
                found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
                told = json.loads((file.metadata() or {})["unreadable"])
            labels, unreadable = found.pop("labels"), _failures(told, plan)
            if labels.shape != (len(plan.shards[number]),) or labels.dtype != torch.int64:
                raise ValueError("its labels are none")
            state = _unpacked(plan, found)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError):
            path.unlink(missing_ok=True)
            return None
        return Shard(state, labels, unreadable)

    def finish(self, contents: Contents, state: State, labels: Tensor, unreadable: Failures) -> None:
        """Write the results of the merged `state`, say that all is there, and let the shards go."""
        plan = contents.plan
        self._write(UNREADABLE, json.dumps(unreadable))
        with replacing(self.path / RESULTS) as draft:
            save_results(draft, plan, state, labels)
        for layer in (number for number, word in enumerate(plan.pooled) if word):
            self._write_rows(plan, layer)
        self._write(CONTENTS, contents.finished().to_json())
        shutil.rmtree(self.path / "shards", ignore_errors=True)

    def rows(self, plan: Plan, layer: int) -> np.ndarray:
        """The embeddings (pictures, units) of a layer, read from disk where they are looked at.

        Raises:
            ValueError: the file is not what the table of contents says.
        """
        shape = (plan.count, plan.layers[layer].channels)
        try:
            rows = np.load(self._rows(layer), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ValueError(f"The index is damaged: {self._rows(layer).name} cannot be read ({error}).") from error
        if rows.shape != shape or rows.dtype != np.float32:
            raise ValueError(
                f"The index is damaged: {self._rows(layer).name} is {rows.dtype} {rows.shape}, not {shape}."
            )
        return rows

    def _write_rows(self, plan: Plan, layer: int) -> None:
        """Collect the embeddings of all shards, one at a time, so that memory does not grow with the pictures."""
        path = self._rows(layer)
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as draft:
            rows = open_memmap(draft, "w+", np.float32, (plan.count, plan.layers[layer].channels))
            rows[:] = np.nan
            for ids, some in self._rows_of_shards(plan, layer):
                rows[ids.numpy()] = some.numpy()
            rows.flush()

    def _rows_of_shards(self, plan: Plan, layer: int) -> Iterator[tuple[Tensor, Tensor]]:
        for number in range(len(plan.shards)):
            with safe_open(self._shard(number), "pt") as file:
                yield file.get_tensor(f"pooled{layer}.ids"), file.get_tensor(f"pooled{layer}.rows")

    def _rows(self, layer: int) -> Path:
        return self.path / "embeddings" / f"{layer}.npy"

    def _shard(self, number: int) -> Path:
        return self.path / "shards" / f"{number:05d}.safetensors"

    def _write(self, name: str, text: str) -> None:
        with replacing(self.path / name) as draft:
            draft.write_text(text, encoding="utf-8")

    def _text(self, name: str) -> str:
        path = self.path / name
        if path.stat().st_size > MOST_TEXT:
            raise ValueError(f"{name} is larger than {MOST_TEXT} bytes")
        return path.read_text(encoding="utf-8")


def _packed(state: State) -> State:
    """A state for a file: histograms without the bins that nobody uses."""
    if "histogram.counts" not in state:
        return state
    counts = state["histogram.counts"]
    bins = used(counts)
    first = torch.tensor([bins.start])
    return {**state, "histogram.counts": counts[:, bins.start : bins.stop], "histogram.first": first}


def _unpacked(plan: Plan, found: State) -> State:
    """The state again, with everything a state must have and nothing else.

    Raises:
        ValueError: it is not a state of `plan`.
    """
    empty: dict[str, Any] = zeros(plan.statistics)
    if "histogram.first" in found:
        first, counts = int(found.pop("histogram.first")), found["histogram.counts"]
        if not 0 <= first <= BINS - counts.shape[1]:
            raise ValueError("its bins are none")
        whole = empty["histogram.counts"]
        whole[:, first : first + counts.shape[1]] = counts
        found = {**found, "histogram.counts": whole}
    for key in empty.keys() | found.keys():
        if key not in empty or key not in found or not _alike(empty[key], found[key], key.startswith("pooled")):
            raise ValueError(f"its {key} is none")
    return found


def _alike(a: Tensor, b: Tensor, grows: bool) -> bool:
    return a.dtype == b.dtype and a.shape[grows:] == b.shape[grows:]


def _failures(told: list, plan: Plan) -> Failures:
    found = tuple((int(number), str(reason)) for number, reason in told)
    if not all(0 <= number < plan.count for number, _ in found):
        raise ValueError("it tells of pictures that are none")
    return found
