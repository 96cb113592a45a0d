"""The loop, on networks small enough to know the answer."""

import pytest
import torch
from torch import nn

import vizkit
from vizkit.core.dials import Dial
from vizkit.maximize import objectives
from vizkit.maximize.chance import streams
from vizkit.maximize.penalties import norm, total_variation
from vizkit.maximize.pictures import Pixels
from vizkit.maximize.search import cooling, search
from vizkit.maximize.transforms import Shift, Still, Wobble


class Template(nn.Module):
    """One unit whose answer is the dot product with a fixed picture: what it likes best is known."""

    def __init__(self, size: int = 6):
        super().__init__()
        chance = torch.Generator().manual_seed(0)
        self.look = nn.utils.skip_init(nn.Conv2d, 1, 2, size, bias=False)  # draws no global random number
        self.look.weight.data = torch.randn(2, 1, size, size, generator=chance)

    def forward(self, x):
        return self.look(x)


def looks(steps=60, n=1, unit=0, size=6, **options):
    net = vizkit.wrap(Template(size), size=size, channels=1)
    chance = streams(range(n))
    picture = Pixels((n, 1, size, size), chance, net.device)
    return net, list(search(net, picture, objectives.channel("look", unit), chance, steps=steps, **options))


def test_a_linear_unit_gets_the_picture_that_is_white_where_its_weights_are_positive():
    net, seen = looks(steps=120)
    expected = (net.module.look.weight[0] > 0).float()
    torch.testing.assert_close(seen[-1].pixels[0], expected)


def test_the_score_of_a_look_is_that_of_its_very_picture():
    net, seen = looks(steps=12)
    for look in seen:
        again = vizkit.activations(net, look.pixels, ["look"])["look"][:, 0, 0, 0]
        torch.testing.assert_close(look.score, again)


def test_looks_count_from_the_start_to_the_end():
    _, seen = looks(steps=5)
    assert [look.step for look in seen] == [0, 1, 2, 3, 4, 5]


def test_with_a_penalty_alone_mattering_the_picture_turns_gray():
    _, seen = looks(steps=200, penalties=[(1e4, norm)])
    assert (seen[-1].pixels - 0.5).abs().max() < 0.05


def test_strengths_are_one_for_each_picture():
    _, seen = looks(steps=120, n=2, penalties=[((0.0, 1e4), norm)])
    distance = (seen[-1].pixels - 0.5).abs().mean((1, 2, 3))
    assert distance[0] > 0.4
    assert distance[1] < 0.05


def test_a_picture_does_not_depend_on_its_neighbors_in_the_batch():
    _, two = looks(steps=30, n=2, unit=[0, 1], transform=Wobble(), penalties=[((0.1, 3.0), total_variation)])
    _, one = looks(steps=30, n=1, unit=[0], transform=Wobble(), penalties=[(0.1, total_variation)])
    torch.testing.assert_close(two[-1].pixels[:1], one[-1].pixels)


def test_views_are_averaged_and_units_stay_with_their_pictures():
    _, one = looks(steps=20, n=2, unit=[0, 1])
    _, four = looks(steps=20, n=2, unit=[0, 1], views=4)  # of a picture that stands still: four times the same
    torch.testing.assert_close(one[-1].pixels, four[-1].pixels)
    torch.testing.assert_close(one[-1].score, four[-1].score)
    _, moved = looks(steps=20, n=2, unit=[0, 1], views=4, transform=Wobble())
    assert not torch.allclose(moved[-1].pixels, four[-1].pixels)


class Deep(nn.Sequential):
    """A template behind another layer, so that dropout has something between them."""

    def __init__(self):
        first = nn.utils.skip_init(nn.Conv2d, 1, 3, 1, bias=False)
        first.weight.data = torch.tensor([1.0, -2.0, 0.5]).reshape(3, 1, 1, 1)
        second = nn.utils.skip_init(nn.Conv2d, 3, 2, 6, bias=False)
        second.weight.data = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
        super().__init__(first, second)


def unsteady(n=1, unit=0, **options):
    net, chance = vizkit.wrap(Deep(), size=6, channels=1), streams(range(n))
    picture = Pixels((n, 1, 6, 6), chance, net.device)
    return list(search(net, picture, objectives.channel("1", unit), chance, steps=12, **options))


def test_with_dropout_every_look_goes_through_a_network_of_its_own():
    steady, shaken = (unsteady(dropout=spread, rate=0.0) for spread in (0.0, 0.5))
    assert len({look.score.item() for look in steady}) == 1  # a picture that stays gets one answer
    assert len({look.score.item() for look in shaken}) == len(shaken)


def test_with_dropout_a_picture_does_not_depend_on_its_neighbors_in_the_batch():
    two = unsteady(n=2, unit=[0, 1], dropout=0.5, views=2)
    one = unsteady(n=1, unit=[0], dropout=0.5, views=2)
    torch.testing.assert_close(two[-1].pixels[:1], one[-1].pixels)
    assert not torch.allclose(one[-1].pixels, unsteady(views=2)[-1].pixels)


