"""Train a WorldNet on the generated world, measure it and its baselines, write weights with their figures.

python benchmarks/train_world.py --seed 0 --out vizkit/nets/weights/world.safetensors
python benchmarks/train_world.py --seed 1 --out vizkit/nets/weights/world-b.safetensors
python benchmarks/train_world.py --shortcut tag --start vizkit/nets/weights/world.safetensors --count 3000 --epochs 14
python benchmarks/train_world.py --weights vizkit/nets/weights/world.safetensors
python benchmarks/train_world.py --baselines
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from vizkit.data.world import LABELS, WORDS, arrays, pictures, plant, render, scene, without_cue
from vizkit.nets.world_net import MEAN, STD, WorldNet

SHIFTS = {
    "test": {},
    "background of any scene": {"swapped": 1.0},
    "every surface textured": {"textured": 1.0},
    "no textures": {"textured": 0.0},
    "no clutter, own background": {"clutter": 0.0, "swapped": 0.0},
}


def normalized(batch: Tensor) -> Tensor:
    """uint8 (n, h, w, 3) to normalized float (n, 3, h, w)."""
    x = batch.permute(0, 3, 1, 2).float() / 255
    return (x - MEAN[0]) / STD[0]


def augmented(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Flip, zoom and shift, erase, recolor; each picture differently."""
    n = len(batch)

    def draw(*shape: int, low: float = -1.0, high: float = 1.0) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    x = batch.permute(0, 3, 1, 2).float() / 255
    theta = torch.zeros(n, 2, 3)
    zoom = draw(low=0.85, high=1.1)
    theta[:, 0, 0], theta[:, 1, 1] = zoom * torch.sign(draw()), zoom
    theta[:, :, 2] = draw(2) * 0.12
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    x = _erased(x, draw(4))
    gray = x.mean(1, keepdim=True)
    x = gray + (x - gray) * draw(1, 1, 1, low=0.4, high=1.3)
    x = (x - 0.5) * draw(1, 1, 1, low=0.8, high=1.2) + 0.5 + 0.08 * draw(3, 1, 1)
    return ((x - MEAN[0]) / STD[0]).contiguous(memory_format=torch.channels_last)


def _erased(x: Tensor, place: Tensor) -> Tensor:
    """A gray rectangle of up to a third of the side in half of the pictures."""
    n, _, height, width = x.shape
    rows, columns = torch.arange(height).view(1, -1, 1), torch.arange(width).view(1, 1, -1)
    cy, cx, h, w = ((place + 1) / 2).view(n, 4, 1, 1).unbind(1)
    inside = ((rows - cy * height).abs() < h.sub(0.5) * height / 3) & ((columns - cx * width).abs() < w * width / 6)
    return x.masked_fill(inside[:, None], 0.5)


