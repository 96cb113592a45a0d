"""Layers spread over the depth: in order, from the first to the output, blocks before what is inside them."""

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.nets.spread import outline, spread

ZOO = zoo()


def test_the_layers_of_the_world_network_are_its_stages():
    expected = ("stem", "stage1", "stage2", "stage3", "stage4", "pool", "output")
    assert spread(vizkit.load("world")) == expected


@pytest.mark.parametrize("name", [name for name in ZOO if "nan" not in name])
def test_layers_are_spread_from_the_first_to_the_output(name):
    names, table = spread(ZOO[name]), vizkit.layers(ZOO[name]).names
    assert 1 <= len(names) <= 8
    assert names[-1].startswith("output")
    assert [table.index(n) for n in names] == sorted({table.index(n) for n in names})


def test_a_deep_network_gets_the_layers_of_blocks_and_nonlinearities():
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        net = vizkit.wrap(resnet18(), size=64)
    assert spread(net) == ("relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "output")


def test_more_layers_are_taken_from_inside_the_blocks():
    names = spread(vizkit.load("world"), 16)
    assert len(names) == 16
    assert {"stage1", "stage2", "stage3", "stage4", "stage4.0.narrow", "output"} <= set(names)
    assert not any(name.endswith("conv") for name in names)


def test_an_outline_goes_into_the_blocks_as_long_as_the_list_stays_short():
    net = vizkit.load("world")
    names = outline(net)
    assert {"stage2.0", "stage3.1.first", "stage4.0.wide.1", "stage4", "output"} <= set(names)
    assert list(names) == sorted(names, key=vizkit.layers(net).names.index)


def test_an_outline_of_a_net_of_nets_stops_at_the_outer_ones():
    from torchvision.models import squeezenet1_1

    with torch.random.fork_rng(devices=[]):
        net = vizkit.wrap(squeezenet1_1(), size=64)
    names = outline(net)
    assert {f"features.{i}" for i in range(1, 12)} < set(names)
    assert "output" in names
    assert not any("activation" in name for name in names)


@pytest.mark.parametrize("name", [name for name in ZOO if "nan" not in name])
def test_an_outline_is_in_order_and_has_the_layer_a_panel_opens_on(name):
    names, table = outline(ZOO[name]), vizkit.layers(ZOO[name])
    assert table.default in names
    assert 1 <= len(names) <= 25
    assert [table.names.index(n) for n in names] == sorted({table.names.index(n) for n in names})
