"""Are class pictures recognised by a network that never saw them being made?

Pictures of evenly spaced classes are optimized on SqueezeNet 1.1 and named by MobileNetV2, both with real weights from
the evaluation data beside the checkout. Prints the share named first and among the first five.

SqueezeNet takes a ReLU of its class maps before it averages them, so where a class is not yet seen its logit has no
gradient. The pictures are made for the class maps before that ReLU, `classifier.1`.

    python benchmarks/class_pictures.py --classes 50 --sheet out/classes.png
"""

import argparse
import json
import time
from pathlib import Path

import torch

import vizkit

DATA = Path(__file__).parents[1].parent / "shared" / "data"


def network(name: str) -> vizkit.Network:
    return vizkit.load(name, weights=DATA / "weights" / f"{name}.pth")


def class_pictures(net, layer: str, classes: list[int], batch: int, **arguments) -> torch.Tensor:
    """One picture a class (n, 3, h, w), `batch` at a time."""
    parts = []
    for group in torch.tensor(classes).split(batch):
        run = vizkit.run("activation_maximization", net, layer=layer, unit=group.tolist(), **arguments)
        parts.append(run.result().pixels)
    return torch.cat(parts)


def named(net, pictures: torch.Tensor, classes: list[int], first: int) -> float:
    """Share of pictures whose class is among the `first` answers of `net`."""
    answers = torch.cat([vizkit.activations(net, p, ["output"])["output"] for p in pictures.split(16)])
    return (answers.topk(first).indices == torch.tensor(classes)[:, None]).any(1).float().mean().item()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--classes", type=int, default=50)
    options.add_argument("--batch", type=int, default=10)
    options.add_argument("--layer", default="classifier.1")
    options.add_argument("--steps", type=int, default=None, help="instead of the preset's")
    options.add_argument("--preset", default="classes")
    options.add_argument("--sheet", type=Path, help="where to save the pictures")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="arguments instead of the preset's")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    own, judge = network("squeezenet1_1"), network("mobilenet_v2")
    classes = torch.linspace(0, 999, chosen.classes).round().long().tolist()
    arguments = {"preset": chosen.preset, **{k: json.loads(v) for k, v in (word.split("=") for word in chosen.set)}}
    if chosen.steps:
        arguments["steps"] = chosen.steps
    start = time.perf_counter()
    pictures = class_pictures(own, chosen.layer, classes, chosen.batch, **arguments)
    seconds = time.perf_counter() - start
    print(f"{chosen.classes} classes, {arguments}: {seconds:.0f} s")
    for who, net in (("SqueezeNet 1.1 (its own)", own), ("MobileNetV2 (the judge)", judge)):
        print(f"{who}: top 1 {named(net, pictures, classes, 1):.0%}, top 5 {named(net, pictures, classes, 5):.0%}")
    if chosen.sheet:
        captions = tuple(own.labels[c] for c in classes)
        chosen.sheet.parent.mkdir(parents=True, exist_ok=True)
        vizkit.Images(pictures, captions).save(chosen.sheet)


if __name__ == "__main__":
    main()
