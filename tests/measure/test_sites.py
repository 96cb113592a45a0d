"""Where positions lie: maps by their receptive field, tokens by their patch, everything else on the whole picture."""

import pytest
import torch
from torchvision.models import VisionTransformer

import vizkit
from tests.zoo import zoo
from vizkit.measure.sites import sites


def site(net, layer):
    known = vizkit.layers(net)
    return sites([known[layer]], tuple(known), net.size)[0]


@pytest.mark.parametrize("name", ["in-place relu", "residual", "five channels"])
def test_a_maps_boxes_are_its_fields_cut_off_at_the_border(name):
    net = zoo()[name]
    h, w = net.size
    maps = [layer for layer in vizkit.layers(net) if len(layer.shape) == 3 and layer.field is not None]
    assert maps
    for layer in maps:
        rows, columns = layer.shape[1:]
        boxes = site(net, layer.name).boxes(torch.arange(rows * columns)).tolist()
        for i in range(rows):
            for j in range(columns):
                top, left, bottom, right = layer.field.box(i, j)
                expected = [max(0, top), max(0, left), min(h, bottom), min(w, right)]
                assert boxes[i * columns + j] == expected


def test_what_a_unit_of_a_transformer_is_about_is_its_patch():
    net = zoo()["transformer"]  # 16 patches of 4 by 4, after a class token
    layer = next(entry.name for entry in vizkit.layers(net) if entry.shape == (17, 16))
    boxes = site(net, layer).boxes(torch.arange(17)).tolist()
    assert boxes[0] == [0, 0, 16, 16]
    assert boxes[1:] == [[4 * i, 4 * j, 4 * i + 4, 4 * j + 4] for i in range(4) for j in range(4)]


def test_a_vit_of_torchvision_has_patches_too():
    with torch.random.fork_rng(devices=[]):
        module = VisionTransformer(32, 16, num_layers=1, num_heads=2, hidden_dim=24, mlp_dim=48)
    net = vizkit.wrap(module, 32)
    inner = next(entry.name for entry in vizkit.layers(net) if entry.shape == (5, 48))  # in the perceptron
    assert site(net, inner).boxes(torch.tensor([0, 1, 4])).tolist() == [
        [0, 0, 32, 32],
        [0, 0, 16, 16],
        [16, 16, 32, 32],
    ]


def test_flat_layers_and_unknown_positions_are_the_whole_picture():
    net = zoo()["in-place relu"]
    assert site(net, "output").boxes(torch.tensor([0, -1])).tolist() == [[0, 0, 20, 20]] * 2
    assert site(net, "0").boxes(torch.tensor([-1])).tolist() == [[0, 0, 20, 20]]


def test_a_reach_is_a_box_around_the_same_center():
    net = zoo()["residual"]
    where = site(net, "conv")
    whole, reach = (where.boxes(torch.tensor([40]), r)[0].tolist() for r in (None, (3, 1)))
    center = [(a + b) / 2 for a, b in zip(whole[:2], whole[2:], strict=True)]
    assert [b - a for a, b in zip(reach[:2], reach[2:], strict=True)] == [3, 1]
    assert all(abs((a + b) / 2 - c) <= 0.5 for a, b, c in zip(reach[:2], reach[2:], center, strict=True))


def test_no_box_is_empty():
    for net in zoo().values():
        for layer in vizkit.layers(net):
            places = layer.shape[1] * layer.shape[2] if len(layer.shape) == 3 else layer.shape[0]
            top, left, bottom, right = site(net, layer.name).boxes(torch.arange(places)).unbind(1)
            assert (bottom > top).all()
            assert (right > left).all()
