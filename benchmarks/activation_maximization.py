"""Pictures of units by vizkit and by lucent: how many a second, how good they are, and what a step costs at least.

    python benchmarks/activation_maximization.py --lucent FOLDER --json figures.json

What is compared and how is in README.md beside this file. Without --lucent, only vizkit is timed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles

import subjects
import torch
from torch import Tensor

import vizkit

CANVAS = 128  # lucent's default, so everyone's in the comparison
BATCH = 16
HOLDS = 0.98  # a time counts where vizkit's activation is surely at least this share of lucent's


@dataclass
class Timed:
    """Pictures (n, 3, h, w) of `units`, and the seconds a unit took in each repeat."""

    who: str
    units: list[int]
    pictures: Tensor
    seconds: list[float]
    note: str = ""

    @property
    def rate(self) -> float:
        """Units per second."""
        return 1 / median(self.seconds)


@dataclass
class Ratio:
    """Mean activation of vizkit's pictures over lucent's, and what it is above with 95 % certainty."""

    mean: float
    bound: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} (≥ {self.bound:.2f})"


@dataclass
class Pair:
    """A row of vizkit against a row of lucent, over the units both have drawn."""

    own: str
    other: str
    faster: float
    clean: Ratio
    held_out: Ratio
    blank: tuple[int, int]

    @property
    def counts(self) -> bool:
        return min(self.clean.bound, self.held_out.bound) >= HOLDS and self.blank[0] == 0


@dataclass
class Step:
    """Median milliseconds of vizkit's step and of bare ones, and bare over vizkit's, round by round."""

    network: str
    layer: str
    ours: float
    waking: float
    bare: dict[str, float]
    ratios: dict[str, list[float]] = field(default_factory=dict)


def main() -> None:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    start = time.perf_counter()
    print(f"torch {torch.__version__}, {chosen.threads} threads, CPU; {chosen.steps} steps")
    figures: dict = {"options": {name: str(value) for name, value in vars(chosen).items()}, "units": [], "steps": []}
    for network, layer in chosen.layers:
        if "units" in chosen.parts:
            figures["units"].append(compared(network, layer, chosen))
        if "steps" in chosen.parts:
            figures["steps"].append(asdict(show_step(timed_step(network, layer, chosen.rounds, chosen.batch))))
    figures["seconds"] = time.perf_counter() - start
    print(summary(figures))
    print(f"\n{figures['seconds']:.0f} s in all")
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1))


def options() -> argparse.Namespace:
    known = [f"{network}:{layer}" for network, layers in subjects.LAYERS.items() for layer in layers]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lucent", type=Path, help="folder that lucent 0.1.8 was installed into")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--parts", nargs="+", choices=["units", "steps"], default=["units", "steps"])
    parser.add_argument("--layers", nargs="+", choices=known, default=known, metavar="NETWORK:LAYER")
    parser.add_argument("--units", type=int, default=16, help="of each layer of SqueezeNet; of Inception, half as many")
    parser.add_argument("--shipped", type=int, default=8, help="so many of them by lucent as shipped, a process each")
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3, help="of vizkit, around lucent's")
    parser.add_argument("--views", type=int, default=16, help="held-out movements of every picture")
    parser.add_argument("--rounds", type=int, default=9, help="of the steps, ours and bare in turn")
    parser.add_argument("--batch", type=int, default=BATCH, help="of the steps")
    known = ["float32", "bfloat16"]
    parser.add_argument("--precisions", nargs="+", choices=known, default=known, help="of vizkit; lucent has float32")
    parser.add_argument("--fewer", type=int, default=0, help="so many steps too, of vizkit alone: as good sooner?")
    parser.add_argument("--preset", help="of vizkit, instead of its defaults")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="everything once and tiny: figures mean nothing")
    chosen = parser.parse_args()
    if chosen.quick:
        small = {"units": 2, "shipped": 1, "steps": 6, "repeats": 1, "views": 2, "rounds": 2, "batch": 2}
        small["precisions"] = ["float32"]
        parser.set_defaults(layers=["squeezenet1_1:features.3", "squeezenet1_1:output"], **small)
        chosen = parser.parse_args()
    chosen.layers = [tuple(word.split(":")) for word in chosen.layers]
    return chosen


def compared(network: str, layer: str, chosen: argparse.Namespace) -> dict:
    """Everyone's pictures of one layer, timed, judged and printed."""
    judge = subjects.Judge(subjects.module(network), layer, chosen.views)
    units = evenly(channels(network, layer), chosen.units if network == "squeezenet1_1" else chosen.units // 2)
    weights = "real weights" if subjects.trained(network) else "RANDOM WEIGHTS (no file in shared/data)"
    print(f"\n{network} {layer}, {weights}: {len(units)} units, {CANVAS} px pictures, network sees {subjects.SIDE} px")
    rows = list(drawn(network, layer, units, chosen))
    judged: dict[int, dict[str, Tensor]] = {}
    for row in rows:
        if id(row.pictures) not in judged:
            judged[id(row.pictures)] = {name: look(row.pictures, row.units) for name, look in looks(judge)}
    active = [judged[id(row.pictures)] for row in rows]
    for row, seen in zip(rows, active, strict=True):
        means = "  ".join(f"{name} {value.mean():8.3f}" for name, value in seen.items())
        print(f"  {row.who:36} {row.rate:7.3f} units/s   activation: {means}   {row.note}")
    both = list(zip(rows, active, strict=True))
    pairs = [
        pair(own, other, mine, theirs)
        for other, theirs in both
        for own, mine in both
        if own.who.startswith("vizkit") and other.who.startswith("lucent")
    ]
    for found in pairs:
        show_pair(found)
    return {
        "network": network,
        "layer": layer,
        "trained": subjects.trained(network),
        "rows": [_plain(row, seen) for row, seen in zip(rows, active, strict=True)],
        "pairs": [asdict(found) | {"counts": found.counts} for found in pairs],
    }


def drawn(network: str, layer: str, units: list[int], chosen: argparse.Namespace) -> Iterator[Timed]:
    """vizkit's rows, then lucent's. vizkit's repeats lie around lucent's runs, so that noise hits both."""
    net = own(network)
    arguments = {"layer": layer, "size": CANVAS, "seed": 0} | ({"preset": chosen.preset} if chosen.preset else {})
    render(net, units, steps=2, **arguments)
    kinds = {name: {"precision": name, "steps": chosen.steps} for name in chosen.precisions}
    first = next(iter(kinds))
    if chosen.fewer:
        kinds[f"{first}, {chosen.fewer} steps"] = {"precision": first, "steps": chosen.fewer}
    found: dict[str, list[tuple[Tensor, float]]] = {name: [] for name in ("alone", *kinds)}
    others = []
    tasks: list[Callable[[], Timed]] = lucent_tasks(network, layer, units, chosen) if chosen.lucent else []
    for turn in range(max(chosen.repeats, len(tasks))):
        if turn < chosen.repeats:
            for name, kind in kinds.items():
                found[name].append(render(net, units, **kind, **arguments))
            found["alone"].append(render(net, [units[turn % len(units)]], **kinds[first], **arguments))
        if turn < len(tasks):
            others.append(tasks[turn]())
    for name in kinds:
        seconds = [taken / len(units) for _, taken in found[name]]
        yield Timed(f"vizkit, {min(BATCH, len(units))} at a time, {name}", units, found[name][0][0], seconds)
    # a picture does not depend on its batch, so these are the first kind's
    alone = [taken for _, taken in found["alone"]]
    yield Timed(f"vizkit, one alone, {first}", units, found[first][0][0], alone)
    yield from others


def own(network: str) -> vizkit.Network:
    """The module as `vizkit.load` leaves it; Inception sees 224 px here, as with lucent, not its usual 299."""
    module = subjects.module(network).to(memory_format=torch.channels_last)
    return vizkit.wrap(module, size=subjects.SIDE, mean=subjects.MEAN, std=subjects.STD)


def render(net: vizkit.Network, units: list[int], **arguments) -> tuple[Tensor, float]:
    """Pictures of `units`, at most 16 at a time, and the seconds they took."""
    groups = [units[i : i + BATCH] for i in range(0, len(units), BATCH)]
    start = time.perf_counter()
    runs = [vizkit.run("activation_maximization", net, unit=group, **arguments) for group in groups]
    pictures = torch.cat([run.result().pixels for run in runs])
    return pictures, time.perf_counter() - start


def lucent_tasks(network: str, layer: str, units: list[int], chosen: argparse.Namespace) -> list[Callable[[], Timed]]:
    few = [units[i] for i in evenly(len(units), min(chosen.shipped, len(units)))]

    def shipped() -> Timed:
        found = [lucent("shipped", network, layer, [unit], chosen) for unit in few]
        seconds, cold = [f["seconds"][0] for f in found], median(f["cold"] for f in found)
        note = f"a process each; cold start to the first step {cold:.1f} s, not counted"
        return Timed("lucent as shipped", few, torch.cat([f["pictures"] for f in found]), seconds, note)

    def tuned() -> Timed:
        found = lucent("tuned", network, layer, units, chosen)
        seconds = [s / found["batch"] for s in found["seconds"]]
        note = f"best: batch {found['batch']}, {found['memory']}"
        return Timed("lucent tuned", units, found["pictures"], seconds, note)

    return [shipped, tuned]


def lucent(how: str, network: str, layer: str, units: list[int], chosen: argparse.Namespace) -> dict:
    """What lucent_units.py found, run by the same Python in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.pt"
        settings = {"steps": chosen.steps, "threads": chosen.threads, "lucent": chosen.lucent, "out": out}
        words = [str(word) for name, value in settings.items() for word in (f"--{name}", value)]
        script = Path(__file__).with_name("lucent_units.py")
        command = [sys.executable, str(script), how, network, layer, *words, "--units", *map(str, units)]
        start = time.time()
        subprocess.run(command, check=True)
        found = torch.load(out, weights_only=True)
        return found | {"cold": found["warm"] - start} if "warm" in found else found


def pair(own: Timed, other: Timed, active: dict[str, Tensor], seen: dict[str, Tensor]) -> Pair:
    shared = [own.units.index(unit) for unit in other.units]
    ratios = {name: ratio(active[name][shared], value) for name, value in seen.items()}
    blank = (blanks(own.pictures[shared]), blanks(other.pictures))
    return Pair(own.who, other.who, own.rate / other.rate, ratios["clean"], ratios["held out"], blank)


def ratio(own: Tensor, other: Tensor, draws: int = 10_000) -> Ratio:
    """Of means, with a bootstrap over units for its one-sided 95 % lower bound."""
    chosen = torch.randint(len(own), (draws, len(own)), generator=torch.Generator().manual_seed(0))
    found = own[chosen].mean(1) / other[chosen].mean(1).clamp(min=1e-9)
    return Ratio((own.mean() / other.mean().clamp(min=1e-9)).item(), found.quantile(0.05).item())


def blanks(pictures: Tensor) -> int:
    return int((pictures.flatten(1).std(1) < 0.02).sum())


def timed_step(network: str, layer: str, rounds: int, batch: int) -> Step:
    """vizkit's step as its defaults make it at 224 px, and forward and backward alone, in turn."""
    units = evenly(channels(network, layer), batch)
    net = own(network)
    frames = iter(vizkit.run("activation_maximization", net, layer=layer, unit=units, steps=20 + 2 * rounds))
    waking = [seconds(lambda: next(frames)) for _ in range(18)][2:16]
    steps = {"ours": lambda: next(frames), **bare_steps(network, layer, units)}
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds + 1):
        for name, step in steps.items():
            found[name].append(seconds(step))
    ours, *others = (found[name][1:] for name in found)  # the first of each is warm-up
    names = list(found)[1:]
    return Step(
        network,
        layer,
        ours=1e3 * median(ours),
        waking=1e3 * median(waking),
        bare={name: 1e3 * median(other) for name, other in zip(names, others, strict=True)},
        ratios={
            name: [b / o for b, o in zip(other, ours, strict=True)] for name, other in zip(names, others, strict=True)
        },
    )


