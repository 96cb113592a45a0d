"""The picture at the top of the README: twelve units of the bundled network, three depths, fixed seed.

python benchmarks/hero.py docs/pictures/hero.png
"""

import sys

import torch

import vizkit

UNITS = {"stage2": [3, 11, 19, 21], "stage3": [14, 36, 40, 32], "stage4": [8, 40, 24, 56]}


def main() -> None:
    net = vizkit.load("world")
    pixels, captions = [], []
    for layer, units in UNITS.items():
        run = vizkit.run("activation_maximization", net, layer=layer, unit=units, size=160)
        result = run.result()
        pixels.append(result.pixels.cpu())
        captions += [f"{layer}, {caption}" for caption in result.captions]
    print(vizkit.Images(torch.cat(pixels), tuple(captions)).save(sys.argv[1]))


if __name__ == "__main__":
    main()
