"""The honesty meter: closed forms with linear networks, brute force, a referee that is the network itself."""

import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import vizkit
from tests.zoo import zoo
from vizkit.core.results import Images
from vizkit.data.pictures import as_pictures, picture_files
from vizkit.data.world import World
from vizkit.maximize import objectives
from vizkit.measure.held_out import HELD_OUT
from vizkit.measure.honesty import by_unit, honesty, honesty_of, judge_of, judged
from vizkit.measure.reading import Reading, read
from vizkit.measure.referee import correlations, counterpart, matched, probabilities
from vizkit.measure.reference import reference
from vizkit.nets.network import wrap

DATA = Path(__file__).parents[2].parent / "shared/data"
ZOO = zoo()
HEALTHY = {name: net for name, net in ZOO.items() if name != "nan weights"}


def pictures(net, n: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, net.channels, *net.size, generator=torch.Generator().manual_seed(seed))


class Linear(nn.Module):
    """Four numbers, each a weighted sum of the pixels of a gray 12 × 12 picture."""

    def __init__(self):
        super().__init__()
        weight = torch.randn(4, 144, generator=torch.Generator().manual_seed(3))
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        counter["pictures"] += len(x)
        return x.flatten(1) @ self.weight.T


counter = {"pictures": 0}


def constant(kind: type[nn.Module], *shape: int, value: float) -> nn.Module:
    """A layer whose every weight is `value`, made without global random numbers."""
    layer = nn.utils.skip_init(kind, *shape)
    for weight in layer.parameters():
        nn.init.constant_(weight, value)
    return layer


@pytest.fixture
def linear():
    counter["pictures"] = 0
    return wrap(Linear(), 12, channels=1)


def favorites(net) -> torch.Tensor:
    """The picture each unit of `linear` likes best."""
    return (net.module.weight.detach() > 0).float().reshape(4, 1, 12, 12)


# A unit


def test_of_a_linear_network_the_clean_activation_is_the_sum_over_its_positive_weights(linear):
    found = honesty(linear, favorites(linear), "output", range(4)).numbers
    torch.testing.assert_close(found["clean"], linear.module.weight.detach().clamp(min=0).sum(1))


def test_without_real_pictures_what_is_kept_is_a_share_of_the_clean_activation(linear):
    weight, best = linear.module.weight.detach(), favorites(linear)
    found = honesty(linear, best, "output", range(4)).numbers
    clean = weight.clamp(min=0).sum(1)
    mirrored = (weight * best.flip(3).flatten(1)).sum(1)
    torch.testing.assert_close(found["kept when mirrored"], mirrored / clean)
    torch.testing.assert_close(found["kept when paler"], 0.6 + 0.2 * weight.sum(1) / clean)
    table = torch.stack([found[f"kept when {name}"] for name in HELD_OUT])
    torch.testing.assert_close(found["kept"], table.mean(0))
    torch.testing.assert_close(found["kept, spread"], table.std(0))


def test_level_and_rank_among_real_pictures_are_what_counting_gives(linear):
    real, best = pictures(linear, 40, seed=1), pictures(linear, 4, seed=2)
    found = honesty(linear, best, "output", range(4), real=real).numbers
    reached = (real.flatten(1) @ linear.module.weight.detach().T).numpy()
    own = (best.flatten(1) @ linear.module.weight.detach().T).diagonal().numpy()
    for unit in range(4):
        ordinary, strongest = np.mean(reached[:, unit]), np.max(reached[:, unit])
        assert found["level"][unit].item() == pytest.approx((own[unit] - ordinary) / (strongest - ordinary), abs=1e-4)
        assert found["above"][unit].item() == pytest.approx(np.mean(reached[:, unit] < own[unit]))


