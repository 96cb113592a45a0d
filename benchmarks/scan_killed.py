"""Scans many pictures of the world, is killed at random moments, goes on, and must end with the index of an undisturbed
scan, bit for bit; then again over a local Ray, one of whose workers is killed (`--ray`, if it is installed).
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

import vizkit
from vizkit.measure.plan import usual_shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        words = ["--pictures", f"world/train/{options.count}", "--cache", str(root / "cache"), "--batch", "32"]
        began = time.perf_counter()
        run(root / "whole", words)
        print(f"undisturbed: {options.count} pictures in {time.perf_counter() - began:.0f} s", flush=True)
        killed(root / "killed", words, options)
        compare(root / "killed", root / "whole")
        if options.ray:
            ray_killed(root / "ray", options)
            compare(root / "ray", root / "whole")


def command(out: Path, words: list[str]) -> list[str]:
    return [sys.executable, "-m", "vizkit", "scan", "--net", "world", "--device", "cpu", "--out", str(out), *words]


def run(out: Path, words: list[str]) -> None:
    subprocess.run(command(out, words), check=True, stdout=subprocess.DEVNULL)


def killed(out: Path, words: list[str], options: argparse.Namespace) -> None:
    """The same scan, killed `kills` times at random shares of its shards."""
    chance = random.Random(options.seed)
    shards = -(-options.count // usual_shard(options.count))
    for share in sorted(chance.random() for _ in range(options.kills)):
        running = subprocess.Popen(command(out, words), stdout=subprocess.DEVNULL)
        while len(list(out.glob("shards/0*"))) < share * shards and running.poll() is None:
            time.sleep(0.02)
        time.sleep(chance.random())  # somewhere in the middle of a shard
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        there = len(list(out.glob("shards/0*")))
        print(f"killed with {there} of {shards} shards there, index written: {(out / 'results.safetensors').exists()}")
    run(out, words)


def ray_killed(out: Path, options: argparse.Namespace) -> None:
    """The same over two workers of Ray, one of which is killed while it reads."""
    import ray

    from vizkit.measure.cluster import scanning_with_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    net, count, victim = vizkit.load("world", device="cpu"), options.count, 0
    for scanned in scanning_with_ray(net, f"world/train/{count}", out=out, batch=32, workers=2):
        if not victim and scanned.done > count / 3:
            victim = worker()
            os.kill(victim, signal.SIGKILL)
            print(f"killed Ray's worker {victim} after {scanned.done} pictures", flush=True)
    ray.shutdown()
    assert victim, "no worker was killed"


def worker() -> int:
    """The process of one of Ray's workers: they call themselves after their class."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::Worker"):
                return int(path.parent.name)
        except OSError:
            continue
    raise RuntimeError("no worker of Ray's was found")


def compare(a: Path, b: Path) -> None:
    one, other = vizkit.open_index(a), vizkit.open_index(b)
    for name in one.layers.names:
        for ask in ("top", "spread", "histogram", "moments"):
            for x, y in zip(getattr(one, ask)(name), getattr(other, ask)(name), strict=True):
                assert torch.equal(x, y), (name, ask)
    assert torch.equal(one.labels, other.labels)
    size = sum(path.stat().st_size for path in a.rglob("*") if path.is_file())
    print(f"{a.name}: equal bit for bit in {len(one.layers)} layers, {one!r}, {size / 1e6:.0f} MB on disk", flush=True)
    shutil.rmtree(a)


if __name__ == "__main__":
    main()
