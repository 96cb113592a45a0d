"""How fast a scan is, beside the bare forward pass and the bare decoder, and how much memory it takes.

Times are seconds a picture, of one process, in turn: bare pass, scan, bare pass, … so that noise hits all alike.
Ratios are medians over rounds. `bare` is the network as torchvision makes it, `module(x)` without gradients or hooks on
ready batches, at the batch size that suits it best. `own` is the same pass through `net.twin`, whose filters `load` has
laid out channels last, on batches of the scan's size: what a scan could reach if reading were free.
"""

import argparse
import copy
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))

import torch

import vizkit
from vizkit.data.collections import as_collection
from vizkit.data.feeding import batches
from vizkit.data.pictures import picture_files
from vizkit.measure.plan import usual_batch, usual_layers
from vizkit.nets.describe import layers
from vizkit.nets.network import Network

DATA = Path(__file__).parents[1].parent / "shared" / "data"
PICTURES = DATA / "images" / "imagenet-sample"
BATCHES = (1, 2, 4, 8, 16, 32)  # that the bare pass may have
PARTS = ["ready", "files", "memory"]
KINDS = {"top-k": {"histograms": False}, "with histograms": {}, "every position": {"histograms": "all"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", nargs="+", default=["squeezenet1_1", "mobilenet_v2"])
    parser.add_argument("--pictures", type=Path, default=PICTURES)
    parser.add_argument("--count", type=int, default=256, help="pictures in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, help="pictures in a pass (default: the scan's own choice)")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--workers", type=int, help="threads that decode (default: as many as cores)")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peak", nargs=2, metavar=("NET", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print(json.dumps(peak(options.peak[0], options.pictures, int(options.peak[1]))))
        return
    figures = {name: measured(name, options) for name in options.nets}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def measured(name: str, options: argparse.Namespace) -> dict:
    net = loaded(name)
    known = layers(net)
    batch = options.batch or usual_batch(net, [known[layer] for layer in usual_layers(net)])
    found: dict = {"batch": batch, "threads": torch.get_num_threads(), "layers": len(usual_layers(net))}
    if "ready" in options.parts:
        found["ready"] = ready(net, options, batch)
    if "files" in options.parts:
        found["files"] = files(net, options, batch)
    if "memory" in options.parts:
        found["memory"] = {count: peak_of(name, options, count) for count in (256, 512, 1024)}
    print(name, json.dumps(found, indent=1), flush=True)
    return found


def loaded(name: str) -> Network:
    weights = DATA / "weights" / f"{name}.pth"
    return vizkit.load(name, weights if weights.is_file() else "random", device="cpu")


def ready(net: Network, options: argparse.Namespace, batch: int) -> dict:
    """Scans of a tensor against bare passes over it."""
    pixels = torch.stack(list(as_collection(options.pictures).at(net.size, net.channels))[: options.count])
    turns = passes(net, pixels, batch)
    for kind in options.kinds:
        turns[kind] = lambda kind=kind: vizkit.scan(net, pixels, batch=batch, **KINDS[kind])
    return told(in_turn(turns, options.rounds, len(pixels)), "bare", "own")


def files(net: Network, options: argparse.Namespace, batch: int) -> dict:
    """Scans of JPEG files against the slower of decoding them and a pass, and against both one after another."""
    names = picture_files(options.pictures)[: options.count]
    collection = as_collection(names).at(net.size, net.channels)
    turns = passes(net, torch.stack(list(collection)), batch)
    turns["decoding"] = lambda: [None for _ in batches(collection, range(len(collection)), batch, options.workers)]
    for kind in options.kinds:
        turns[kind] = lambda kind=kind: vizkit.scan(
            net, collection, batch=batch, workers=options.workers, **KINDS[kind]
        )
    times = in_turn(turns, options.rounds, len(names))
    bare, own, decoding = times["bare"], times["own"], times["decoding"]
    times["slower"] = [max(pair) for pair in zip(bare, decoding, strict=True)]
    times["slower, own"] = [max(pair) for pair in zip(own, decoding, strict=True)]
    # where they share the same cores, each having had all of them alone, they take at least their sum together
    times["one after another"] = [sum(pair) for pair in zip(own, decoding, strict=True)]
    return told(times, "slower", "slower, own", "one after another")


def passes(net: Network, pixels: torch.Tensor, batch: int) -> dict[str, Callable[[], object]]:
    """The bare pass at the batch size that suits it best, and our own without reading."""
    module = as_made(net)
    best = min(BATCHES, key=lambda size: seconds_of(lambda: bare(net, module, pixels[:64], size)))
    print(f"{net.name}: the bare pass takes batches of {best}", flush=True)
    return {"bare": lambda: bare(net, module, pixels, best), "own": lambda: bare(net, net.twin, pixels, batch)}


def as_made(net: Network) -> torch.nn.Module:
    """The network with its filters in the order in which torchvision makes them."""
    return copy.deepcopy(net.module).to(memory_format=torch.contiguous_format).eval()


def bare(net: Network, module: torch.nn.Module, pixels: torch.Tensor, batch: int) -> None:
    with torch.no_grad():
        for some in pixels.split(batch):
            module(net.prepare(some))


def seconds_of(turn: Callable[[], object], times: int = 3) -> float:
    turn()
    return statistics.median(timed(turn) for _ in range(times))


def timed(turn: Callable[[], object]) -> float:
    began = time.perf_counter()
    turn()
    return time.perf_counter() - began


def in_turn(turns: dict[str, Callable[[], object]], rounds: int, pictures: int) -> dict[str, list[float]]:
    """Seconds a picture of each, after a first round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            seconds = timed(turn)
            if number:
                times[name].append(seconds / pictures)
    return times


def told(times: dict[str, list[float]], *against: str) -> dict:
    """Pictures a second of each, and its speed as a share of that of each of `against`: medians over rounds."""
    rates = {name: round(1 / statistics.median(seconds), 1) for name, seconds in times.items()}
    return {"pictures/s": rates, **{f"share of {one}": shares(times, one) for one in against}}


def shares(times: dict[str, list[float]], against: str) -> dict[str, float]:
    return {
        name: round(statistics.median(a / b for a, b in zip(times[against], seconds, strict=True)), 3)
        for name, seconds in times.items()
    }


def peak_of(name: str, options: argparse.Namespace, count: int) -> dict:
    """`peak` in a process of its own."""
    words = [sys.executable, __file__, "--pictures", str(options.pictures), "--peak", name, str(count)]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def peak(name: str, pictures: Path, count: int) -> dict:
    """Most memory, MB, before and while `count` files are scanned: the same 256 again and again, as sizes differ."""
    net = loaded(name)
    bare(net, net.twin, torch.rand(4, net.channels, *net.size), 4)
    before = most_memory()
    names = list(islice(cycle(picture_files(pictures)[:256]), count))
    vizkit.scan(net, names, shard=256)
    after = most_memory()
    return {"before": round(before), "most": round(after), "the scan's": round(after - before)}


def most_memory() -> float:
    """The most memory this process has had so far, MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # what `resource` tells may be the parent's, whose memory a new process has for a moment
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
