"""A contact sheet of the generated world: each picture beside its object and part maps.

python benchmarks/world_sheet.py --count 60 --out docs/pictures/world.png
"""

import argparse
import colorsys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vizkit.data.world.rendering import View, render
from vizkit.data.world.sampling import scene
from vizkit.data.world.vocabulary import SCENES


def hues(labels: np.ndarray) -> np.ndarray:
    """Label numbers as colors (h, w, 3); neighbors in number are far apart in hue, none is dark gray."""
    table = [(52, 54, 60)] + [
        tuple(int(255 * v) for v in colorsys.hsv_to_rgb(k * 0.618 % 1, 0.45 + 0.4 * (k % 3) / 2, 0.95))
        for k in range(64)
    ]
    return np.array(table, np.uint8)[labels]


def row(view: View, maps: tuple[str, ...]) -> np.ndarray:
    gap = np.full((len(view.picture), 2, 3), 255, np.uint8)
    return np.hstack([view.picture, *(np.hstack([gap, hues(view.maps[name])]) for name in maps)])


def sheet(views: list[View], columns: int, maps: tuple[str, ...] = ("object", "part")) -> Image.Image:
    """Views in a grid, each with its label maps to the right and its scene's name above."""
    cells = [row(view, maps) for view in views]
    height, width = cells[0].shape[:2]
    lines = -(-len(cells) // columns)
    image = Image.new("RGB", (columns * (width + 6), lines * (height + 16)), "white")
    draw = ImageDraw.Draw(image)
    for k, (view, cell) in enumerate(zip(views, cells, strict=True)):
        x, y = k % columns * (width + 6), k // columns * (height + 16)
        draw.text((x + 2, y + 1), SCENES[view.label], fill=(60, 60, 60))
        image.paste(Image.fromarray(cell), (x, y + 13))
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--split", default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--maps", nargs="*", default=["object", "part"])
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/world.png"))
    args = parser.parse_args()
    views = [render(scene(k, args.split, args.seed), args.size) for k in range(args.count)]
    image = sheet(views, args.columns, tuple(args.maps))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(128).save(args.out, optimize=True)
    print(f"{args.out}: {image.size}, {args.out.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
