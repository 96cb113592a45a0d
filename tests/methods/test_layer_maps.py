"""Maps through the layers: each by brute force, how points flow between them, and what depth does on real networks."""

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import vizkit
from tests.zoo import zoo
from vizkit.embed import tsne
from vizkit.embed.align import aligned
from vizkit.embed.descent import start as first_map

DATA = Path(__file__).parents[2].parent / "shared/data"
NET = zoo()["in-place relu"]  # 20 by 20, layers "0" to "7" and "output"
LAYERS = ("0", "3", "output")
COUNT = 120
STEPS, FURTHER = 60, 20
MEASURES = {"label agreement", "probe accuracy", "intrinsic dimension", "kl", "kept neighbors"}


def pictures():
    """Three kinds: mostly red, green or blue."""
    chance = torch.Generator().manual_seed(0)
    pixels = torch.rand(COUNT, 3, 20, 20, generator=chance) * 0.5
    for number, picture in enumerate(pixels):
        picture[number % 3] += 0.5 * torch.rand(1, generator=chance)
    return pixels


PICTURES, KINDS = pictures(), torch.arange(COUNT) % 3


def through(**arguments):
    given = {"net": NET, "layers": LAYERS, "pictures": PICTURES.clone(), "labels": KINDS}
    return vizkit.run("layer_maps", **{**given, "perplexity": 8.0, "steps": STEPS, **arguments})


@pytest.fixture(scope="module")
def frames():
    return list(through())


def vectors(layer, net=NET):
    output = vizkit.activations(net, PICTURES, [layer])[layer]
    return output.mean((2, 3)) if output.ndim == 4 else output


def far(a, b):
    """How far points moved, as a share of how far they lie from the middle."""
    return float((a - b).norm(dim=1).mean() / b.norm(dim=1).mean())


def test_there_is_a_map_for_each_layer_and_the_last_is_where_points_end(frames):
    points = frames[-1].result
    assert tuple(points.maps) == tuple(points.measures) == LAYERS
    assert torch.equal(points.xy, points.maps["output"])
    assert frames[-1].step == frames[-1].of == 2 + STEPS + 2 * FURTHER  # two looks at 120 pictures
    assert "have its label" in frames[-1].said


def test_the_first_map_is_the_embedding_map_of_its_layer(frames):
    alone = vizkit.run("embedding_map", NET, LAYERS[0], pictures=PICTURES.clone(), perplexity=8.0, steps=STEPS).result()
    assert torch.equal(frames[-1].result.maps[LAYERS[0]], alone.xy)


def test_another_map_begins_at_the_one_before_and_is_turned_to_fit_it(frames):
    first, second = (frames[-1].result.maps[layer] for layer in LAYERS[:2])
    *_, layout = tsne.tsne(vectors("3"), first, perplexity=8.0, steps=FURTHER, warm=True)
    assert far(second, aligned(layout.xy, first)) < 0.05
    assert torch.allclose(aligned(second, first), second, atol=1e-3 * float(second.std()))


