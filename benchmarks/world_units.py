"""Which units of a bundled network look for one thing of the generated world? Those whose top crops contain it most
often, by the world's masks, found by sorting; beside the share in the same crops of pictures drawn at random.
"""

import argparse

import torch

import vizkit
from vizkit.data.collections import as_collection
from vizkit.measure.effective_field import effective_field
from vizkit.measure.index import Index
from vizkit.measure.selectivity import Concepts, concepts

FIRST = 20  # top pictures of a unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", nargs="+", default=["world", "world-b"])
    parser.add_argument("--layers", nargs="+", default=["stage3", "stage4"])
    parser.add_argument("--count", type=int, default=1000, help="pictures of the world")
    options = parser.parse_args()
    for name in options.nets:
        net = vizkit.load(name, device="cpu")
        index = vizkit.scan(net, f"world/test/{options.count}", options.layers, k=FIRST, histograms=False)
        for layer in options.layers:
            some = torch.stack([as_collection("world/test").at(net.size, 3)[number] for number in range(8)])
            told(index, name, layer, None)
            told(index, name, layer, effective_field(net, layer, some).reach)


def told(index: Index, name: str, layer: str, reach: tuple[int, int] | None) -> None:
    found, chance = index.concepts(layer, "object", FIRST, reach), by_chance(index, layer, reach)
    order = found.share.argsort(descending=True, stable=True)
    sure = int((found.share >= 0.9).sum())
    print(f"{name} {layer}, crops of {'the field' if reach is None else reach}: {sure} of {len(order)} units at 90 %")
    for unit in order[:8].tolist():
        word = int(found.word[unit])
        usual = f"{found.usual[unit]:.0%} in crops of the layer, {chance.shares[:, word].mean():.0%} by chance"
        print(f"  unit {unit}: {found.words[word]} in {found.share[unit]:.0%} ({usual})")
    print(f"  by chance the best unit has {chance.share.max():.0%}")


def by_chance(index: Index, layer: str, reach: tuple[int, int] | None) -> Concepts:
    """The same crops of pictures that were drawn at random."""
    count = index.contents.plan.count
    boxes = index.boxes(layer, index.top(layer).positions[:, :FIRST], reach)
    drawn = torch.randint(0, count, boxes.shape[:2], generator=torch.Generator().manual_seed(0))
    return concepts(as_collection(f"world/test/{count}").at(index.site(layer).size, 3), "object", drawn, boxes)


if __name__ == "__main__":
    main()
