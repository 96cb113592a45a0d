"""What a unit sees: against published figures and against what a NaN in the picture reaches."""

import pytest
import torch
from torch import nn
from torchvision.models import get_model

import vizkit
from vizkit.nets.receptive_field import Axis


def field(module, layer="output", size=48):
    found = vizkit.layers(vizkit.wrap(module, size, channels=1))[layer].field
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("resnet18", {"conv1": 7, "layer1": 43, "layer2": 99, "layer3": 211, "layer4": 435}),
        ("vgg16", {"features.28": 196, "features.30": 212}),
        ("alexnet", {"features.0": 11, "features.3": 51, "features.10": 163, "features.12": 195}),
        ("mobilenet_v2", {"features.18": 491}),
        ("inception_v3", {"Mixed_7c": 1311}),
    ],
)
def test_sizes_are_those_of_araujo_et_al_2019(network, expected):
    options = {"init_weights": False, "aux_logits": False} if network == "inception_v3" else {}
    known = vizkit.layers(vizkit.wrap(get_model(network, weights=None, **options), 96))
    assert {name: known[name].field.size for name in expected} == {k: (v, v) for k, v in expected.items()}


class Sum(nn.Module):
    """A path with `body` beside a path with `short`, joined by `join`."""

    def __init__(self, body, short=None, join=torch.add):
        super().__init__()
        self.body, self.short, self.join = body, short or nn.Identity(), join

    def forward(self, x):
        return self.join(self.body(x), self.short(x))


class Call(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def conv(kernel, **options):
    return nn.Conv2d(1, 1, kernel, **options)


CASES = {
    "strides": nn.Sequential(conv(5, stride=2), nn.ReLU(inplace=True), conv(3, stride=3), nn.MaxPool2d(2)),
    "oblong": nn.Sequential(conv((3, 5), stride=(2, 1), padding=(1, 2)), conv((1, 4), stride=(1, 3))),
    "dilation": nn.Sequential(conv(3, dilation=3), nn.MaxPool2d(3, 2, 1, dilation=2), conv(3, padding="same")),
    "average": nn.Sequential(nn.AvgPool2d(3, 2, 1), nn.BatchNorm2d(1).eval(), conv(3)),
    "residual": nn.Sequential(conv(3, stride=2), Sum(nn.Sequential(conv(3, padding=1), nn.ReLU(), conv(3, padding=1)))),
    "branches": Sum(conv(7, padding=3), conv(1), join=lambda a, b: torch.cat([a, b], 1)),
    "gate": Sum(conv(1), nn.Sequential(conv(5, padding=2), nn.Sigmoid()), join=torch.mul),
    "transposed": nn.Sequential(conv(3, stride=2), nn.ConvTranspose2d(1, 1, 3, 2), conv(3)),
    "transposed, stride 3": nn.Sequential(conv(2, stride=2), nn.ConvTranspose2d(1, 1, 5, 3, 1, 1), conv(2, stride=2)),
    "nearest": nn.Sequential(conv(3, stride=3), nn.Upsample(scale_factor=2), conv(3)),
    "bilinear": nn.Sequential(conv(3, stride=2), nn.Upsample(scale_factor=2, mode="bilinear"), conv(3)),
    "adaptive": nn.Sequential(conv(3), nn.AdaptiveAvgPool2d(7)),
    "pixel shuffle": nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4, 4, 3), nn.PixelShuffle(2)),
    "crop and pad": nn.Sequential(Call(lambda x: x[:, :, 3:-2, ::2]), nn.ZeroPad2d((1, 1, 2, 0)), conv(3)),
    "channels last": nn.Sequential(
        conv(3, stride=2), Call(lambda x: x.permute(0, 2, 3, 1)), nn.LayerNorm(1), nn.Linear(1, 4), nn.GELU(),
        Call(lambda x: x.permute(0, 3, 1, 2)), nn.Conv2d(4, 1, 3),
    ),
    "channel shuffle": nn.Sequential(
        nn.Conv2d(1, 4, 3), Call(lambda x: x.view(1, 2, 2, *x.shape[2:]).transpose(1, 2).flatten(1, 2)), nn.ReLU6()
    ),
    "attention over channels' mean": Sum(conv(3, padding=1), Call(lambda x: x.mean(1, keepdim=True)), join=torch.mul),
    "response norm": nn.Sequential(nn.Conv2d(1, 4, 3), nn.LocalResponseNorm(3), nn.Conv2d(4, 1, 3, 2)),
}  # fmt: skip