def test_points_flow_without_a_jump(frames):
    moving = [frame.result.xy for frame in frames[3:]]
    between = moving[STEPS // 10 :]  # after the first map
    steps = [far(b, a) for a, b in pairwise(between)]
    whole = far(frames[-1].result.maps["output"], frames[-1].result.maps["0"])
    assert max(steps) < whole
    maps = list(frames[-1].result.maps.values())
    assert all(any(torch.equal(xy, map) for xy in moving) for map in maps)


def test_a_warm_map_moves_points_less_than_a_cold_one(frames):
    maps = frames[-1].result.maps
    x = vectors("output")
    *_, cold = tsne.tsne(x, first_map(x), perplexity=8.0, steps=STEPS)
    assert far(maps["output"], maps["3"]) < far(aligned(cold.xy, maps["3"]), maps["3"])


def test_what_is_measured_of_a_layer_is_what_brute_force_finds(frames):
    measures = frames[-1].result.measures
    assert all(set(told) == MEASURES for told in measures.values())
    for layer in LAYERS:
        x = vectors(layer).double()
        near = torch.cdist(x, x).fill_diagonal_(torch.inf).topk(10, largest=False).indices
        assert measures[layer]["label agreement"] == pytest.approx(
            float((KINDS[near] == KINDS[:, None]).double().mean()), abs=0.01
        )
        xy = frames[-1].result.maps[layer].double()
        here = torch.cdist(xy, xy).fill_diagonal_(torch.inf).topk(10, largest=False).indices
        kept = float((near[:, :, None] == here[:, None]).any(2).double().mean())
        assert measures[layer]["kept neighbors"] == pytest.approx(kept, abs=0.01)
    assert {name: float(v) for name, v in frames[-1].scalars.items()} == measures["output"]


def test_without_labels_three_things_are_measured():
    told = through(labels=None, layers=("3",)).result().measures["3"]
    assert set(told) == {"intrinsic dimension", "kl", "kept neighbors"}
    unique = through(labels=range(COUNT), layers=("3",)).result().measures["3"]
    assert set(unique) == set(told)  # no picture could have a neighbor of its label


def test_maps_of_other_networks_come_depth_by_depth():
    other = vizkit.wrap(zoo()["in-place relu"].module, 20, name="other")
    points = through(others=[other, other], layers=("0", "3")).result()
    assert list(points.maps) == [
        "InPlace · 0", "other 1 · 0", "other 2 · 0", "InPlace · 3", "other 1 · 3", "other 2 · 3",
    ]  # fmt: skip
    assert far(points.maps["other 2 · 0"], points.maps["other 1 · 0"]) < 0.5  # the same weights
    assert {"prediction · InPlace", "confidence · other 2"} <= set(points.values)
    strange = zoo()["reused module"]
    mixed = through(
        net=vizkit.wrap(NET.module, 16), others=[strange], layers=(), pictures=PICTURES[:, :, :16, :16].clone()
    )
    assert any(name.startswith("Reused · ") for name in mixed.result().maps)


def test_an_index_is_enough():
    index = vizkit.scan(NET, PICTURES, ["0", "3"], pooled="mean")
    points = vizkit.run("layer_maps", NET, ("0", "3"), index=index, perplexity=8.0, steps=STEPS).result()
    assert far(points.maps["0"], through(layers=("0",)).result().maps["0"]) < 1
    assert list(points.maps) == ["0", "3"]


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"layers": "3"}, TypeError, r"Try \['3'\]"),
        ({"layers": ("33",)}, LookupError, "no layer '33'"),
        ({"perplexity": 90.0}, ValueError, "perplexity=90 for 120 points"),
        ({"index": "nowhere", "others": [NET]}, ValueError, "index is of one network"),
        ({"others": [zoo()["reused module"]], "layers": ("3",)}, LookupError, "no layer '3'"),
        ({"engine": "gpu"}, ValueError, "none of auto"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        through(**arguments).result()


# What depth does


def test_on_the_world_neighbors_share_their_label_more_from_layer_to_layer():
    net = vizkit.load("world")
    layers = ("stem", "stage2", "stage3", "stage4")
    run = vizkit.run("layer_maps", net, layers, pictures="world/test/240", perplexity=10.0, steps=12)
    agreement = [told["label agreement"] for told in run.result().measures.values()]
    assert agreement == sorted(agreement)
    assert agreement[-1] > 3 * agreement[0]


class LeNet(nn.Module):
    """LeNet-5 by the names its weights have."""

    def __init__(self):
        super().__init__()
        parts = {"c1": nn.Conv2d(1, 6, 5), "relu1": nn.ReLU(), "s2": nn.MaxPool2d(2), "c3": nn.Conv2d(6, 16, 5)}
        parts |= {"relu3": nn.ReLU(), "s4": nn.MaxPool2d(2), "c5": nn.Conv2d(16, 120, 5), "relu5": nn.ReLU()}
        head = {"f6": nn.Linear(120, 84), "relu6": nn.ReLU(), "f7": nn.Linear(84, 10)}
        self.convnet, self.fc = nn.Sequential(), nn.Sequential()
        for whole, named in ((self.convnet, parts), (self.fc, head)):
            for name, part in named.items():
                whole.add_module(name, part)

    def forward(self, x):
        return self.fc(self.convnet(x).flatten(1))


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the evaluation data in {DATA}")
def test_on_digits_neighbors_share_their_label_more_from_layer_to_layer():
    with torch.random.fork_rng(devices=[]):  # a module draws weights when it is made
        module = LeNet()
    module.load_state_dict(torch.load(DATA / "weights/plain/lenet5_mnist.pth", weights_only=True))
    net = vizkit.wrap(module, 32, 1, labels=tuple("0123456789"))
    pixels, digits = (
        _idx(DATA / f"images/mnist/t10k-{name}.gz") for name in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )
    some = torch.nn.functional.interpolate(pixels[:600, None].float() / 255, size=32, mode="bilinear")
    layers = ("convnet.relu1", "convnet.relu3", "convnet.relu5", "output")
    run = vizkit.run("layer_maps", net, layers, pictures=some, labels=digits[:600], pool="flat", steps=12)
    agreement = [told["label agreement"] for told in run.result().measures.values()]
    assert agreement == sorted(agreement)
    assert agreement[-1] > 0.95


def _idx(path):
    """What a file of MNIST holds."""
    held = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(held, ">u4", held[3], 4)
    return torch.from_numpy(np.frombuffer(held, np.uint8, offset=4 + 4 * held[3]).reshape(shape).copy())
