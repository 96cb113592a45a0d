"""The effective field against closed forms: of box filters it is a binomial, of a single tap one pixel."""

import pytest
import torch
from torch import nn

import vizkit
from vizkit.measure.effective_field import effective_field


def box_filters(count, side=31):
    layers = [nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(count)]
    for layer in layers:
        nn.init.constant_(layer.weight, 1 / 9)
    return vizkit.wrap(nn.Sequential(*layers), side, channels=1)


PICTURES = torch.rand(2, 1, 31, 31, generator=torch.Generator().manual_seed(0))


def test_of_repeated_box_filters_it_is_the_convolution_of_boxes():
    with torch.random.fork_rng(devices=[]):
        net = box_filters(4)
    line = torch.ones(1)
    for _ in range(4):
        line = nn.functional.conv1d(line[None, None], torch.full((1, 1, 3), 1 / 3), padding=2)[0, 0]
    found = effective_field(net, "3", PICTURES)
    torch.testing.assert_close(found.weights[11:20, 11:20], line[:, None] * line, atol=1e-6, rtol=1e-5)
    assert found.weights.sum() == pytest.approx(1, abs=1e-5)
    inner = [1 - 2 * float(line[:k].sum()) for k in range(4)]  # held by widths 9, 7, 5, 3
    assert found.reach == (next(9 - 2 * k for k in range(3, -1, -1) if inner[k] >= 0.9),) * 2


def test_it_is_smaller_than_the_field_and_inside_of_it():
    net = vizkit.load("world", device="cpu")
    pictures = torch.stack(list(vizkit.data.collections.as_collection("world/test/4")))
    layer = vizkit.layers(net)["stage3.0.conv"]
    found = effective_field(net, layer.name, pictures)
    assert layer.field is not None
    top, left, bottom, right = layer.field.box(6, 6)
    outside = found.weights.clone()
    outside[max(0, top) : bottom, max(0, left) : right] = 0
    assert outside.sum() == 0
    assert max(found.reach) < layer.field.size[0]


def test_one_pixel_taken_is_one_pixel_seen():
    with torch.random.fork_rng(devices=[]):
        net = vizkit.wrap(nn.Conv2d(1, 4, 1, stride=2), 31, channels=1)
    assert effective_field(net, "output", PICTURES).reach == (1, 1)


def test_the_same_seed_gives_the_same_field_and_the_network_is_left_as_it_was():
    net = vizkit.load("world", device="cpu")
    pictures = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    a, b = (effective_field(net, "stage2", pictures) for _ in range(2))
    assert torch.equal(a.weights, b.weights)
    assert all(weight.grad is None for weight in net.module.parameters())


def test_a_layer_that_does_not_look_is_said_so():
    class Blind(nn.Module):
        def forward(self, x):
            return (x * 0).mean((2, 3))

    with pytest.raises(ValueError, match="does not depend"):
        effective_field(vizkit.wrap(Blind(), 31, channels=1), "output", PICTURES)