def test_what_real_pictures_keep_is_that_of_the_four_strongest(linear):
    real = pictures(linear, 40, seed=1)
    found = honesty(linear, favorites(linear)[:1], "output", 0, real=real).numbers

    def activation(x):
        return (x.flatten(1) @ linear.module.weight.detach().T)[:, 0]

    clean = activation(real)
    top, ordinary = real[clean.argsort(descending=True)[:4]], clean.mean()
    held = torch.stack([activation(look(top)) for look in HELD_OUT.values()])
    wanted = (held.mean() - ordinary) / (clean.topk(4).values.mean() - ordinary)
    assert found["kept by real"].item() == pytest.approx(wanted.item(), rel=1e-4)


def test_a_picture_that_excites_nothing_is_not_believed_and_has_nothing_to_keep(linear):
    real = pictures(linear, 40, seed=1)
    worst = 1 - favorites(linear)
    found = honesty(linear, worst, "output", range(4), real=real)
    assert {picture.grade for picture in found} == {"not believed"}
    assert found.numbers["kept"].isnan().all()
    assert "nothing to keep" in found[0].lines[1].says


def test_the_strongest_real_picture_itself_is_at_level_1(linear):
    real = pictures(linear, 40, seed=1)
    best = (real.flatten(1) @ linear.module.weight.detach().T).argmax(0)
    found = honesty(linear, real[best], "output", range(4), real=real)
    torch.testing.assert_close(found.numbers["level"], torch.ones(4))
    assert [line.value for line in (found[0].lines[0], found[0].lines[2])] == pytest.approx([1, 1])
    assert found[0].lines[2].tone == "good"


def test_a_picture_beyond_all_real_ones_is_told_by_how_much(linear):
    real = 0.45 + 0.1 * pictures(linear, 40, seed=1)  # of little contrast
    found = honesty(linear, favorites(linear), "output", range(4), real=real)
    level = found.numbers["level"][0].item()
    assert level > 3
    assert found[0].lines[2].value == pytest.approx(1 / max(level, found.numbers["apart"][0].item()))
    assert found[0].lines[2].tone == "bad"
    assert f"{level:.1f} times" in found[0].lines[2].says
    assert f"{level:.1f} times" in found[0].verdict


def test_how_far_the_layer_is_from_all_real_pictures_is_what_counting_gives():
    net, real = ZOO["in-place relu"], pictures(ZOO["in-place relu"], 30, 1)
    x = pictures(net, 2, 2).round()  # of more contrast
    found = honesty(net, x, "3", 0, real=real).numbers["apart"]
    known, asked = (vizkit.activations(net, some, ["3"])["3"].detach().mean((2, 3)).numpy() for some in (real, x))
    deviation = known.std(0, ddof=1)
    width = deviation + 0.05 * deviation.mean()
    gaps = [sorted(np.linalg.norm((one - known) / width, axis=1))[1] for one in known]
    wanted = [np.linalg.norm((one - known) / width, axis=1).min() / np.quantile(gaps, 0.95) for one in asked]
    assert found.tolist() == pytest.approx(wanted, rel=1e-3)


def test_a_picture_that_the_whole_layer_answers_like_none_is_unnatural_though_its_unit_is_not():
    net = wrap(nn.Sequential(nn.Flatten(), constant(nn.Linear, 2, 2, value=0.0)), (1, 2), channels=1)
    with torch.no_grad():
        net.module[1].weight.copy_(torch.eye(2))
    even = torch.linspace(0, 0.5, 40)
    real = torch.stack([even, 0.25 + 0.05 * even.sin()], 1).reshape(40, 1, 1, 2)
    found = honesty(net, torch.tensor([0.5, 1.0]).reshape(1, 1, 1, 2), "1", 0, real=real)
    assert found.numbers["level"].item() == pytest.approx(1)
    assert found.numbers["apart"].item() > 3
    assert found[0].lines[2].tone == "bad"
    assert "the layer answers as to no real picture" in found[0].verdict


def test_a_unit_that_real_pictures_leave_alone_has_no_scale():
    net = wrap(nn.Sequential(nn.Flatten(), constant(nn.Linear, 9, 2, value=-1.0), nn.ReLU()), 3, channels=1)
    found = honesty(net, pictures(net, 1), "output", 0, real=pictures(net, 5))
    assert found.numbers["level"].isnan().all()
    assert [line.tone for line in found[0].lines] == ["unknown"] * 4