def seen_rows(module, pixels: int, axis: int) -> torch.Tensor:
    """(pixels, units): whether a NaN in that row (axis 0) or column (axis 1) of the picture reaches the unit."""
    picture = torch.full((pixels, 1, pixels, pixels), 0.5)
    for i, one in enumerate(picture):
        one[0].select(axis, i).fill_(float("nan"))
    with torch.no_grad():
        reached = torch.cat([module(one[None]) for one in picture]).isnan().any(1)
    return reached.any(2 - axis)


@pytest.mark.parametrize("name", CASES)
def test_a_unit_sees_exactly_the_rows_and_columns_whose_nan_reaches_it(name):
    module, size = CASES[name].eval(), 36
    found = field(module, size=size)
    for axis, seen in enumerate([found.y, found.x]):
        reached = seen_rows(module, size, axis)
        for unit in range(3, reached.shape[1] - 3):
            first, last = seen.at(unit)
            rows = reached[:, unit].nonzero().flatten().tolist()
            assert (rows[0], rows[-1]) == (max(first, 0), min(last, size - 1)), f"axis {axis}, unit {unit}"


@pytest.mark.parametrize(
    "mixing",
    [
        nn.AdaptiveAvgPool2d(1),
        nn.GroupNorm(1, 1),
        nn.InstanceNorm2d(1),
        nn.BatchNorm2d(1, track_running_stats=False),
        nn.LayerNorm([48, 48]),
        nn.Softmax(-1),
        Call(lambda x: x @ x),
        Call(lambda x: x.flip(2)),
        Call(lambda x: torch.fft.fft2(x).real),
        Call(lambda x: x - x.mean((2, 3), keepdim=True)),
        Call(lambda x: x.cumsum(2)),
        Sum(nn.Identity(), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Sigmoid()), join=torch.mul),
        nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 3)),
    ],
    ids=lambda module: type(module).__name__,
)
def test_what_mixes_all_places_has_no_field(mixing):
    assert vizkit.layers(vizkit.wrap(mixing, 48, channels=1))["output"].field is None


def test_dead_units_do_not_hide_what_they_would_see():
    dead = conv(3)
    nn.init.constant_(dead.weight, 0.0)
    nn.init.constant_(dead.bias, -1.0)
    assert field(nn.Sequential(dead, nn.ReLU(), conv(3))).size == (5, 5)


def test_a_box_is_what_to_crop_and_its_center_moves_by_the_stride():
    found = field(nn.Sequential(conv(3, stride=2, padding=1), conv(3)))
    assert found.size == (7, 7)
    assert found.stride == (2, 2)
    assert found.box(0, 1) == (-1, 1, 6, 8)
    assert found.center(0, 0) == (2.5, 2.5)
    assert found.center(2, 5) == (2.5 + 4, 2.5 + 10)


def test_enlarged_maps_have_a_stride_below_one_pixel():
    assert field(nn.ConvTranspose2d(1, 1, 4, 2, 1)).stride == (0.5, 0.5)


@pytest.mark.parametrize("o", [-7, -1, 0, 5, 12])
def test_an_axis_repeats_with_its_period(o):
    axis = Axis(advance=5, first=(0, 1), last=(2, 4))
    assert axis.at(o + 2) == tuple(end + 5 for end in axis.at(o))


def test_branches_of_different_stride_see_everything_rather_than_something_wrong():
    resized = Sum(conv(3, padding=1), nn.Sequential(nn.MaxPool2d(2), nn.Upsample(48)), join=torch.add)
    assert field(resized).size == (3, 3)  # back to one pixel a unit: known exactly
    shifted = Sum(nn.Identity(), Call(lambda x: x[:, :, ::2, ::2].repeat(1, 1, 2, 2)))
    assert vizkit.layers(vizkit.wrap(shifted, 48, channels=1))["output"].field is None