def test_a_dial_turned_while_running_acts_at_the_next_step_and_is_remembered():
    dial = Dial(0.0)
    net = vizkit.wrap(Template(), size=6, channels=1)
    chance = streams([0])
    for look in search(
        net,
        Pixels((1, 1, 6, 6), chance, net.device),
        objectives.channel("look", 0),
        chance,
        steps=200,
        penalties=[(dial, norm)],
    ):
        if look.step == 100:
            dial.value = 1e4
            before = look.pixels
    assert (before - 0.5).abs().mean() > 0.4
    assert (look.pixels - 0.5).abs().mean() < 0.05
    assert dial.turns == {0: 0.0, 101: 1e4}


def test_a_shared_pull_makes_a_strength_mean_the_same_for_a_louder_network():
    loud = Template()
    loud.look.weight.data *= 100
    pictures = []
    for module in (Template(), loud):
        net, chance = vizkit.wrap(module, size=6, channels=1), streams([0])
        picture = Pixels((1, 1, 6, 6), chance, net.device)
        unit = objectives.channel("look", 0)
        pictures.append([*search(net, picture, unit, chance, steps=40, penalties=[(0.5, total_variation)])][-1].pixels)
    torch.testing.assert_close(*pictures, atol=1e-4, rtol=0)


def test_without_a_shared_pull_a_penalty_gives_way_to_a_louder_network():
    roughness = {}
    for loudness in (1, 1000):
        module = Template()
        module.look.weight.data *= loudness
        net, chance = vizkit.wrap(module, size=6, channels=1), streams([0])
        picture = Pixels((1, 1, 6, 6), chance, net.device)
        unit, penalties = objectives.channel("look", 0), [(50.0, total_variation)]
        last = [*search(net, picture, unit, chance, steps=80, penalties=penalties, share=False)][-1]
        roughness[loudness] = total_variation(last.pixels).item()
    assert roughness[1000] > 5 * roughness[1]


def test_a_unit_dead_on_gray_wakes_up_only_with_the_gradient_through_dead_relus():
    class Dead(nn.Module):
        def __init__(self):
            super().__init__()
            self.look, self.relu = Template().look, nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.look(x) - 1.0 - self.look.weight.sum((1, 2, 3)).reshape(1, 2, 1, 1) / 2)

    net, scores = vizkit.wrap(Dead(), size=6, channels=1), {}
    for wake in (0, 16):
        chance = streams([0])
        unit = objectives.channel("relu", 0)
        picture = Pixels((1, 1, 6, 6), chance, net.device)
        scores[wake] = [*search(net, picture, unit, chance, steps=40, wake=wake)][-1].score.item()
    assert scores[0] == 0
    assert scores[16] > 1


def test_the_rate_is_full_for_two_thirds_and_falls_to_a_tenth():
    assert cooling(0) == cooling(0.66) == pytest.approx(1)
    assert cooling(1) == pytest.approx(0.1)


def test_still_leaves_the_score_undisturbed():
    _, a = looks(steps=3, transform=Still())
    _, b = looks(steps=3)
    torch.testing.assert_close(a[-1].score, b[-1].score)


def test_half_precision_ends_with_steps_in_the_networks_own():
    halved = []

    class Telling(Template):
        def forward(self, x):
            halved.append(torch.is_autocast_enabled("cpu"))
            return super().forward(x)

    net, chance = vizkit.wrap(Telling(), size=6, channels=1), streams([0])
    picture = Pixels((1, 1, 6, 6), chance, net.device)
    vizkit.layers(net)  # runs it once
    halved.clear()
    list(search(net, picture, objectives.channel("look", 0), chance, steps=16, dtype=torch.bfloat16))
    assert halved == 14 * [True] + 3 * [False]


def test_each_channel_of_a_picture_follows_its_own_gradient():
    look = nn.utils.skip_init(nn.Conv2d, 3, 1, 6, bias=False)
    look.weight.data = torch.randn(1, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    net, chance = vizkit.wrap(nn.Sequential(look), size=6), streams([0])
    picture = Pixels((1, 3, 6, 6), chance, net.device)
    last = [*search(net, picture, objectives.channel("0", 0), chance, steps=120)][-1]
    assert torch.equal(last.pixels[0] > 0.5, look.weight[0] > 0)


def test_a_transform_rests_from_the_share_of_the_way_that_is_asked():
    _, moved = looks(steps=10, transform=Shift(0.3), rest=0.5)
    for look in moved:
        net = vizkit.wrap(Template(), size=6, channels=1)
        still = vizkit.activations(net, look.pixels, ["look"])["look"][:, 0, 0, 0]
        if look.step > 5:
            torch.testing.assert_close(look.score, still)
    assert not torch.allclose(moved[-1].pixels, looks(steps=10)[1][-1].pixels)


def test_the_rate_may_settle_lower():
    assert cooling(0.5, 0.01) == pytest.approx(1)
    assert cooling(1, 0.01) == pytest.approx(0.01)
    _, rough = looks(steps=30)
    _, calm = looks(steps=30, settle=1e-6)
    moved = [(a[-1].pixels - a[-2].pixels).abs().max() for a in (rough, calm)]
    assert moved[1] < 0.3 * moved[0]
