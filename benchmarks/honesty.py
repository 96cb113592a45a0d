"""Does the honesty meter tell pictures apart whose worth is known?

For classes and inner units, five kinds of picture: the real one that excites the unit most (of pictures that are no
reference; where there is a photograph of a class, that one), what the search makes with its defaults, what it makes of
bare pixels, what a few such steps make of a real picture of something else, and noise. Prints how many of each kind the
network believes, what they keep when they are changed and what real ones keep, how far unit and layer are from what
real pictures do to them, how many the second network agrees on, and the grades.

    python benchmarks/honesty.py                # the bundled networks on their world
    python benchmarks/honesty.py --real         # SqueezeNet 1.1 and MobileNetV2, from the evaluation data
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import vizkit
from vizkit.data.pictures import as_pictures, picture_files
from vizkit.data.world import World
from vizkit.measure.honesty import honesty
from vizkit.measure.meters import Honesty
from vizkit.measure.reading import Reading, read

DATA = Path(__file__).parents[1].parent / "shared" / "data"
BARE = {"picture": "pixels", "tv": 0.0, "jitter": 0.0, "scale": 0.0, "rotate": 0.0}


def world(units: int) -> tuple:
    """Net, referee, the reference, other real pictures, {layer: units}, and real pictures of a layer's classes."""
    net, referee = vizkit.load("world"), vizkit.load("world-b")
    other = World("validation", 256)
    counts = {name: vizkit.layers(net)[name].channels for name in ("stage2", "stage3", "stage4", "output")}
    return net, referee, None, torch.stack([other[i][0] for i in range(256)]), chosen(counts, units), {}


def photographs(units: int) -> tuple:
    net, referee = (
        vizkit.load(name, weights=DATA / "weights" / f"{name}.pth") for name in ("squeezenet1_1", "mobilenet_v2")
    )
    files = picture_files(DATA / "images" / "imagenet-sample")
    reference, other = (as_pictures([str(path) for path in files[start::10]], net.size) for start in (0, 5))
    classes = torch.linspace(5, 995, units).round().long().tolist()  # none of the reference's
    own = {"classifier.1": as_pictures([str(files[unit]) for unit in classes], net.size)}
    units_of = chosen({"features.7": vizkit.layers(net)["features.7"].channels}, units) | {"classifier.1": classes}
    return net, referee, reference, other, units_of, own


def chosen(counts: dict[str, int], units: int) -> dict[str, list[int]]:
    """Units evenly spaced over each layer."""
    return {layer: torch.linspace(0, n - 1, min(units, n)).round().long().tolist() for layer, n in counts.items()}


def kinds(
    net, layer: str, units: list[int], other: Tensor, own: Tensor | None, steps: int
) -> dict[str, Callable[[], Tensor]]:
    """The pictures of each kind, (units, c, h, w); `own` are real ones of these classes, where they are known."""

    def search(**arguments) -> Tensor:
        return vizkit.run("activation_maximization", net, layer=layer, unit=units, **arguments).result().pixels

    active = read(net, other, {layer: Reading(layer)})[layer][:, units]
    chance = torch.Generator().manual_seed(0)
    return {
        "real, the most exciting": lambda: other[active.argmax(0)] if own is None else own,
        "search, defaults": lambda: search(steps=steps),
        "search, bare pixels": lambda: search(steps=steps, **BARE),
        "real, a few steps of bare pixels": lambda: search(
            steps=8, rate=0.3, start=other[active.argmin(0)].to(net.device), **BARE
        ),
        "noise": lambda: torch.rand(len(units), net.channels, *net.size, generator=chance),
    }


def row(found: Honesty) -> str:
    """One line of the table."""
    numbers, total = found.numbers, len(found)
    good = [sum(picture.lines[i].tone == "good" for picture in found) for i in (0, 3)]
    asked = sum(picture.lines[3].tone != "unknown" for picture in found)
    kept, real = (float(numbers[name].nanmedian()) for name in ("kept", "kept by real"))
    grades = ", ".join(f"{count} {grade}" for grade, count in Counter(p.grade for p in found).most_common())
    level, apart = (float(numbers[name].nanmedian()) for name in ("level", "apart"))
    return (
        f"| {good[0]}/{total} | {kept:.2f} of {real:.2f} | {level:.1f} | {apart:.1f} | {good[1]}/{asked} | {grades} |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--real", action="store_true", help="networks of photographs instead of the bundled ones")
    options.add_argument("--units", type=int, default=12, help="of each layer")
    options.add_argument("--steps", type=int, default=96)
    options.add_argument("--threads", type=int, default=1)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    net, referee, real, other, layers, own = (photographs if chosen.real else world)(chosen.units)
    print(f"{net.name}, {referee.name} as referee, {chosen.units} units a layer, {chosen.steps} steps\n")
    print("| layer | pictures | believed | kept, of what real ones keep | level | apart | agreed | grades |")
    print("|---|---|---|---|---|---|---|---|")
    seconds = 0.0
    for layer, units in layers.items():
        for kind, make in kinds(net, layer, units, other, own.get(layer), chosen.steps).items():
            pixels, start = make(), time.perf_counter()
            found = honesty(net, pixels, layer, units, real=real, referee=referee)
            seconds += time.perf_counter() - start
            print(f"| {layer} | {kind} {row(found)}", flush=True)
    print(f"\njudging took {seconds:.1f} s")


if __name__ == "__main__":
    main()
