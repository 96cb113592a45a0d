"""Deep priors: any size, each picture by itself, the paper's networks weight by weight, and a prior worth the name."""

import pytest
import torch
from torch import nn

import vizkit
from vizkit.maximize import objectives
from vizkit.maximize.chance import streams
from vizkit.maximize.deep_prior import ARCHITECTURES, Code, DeepPrior, Hourglass, built, levels
from vizkit.maximize.descent import descent
from vizkit.maximize.search import search

CPU = torch.device("cpu")
TINY = Hourglass((4, 6, 8), skip=(2,), code=Code(3))


def make(n=2, c=3, h=24, w=20, seeds=None, **options):
    return DeepPrior((n, c, h, w), streams(seeds or range(n)), CPU, **options)


def fit(prior, target, steps):
    *_, (pixels, costs) = descent(prior, lambda x: (x - target).square().mean((1, 2, 3)), steps=steps)
    return pixels, costs


@pytest.mark.parametrize("design", ARCHITECTURES)
@pytest.mark.parametrize("size", [(24, 20), (17, 23), (9, 5), (3, 2)])
def test_every_architecture_draws_any_size(design, size):
    pixels = make(1, 3, *size, architecture=design)()
    assert pixels.shape == (1, 3, *size)
    assert pixels.min() > 0
    assert pixels.max() < 1


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_a_picture_has_as_many_channels_as_asked_for(channels):
    assert make(c=channels)().shape == (2, channels, 24, 20)


@pytest.mark.parametrize("design", ARCHITECTURES)
def test_a_picture_begins_the_same_alone_and_in_any_batch(design):
    alone, among = make(1, seeds=[7], architecture=design)(), make(3, seeds=[3, 7, 5], architecture=design)()
    torch.testing.assert_close(alone[0], among[1], atol=1e-4, rtol=0)
    assert (among[0] - among[1]).abs().mean() > 0.01


@pytest.mark.parametrize("design", [TINY, "quick", "unet", "resnet"])
def test_a_picture_turns_the_same_alone_and_in_any_batch(design):
    target = torch.rand(3, 24, 20, generator=torch.Generator().manual_seed(1))
    alone = fit(make(1, seeds=[7], architecture=design, input_noise=0.03), target, 4)[0]
    among = fit(make(3, seeds=[3, 7, 5], architecture=design, input_noise=0.03), target, 4)[0]
    torch.testing.assert_close(alone[0], among[1], atol=1e-3, rtol=0)
    assert (among[0] - among[1]).abs().mean() > 0.01


def test_pictures_that_see_different_noise_or_none_do_not_disturb_each_other():
    prior, still = make(seeds=[1, 2], input_noise=0.1), make(seeds=[1, 2])
    torch.testing.assert_close(prior(), still())
    prior.stir()
    still.stir()
    first = prior()
    assert (first - still()).abs().flatten(1).mean(1).min() > 1e-4
    prior.stir()
    assert (first - prior()).abs().flatten(1).mean(1).min() > 1e-4
    assert torch.equal(still(), make(seeds=[1, 2])())


def test_it_repeats_from_its_seed_noise_and_all():
    target = torch.full((3, 24, 20), 0.3)
    first, second = (fit(make(seeds=[4, 5], input_noise=0.05), target, 3)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_the_input_noise_has_the_deviation_asked_for():
    prior = make(1, h=64, w=64, input_noise=0.5)
    prior.stir()
    assert (prior._fed - prior._code).std().item() == pytest.approx(0.5, rel=0.02)


def test_an_architecture_may_bring_its_own_input_noise():
    assert make(architecture="activation").input_noise == 0.03
    assert make(architecture="activation", input_noise=0.0).input_noise == 0
    assert make(architecture="inversion").input_noise == 0


def test_the_hourglass_is_the_papers_network_weight_by_weight():
    size, prior = 32, make(1, h=32, w=32, architecture=TINY)
    reference = Paper(prior._weights.drawn, TINY)
    with torch.no_grad():
        torch.testing.assert_close(prior(), reference(prior._code).sigmoid(), atol=1e-5, rtol=0)
    assert prior().shape[-1] == size


@pytest.mark.parametrize(("design", "count"), [("restoration", 2_217_831), ("inpainting", 3_002_627)])
def test_the_papers_networks_have_as_many_weights_as_the_authors_print(design, count):
    drawn = make(1, h=256, w=256, architecture=design)._weights.drawn
    normed = {name.removesuffix(" weight") for name in drawn if name.endswith(" weight")}
    idle = sum(drawn[f"{name} shift"].numel() for name in normed if f"{name} shift" in drawn)
    assert sum(t.numel() for t in drawn.values()) + idle == count  # theirs have biases that a batch norm takes away


def test_weights_are_drawn_as_torch_draws_them():
    prior = make(1, h=64, w=64, architecture="restoration")
    weight = prior._weights.drawn["deep1 weight"]
    bound = (128 * 9) ** -0.5
    assert weight.abs().max().item() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)