def bare_steps(network: str, layer: str, units: list[int]) -> dict[str, Callable[[], Tensor]]:
    """Forward to the layer and backward to the picture, nothing else, in both memory formats."""
    formats = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}
    rows = torch.arange(len(units))

    def make(memory: torch.memory_format) -> Callable[[], Tensor]:
        body = subjects.trunk(subjects.module(network), layer).to(memory_format=memory)
        x = torch.randn(len(units), 3, subjects.SIDE, subjects.SIDE).contiguous(memory_format=memory).requires_grad_()

        def step() -> Tensor:
            score = body(x)[rows, units].sum() / len(units)
            return torch.autograd.grad(score, x)[0]

        return step

    return {name: make(memory) for name, memory in formats.items()}


def channels(network: str, layer: str) -> int:
    """How many units the layer has, asked of the plain module."""
    with torch.no_grad():
        return subjects.trunk(subjects.module(network), layer)(torch.zeros(1, 3, 128, 128)).shape[1]


def evenly(count: int, wanted: int) -> list[int]:
    """`wanted` different numbers below `count`, evenly spaced."""
    return [(2 * i + 1) * count // (2 * wanted) for i in range(wanted)]


def seconds(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def looks(judge: subjects.Judge) -> list[tuple[str, Callable[[Tensor, list[int]], Tensor]]]:
    return [("clean", judge.clean), ("held out", judge.held_out)]


def show_pair(found: Pair) -> None:
    verdict = "counts" if found.counts else "does not count"
    print(
        f"  {found.own:36} / {found.other:18} {found.faster:6.1f} × faster, {verdict}; activation clean {found.clean}, "
        f"held out {found.held_out}; blank pictures {found.blank[0]} and {found.blank[1]}"
    )


def show_step(found: Step) -> Step:
    print(f"  step of {found.network} {found.layer}: vizkit {found.ours:.0f} ms (first 16: {found.waking:.0f} ms)")
    for name, ratios in found.ratios.items():
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        spread = f"quartiles {low:.2f} to {high:.2f}"
        print(f"    bare, {name}: {found.bare[name]:.0f} ms; bare / vizkit {middle:.2f} ({spread})")
    return found


def summary(figures: dict) -> str:
    """The tables of README.md, in Markdown."""
    units = [cells for found in figures["units"] for cells in _unit_cells(found)]
    steps = [_step_cells(found) for found in figures["steps"]]
    unit_head = "layer|lucent|vizkit|vizkit, units/s|lucent, units/s|× faster|clean|held out|blank|counts"
    step_head = "layer|vizkit, ms|first 16, ms|plain, ms|plain / vizkit|channels_last, ms|channels_last / vizkit"
    return _markdown(unit_head.split("|"), units) + _markdown(step_head.split("|"), steps)


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n" if rows else ""


def _unit_cells(found: dict) -> Iterator[list[str]]:
    """A line for each way of running lucent and each of running vizkit."""
    rates = {r["who"]: r["units_per_second"] for r in found["rows"]}
    for row in found["pairs"]:
        ratios = [str(Ratio(**row[name])) for name in ("clean", "held_out")]
        speeds = [f"{rates[row['own']]:.3f}", f"{rates[row['other']]:.3f}", f"{row['faster']:.1f}"]
        blank, counts = "{} and {}".format(*row["blank"]), "yes" if row["counts"] else "no"
        who = [row["other"].removeprefix("lucent "), row["own"].removeprefix("vizkit, ")]
        yield [_short(found), *who, *speeds, *ratios, blank, counts]


def _step_cells(found: dict) -> list[str]:
    bare = [(f"{ms:.0f}", f"{median(found['ratios'][name]):.2f}") for name, ms in found["bare"].items()]
    return [
        _short(found),
        f"{found['ours']:.0f}",
        f"{found['waking']:.0f}",
        *(cell for cells in bare for cell in cells),
    ]


def _short(found: dict) -> str:
    return f"{found['network']} {found['layer']}"


def _plain(row: Timed, seen: dict[str, Tensor]) -> dict:
    """A row as JSON has it: everything but the pictures."""
    figures = {"who": row.who, "units": row.units, "units_per_second": row.rate, "seconds_per_unit": row.seconds}
    return figures | {"note": row.note} | {name: value.tolist() for name, value in seen.items()}


if __name__ == "__main__":
    main()
