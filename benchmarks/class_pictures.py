"""Are class pictures recognised by a network that never saw them being made?

Pictures of evenly spaced classes are optimized on SqueezeNet 1.1 and named by MobileNetV2, both with real weights from
the evaluation data beside the checkout. Prints the share named first and among the first five.

SqueezeNet takes a ReLU of its class maps before it averages them, so where a class is not yet seen its logit has no
gradient. The pictures are made for the class maps before that ReLU, `classifier.1`.

    python benchmarks/class_pictures.py --classes 50 --seeds 0 1 2 --sheet out/classes.png
    python benchmarks/class_pictures.py --classes 20 --lucent FOLDER   # lucent's beside them, see README.md
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F

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


def named(net, pictures: torch.Tensor, classes: list[int]) -> tuple[float, float]:
    """Shares of pictures whose class is the first, and among the first five, answers of `net`."""
    shown = F.interpolate(pictures, size=net.size, mode="bilinear", antialias=True)
    answers = torch.cat([vizkit.activations(net, p, ["output"])["output"] for p in shown.split(16)])
    right = answers.topk(5).indices == torch.tensor(classes)[:, None]
    return right[:, 0].float().mean().item(), right.any(1).float().mean().item()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--classes", type=int, default=50)
    options.add_argument("--seeds", type=int, nargs="+", default=[0])
    options.add_argument("--batch", type=int, default=10)
    options.add_argument("--layer", default="classifier.1")
    options.add_argument("--preset", default="classes")
    options.add_argument("--sheet", type=Path, help="where to save the pictures of the first seed")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="arguments instead of the preset's")
    options.add_argument("--lucent", type=Path, help="folder that lucent 0.1.8 was installed into")
    options.add_argument("--steps", type=int, default=256, help="of lucent")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    own, judge = network("squeezenet1_1"), network("mobilenet_v2")
    classes = torch.linspace(0, 999, chosen.classes).round().long().tolist()
    arguments = {"preset": chosen.preset, **{k: json.loads(v) for k, v in (word.split("=") for word in chosen.set)}}
    print(f"{chosen.classes} classes, {arguments}\n\n| | seconds | SqueezeNet names | MobileNetV2 names | in five |")
    print("|---|---|---|---|---|")
    shares = []
    for seed in chosen.seeds:
        start = time.perf_counter()
        pictures = class_pictures(own, chosen.layer, classes, chosen.batch, **arguments, seed=seed)
        seconds = time.perf_counter() - start
        shares.append(told(f"vizkit, seed {seed}", seconds, own, judge, pictures, classes))
        if chosen.sheet and seed == chosen.seeds[0]:
            captions = tuple(own.labels[c] for c in classes)
            chosen.sheet.parent.mkdir(parents=True, exist_ok=True)
            vizkit.Images(pictures, captions).save(chosen.sheet)
    print("| vizkit, mean of seeds | | | {:.0%} | {:.0%} |".format(*torch.tensor(shares).mean(0).tolist()))
    if chosen.lucent:
        from activation_maximization import lucent

        start = time.perf_counter()
        found = lucent("tuned", "squeezenet1_1", "classifier.3", classes, chosen)
        told(f"lucent, {chosen.steps} steps", time.perf_counter() - start, own, judge, found["pictures"], classes)


def told(who: str, seconds: float, own, judge, pictures: torch.Tensor, classes: list[int]) -> tuple[float, float]:
    first, five = named(judge, pictures, classes)
    print(f"| {who} | {seconds:.0f} | {named(own, pictures, classes)[0]:.0%} | {first:.0%} | {five:.0%} |", flush=True)
    return first, five


if __name__ == "__main__":
    main()
