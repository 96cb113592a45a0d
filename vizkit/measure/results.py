"""What a finished statistic is called and how large it is: tensors by layer, from a state in memory or from a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vizkit.measure.histogram import BINS, used
from vizkit.measure.moments import Moment
from vizkit.measure.plan import Plan
from vizkit.measure.spread import Spread
from vizkit.measure.statistic import State, part
from vizkit.measure.top import Top

KEPT = 12  # tensors of an index that were read last stay in memory
TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "I32": torch.int32}


class Results(Protocol):
    """Finished statistics: `of(layer number, name)` is a tensor, `labels` (pictures,) int64."""

    def of(self, number: int, name: str) -> Tensor: ...

    @property
    def labels(self) -> Tensor: ...


def expected(plan: Plan, number: int) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
    """Type and shape of every result of a layer, by name; a size of -1 may be any."""
    units = plan.layers[number].channels
    found: dict[str, tuple[torch.dtype, tuple[int, ...]]] = {"odd": (torch.int64, (units,))}
    for name, k in (("top", plan.k), ("spread", plan.spread)):
        for tensor, dtype in (("values", torch.float32), ("ids", torch.int64), ("positions", torch.int32)):
            found[f"{name}.{tensor}"] = (dtype, (units, k))
    if plan.samples[number]:
        found |= {"counts": (torch.int64, (units, -1)), "first_bin": (torch.int64, (1,))}
        found |= dict.fromkeys(("mean", "variance"), (torch.float64, (units,)))
        found["pictures"] = (torch.int64, (units,))
    if plan.together[number]:
        found["together"] = (torch.int64, (units, units))
    return found


class FromState:
    """Results of a state of all statistics, worked out for a layer when first asked for."""

    def __init__(self, plan: Plan, state: State, labels: Tensor):
        self._plan, self._state, self.labels = plan, state, labels
        self._known: dict[int, dict[str, Tensor]] = {}

    def of(self, number: int, name: str) -> Tensor:
        if number not in self._known:
            self._known[number] = finished(self._plan, self._state, number)
        return self._known[number][name]

    def has_rows(self, number: int) -> bool:
        """Whether the embeddings of a layer are at hand."""
        return f"pooled{number}.ids" in self._state

    def rows(self, number: int) -> Tensor:
        """The embeddings (pictures, units) of a layer, NaN where there are none."""
        state = part(self._state, f"pooled{number}")
        rows = torch.full((self._plan.count, self._plan.layers[number].channels), torch.nan)
        rows[state["ids"]] = state["rows"]
        return rows


class FromFile:
    """Results in a file that `save_results` wrote; a layer's are read when asked for, and checked.

    Raises:
        ValueError: something is missing, or is not what the table of contents says.
    """

    def __init__(self, path: Path, plan: Plan):
        self._path, self._plan = path, plan
        with _opened(path) as file:
            present = {key: _kind(file, key) for key in file.keys()}  # noqa: SIM118 - no mapping
        wanted = {f"{i}.{name}": kind for i in range(len(plan.layers)) for name, kind in expected(plan, i).items()}
        _compare(present, {**wanted, "labels": (torch.int64, (plan.count,))})
        self._known: dict[str, Tensor] = {}  # read last

    @property
    def labels(self) -> Tensor:
        return self._once("labels", lambda: self._read("labels"))

    def of(self, number: int, name: str) -> Tensor:
        return self._once(f"{number}.{name}", lambda: self._checked(number, name))

    def _once(self, key: str, read: Callable[[], Tensor]) -> Tensor:
        """What was read last is at hand: whoever looks at a unit soon looks at the next one of its layer."""
        known = self._known  # never changed, only replaced: several threads may read
        if key not in known:
            known = self._known = dict([*known.items(), (key, read())][-KEPT:])
        return known[key]

    def _checked(self, number: int, name: str) -> Tensor:
        tensor = self._read(f"{number}.{name}")
        if name.endswith(".ids"):
            _require_within(tensor, -1, self._plan.count - 1, name)
        if name.endswith(".positions"):
            places = torch.Size(self._plan.layers[number].shape).numel() // self._plan.layers[number].channels
            _require_within(tensor, -1, places - 1, name)
        if name in {"counts", "together", "odd", "pictures"}:
            _require_within(tensor, 0, 2**62, name)
        if name == "first_bin":
            _require_within(tensor, 0, BINS - 1, name)
        return tensor

    def _read(self, key: str) -> Tensor:
        with _opened(self._path) as file:
            return file.get_tensor(key)


def save_results(path: Path, plan: Plan, state: State, labels: Tensor) -> None:
    """Write everything but embeddings."""
    found = {f"{i}.{name}": t for i in range(len(plan.layers)) for name, t in finished(plan, state, i).items()}
    save_file({**found, "labels": labels}, path)


def finished(plan: Plan, state: State, number: int) -> dict[str, Tensor]:
    """All results of a layer but its embeddings."""
    units, channels = plan.slices[number], plan.layers[number].channels
    top = {key: tensor[units] for key, tensor in part(state, "top").items()}
    spread = part(state, "spread")
    spread |= {key: spread[key][:, units] for key in ("values", "positions")}
    found = {"odd": top["odd"]}
    rankings = {"top": Top(channels, plan.k).finalize(top), "spread": Spread(channels, plan.spread).finalize(spread)}
    for name, ranking in rankings.items():
        found |= {f"{name}.{key}": tensor for key, tensor in ranking._asdict().items()}
    if plan.samples[number]:
        counts = state["histogram.counts"][units]
        bins = used(counts)
        found |= {"counts": counts[:, bins.start : bins.stop].long(), "first_bin": torch.tensor([bins.start])}
        moment = {key: tensor[units] for key, tensor in part(state, "moment").items()}
        found |= Moment(channels).finalize(moment)._asdict()
    if plan.together[number]:
        found["together"] = state[f"together{number}.counts"]
    return {key: tensor.contiguous() for key, tensor in found.items()}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, "pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} is missing or damaged ({error})") from error


def _kind(file: Any, key: str) -> tuple[torch.dtype | None, tuple[int, ...]]:
    there = file.get_slice(key)
    return TYPES.get(there.get_dtype()), tuple(there.get_shape())


def _compare(present: dict, wanted: dict) -> None:
    odd = sorted(present.keys() ^ wanted.keys())
    if odd:
        raise ValueError(f"it {'lacks' if odd[0] in wanted else 'should not hold'} {odd[0]!r}")
    for key, (dtype, shape) in wanted.items():
        kind, size = present[key]
        same = len(size) == len(shape) and all(b in (a, -1) for a, b in zip(size, shape, strict=True))
        if kind != dtype or not same or (-1 in shape and not 0 < size[shape.index(-1)] <= BINS):
            raise ValueError(f"{key!r} is {kind} {size}, not {dtype} {shape}")


def _require_within(tensor: Tensor, low: int, high: int, what: str) -> None:
    if tensor.numel() and not (int(tensor.min()) >= low and int(tensor.max()) <= high):
        raise ValueError(f"The index is damaged: {what} holds numbers outside {low} to {high}.")
