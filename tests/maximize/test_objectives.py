"""Objectives against brute force, one picture at a time."""

import numpy as np
import pytest
import torch

from vizkit.maximize import objectives

CHANCE = torch.Generator().manual_seed(0)
MAPS = torch.randn(3, 5, 4, 6, generator=CHANCE)
TOKENS = torch.randn(3, 7, 5, generator=CHANCE)
FLAT = torch.randn(3, 5, generator=CHANCE)


def test_channel_is_the_mean_over_positions_of_each_pictures_own_unit():
    score = objectives.channel("a", [4, 0, 2])({"a": MAPS})
    torch.testing.assert_close(score, torch.stack([MAPS[0, 4].mean(), MAPS[1, 0].mean(), MAPS[2, 2].mean()]))


def test_channel_of_tokens_is_the_mean_over_tokens_and_of_a_flat_layer_the_entry():
    torch.testing.assert_close(objectives.channel("a", 3)({"a": TOKENS}), TOKENS[:, :, 3].mean(1))
    torch.testing.assert_close(objectives.channel("a", 3)({"a": FLAT}), FLAT[:, 3])


def test_neuron_is_the_center_or_the_position_asked_for():
    torch.testing.assert_close(objectives.neuron("a", 1)({"a": MAPS}), MAPS[:, 1, 2, 3])
    torch.testing.assert_close(objectives.neuron("a", 1, (0, 5))({"a": MAPS}), MAPS[:, 1, 0, 5])


def test_a_neuron_outside_the_map_is_answered_with_its_bounds():
    with pytest.raises(ValueError, match="outside the 4 × 6 map"):
        objectives.neuron("a", 1, (4, 0))({"a": MAPS})


def test_direction_along_one_axis_is_that_channel():
    axis = torch.eye(5)[2]
    torch.testing.assert_close(objectives.direction("a", axis)({"a": MAPS}), MAPS[:, 2].mean((1, 2)))


def test_direction_times_its_cosine_prefers_the_aligned_of_two_equal_lengths():
    v = torch.tensor([1.0, 0.0])
    straight, crooked = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 3.0]])
    score = objectives.direction("a", v, cosine=1.0)
    assert score({"a": straight}) > score({"a": crooked})


def test_probability_is_the_log_softmax_over_the_units():
    expected = torch.log(FLAT.exp()[:, 2] / FLAT.exp().sum(1))
    torch.testing.assert_close(objectives.probability("a", 2)({"a": FLAT}), expected)


def test_energy_is_the_mean_square_of_the_layer():
    torch.testing.assert_close(objectives.energy("a")({"a": MAPS}), MAPS.square().mean((1, 2, 3)))


def test_objectives_add_scale_and_read_each_layer_once():
    both = objectives.channel("a", 1) - 0.5 * objectives.energy("a") + objectives.channel("b", 0)
    seen = {"a": MAPS, "b": FLAT}
    assert both.layers == ("a", "b")
    expected = MAPS[:, 1].mean((1, 2)) - 0.5 * MAPS.square().mean((1, 2, 3)) + FLAT[:, 0]
    torch.testing.assert_close(both(seen), expected)


@pytest.mark.parametrize("unit", [5, -1])
def test_a_unit_that_does_not_exist_is_answered_with_how_many_there_are(unit):
    with pytest.raises(LookupError, match="has 5 units, 0 to 4"):
        objectives.channel("a", unit)({"a": MAPS})


@pytest.mark.parametrize("unit", [1.5, "3", None, True, [0, "a"], float("nan")])
def test_what_is_no_unit_is_answered_with_a_sentence(unit):
    with pytest.raises(TypeError, match=r"names no unit\. Give a whole number"):
        objectives.channel("a", unit)
    with pytest.raises(ValueError, match="names no unit"):
        objectives.channel("a", [])


@pytest.mark.parametrize("unit", [np.int64(3), np.array([3]), torch.tensor(3, dtype=torch.uint8), (3,), range(3, 4)])
def test_units_may_be_whole_numbers_of_any_kind(unit):
    assert torch.equal(objectives.channel("a", unit)({"a": MAPS}), MAPS[:, 3].mean((1, 2)))
