"""Units that look for one thing, by the masks of the generated world."""

import torch

import vizkit
from vizkit.data.collections import as_collection
from vizkit.measure.selectivity import concepts

COUNT, FIRST = 200, 10


def test_a_late_unit_of_the_world_network_sees_one_thing_and_sorting_puts_it_first():
    """Its top crops nearly all contain the thing; crops at the same places of random pictures rarely do."""
    net = vizkit.load("world", device="cpu")
    index = vizkit.scan(net, f"world/test/{COUNT}", ["stage3"], k=FIRST, histograms=False, workers=0)
    found = index.concepts("stage3", "object", FIRST)
    first = int(found.share.argsort(descending=True, stable=True)[0])
    word = int(found.word[first])
    assert found.share[first] >= 0.9
    assert found.usual[first] < 0.5

    ids, boxes = index.top("stage3").ids, index.boxes("stage3", index.top("stage3").positions)
    world = as_collection(f"world/test/{COUNT}").at(net.size, 3)
    crops = [
        world.view(number).maps["object"][top:bottom, left:right]
        for number, (top, left, bottom, right) in zip(ids[first].tolist(), boxes[first].tolist(), strict=True)
    ]
    share = sum((crop == word + 1).sum() >= 12 for crop in crops) / FIRST  # counted here from the masks themselves
    assert share == found.share[first]

    drawn = torch.randint(0, COUNT, (20, FIRST), generator=torch.Generator().manual_seed(1))
    chance = concepts(world, "object", drawn, boxes[first].expand(20, -1, -1))
    assert chance.shares[:, word].max() < found.share[first]