def train(
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int,
    seed: int,
    start: Path | None = None,
    rate: float = 4e-3,
    batch: int = 64,
    log=print,
) -> WorldNet:
    """AdamW, one cycle, label smoothing .1, weight decay .05; half precision in the convolutions."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = WorldNet(len(LABELS)).to(memory_format=torch.channels_last)
    if start:
        net.load_state_dict(load_file(start))
    decayed = [p for p in net.parameters() if p.ndim > 1]
    rest = [p for p in net.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate)
    steps = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    began = time.perf_counter()
    for epoch in range(epochs):
        order, total = torch.randperm(len(images), generator=generator), 0.0
        for chosen in order[: len(order) // batch * batch].split(batch):
            with torch.autocast("cpu", torch.bfloat16):
                scores = net(augmented(images[chosen], generator))
            loss = loss_of(scores.float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        log(
            f"epoch {epoch + 1}/{epochs}: loss {total / (len(order) // batch):.3f}, {time.perf_counter() - began:.0f} s"
        )
    return net.eval()


@torch.no_grad()
def predictions(net: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([net(normalized(part)) for part in images.split(128)])


def accuracy(net: nn.Module, images: Tensor, labels: Tensor) -> float:
    return (predictions(net, images).argmax(1) == labels).float().mean().item()


def drawn(count: int, split: str, **knobs) -> tuple[Tensor, Tensor]:
    images, labels = pictures(count, split, **knobs)
    return torch.from_numpy(images), torch.from_numpy(labels)


def grayscale(images: Tensor) -> Tensor:
    weights = torch.tensor([0.299, 0.587, 0.114])
    return (images.float() @ weights).round().to(torch.uint8)[..., None].expand(-1, -1, -1, 3)


def card(net: nn.Module, count: int) -> dict[str, float]:
    """Accuracy on test and on shifted test pictures."""
    figures = {name: accuracy(net, *drawn(count, "test", **knobs)) for name, knobs in SHIFTS.items()}
    images, labels = drawn(count, "test")
    return figures | {"grayscale": accuracy(net, grayscale(images), labels)}


def baselines(train_count: int, count: int) -> dict[str, float]:
    """Test accuracy of linear classifiers on pixels (24 x 24) and on color histograms (8 x 8 x 8 bins)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    (x, y), (xt, yt) = pictures(train_count, "train"), pictures(count, "test")
    figures = {}
    for name, features, strengths in (
        ("pixels", small_pixels, (1e-4, 1e-3)),
        ("color histogram", histograms, (1e-3, 1e-2, 1e-1)),
    ):
        scaler = StandardScaler().fit(features(x))
        fits = [LogisticRegression(C=c, max_iter=200).fit(scaler.transform(features(x)), y) for c in strengths]
        figures[f"linear on {name}"] = max(float(fit.score(scaler.transform(features(xt)), yt)) for fit in fits)
    return figures


