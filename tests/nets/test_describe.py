"""The table of layers: what ran, in which order, under which name, and what became of it."""

from html.parser import HTMLParser

import pytest
import torch
from torch import nn
from torchvision.models import get_model

import vizkit
from tests.zoo import zoo

ZOO = zoo()


def test_layers_are_listed_in_the_order_in_which_they_finish():
    assert vizkit.layers(ZOO["residual"]).names == ("stem", "relu", "conv", "relu@2", "head", "output")


def test_calls_leaves_and_a_child_called_output_have_names_of_their_own():
    assert vizkit.layers(ZOO["reused module"]).names[:5] == ("stem", "conv", "relu", "conv@2", "relu@2")
    assert vizkit.layers(ZOO["tuple output"]).names[1:] == ("pair", "pair[1]", "output@1", "output", "output[1]")
    assert "output[map]" in vizkit.layers(ZOO["dataclass output"])


def test_a_layer_says_what_it_is():
    layer = vizkit.layers(ZOO["five channels"])["3"]
    assert (layer.kind, layer.shape, layer.channels, layer.parameters) == ("Conv2d", (8, 10, 12), 8, 440)
    assert (layer.stride, layer.field.size) == ((2, 2), (8, 8))


def test_units_are_channels_of_maps_columns_of_tokens_and_all_of_a_flat_layer():
    known = vizkit.layers(ZOO["transformer"])
    assert (known["patches"].channels, known["blocks.0"].channels, known["head"].channels) == (16, 16, 4)
    assert known["blocks.0.linear1"].shape == (17, 32)
    assert known["blocks.0.linear1"].channels == 32


def test_what_is_overwritten_in_place_names_what_overwrote_it():
    assert vizkit.layers(ZOO["in-place relu"])["0"].overwritten_by == "1"
    known = vizkit.layers(ZOO["residual"])
    assert [known[n].overwritten_by for n in ("stem", "relu", "conv", "relu@2")] == ["relu", None, "relu@2", None]


def test_an_overwriting_without_a_layer_of_its_own_is_laid_to_the_layer_around_it():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x):
            return self.conv(x).relu_()

    known = vizkit.layers(vizkit.wrap(nn.Sequential(Block(), nn.Conv2d(2, 2, 1)), 8))
    assert known["0.conv"].overwritten_by == "0"
    assert known["0"].same_as is None


def test_what_hands_on_a_tensor_names_the_first_that_had_it():
    known = vizkit.layers(ZOO["batch norm left training"])
    assert (known["drop"].same_as, known["output"].same_as, known["relu"].same_as) == ("relu", "head", None)


@pytest.mark.parametrize(
    ("network", "default"),
    [
        ("resnet18", "layer4"),
        ("squeezenet1_1", "features.12"),
        ("alexnet", "features.11"),
        ("vgg11", "features.19"),
        ("mobilenet_v2", "features.18"),
        ("densenet121", "features.denseblock4"),
        ("vit_b_32", "encoder.layers.encoder_layer_11"),
    ],
)
def test_the_default_is_the_last_block_that_still_says_where(network, default):
    assert vizkit.layers(vizkit.wrap(get_model(network, weights=None), 224)).default == default


def test_a_perceptron_defaults_to_its_last_hidden_layer():
    assert vizkit.layers(ZOO["no spatial dimensions"]).default == "4"


def test_the_world_defaults_to_its_last_stage():
    from vizkit.nets.world_net import SIZE, WorldNet

    known = vizkit.layers(vizkit.wrap(WorldNet(), SIZE))
    assert known.default == "stage4"
    assert {layer.stage for layer in known} == {"", "stem", "stage1", "stage2", "stage3", "stage4"}


def test_a_stage_is_a_first_name_or_more_where_one_holds_most_layers():
    def stages(name):
        return {layer.name: layer.stage for layer in vizkit.layers(vizkit.wrap(get_model(name), 64))}

    resnet, squeezenet = stages("resnet18"), stages("squeezenet1_1")
    assert (resnet["layer2.0.conv1"], resnet["layer2"], resnet["conv1"]) == ("layer2", "layer2", "")
    assert (squeezenet["features.3.squeeze"], squeezenet["features.3"]) == ("features.3", "features.3")
    assert (squeezenet["features.2"], squeezenet["classifier.1"]) == ("features", "classifier")


def test_layers_are_found_by_name_position_and_slice():
    known = vizkit.layers(ZOO["residual"])
    assert known["stem"] is known[0]
    assert known[-1].name == "output"
    assert known[1:3].names == ("relu", "conv")
    assert "stem" in known
    assert known[0] in known
    assert "steam" not in known


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(LookupError, match=r"Residual has no layer 'steam'. Did you mean 'stem'\? .* all 6\."):
        vizkit.layers(ZOO["residual"])["steam"]


def test_the_table_is_remembered_until_the_module_changes():
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU())
    net = vizkit.wrap(module, 8)
    before = vizkit.layers(net)
    assert vizkit.layers(net) is before
    module.append(nn.Flatten())
    assert vizkit.layers(net).names == ("0", "1", "2", "output")


def test_a_plain_table_is_aligned():
    lines = repr(vizkit.layers(ZOO["residual"])).splitlines()
    at = lines[0].index("kind")
    assert all(line[at - 1] == " " and line[at] != " " for line in lines)


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_a_rich_table_shows_names_as_text_never_as_markup():
    evil = "<script>alert(1)</script>"
    module = nn.Sequential()
    module.add_module(evil, nn.Conv2d(3, 2, 3))
    shown = vizkit.layers(vizkit.wrap(module, 8, name="<b>mine"))._repr_mimebundle_()
    page = Text()
    page.feed(shown["text/html"])
    assert set(page.tags) == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {evil, "2 layers of <b>mine", "Conv2d"} <= set(page.words)
    assert evil in shown["text/plain"]


def test_layers_whose_output_does_not_start_with_the_batch_are_left_out():
    class Crossed(nn.Module):
        def __init__(self):
            super().__init__()
            self.crossed, self.head = nn.Linear(48, 6), nn.Linear(6, 4)

        def forward(self, x):
            return self.head(self.crossed(x.flatten(1).repeat(5, 1, 1)).mean(0))

    assert vizkit.layers(vizkit.wrap(Crossed(), 4)).names == ("head", "output")


def test_a_network_without_a_batch_in_its_output_is_answered_with_a_sentence():
    class Scalar(nn.Module):
        def forward(self, x):
            return x.mean()

    with pytest.raises(TypeError, match="batch first"):
        vizkit.layers(vizkit.wrap(Scalar(), 4))


def test_parametrized_weights_are_no_layers():
    module = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 2, 3)))
    assert vizkit.layers(vizkit.wrap(module, 8)).names == ("0", "output")


@pytest.mark.parametrize("name", ["residual", "transformer", "batch norm left training"])
def test_the_callers_modes_do_not_change_the_table(name):
    plain = vizkit.layers(zoo()[name]).entries
    for mode in (torch.no_grad(), torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16)):
        with mode:
            assert vizkit.layers(zoo()[name]).entries == plain