@pytest.mark.parametrize("net", HEALTHY.values(), ids=HEALTHY)
@pytest.mark.parametrize("kind", ["channel", "neuron", "energy", "direction"])
def test_a_unit_is_read_as_the_objective_of_a_search_reads_it(net, kind):
    x, layer = pictures(net), vizkit.layers(net).default
    count = vizkit.layers(net)[layer].channels
    vectors = torch.randn(2, count, generator=torch.Generator().manual_seed(0)) if kind == "direction" else None
    found = read(net, x, {layer: Reading(layer, kind, vectors=vectors)})[layer]
    asked = {
        "channel": lambda unit: objectives.channel(layer, unit),
        "neuron": lambda unit: objectives.neuron(layer, unit),
        "energy": lambda unit: objectives.energy(layer),
        "direction": lambda unit: objectives.direction(layer, vectors[unit]),
    }[kind]
    seen = vizkit.activations(net, x, [layer])
    for unit in range(found.shape[1]):
        torch.testing.assert_close(found[:, unit], asked(unit)(seen).detach())


# The referee


def test_the_network_as_its_own_referee_agrees_fully_on_classes():
    net = ZOO["one channel"]
    found = honesty(net, pictures(net, 4), "output", range(4), referee=net, real=pictures(net, 40, 1)).numbers
    assert torch.equal(found["referee probability"], found["probability"])
    assert torch.equal(found["referee rank"], found["rank"])


def test_the_network_as_its_own_referee_finds_each_unit_and_reaches_its_level():
    net = ZOO["in-place relu"]
    units = [0, 3, 5]
    found = honesty(net, pictures(net), "3", units, referee=net, real=pictures(net, 40, 1)).numbers
    torch.testing.assert_close(found["correlation"], torch.ones(3))
    torch.testing.assert_close(found["referee level"], found["level"])
    torch.testing.assert_close(found["referee typical level"], found["typical level"])


def test_in_a_network_with_its_channels_in_another_order_every_unit_is_found_again():
    net = ZOO["in-place relu"]
    order = [5, 2, 7, 0, 1, 6, 3, 4]
    module = copy.deepcopy(net.module)
    with torch.no_grad():
        for tensor in (module[3].weight, module[3].bias):
            tensor.copy_(tensor[order].clone())
        module[7].weight.copy_(module[7].weight[:, order].clone())
    shuffled = wrap(module, net.size, name="shuffled")
    found = honesty(net, pictures(net, 8), "3", range(8), referee=shuffled, real=pictures(net, 40, 1))
    assert found.numbers["correlation"].tolist() == pytest.approx([1] * 8, abs=1e-5)
    for unit in range(8):
        assert f"its unit {order.index(unit)} of 3 goes along (correlation 1.00)" in found[unit].lines[3].says


def test_where_no_unit_goes_along_that_is_said_and_nothing_is_measured():
    net, real = ZOO["in-place relu"], pictures(ZOO["in-place relu"], 400, 1)
    other = wrap(nn.Sequential(constant(nn.Conv2d, 3, 2, 1, value=0.0), nn.Flatten()), 20)  # never changes
    found = honesty(net, pictures(net, 1), "3", 0, referee=other, real=real)
    assert found[0].lines[3].tone == "unknown"
    assert "no unit of" in found[0].lines[3].says
    assert "correlation 0.00" in found[0].lines[3].says


def test_an_inner_unit_needs_real_pictures_to_be_found_in_another_network():
    net = ZOO["in-place relu"]
    found = honesty(net, pictures(net, 1), "3", 0, referee=net)
    assert "only with real pictures" in found[0].lines[3].says


def test_correlations_are_numpys_and_0_for_what_never_changes():
    chance = torch.Generator().manual_seed(0)
    a, b = torch.randn(30, 3, generator=chance), torch.randn(30, 4, generator=chance)
    wanted = np.corrcoef(a.T.numpy(), b.T.numpy())[:3, 3:]
    np.testing.assert_allclose(correlations(a, b).numpy(), wanted, atol=1e-6)
    assert (correlations(torch.ones(30, 1), b) == 0).all()