def test_a_mesh_holds_the_coordinates_of_every_pixel():
    mesh = Code(2, "mesh")((3, 5), streams([0, 1]))
    assert mesh.shape == (2, 2, 3, 5)
    assert mesh[0, 0, 1].tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert mesh[1, 1, :, 0].tolist() == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize(("side", "times"), [(256, 5), (224, 5), (96, 4), (24, 2), (8, 1), (7, 0), (1, 0)])
def test_no_level_is_smaller_than_four_pixels(side, times):
    assert levels(side, 5) == times
    assert side / 2**times >= 4 or times == 0


def test_a_fit_comes_closer_with_every_hundred_steps():
    view = torch.stack(torch.meshgrid(torch.linspace(0, 1, 32), torch.linspace(0, 1, 32), indexing="ij"))
    target = torch.cat([view, (view[:1] > 0.5).float()])
    prior, error = make(1, h=32, w=32), []
    for _ in range(3):
        error.append(fit(prior, target, 100)[1].item())
    assert error[0] < 0.02
    assert error[0] > error[1] > error[2]


def test_a_gradient_of_one_picture_reaches_no_weight_of_another():
    prior = make(3, architecture=TINY)
    gradients = torch.autograd.grad(prior()[1].square().sum(), prior.parameters)
    for gradient in gradients:
        moved = gradient.flatten(1).abs().sum(1) if gradient.ndim > 1 else gradient.abs()
        assert moved.reshape(3, -1)[[0, 2]].sum() == 0
    assert any(gradient.abs().sum() > 0 for gradient in gradients)


def test_it_serves_the_search_for_what_a_unit_likes():
    net = vizkit.wrap(_blur(), size=16, channels=1)
    chance = streams([0, 1])
    prior = DeepPrior((2, 1, 16, 16), chance, CPU, input_noise=0.03)
    looks = list(search(net, prior, objectives.channel("blur", 0), chance, steps=30))
    assert (looks[-1].score > looks[0].score + 0.1).all()


def test_a_levels_count_that_does_not_fit_is_answered_with_what_would():
    with pytest.raises(ValueError, match=r"skip=\(4, 4\) has 2 levels, down 3. Give as many, or one"):
        Hourglass((8, 8, 8), skip=(4, 4))


def test_an_unknown_architecture_is_answered_with_the_nearest():
    with pytest.raises(LookupError, match=r"no architecture 'resnett'\. Did you mean 'resnet'"):
        built("resnett")


def _blur() -> nn.Module:
    module = nn.Sequential()
    module.add_module("blur", nn.utils.skip_init(nn.Conv2d, 1, 1, 3, bias=False))
    nn.init.constant_(module.blur.weight, 1 / 9)
    return module


class Paper:
    """The authors' network written out with torch's modules, for pictures whose sides are powers of two.

    A block is reflection, convolution, batch norm, leaky ReLU 0.2; a level is two of them, the next level, twice the
    size, the skip in front of it, batch norm, a block of 3 and one of 1.
    """

    def __init__(self, weights: dict[str, torch.Tensor], design: Hourglass):
        self.weights, self.design = weights, design

    def __call__(self, x):
        x = self._level(x, 0)
        last = nn.utils.skip_init(nn.Conv2d, x.shape[1], 3, 1)
        last.weight.data, last.bias.data = self.weights["colors weight"], self.weights["colors bias"]
        return last(x)

    def _level(self, x, i):
        skip = self._block(x, f"skip{i}", 1)
        x = self._block(self._block(x, f"down{i}", 3, stride=2), f"deep{i}", 3)
        if i + 1 < levels(32, len(self.design.down)):
            x = self._level(x, i + 1)
        x = nn.Upsample(scale_factor=2, mode="bilinear")(x)
        x = self._norm(torch.cat([skip, x], dim=1), f"joined{i}")
        return self._block(self._block(x, f"up{i}", 3), f"mix{i}", 1)

    def _block(self, x, name, kernel, stride=1):
        weight = self.weights[f"{name} weight"]
        conv = nn.utils.skip_init(nn.Conv2d, weight.shape[1], weight.shape[0], kernel, stride=stride, bias=False)
        conv.weight.data = weight
        x = conv(nn.ReflectionPad2d(kernel // 2)(x))
        return nn.LeakyReLU(0.2)(self._norm(x, name))

    def _norm(self, x, name):
        norm = nn.BatchNorm2d(x.shape[1])
        norm.weight.data, norm.bias.data = self.weights[f"{name} gain"], self.weights[f"{name} shift"]
        return norm(x)
