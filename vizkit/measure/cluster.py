"""The same scan over Ray: workers pull shards and send back their states. Needs `pip install "vizkit[cluster]"`.

Only the process that calls writes; the pictures must lie where every worker can read them. A shard whose worker dies is
given to another, and as states merge exactly, the index is that of one process.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vizkit.data.collections import Collection, Pictures
from vizkit.measure.census import Census
from vizkit.measure.folder import Shard
from vizkit.measure.index import Index
from vizkit.measure.plan import Plan
from vizkit.measure.scan import Scanned, Work, begin, shard_of
from vizkit.nets.network import Network
from vizkit.nets.twin import copied

DEATHS = 3  # of workers with the same shard, before the shard is to blame
LOCAL_WORKERS = 2


def scan_with_ray(net: Network, pictures: Pictures, layers: Sequence[str] | None = None, **settings) -> Index:
    """`vizkit.scan` over Ray; see `scanning_with_ray`."""
    *_, last = scanning_with_ray(net, pictures, layers, **settings)
    return last.index()


def scanning_with_ray(
    net: Network,
    pictures: Pictures,
    layers: Sequence[str] | None = None,
    *,
    address: str = "local",
    workers: int | None = None,
    out: str | Path | None = None,
    **settings,
) -> Generator[Scanned, None, None]:
    """Scan over Ray actors, telling after every shard; the settings are those of `vizkit.scan`.

    `address` "local" starts Ray on this machine and stops it at the end; "auto", or an address, joins a cluster. There
    are `workers` workers, or one for each GPU, or two; a GPU each is asked for where Ray knows of any.

    Raises:
        ImportError: ray is not installed.
        RuntimeError: a shard's worker died three times.
    """
    ray = _ray()
    work = begin(net, pictures, layers, out=out, **settings)
    yield work.told()
    if work.left():
        own = _join(ray, address)
        try:
            yield from _shared(ray, net, work, workers)
        finally:
            if own:
                ray.shutdown()
    work.finish()
    yield work.told()


@dataclass(eq=False)
class Sent:
    """A network as it travels: a `Network` itself holds a lock."""

    net: dict[str, Any]

    @classmethod
    def of(cls, net: Network) -> "Sent":
        kept = ("size", "channels", "mean", "std", "labels", "name", "made_by", "edits")
        module = copied(net.module).cpu()
        return cls({"module": module, **{name: getattr(net, name) for name in kept}})

    def made(self, device: str) -> Network:
        net = Network(**self.net)
        net.module.to(device)
        return net


@dataclass(eq=False)
class Crew:
    """The workers at work: which shard each has in hand, and how often a shard's worker has died."""

    free: list[Any]
    busy: dict[Any, tuple[Any, int]] = field(default_factory=dict)
    deaths: dict[int, int] = field(default_factory=dict)

    def give(self, queue: list[int]) -> None:
        while self.free and queue:
            worker, number = self.free.pop(), queue.pop(0)
            self.busy[worker.read.remote(number)] = (worker, number)

    def mourn(self, number: int, error: Exception) -> None:
        self.deaths[number] = self.deaths.get(number, 0) + 1
        if self.deaths[number] >= DEATHS:
            raise RuntimeError(f"Workers died {DEATHS} times with shard {number}: {error}. Is memory short?") from error


def _shared(ray: Any, net: Network, work: Work, workers: int | None) -> Iterator[Scanned]:
    """Give every shard that is left to a worker, and keep what comes back."""
    there = ray.cluster_resources()
    kind = "GPU" if there.get("GPU") else "CPU"
    queue = work.left()
    usual = int(there["GPU"]) if kind == "GPU" else LOCAL_WORKERS
    count = max(1, min(workers or usual, int(there.get(kind, 1)), len(queue)))  # more would wait forever
    threads = max(1, torch.get_num_threads() // count) if kind == "CPU" else 1
    actor = ray.remote(num_cpus=1, num_gpus=int(kind == "GPU"))(Worker)
    sent = ray.put((Sent.of(net), work.collection, work.plan, "cuda" if kind == "GPU" else "cpu", threads))
    crew = Crew([actor.remote(sent) for _ in range(count)])
    while queue or crew.busy:
        crew.give(queue)
        for done in ray.wait(list(crew.busy), num_returns=1)[0]:
            worker, number = crew.busy.pop(done)
            try:
                shard = Shard(*ray.get(done))
            except ray.exceptions.RayActorError as error:
                crew.mourn(number, error)
                queue.insert(0, number)
                crew.free.append(actor.remote(sent))
                continue
            crew.free.append(worker)
            state = {key: tensor.clone() for key, tensor in shard.state.items()}  # Ray's own memory is read-only
            work.keep(number, Shard(state, shard.labels.clone(), shard.unreadable))
            yield work.told()


class Worker:
    """Lives in a process of Ray's: reads one shard after the other."""

    def __init__(self, sent: tuple[Sent, Collection, Plan, str, int]):
        net, self._collection, self._plan, device, threads = sent
        torch.set_num_threads(threads)
        self._census = Census(net.made(device), self._plan)

    def read(self, number: int) -> tuple[dict[str, Tensor], Tensor, tuple[tuple[int, str], ...]]:
        """The state, labels and unreadable pictures of shard `number`."""
        shard = shard_of(self._census, self._collection, number)
        return shard.state, shard.labels, shard.unreadable


def _join(ray: Any, address: str) -> bool:
    """Whether Ray was started or joined here, so that it must be left, too."""
    if ray.is_initialized():
        return False
    local = {"num_cpus": max(LOCAL_WORKERS, os.cpu_count() or 1), "include_dashboard": False}
    ray.init(log_to_driver=False, logging_level="ERROR", **(local if address == "local" else {"address": address}))
    return True


def _ray() -> Any:
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError("Ray is not installed. Type: pip install 'vizkit[cluster]'") from error
    return ray