def test_of_few_pictures_more_correlation_is_asked_for():
    few, many = torch.eye(9), torch.eye(400)
    assert matched("any", few, few).least == pytest.approx(4 / 3)
    assert not matched("any", few, few).found.any()
    assert matched("any", many, many).least == 0.5
    assert matched("any", many, many).found.all()


def test_a_layer_is_compared_with_the_one_of_its_name_or_else_of_its_depth_and_kind():
    net, other = ZOO["in-place relu"], ZOO["residual"]
    assert counterpart(net, "output", other) == "output"
    assert counterpart(net, "3", net) == "3"
    assert counterpart(net, "0", other) == "stem"
    deep = counterpart(net, "4", other)
    assert len(vizkit.layers(other)[deep].shape) == 3
    assert vizkit.layers(other).names.index(deep) > vizkit.layers(other).names.index("stem")


def test_classes_are_matched_by_their_labels_whatever_their_order():
    net = ZOO["one channel"]
    module = copy.deepcopy(net.module)
    with torch.no_grad():
        for tensor in (module[7].weight, module[7].bias):
            tensor.copy_(tensor.flip(0).clone())
    turned = wrap(module, net.size, channels=1, labels=tuple("3210"), name="turned")
    found = honesty(net, pictures(net, 4), "output", range(4), referee=turned).numbers
    torch.testing.assert_close(found["referee probability"], found["probability"])


def test_without_a_common_label_classes_are_matched_like_inner_units():
    net = ZOO["one channel"]
    named = wrap(net.module, net.size, channels=1, labels=tuple("abcd"), name="named")
    found = honesty(net, pictures(net, 4), "output", range(4), referee=named, real=pictures(net, 80, 1)).numbers
    torch.testing.assert_close(found["correlation"], torch.ones(4))


def test_probabilities_are_not_taken_twice():
    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    once = probabilities(logits)
    assert torch.equal(once, logits.softmax(1))
    assert torch.equal(probabilities(once), once)


# A code


def test_the_feature_error_is_the_relative_distance_of_the_codes():
    net = ZOO["in-place relu"]
    x, original = pictures(net, 3, 1), pictures(net, 3, 2)
    found = honesty(net, x, "3", original=original).numbers
    a, b = (vizkit.activations(net, some, ["3"])["3"].flatten(1) for some in (x, original))
    torch.testing.assert_close(found["feature error"], ((a - b).norm(dim=1) / b.norm(dim=1)).detach())


def test_the_usual_error_is_the_median_over_pairs_of_real_pictures():
    net, real = ZOO["in-place relu"], pictures(ZOO["in-place relu"], 11, 3)
    found = honesty(net, real[:1], "3", original=real[1:2], real=real).numbers
    codes = vizkit.activations(net, real, ["3"])["3"].detach().flatten(1)
    pairs = [((codes[i] - codes[i + 5]).norm() / codes[i + 5].norm()).item() for i in range(5)]
    assert found["usual feature error"].item() == pytest.approx(np.median(pairs), rel=1e-4)
    wanted = np.mean(np.array(pairs) < found["feature error"].item())
    assert found["nearer pairs by feature error"].item() == pytest.approx(wanted)


def test_both_are_changed_in_the_same_way():
    net = ZOO["in-place relu"]
    x, original = pictures(net, 2, 1), pictures(net, 2, 2)
    found = honesty(net, x, "3", original=original).numbers
    for name, look in HELD_OUT.items():
        a, b = (vizkit.activations(net, look(some), ["3"])["3"].flatten(1).detach() for some in (x, original))
        torch.testing.assert_close(found[f"feature error when {name}"], (a - b).norm(dim=1) / b.norm(dim=1))


