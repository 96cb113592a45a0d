"""What layers keep: feature and image errors of inversions, against the papers' settings and against learned inverters.

    python benchmarks/inversion.py --out figures --json figures.json

Errors are means over pictures: feature ‖Φ(x) − Φ₀‖ / ‖Φ₀‖ and image ‖x − x₀‖ / ‖x₀ − mean(x₀)‖, in percent, and PSNR.
Networks other than `world` need the files of ../shared/data; what is not there is left out, and the output says so.
"""

import argparse
import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision import models

import vizkit
from vizkit.data.pictures import as_pictures
from vizkit.measure.likeness import image_error, psnr
from vizkit.nets.spread import spread

DATA = Path(__file__).parents[1].parent / "shared" / "data"
WEIGHTS, PICTURES = DATA / "weights", DATA / "images"
PHOTOS = ("inversion/stock_fish.jpg", "dip/feature_inversion/monkey.jpg", "inversion/stock_abstract.jpg")
SIDES = {"world": 96, "squeezenet1_1": 128, "mobilenet_v2": 128, "vgg19": 96}  # pixels; smaller than theirs, for a CPU
VGG = {"1": "relu1_1", "3": "relu1_2", "4": "pool1", "6": "relu2_1", "9": "pool2", "11": "relu3_1"}
PRIORS = {
    "tv": {"picture": "pixels", "tv": 0.3},
    "deep prior": {"picture": "deep prior", "tv": 0.0, "gray": 0.0, "saturation": 0.0},
    "fourier": {},
}
LAMBDA, C = (
    (1.0, 10.0, 100.0),
    (300.0, 20.0, 1.0),
)  # of the first, middle and last third of the layers, as in the papers


@dataclass
class Row:
    """One way to invert one layer: errors as shares, PSNR in decibels, and what it took."""

    network: str
    layer: str
    who: str
    feature: float
    image: float
    psnr: float
    steps: int
    seconds: float

    def __str__(self) -> str:
        errors = f"feature {100 * self.feature:6.2f} %  image {100 * self.image:6.1f} %  {self.psnr:5.1f} dB"
        return f"  {self.layer:14} {self.who:28} {errors}  {self.steps:5} steps {self.seconds:6.1f} s"


def main() -> None:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    print(f"torch {torch.__version__}, {chosen.threads} threads, CPU, {chosen.steps} steps, {chosen.pictures} pictures")
    rows: list[Row] = []
    for name in chosen.networks:
        net = network(name)
        if net is None:
            print(f"\n{name}: no weights in {WEIGHTS}, left out")
            continue
        pictures = originals(name, net, chosen.pictures)
        print(f"\n{net}, {len(pictures)} pictures")
        layers = tuple(VGG) if name == "vgg19" else spread(net)
        for part in chosen.parts:
            rows += PARTS[part](name, net, layers, pictures, chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=list(SIDES), default=list(SIDES))
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--pictures", type=int, default=2)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder for the ladders as figures")
    parser.add_argument("--json", type=Path, help="where to write all rows")
    return parser.parse_args()


def network(name: str) -> vizkit.Network | None:
    """The network for pictures of the side it is measured at; of VGG-19 the layers whose weights are there."""
    if name == "world":
        return vizkit.load("world", device="cpu")
    file = WEIGHTS / f"{name}{'_partial' if name == 'vgg19' else ''}.pth"
    if not file.is_file():
        return None
    if name == "vgg19":
        stem = models.vgg19(weights=None, init_weights=False).features[:12]
        state = torch.load(file, weights_only=True)
        stem.load_state_dict({key.removeprefix("features."): value for key, value in state.items()})
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return vizkit.wrap(stem, size=SIDES[name], mean=mean, std=std, name="vgg19 to relu3_1")
    net = vizkit.load(name, file, device="cpu")
    return vizkit.wrap(net.module, size=SIDES[name], mean=net.mean, std=net.std, labels=net.labels, name=name)


def originals(name: str, net: vizkit.Network, count: int) -> Tensor:
    if name == "world":
        return as_pictures([f"world/{i}" for i in (7, 12, 31, 40, 55)[:count]], net.size)
    return as_pictures([PICTURES / photo for photo in PHOTOS[:count]], net.size)


def inverted(name: str, net: vizkit.Network, layer: str, who: str, pictures: Tensor, **settings) -> Row:
    """Play one inversion of all pictures to its end; importing and measuring are not timed."""
    start = time.perf_counter()
    frame = deque(vizkit.run("feature_inversion", net, pictures, layer=layer, **settings), maxlen=1).pop()
    seconds = time.perf_counter() - start
    feature, image, decibels = (float(frame.scalars[n].mean()) for n in ("feature error", "image error", "psnr"))
    row = Row(name, VGG[layer] if name == "vgg19" else layer, who, feature, image, decibels, frame.of, seconds)
    print(row, flush=True)
    return row


def by_prior(name, net, layers, pictures, chosen) -> Iterator[Row]:
    """Every layer by every prior."""
    for layer in layers:
        for prior, settings in PRIORS.items():
            yield inverted(name, net, layer, prior, pictures, steps=chosen.steps, **settings)


