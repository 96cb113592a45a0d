"""`vizkit site`: make pages of a whole network, from a folder of pictures, in a folder that can be put on the web."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vizkit.commands import scan
from vizkit.commands.networks import add_network, network
from vizkit.commands.progress import Line, follow
from vizkit.measure.scan import Scanned
from vizkit.save.site.build import Built, building


def main(words: Sequence[str]) -> int:
    options = parser().parse_args(words)
    settings = {
        "units": units(options.units),
        "index": options.index,
        "size": options.size,
        "steps": options.steps,
        "seed": tuple(options.seed),
        "tv": tuple(options.tv),
        "rate": options.rate,
        "precision": options.precision,
        "together": options.together,
        "credit": options.credit,
    }
    told = building(network(options), options.pictures, options.out, options.layers, **settings)
    last, stopped = follow(told, Line(sentence, sys.stderr, options.quiet))
    if stopped and not (isinstance(last, Built) and last.complete):
        sys.stderr.write(f"Stopped by Ctrl-C after {where(last)}; the same command goes on.\n")
        return 130
    sys.stdout.write(f"{Path(options.out) / 'index.html'}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "vizkit site",
        description="Make pages of a whole network: what each of its units looks for, in made and in real pictures.",
        epilog="Killed or stopped with Ctrl-C, the same command goes on where it was; after a change, it makes only "
        "what that touches. The pages open from a disk and from any web server.",
    )
    add_network(made)
    made.add_argument("--pictures", metavar="FOLDER", help='a folder, "world", or "world/train/10000"')
    made.add_argument("--index", metavar="FOLDER", help="an index that `vizkit scan` made, instead of a scan")
    made.add_argument("--out", default="site", metavar="FOLDER", help="where the pages go (default: site)")
    made.add_argument("--layers", nargs="+", metavar="LAYER", help="which layers (default: every convolution)")
    made.add_argument("--units", metavar="N|LIST", help="the first N of each layer, or numbers such as 3,7,12")
    made.add_argument("--size", type=int, default=96, help="side of the pictures in pixels (default: 96)")
    made.add_argument("--steps", type=int, default=64, help="how often a made picture is turned (default: 64)")
    made.add_argument("--seed", type=int, nargs="+", default=(0, 1), help="where made pictures start (default: 0 1)")
    made.add_argument("--tv", type=float, nargs="+", default=(0.1,), help="how smooth they are (default: 0.1)")
    made.add_argument("--rate", type=float, default=2.0, help="how far each turn goes (default: 2)")
    made.add_argument(
        "--precision", choices=("float32", "bfloat16"), default="float32", help="of the network's products"
    )
    made.add_argument("--together", type=int, help="pictures made in one batch (default: 16, on a GPU 256)")
    made.add_argument("--credit", default="", help="a line for every page: whose pictures, under which license")
    made.add_argument("--quiet", action="store_true", help="no progress")
    return made


def units(word: str | None) -> int | list[int] | None:
    """What `--units` means: "64" is the first 64, "3,7" or "3," a list."""
    if word is None:
        return None
    parts = [part.strip() for part in word.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise ValueError(f"--units {word!r} is none. Give how many of each layer, or numbers such as 3,7,12.")
    return [int(part) for part in parts] if "," in word else int(parts[0])


def sentence(told: Built | Scanned) -> str:
    """How far it is: pictures that were scanned, or units, units a second, time left."""
    if isinstance(told, Scanned):
        return f"scanning · {scan.sentence(told)}"
    words = [f"{told.done} of {told.of} units", told.layer]
    if told.fresh:
        words.append(f"{told.rate:.3g} units/s")
    if told.left:
        words.append(f"{scan.duration(told.left)} left")
    return " · ".join(words)


def where(told: Built | Scanned | None) -> str:
    """How far it had come."""
    if told is None:
        return "nothing"
    return f"{told.done} of {told.of} {'pictures' if isinstance(told, Scanned) else 'units'}"