def test_the_original_itself_is_alike_in_every_respect():
    net, real = ZOO["in-place relu"], pictures(ZOO["in-place relu"], 20, 3)
    found = honesty(net, real[:2], "3", original=real[:2], real=real, referee=ZOO["residual"])
    assert [picture.grade for picture in found] == ["alike", "alike"]
    assert found.numbers["feature error"].tolist() == [0, 0]
    assert [line.value for line in found[0].lines] == [1, 1, 1, 1]


def test_another_picture_has_not_reached_the_code():
    net = ZOO["in-place relu"]
    x = torch.stack([torch.zeros(3, 20, 20), torch.ones(3, 20, 20)])
    found = honesty(net, x, "0", original=x.flip(0))
    assert {picture.grade for picture in found} == {"not reached"}


def test_one_original_stands_for_all_pictures():
    net = ZOO["in-place relu"]
    found = honesty(net, pictures(net, 3), "3", original=pictures(net, 1)).numbers
    assert found["feature error"][0] == 0
    assert len(found["feature error"]) == 3


# What it is held against


def test_a_network_of_the_world_is_compared_with_the_world_and_another_with_nothing(linear):
    world_net = vizkit.load("world", device="cpu")
    drawn = reference(world_net)
    assert drawn is not None
    assert len(drawn) == 256
    assert drawn is reference(world_net)
    assert reference(linear) is None
    found = honesty(linear, favorites(linear), "output", range(4))
    assert "none to compare with" in found[0].lines[2].says
    assert "only real pictures can tell" in found[0].lines[0].says
    assert "no real pictures" in found.about


def test_a_world_given_to_another_network_is_called_what_it_is():
    net = ZOO["in-place relu"]
    found = honesty(net, pictures(net, 1), "3", 0, real=World("test", 5, size=20))
    assert "5 pictures of the generated world" in found.about


def test_real_pictures_are_looked_at_once_and_again_when_the_weights_or_they_change(linear):
    real = pictures(linear, 40, seed=1)
    honesty(linear, favorites(linear)[:1], "output", 0, real=real)  # the probe of all layers, too
    costs = []
    for change in (lambda: None, lambda: linear.module.weight.data.mul_(2), lambda: real.mul_(0.5)):
        change()
        counter["pictures"] = 0
        honesty(linear, favorites(linear)[:1], "output", 1, real=real)
        costs.append(counter["pictures"])
    assert costs == [costs[0], costs[0] + 40, costs[0] + 40]


