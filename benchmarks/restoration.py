"""Restoration by the deep image prior on the pictures of its paper: how close, how long, and what it looks like.

    python benchmarks/restoration.py --out restored
    python benchmarks/restoration.py --parts denoising --size 512 --steps 1800 --out restored

Each part prints the peak signal to noise ratio (dB, of the clean picture where there is one; inside the mask for
inpainting) of the last picture, of the average, and of the best step of either, and the seconds of the whole run; it
saves a sheet of what was known, the picture, the average and, where there is one, the clean picture. The pictures are
read from `../shared/data/images/dip`; `--size` is their longest side, so at 512 they are as the paper has them.
"""

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

import vizkit
from vizkit.core.frames import Frame
from vizkit.core.results import Curves, Images
from vizkit.data.pictures import as_pictures
from vizkit.measure.likeness import psnr
from vizkit.methods.deep_image_prior import STRANGERS

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "images" / "dip"


@dataclass(frozen=True)
class Part:
    """A figure of the paper: the picture, its mask, and what the method is told."""

    picture: str
    arguments: dict = field(default_factory=dict)
    mask: str = ""
    intact: bool = False  # whether the picture is whole under its mask


PARTS = {
    "kate": Part("inpainting/kate.png", {"task": "inpainting"}, "inpainting/kate_mask.png", intact=True),
    "library": Part("inpainting/library.png", {"task": "inpainting"}, "inpainting/library_mask.png"),
    "vase": Part("inpainting/vase.png", {"task": "inpainting"}, "inpainting/vase_mask.png"),
    "barbara": Part("restoration/barbara.png", {"task": "inpainting", "missing": 0.5}),
    "denoising": Part("denoising/F16_GT.png", {"task": "denoising", "noise": 25.0, "input_noise": 1 / 30}),
    "zebra": Part("sr/zebra_GT.png", {"task": "super-resolution", "factor": 4}),
    "naturalness": Part("denoising/F16_GT.png", {"task": "naturalness", "input_noise": 0.0}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="which figures; all by default")
    parser.add_argument("--size", type=int, default=256, help="longest side in pixels; 0: as the files are")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--architecture", default="quick", help="see vizkit.maximize.deep_prior.ARCHITECTURES")
    parser.add_argument("--rate", type=float, default=1.0, help="relative to what the architecture likes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="a folder for the sheets")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    print(f"torch {torch.__version__}, {options.device}, {torch.get_num_threads()} threads")
    figures = {name: measured(name, PARTS[name], options) for name in options.parts}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def measured(name: str, part: Part, options: argparse.Namespace) -> dict:
    image = as_pictures(DATA / part.picture).to(options.device)
    chosen = {key: getattr(options, key) for key in ("size", "steps", "architecture", "rate", "seed")}
    mask = {"mask": DATA / part.mask} if part.mask else {}
    run = vizkit.run("deep_image_prior", image, **part.arguments, **mask, **chosen)
    truth = inside(image, part, options.size) if part.intact else None
    start, curves = time.perf_counter(), {}
    frame = None
    for frame in run:
        for key, value in scalars(frame, truth).items():
            curves.setdefault(key, []).append(value)
        if frame.step % 100 == 0:
            print(f"  {name} {frame.step}: " + ", ".join(f"{k} {v[-1]:.4g}" for k, v in curves.items()), flush=True)
    assert frame is not None
    found = {"seconds": time.perf_counter() - start, "steps": frame.of, "size": list(frame.result.pixels.shape[2:])}
    found |= {"last": {key: values[-1] for key, values in curves.items()}, "remark": frame.said}
    found |= {"best": {key: best(values) for key, values in curves.items() if key.startswith("psnr")}}
    if options.out:
        clean = truth[0][None] if truth else frame.result.beside if "psnr" in frame.scalars else None
        save(options.out, name, frame, clean, curves)
    print(f"{name}: {json.dumps(found)}", flush=True)
    return found


def scalars(frame: Frame, truth: tuple[Tensor, Tensor] | None) -> dict[str, float]:
    """The frame's own, means over pictures; with a truth under the mask, also how close the picture comes there."""
    found = {key: value.mean().item() for key, value in frame.scalars.items()}
    if truth is not None:
        clean, hole = truth
        for key, pixels in zip(("psnr", "psnr of the average"), frame.result.pixels[1:3], strict=True):
            found[f"{key} inside"] = psnr(pixels[:, hole][None, :, None], clean[:, hole][None, :, None]).item()
    return found


def inside(image: Tensor, part: Part, size: int) -> tuple[Tensor, Tensor]:
    """The clean picture (c, h, w) as the run has it, and where the mask hides it, (h, w)."""
    whole = vizkit.run("deep_image_prior", image, task="denoising", noise=0.0, steps=1, size=size)
    mask = vizkit.run("deep_image_prior", image, mask=DATA / part.mask, steps=1, size=size)
    clean, told = (next(iter(run)).result.pixels[0] for run in (whole, mask))
    return clean, ((told == 0) & (clean > 0)).any(0)


def best(values: list[float]) -> dict:
    """The highest of a curve and the step it was reached at."""
    highest = max(values)
    return {"step": values.index(highest), "value": highest}


def save(folder: Path, name: str, frame: Frame, clean: Tensor | None, curves: dict[str, list[float]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pictures, captions = frame.result.pixels, frame.result.captions
    if clean is not None:
        pictures, captions = torch.cat([pictures, clean]), (*captions, "what was there")
    Images(pictures, captions, columns=4).save(folder / f"{name}.png")
    if name == "naturalness":
        lines = {kind: torch.tensor(curves[kind]) for kind in STRANGERS}
        x = torch.arange(len(lines[STRANGERS[0]])).clamp(min=1).log10()
        figure = Curves(x, lines, x_name="log10 of the step", y_name="mean squared error").figure()
        figure.write_html(folder / "naturalness.html")


if __name__ == "__main__":
    main()
