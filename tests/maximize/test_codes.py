"""Codes, the part of them that counts, and the distance to a wanted one, against plain indexing and arithmetic."""

import pytest
import torch
from torch import nn

import vizkit
from vizkit.maximize.codes import Part, code_of, match, weight_of_a_code

MAP = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
TOKENS = torch.arange(2 * 6 * 4, dtype=torch.float32).reshape(2, 6, 4)


def test_without_a_wish_all_of_a_code_counts():
    assert torch.equal(Part()("a", MAP), MAP.flatten(1))
    assert torch.equal(Part()("a", TOKENS), TOKENS.flatten(1))


def test_channels_and_a_region_are_what_indexing_gives():
    assert torch.equal(Part((2, 0), (1, 2, 3, 5))("a", MAP), MAP[:, [2, 0], 1:3, 2:5].flatten(1))


def test_the_channels_of_tokens_are_their_last_axis():
    assert torch.equal(Part((3,))("a", TOKENS), TOKENS[..., 3])


@pytest.mark.parametrize(
    ("part", "code", "error", "words"),
    [
        (Part((3,)), MAP, LookupError, "a has 3 channels, 0 to 2; there is no channel 3"),
        (Part((-1,)), MAP, LookupError, "no channel -1"),
        (Part(region=(0, 0, 5, 5)), MAP, ValueError, "not inside the 4 × 5 map"),
        (Part(region=(2, 0, 2, 5)), MAP, ValueError, "not inside"),
        (Part(region=(0, 0, 1, 1)), TOKENS, ValueError, "a has no map"),
    ],
)
def test_a_part_that_is_not_there_is_answered_with_a_sentence(part, code, error, words):
    with pytest.raises(error, match=words):
        part("a", code)


def test_a_match_is_minus_the_squared_distance_over_the_squared_length():
    seen = MAP + torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1)
    expected = -torch.tensor([60.0, 240.0]) / MAP.flatten(1).square().sum(1)
    torch.testing.assert_close(match("a", MAP.flatten(1), Part())({"a": seen}), expected)
    torch.testing.assert_close(match("a", MAP.flatten(1), Part(), 7.0)({"a": seen}), 7 * expected)


def test_views_of_a_picture_are_compared_with_its_own_code():
    seen = MAP.repeat_interleave(3, 0)
    assert torch.equal(match("a", MAP.flatten(1), Part())({"a": seen}), torch.zeros(6))


def test_the_weight_makes_a_strength_the_lambda_of_the_authors_code():
    energy_of_a_typical_picture = 2.7098e4**2 / 255**2  # x0_sigma of their 227 × 227 pictures, in values from 0 to 1
    assert weight_of_a_code((1, 3, 227, 227)) == pytest.approx(2 * energy_of_a_typical_picture, rel=0.01)


def answering(value: float) -> vizkit.Network:
    layer = nn.utils.skip_init(nn.Conv2d, 1, 1, 1)
    layer.weight.data.zero_()
    layer.bias.data.fill_(value)
    return vizkit.wrap(nn.Sequential(layer), size=4, channels=1)


def test_a_silent_layer_and_one_that_answers_nan_are_told_apart():
    pictures = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="0 answers picture 0 with zero everywhere"):
        code_of(answering(0.0), pictures, "0", Part())
    with pytest.raises(FloatingPointError, match="NaN or infinity at 0"):
        code_of(answering(float("nan")), pictures, "0", Part())
    assert torch.equal(code_of(answering(2.0), pictures, "0", Part()), torch.full((2, 16), 2.0))