def test_pictures_of_another_size_are_resized_as_a_search_does():
    net = ZOO["in-place relu"]
    large = pictures(net, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    small = torch.nn.functional.interpolate(large, (20, 20), mode="bilinear", antialias=True)
    found, wanted = honesty(net, large, "3", 0).numbers, honesty(net, small, "3", 0).numbers
    torch.testing.assert_close(found, wanted, equal_nan=True)


def test_many_pictures_are_measured_as_one_by_one(monkeypatch):
    net, real = ZOO["in-place relu"], pictures(ZOO["in-place relu"], 20, 3)
    x = pictures(net, 5)
    whole = honesty(net, x, "3", range(5), real=real, referee=ZOO["residual"]).numbers
    monkeypatch.setattr("vizkit.measure.reading.AT_ONCE", 800)
    fresh = wrap(net.module, 20)
    parts = honesty(fresh, x, "3", range(5), real=real, referee=wrap(ZOO["residual"].module, 20)).numbers
    torch.testing.assert_close(parts, whole, equal_nan=True, rtol=1e-3, atol=1e-4)


# What it leaves behind, and what it refuses


@pytest.mark.parametrize("name", HEALTHY)
def test_the_network_is_left_as_it_was_found(name):
    net = ZOO[name]
    before = state_of(net)
    layer = vizkit.layers(net).default
    x = pictures(net, 2).requires_grad_()
    with torch.inference_mode(name == "residual"):
        honesty(net, x, layer, 0, real=pictures(net, 8, 1), referee=net)
        honesty(net, x, layer, original=pictures(net, 1), real=pictures(net, 8, 1), referee=net)
    assert state_of(net) == before
    assert x.grad is None


def state_of(net) -> list:
    parts = net.module.modules()
    hooks = [(len(part._forward_hooks), len(part._forward_pre_hooks), part.training) for part in parts]
    return [hooks, net.weight_hash, [(w.requires_grad, w.grad) for w in net.module.parameters()]]


@pytest.mark.parametrize("asked", [{"unit": 0}, {"original": torch.rand(1, 3, 20, 20)}])
def test_a_network_that_answers_with_nan_is_named(asked):
    net = ZOO["nan weights"]
    with pytest.raises(FloatingPointError, match="InPlace answers with NaN"):
        honesty(net, pictures(net, 1), "3", **asked)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({}, TypeError, "one of the two"),
        ({"unit": 0, "original": torch.zeros(1, 3, 20, 20)}, TypeError, "one of the two"),
        ({"unit": 8}, LookupError, "8 units, 0 to 7; there is no unit 8"),
        ({"unit": [0, 1]}, ValueError, "2 units for 3 pictures"),
        ({"original": torch.zeros(2, 3, 20, 20)}, ValueError, "2 originals for 3 pictures"),
        ({"unit": 0, "layer": "conv"}, LookupError, "no layer 'conv'"),
        ({"unit": 0, "referee": ZOO["one channel"]}, ValueError, "takes 1 channels"),
        ({"unit": 0, "real": torch.zeros(1, 3, 20, 20)}, ValueError, "nothing to compare with"),
        ({"unit": 0, "pixels": torch.zeros(3, 20, 20)}, ValueError, r"pixels\[None\]"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(arguments, error, match):
    net = ZOO["in-place relu"]
    with pytest.raises(error, match=match):
        honesty(net, **{"pixels": pictures(net), "layer": "3", **arguments})


# Of a run


def test_units_of_a_run_are_in_the_order_of_its_pictures():
    net = ZOO["in-place relu"]
    run = vizkit.run("activation_maximization", net, "3", unit=[1, 4], seed=[0, 1], steps=2)
    result = run.result()
    found = honesty_of(result)
    wanted = honesty(net, result.pixels, "3", [1, 1, 4, 4], captions=result.captions)
    assert repr(found) == repr(wanted)
    assert found[2].caption == "unit 4 · seed 0"


@pytest.mark.parametrize(
    ("arguments", "reading", "units"),
    [
        ({"objective": "energy"}, Reading("3", "energy"), 0),
        ({"objective": "neuron", "unit": 2, "position": (1, 3)}, Reading("3", "neuron", (1, 3)), 2),
        ({"objective": "contrast", "unit": 2}, Reading("3"), 2),
        ({"vectors": torch.ones(8)}, Reading("3", "direction", vectors=torch.ones(8)), 0),
    ],
)
def test_a_run_is_judged_by_what_it_was_asked_to_maximize(arguments, reading, units):
    net = ZOO["in-place relu"]
    result = vizkit.run("activation_maximization", net, "3", steps=2, **arguments).result()
    found, wanted = honesty_of(result), honesty(net, result.pixels, "3", units, reading=reading)
    torch.testing.assert_close(found.numbers, wanted.numbers, equal_nan=True)


def test_an_inversion_is_judged_by_what_stands_beside_it_and_the_part_of_the_code_it_was_given():
    from vizkit.methods.feature_inversion import feature_inversion

    net, image = ZOO["in-place relu"], pictures(ZOO["in-place relu"], 1)
    result = vizkit.run(feature_inversion, net, image, "3", steps=3, channels=(2, 5)).result()
    found = honesty_of(result).numbers["feature error"]
    a, b = (vizkit.activations(net, some, ["3"])["3"][:, [2, 5]].flatten(1) for some in (result.pixels, image))
    torch.testing.assert_close(found, ((a - b).norm(dim=1) / b.norm(dim=1)).detach())


def test_a_method_says_by_itself_how_it_is_judged():
    @judged(lambda result, arguments, **against: (result, arguments, against))
    def own_way(net, depth=3):
        yield vizkit.Frame(1, 1, Images(torch.zeros(1, 3, 4, 4)))

    result = vizkit.run(own_way, "a network").result()
    told, arguments, against = honesty_of(result, referee=None)
    assert told is result
    assert arguments == {"net": "a network", "depth": 3}
    assert against == {"real": None, "referee": None}


def test_hints_tell_how_a_method_is_judged_where_it_does_not():
    from vizkit.methods import activation_maximization

    assert judge_of(activation_maximization) is by_unit
    assert judge_of(lambda net: None) is None


def test_what_no_run_made_or_cannot_be_judged_is_refused():
    def unjudged():
        yield vizkit.Frame(1, 1, Images(torch.zeros(1, 3, 4, 4)))

    with pytest.raises(ValueError, match="No run made"):
        honesty_of(Images(torch.zeros(1, 3, 4, 4)))
    with pytest.raises(ValueError, match="unjudged does not say how it is judged"):
        honesty_of(vizkit.run(unjudged).result())


def test_the_real_picture_is_natural_and_the_noise_that_pleases_one_network_is_not():
    net, referee = vizkit.load("world", device="cpu"), vizkit.load("world-b", device="cpu")
    real, new, units = World("test", 96), World("validation", 96), [1, 4, 5]
    shown = torch.stack([new[i][0] for i in range(96)])
    answers = vizkit.activations(net, shown, ["output"])["output"]
    photographs = shown[answers[:, units].argmax(0)]
    plain = {"picture": "pixels", "tv": 0.0, "jitter": 0.0, "scale": 0.0, "rotate": 0.0}
    noise = vizkit.run("activation_maximization", net, "output", units, steps=48, **plain).result()
    natural = honesty(net, photographs, "output", units, real=real, referee=referee)
    invented = honesty(net, noise.pixels, "output", units, real=real, referee=referee)
    assert [picture.grade for picture in natural] == ["natural"] * 3
    assert {picture.grade for picture in invented} <= {"artifact", "fragile"}
    assert (invented.numbers["probability"] > 0.99).all()
    assert (invented.numbers["kept"] < 0.65 * invented.numbers["kept by real"]).all()


@pytest.mark.shared
@pytest.mark.skipif(not (DATA / "weights").is_dir(), reason=f"needs the evaluation data in {DATA}")
def test_a_photograph_of_its_class_is_natural_and_a_goldfish_made_of_another_in_bare_pixels_an_artifact():
    net, referee = (
        vizkit.load(name, weights=DATA / "weights" / f"{name}.pth", device="cpu")
        for name in ("squeezenet1_1", "mobilenet_v2")
    )
    files = picture_files(DATA / "images" / "imagenet-sample")
    real, goldfish, cat = ([str(path) for path in some] for some in (files[::25], files[1:2], files[284:285]))
    bare = {"picture": "pixels", "tv": 0.0, "jitter": 0.0, "scale": 0.0, "rotate": 0.0, "steps": 8, "rate": 0.3}
    start = as_pictures(cat, net.size)
    made = vizkit.run("activation_maximization", net, "classifier.1", 1, start=start, **bare).result().pixels
    both = torch.cat([as_pictures(goldfish, net.size), made])
    found = honesty(net, both, "classifier.1", 1, real=real, referee=referee)
    assert [picture.grade for picture in found] == ["natural", "artifact"]
    assert (found.numbers["probability"] > 0.9).all()
    assert found.numbers["referee rank"][0] == 1
    assert found.numbers["referee rank"][1] > 5


def test_everything_measured_is_plain_in_a_dict_that_json_knows(linear):
    found = honesty(linear, favorites(linear), "output", range(4)).to_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again["numbers"]["level"] == [None] * 4
    assert len(again["pictures"]) == 4
    assert again["pictures"][0]["lines"][1]["value"] == pytest.approx(min(1, max(0, again["numbers"]["kept"][0])))
    assert not math.isnan(again["numbers"]["clean"][0])
