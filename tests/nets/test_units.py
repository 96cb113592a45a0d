"""Where a network keeps its units: maps with their channels last are found by what is computed, and read as others."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import MaxVit, SwinTransformer
from torchvision.models.convnext import CNBlock

import vizkit
from vizkit.nets.units import unit_dims


class Last(nn.Module):
    """Patches (n, h, w, c), normalized and mixed channel by channel, as Swin and ConvNeXt have them."""

    def __init__(self):
        super().__init__()
        self.patches, self.norm, self.mix = nn.Conv2d(3, 12, 4, 4), nn.LayerNorm(12), nn.Linear(12, 7)
        self.head = nn.Linear(7, 5)

    def forward(self, x):
        x = self.norm(self.patches(x).permute(0, 2, 3, 1))
        return self.head(self.mix(x).mean((1, 2)))


def pictures(net, n=2, **options):
    return torch.rand(n, net.channels, *net.size, generator=torch.Generator().manual_seed(0), **options)


def dim(make):
    picture = torch.zeros(1, 6, 4, 8, requires_grad=True)
    return unit_dims(picture, [make(picture).grad_fn])[0]


@pytest.mark.parametrize(
    ("make", "expected"),
    {
        "a convolution": (lambda x: nn.Conv2d(6, 5, 1)(x), -3),
        "a permutation": (lambda x: x.permute(0, 2, 3, 1), -1),
        "there and back": (lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2), -3),
        "a transposition": (lambda x: x.transpose(1, 3), -1),
        "a norm over the last": (lambda x: nn.LayerNorm(6)(x.movedim(1, -1)), -1),
        "a linear layer": (lambda x: F.linear(x.movedim(1, -1), torch.ones(5, 6), torch.ones(5)), -1),
        "a linear layer without bias": (lambda x: F.linear(x.movedim(1, -1), torch.ones(5, 6)), -1),
        "a roll": (lambda x: x.movedim(1, -1).roll((1, 1), (1, 2)), -1),
        "windows": (
            lambda x: x.movedim(1, -1).view(1, 2, 2, 4, 2, 6).permute(0, 1, 3, 2, 4, 5).reshape(8, 2, 2, 6),
            -1,
        ),
        "merged patches": (lambda x: torch.cat([a := x.movedim(1, -1), a], -1)[:, ::2, ::2], -1),
        "a pool": (lambda x: F.avg_pool2d(x, 2), -3),
        "squeeze and excitation": (lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(), -3),
        "a mean over rows": (lambda x: x.movedim(1, -1).mean(1), -1),
        "one row": (lambda x: x[:, :, 0], -2),
        "a further dimension": (lambda x: x[:, :, None], -4),
        "a residual sum with what is not known": (lambda x: (a := x.movedim(1, -1)) + a.flatten().view_as(a), -1),
        "all in one": (lambda x: x.flatten(), None),
        "a product of two tensors": (lambda x: x[0, 0] @ x[0, 1].T, None),
    }.values(),
)
def test_units_are_followed_through(make, expected):
    assert dim(make) == expected


NETS = {
    "swin": (lambda: SwinTransformer([4, 4], 8, [2, 2], [1, 2], [2, 2], num_classes=5), 32),
    "maxvit": (
        lambda: MaxVit((32, 32), 8, 2, [8, 16], [1, 1], head_dim=8, stochastic_depth_prob=0.0, num_classes=5),
        32,
    ),
    "convnext": (lambda: nn.Sequential(nn.Conv2d(3, 8, 4, 4), CNBlock(8, 1.0, 0.0)), 32),
}


@pytest.mark.parametrize("name", NETS)
def test_every_linear_layer_and_norm_of_a_published_network_has_as_many_units_as_features(name):
    build, size = NETS[name]
    net = vizkit.wrap(build(), size)
    parts, known = dict(net.module.named_modules()), vizkit.layers(net)
    features = {
        path: part.out_features if isinstance(part, nn.Linear) else part.normalized_shape[0]
        for path, part in parts.items()
        if isinstance(part, (nn.Linear, nn.LayerNorm)) and path in known
    }
    assert len(features) > 2
    assert {path: known[path].channels for path in features} == features
    convolutions = {path: part.out_channels for path, part in parts.items() if isinstance(part, nn.Conv2d)}
    assert {path: known[path].channels for path in convolutions} == convolutions


def test_maps_with_their_channels_last_are_listed_and_read_with_them_second():
    net = vizkit.wrap(Last(), 16)
    layer = vizkit.layers(net)["mix"]
    assert (layer.shape, layer.channels, layer.field.size, layer.note) == ((7, 4, 4), 7, (4, 4), "channels last")
    x = pictures(net)
    found = vizkit.activations(net, x, ["patches", "mix"])
    rows = F.layer_norm(found["patches"].permute(0, 2, 3, 1), (12,)) @ net.module.mix.weight[3] + net.module.mix.bias[3]
    assert torch.allclose(found["mix"][:, 3], rows, atol=1e-5)


def test_a_unit_of_such_a_map_likes_the_patch_that_it_likes():
    net = vizkit.wrap(Last(), 16)
    x = pictures(net, 9)
    ranking = vizkit.scan(net, x, ["mix"], k=3).top("mix")
    with torch.no_grad():
        m = net.module
        by_hand = m.mix(m.norm(m.patches(x).permute(0, 2, 3, 1))).flatten(1, 2)  # (9, positions, units)
    values, positions = by_hand.max(1)
    strongest, ids = values.T.topk(3)
    assert torch.equal(ranking.ids.long(), ids)
    assert torch.allclose(ranking.values, strongest, atol=1e-5)
    assert torch.equal(ranking.positions.long(), positions.T.gather(1, ids))


def test_every_linear_map_with_its_channels_last_is_scanned():
    assert vizkit.scan(vizkit.wrap(Last(), 16), torch.rand(2, 3, 16, 16), k=1).layers.names == (
        "patches",
        "mix",
        "head",
    )


def test_an_edit_gets_such_a_map_with_its_units_second():
    net = vizkit.wrap(Last(), 16)
    kept = torch.tensor([1.0, 0, 0, 0, 0, 0, 0])
    edited = vizkit.edited(net, {"mix": lambda a: a * kept[:, None, None]})
    x = pictures(net)
    first = vizkit.activations(net, x, ["mix"])["mix"][:, 0].mean((1, 2))
    expected = first[:, None] * net.module.head.weight[:, 0] + net.module.head.bias
    assert torch.allclose(vizkit.activations(edited, x, ["output"])["output"], expected, atol=1e-5)
    assert torch.equal(vizkit.activations(edited, x, ["mix"])["mix"][:, 1:], torch.zeros(2, 6, 4, 4))


def test_a_network_with_one_answer_for_each_picture_has_one_unit_of_output():
    net = vizkit.wrap(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 1), nn.Flatten(0)), 4)
    x = pictures(net)
    assert vizkit.layers(net)["output"].shape == (1,)
    assert torch.equal(vizkit.activations(net, x, ["output"])["output"], net.module(x)[:, None])
    assert vizkit.run("activation_maximization", net, layer="output", unit=0, steps=1).result().pixels.isfinite().all()
