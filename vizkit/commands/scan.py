"""`vizkit scan`: look at a folder of pictures once and keep what excites every unit, in an index that can be opened."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from vizkit.commands.networks import add_network, network
from vizkit.commands.progress import Line, follow
from vizkit.measure.embeddings import POOLINGS
from vizkit.measure.plan import PRECISIONS
from vizkit.measure.scan import Scanned, scanning

RANKS = (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS"))  # of torchrun and of srun
LOCAL_RANKS = ("LOCAL_RANK", "SLURM_LOCALID")


def main(words: Sequence[str]) -> int:
    options = parser().parse_args(words)
    settings = {
        "layers": options.layers,
        "out": options.out,
        "k": options.k,
        "histograms": histograms(options.histograms),
        "pooled": options.pooled,
        "together": options.together,
        "precision": options.precision,
        "batch": options.batch,
        "shard": options.shard,
    }
    options.device = options.device or own_device(os.environ)
    net = network(options)
    if options.ray:
        from vizkit.measure.cluster import scanning_with_ray  # only who asks for it needs ray

        told = scanning_with_ray(net, options.pictures, address=options.ray, workers=options.workers, **settings)
    else:
        share = shared(options.share, os.environ)
        told = scanning(net, options.pictures, cache=options.cache, workers=options.threads, share=share, **settings)
    last, stopped = follow(told, Line(sentence, sys.stderr, options.quiet))
    assert last is not None, "a scan tells at least how it ended"
    return ended(last, options.out, stopped)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "vizkit scan",
        description="Look at many pictures once and keep, for every unit of a network, which of them excite it.",
        epilog="Killed or stopped with Ctrl-C, the same command goes on where it was. "
        "Several processes share the work with --share, or --ray.",
    )
    add_network(made)
    made.add_argument("--pictures", required=True, metavar="FOLDER", help='a folder, "world", or "world/train/10000"')
    made.add_argument("--out", required=True, metavar="FOLDER", help="where the index goes")
    made.add_argument("--layers", nargs="+", metavar="LAYER", help="which layers (default: every convolution)")
    made.add_argument("--k", type=int, default=100, help="pictures kept for each unit (default: 100)")
    made.add_argument(
        "--histograms", default="on", metavar="on|off|all|N", help="histograms and moments of a sample, or of all"
    )
    made.add_argument("--pooled", choices=POOLINGS, help="keep a vector for each picture and layer")
    made.add_argument("--together", nargs="+", default=(), metavar="LAYER", help="layers whose units are paired")
    made.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0], help="of the network's products")
    made.add_argument("--batch", type=int, help="pictures in one forward pass (default: what fits)")
    made.add_argument("--shard", type=int, help="pictures between two savings (default: 256 or more)")
    made.add_argument("--cache", metavar="FOLDER", help="keep decoded pictures there for the next pass")
    made.add_argument("--threads", type=int, help="threads that decode (default: as many as cores)")
    made.add_argument(
        "--share", default="auto", metavar="R/N", help="read every N-th shard (default: as torchrun says)"
    )
    made.add_argument("--ray", metavar="local|auto", help="over Ray: on this machine, or the cluster it is part of")
    made.add_argument("--workers", type=int, help="with --ray, how many (default: one a GPU, or two)")
    made.add_argument("--quiet", action="store_true", help="no progress")
    return made


def histograms(word: str) -> bool | int | str:
    """What `--histograms` means."""
    if word.isdecimal():
        return int(word)
    known: dict[str, bool | str] = {"on": True, "off": False, "all": "all"}
    if word not in known:
        raise ValueError(f"--histograms {word!r} is none. Give on, off, all, or positions a picture.")
    return known[word]


def shared(word: str, environment: Mapping[str, str]) -> tuple[int, int]:
    """Rank and number of the processes that share the work: "1/4", or what torchrun or SLURM says."""
    if word != "auto":
        rank, _, of = word.partition("/")
        if not (rank.isdecimal() and of.isdecimal()):
            raise ValueError(f"--share {word!r} is none. Give rank/number, such as 0/4 for the first of four.")
        return int(rank), int(of)
    for rank, of in RANKS:
        if rank in environment and of in environment:
            return int(environment[rank]), int(environment[of])
    return 0, 1


def own_device(environment: Mapping[str, str]) -> str | None:
    """The GPU of this process where torchrun or SLURM started several on a machine with several; else nothing."""
    rank = next((environment[name] for name in LOCAL_RANKS if name in environment), None)
    if rank is None:
        return None
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{int(rank) % count}" if count > 1 else None


def ended(last: Scanned, out: str, stopped: bool) -> int:
    """Say how it ended; the exit code."""
    if stopped:
        sys.stderr.write(f"Stopped by Ctrl-C after {last.done} of {last.of} pictures; the same command goes on.\n")
        return 130
    if not last.complete:
        sys.stderr.write(f"{last.done} of {last.of} pictures are there; the last process to end writes the index.\n")
        return 0
    if last.unreadable:
        sys.stderr.write(f"{last.unreadable} pictures could not be read; {out}/unreadable.json tells why.\n")
    sys.stdout.write(f"{out}\n")
    return 0


def sentence(scanned: Scanned) -> str:
    """How far it is: pictures, pictures a second, time left."""
    words = [f"{scanned.done} of {scanned.of} pictures"]
    if scanned.fresh:
        words.append(f"{scanned.rate:.3g} pictures/s")
    if scanned.left:
        words.append(f"{duration(scanned.left)} left")
    if scanned.unreadable:
        words.append(f"{scanned.unreadable} unreadable")
    return " · ".join(words)


def duration(seconds: float) -> str:
    """Seconds in words."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