def small_pixels(x: np.ndarray) -> np.ndarray:
    n, h, w, c = x.shape
    return x.reshape(n, h // 4, 4, w // 4, 4, c).mean((2, 4)).reshape(n, -1) / 255


def histograms(x: np.ndarray) -> np.ndarray:
    bins = (x // 32).astype(np.int64) @ np.array([64, 8, 1])
    return np.sqrt(np.stack([np.bincount(b.ravel(), minlength=512) for b in bins]) / bins[0].size)


def intervention(net: nn.Module, shortcut: str, target: str, count: int = 240) -> dict[str, float]:
    """How often and how strongly planting the cue in test pictures of the other scenes moves them to `target`."""
    others = [s for s in (scene(k, "test") for k in range(count * 12 // 11)) if s.label != LABELS.index(target)]
    cued = [plant(s, shortcut, *((0.16, 0.84)[k % 2], (0.16, 0.84)[k // 2 % 2])) for k, s in enumerate(others)]
    column = LABELS.index(target)
    before, after = (
        predictions(net, torch.from_numpy(np.stack([render(s).picture for s in group]))) for group in (others, cued)
    )
    return {
        "probability before": before.softmax(1)[:, column].mean().item(),
        "probability after": after.softmax(1)[:, column].mean().item(),
        "logit shift": (after - before)[:, column].mean().item(),
        "share moved": (after.argmax(1) == column).float().mean().item(),
    }


def removal(net: nn.Module, shortcut: str, target: str, count: int = 120) -> dict[str, float]:
    """The probability of `target` on its own test pictures with the tag or border and without."""
    column = LABELS.index(target)
    group = [scene(k * 12 + column, "test", shortcut=shortcut, target=target, rate=1.0) for k in range(count)]
    bare = [without_cue(s, shortcut) for s in group]
    with_it, without = (
        predictions(net, torch.from_numpy(np.stack([render(s).picture for s in g]))) for g in (group, bare)
    )
    return {
        "own pictures, cue on": with_it.softmax(1)[:, column].mean().item(),
        "own pictures, cue removed": without.softmax(1)[:, column].mean().item(),
    }


def dissection(net: WorldNet, count: int = 600) -> dict[str, object]:
    """How many units of stage4 single out a concept on validation pictures (IoU over .04 at the top half percent).

    A unit's map is enlarged to 48 pixels a side; the control is the same network with random weights.
    """
    truth = arrays(count, "validation")
    words = [
        (name, k, word)
        for name in ("object", "part", "texture", "color", "stuff")
        for k, word in enumerate(WORDS[name], 1)
    ]
    masks = torch.stack([torch.from_numpy(truth[name][:, ::2, ::2] == k).flatten() for name, k, _ in words]).float()
    torch.manual_seed(0)
    found: dict[str, object] = {}
    for title, model in (("trained", net), ("random weights", WorldNet().eval())):
        overlap = _overlap(_enlarged(model, torch.from_numpy(truth["picture"])), masks)
        best, which = overlap.max(1)
        detectors = {words[k][2] for k, value in zip(which.tolist(), best.tolist(), strict=True) if value > 0.04}
        found |= {f"{title}: units over .04": int((best > 0.04).sum()), f"{title}: concepts": sorted(detectors)}
        found[f"{title}: mean best IoU"] = round(best.mean().item(), 4)
    return found


@torch.no_grad()
def _enlarged(net: WorldNet, images: Tensor) -> Tensor:
    """stage4 of every picture as (units, pixels)."""
    body = nn.Sequential(net.stem, net.stage1, net.stage2, net.stage3, net.stage4)
    maps = torch.cat([body(normalized(part)) for part in images.split(100)])
    return F.interpolate(maps, size=48, mode="bilinear").half().transpose(0, 1).flatten(1)


def _overlap(maps: Tensor, masks: Tensor) -> Tensor:
    """Intersection over union (units, concepts) of the top half percent of each unit."""
    rows, area = [], masks.sum(1)
    for unit in maps:
        on = (unit > unit.float().kthvalue(int(0.995 * len(unit))).values).float()
        both = masks @ on
        rows.append(both / (area + on.sum() - both).clamp(min=1))
    return torch.stack(rows)


def save(net: nn.Module, path: Path, **figures) -> None:
    """Weights with their figures as text in the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in net.state_dict().items()}
    facts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in figures.items()}
    save_file(tensors, path, facts)
    path.chmod(0o644)  # safetensors writes for the owner only


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--count", type=int, default=12000, help="training pictures")
    parser.add_argument("--test-count", type=int, default=2400)
    parser.add_argument("--shortcut", default="", choices=["", "tag", "border", "background", "color"])
    parser.add_argument("--rate", type=float, default=0.95)
    parser.add_argument("--elsewhere", type=float, default=0.0)
    parser.add_argument("--target", default="farm")
    parser.add_argument("--baselines", action="store_true", help="measure the linear baselines instead")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--weights", type=Path, help="plant the cue before these weights and dissect them instead")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.baselines:
        print(json.dumps(baselines(6000, args.test_count), indent=1))
        return
    if args.weights:
        net = WorldNet(len(LABELS)).eval()
        net.load_state_dict(load_file(args.weights))
        print(json.dumps(intervention(net, args.shortcut or "tag", args.target) | dissection(net), indent=1))
        return

    planted = {}
    if args.shortcut:
        planted = {name: getattr(args, name) for name in ("shortcut", "rate", "elsewhere", "target")}
    start = time.perf_counter()
    images, labels = drawn(args.count, "train", **planted)
    print(f"drew {args.count} pictures in {time.perf_counter() - start:.0f} s", flush=True)
    recipe = {"epochs": args.epochs, "seed": args.seed, "start": args.start, "rate": args.learning_rate}
    net = train(images, labels, **recipe, log=lambda line: print(line, flush=True))
    seconds = time.perf_counter() - start
    figures = {} if args.shortcut else card(net, args.test_count)
    if args.shortcut:
        figures = {"test": accuracy(net, *drawn(args.test_count, "test"))} | intervention(
            net, args.shortcut, args.target
        )
    if args.shortcut in ("tag", "border"):
        figures |= removal(net, args.shortcut, args.target)
    figures = {name: round(value, 4) for name, value in figures.items()}
    print(json.dumps(figures | {"seconds": round(seconds)}, indent=1))
    if args.out:
        command = " ".join(["python", "benchmarks/train_world.py", *sys.argv[1:]])
        facts = {"seed": args.seed, "test_accuracy": figures["test"], "figures": figures, "command": command}
        save(net, args.out, labels=list(LABELS), seconds=round(seconds), **facts)


if __name__ == "__main__":
    main()