def by_preset(name, net, layers, pictures, chosen) -> Iterator[Row]:
    """The default against the papers' settings at equal steps, then in the time that the default took.

    The papers choose their strengths by depth; so does this: the first, middle and last third of the layers.
    """
    for i, layer in enumerate(layers):
        ours = inverted(name, net, layer, "default", pictures, steps=chosen.steps)
        yield ours
        third = 3 * i // len(layers)
        strengths = {
            "mahendran-vedaldi-2015": {"tv": LAMBDA[third]},
            "natural-pre-image-2016": {"tv": 188 / C[third], "gray": 4139 / C[third]},
            "deep-prior-2018": {},
        }
        for preset, strength in strengths.items():
            heavy = preset == "deep-prior-2018"  # more work a step than the network itself: equal time is all it gets
            steps = chosen.steps if not heavy else 8
            row = inverted(name, net, layer, preset, pictures, preset=preset, steps=steps, **strength)
            if not heavy:
                yield row
            fair = max(1, round(row.steps * ours.seconds / row.seconds))
            label = f"{preset[:22]} in time"
            yield inverted(name, net, layer, label, pictures, preset=preset, steps=fair, **strength)


def by_inverter(name, net, layers, pictures, chosen) -> Iterator[Row]:
    """relu1_1, relu2_1 and relu3_1 of VGG-19 inverted by networks that were trained for it, and by search."""
    if name != "vgg19":
        return
    encoder = _encoder()
    own = vizkit.wrap(encoder, size=net.size, name="vgg19 encoder")
    for place, index in (("conv1_1", 3), ("conv2_1", 10), ("conv3_1", 17)):
        inverter = _inverter(place)
        start = time.perf_counter()
        with torch.no_grad():
            code = encoder[: index + 1](pictures)
            made = inverter(code).clamp(0, 1)[:, :, : net.size[0], : net.size[1]]
            again = encoder[: index + 1](made)
        seconds = time.perf_counter() - start
        feature = (again - code).flatten(1).norm(dim=1) / code.flatten(1).norm(dim=1)
        means = (float(m.mean()) for m in (feature, image_error(made, pictures), psnr(made, pictures)))
        row = Row("vgg19 encoder", place.replace("conv", "relu"), "learned inverter", *means, 0, seconds)
        print(row, flush=True)
        yield row
        for prior, settings in PRIORS.items():
            yield inverted("vgg19 encoder", own, str(index), prior, pictures, steps=chosen.steps, **settings)


def by_ladder(name, net, layers, pictures, chosen) -> Iterator[Row]:
    """The ladder of the first picture as a figure, and how long its first frame took."""
    start = time.perf_counter()
    frame = None
    for frame in vizkit.run("inversion_ladder", net, pictures[:1], layers=layers, steps=chosen.steps):
        if frame.step == 0:
            print(f"  the ladder's first picture of all {len(frame.result)} cells: {time.perf_counter() - start:.2f} s")
    assert frame is not None
    print(f"  the ladder's {frame.of} steps: {time.perf_counter() - start:.1f} s. {frame.said}")
    if chosen.out:
        chosen.out.mkdir(parents=True, exist_ok=True)
        print(f"  {frame.result.save(chosen.out / f'ladder-{name}.png')}")
    yield from ()


PARTS = {"priors": by_prior, "presets": by_preset, "inverters": by_inverter, "ladder": by_ladder}


def _encoder() -> nn.Sequential:
    """The encoder the inverters were trained on, as described in shared/data/SOURCES.md."""
    pad = nn.ReflectionPad2d
    parts = [nn.Conv2d(3, 3, 1)]
    for inputs, outputs, pooled in (
        (3, 64, False),
        (64, 64, True),
        (64, 128, False),
        (128, 128, True),
        (128, 256, False),
    ):
        parts += [pad(1), nn.Conv2d(inputs, outputs, 3), nn.ReLU()]
        parts += [nn.MaxPool2d(2, ceil_mode=True)] * pooled
    return _filled(nn.Sequential(*parts), "vgg19norm_encoder_conv3_1.pth")


def _inverter(place: str) -> nn.Sequential:
    widths = {"conv1_1": [64, 3], "conv2_1": [128, 64, "up", 64, 3]}
    widths["conv3_1"] = [256, 128, "up", 128, 64, "up", 64, 3]
    parts: list[nn.Module] = []
    inputs, *rest = widths[place]
    for width in rest:
        if width == "up":
            parts.append(nn.Upsample(scale_factor=2))
            continue
        parts += [nn.ReflectionPad2d(1), nn.Conv2d(inputs, width, 3), nn.ReLU()]
        inputs = width
    return _filled(nn.Sequential(*parts[:-1]), f"vgg19norm_inverter_{place}.pth")


def _filled(module: nn.Sequential, file: str) -> nn.Sequential:
    module.load_state_dict(torch.load(WEIGHTS / "plain" / file, weights_only=True))
    return module.eval().requires_grad_(False)


if __name__ == "__main__":
    main()
