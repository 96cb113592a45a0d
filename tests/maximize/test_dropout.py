"""A network whose channels are louder or softer by chance: against scaling them by hand."""

import threading

import pytest
import torch
from torch import nn

from vizkit.maximize.chance import streams
from vizkit.maximize.dropout import Dropout

CHANCE = torch.Generator().manual_seed(0)
MAPS, FLAT = torch.rand(2, 4, 5, 5, generator=CHANCE), torch.rand(2, 4, generator=CHANCE)
KERNEL, MATRIX = torch.rand(3, 4, 3, 3, generator=CHANCE), torch.rand(3, 4, generator=CHANCE)
conv2d, linear = nn.functional.conv2d, nn.functional.linear


def heard(dropout: Dropout, layer, x, weights):
    """What `layer` makes of `x` where it is not the first."""
    with dropout:
        conv2d(MAPS, KERNEL)
        return layer(x, weights)


def factors(n: int = 2, width: int = 4, spread: float = 0.3, views: int = 1):
    """Those by which features of ones are multiplied, (n · views, width)."""
    ones = torch.ones(n * views, width)
    dropout = Dropout(spread, streams(range(n)), views)
    with dropout:
        linear(ones, torch.eye(width))
        return linear(ones, torch.eye(width))


def test_the_factors_are_normal_about_one_with_the_spread_that_is_asked():
    drawn = factors(width=4000, spread=0.25)
    assert drawn.mean().item() == pytest.approx(1, abs=0.01)
    assert drawn.std().item() == pytest.approx(0.25, abs=0.01)
    within = ((drawn - 1).abs() < 0.25).float().mean().item()
    assert within == pytest.approx(0.683, abs=0.02)


def test_a_channel_is_silent_at_worst_and_never_turned_around():
    drawn = factors(width=1000, spread=1.0)
    assert drawn.min() == 0
    assert (drawn == 0).float().mean().item() == pytest.approx(0.159, abs=0.03)  # beyond one deviation below


def test_a_convolution_hears_channels_and_a_linear_layer_features_times_their_factors():
    dropout = Dropout(0.3, streams([0, 1]))
    channel = heard(dropout, conv2d, torch.ones(2, 4, 3, 3), torch.eye(4)[:, :, None, None])[..., 0, 0]
    expected = conv2d(MAPS * channel[..., None, None], KERNEL)
    torch.testing.assert_close(heard(dropout, conv2d, MAPS, KERNEL), expected)
    torch.testing.assert_close(heard(dropout, linear, FLAT, MATRIX), linear(FLAT * channel, MATRIX))
    tokens = FLAT[:, None].expand(-1, 6, -1)
    torch.testing.assert_close(heard(dropout, linear, tokens, MATRIX), linear(tokens * channel[:, None], MATRIX))


def test_the_picture_itself_is_heard_as_it_is():
    with Dropout(0.9, streams([0, 1])):
        first, second = conv2d(MAPS, KERNEL), conv2d(MAPS, KERNEL)
    assert torch.equal(first, conv2d(MAPS, KERNEL))
    assert not torch.equal(second, first)


def test_factors_stay_until_they_are_stirred_and_where_they_are():
    dropout = Dropout(0.3, streams([0, 1]))
    dropout.stir()  # before anything is known to hear them
    before, again = (heard(dropout, linear, FLAT, MATRIX) for _ in range(2))
    assert torch.equal(before, again)
    places = [factor.data_ptr() for factor in dropout._factors.values()]
    dropout.stir()
    assert not torch.allclose(heard(dropout, linear, FLAT, MATRIX), before)
    assert [factor.data_ptr() for factor in dropout._factors.values()] == places


def test_a_picture_has_the_same_factors_alone_and_among_others():
    assert torch.equal(factors(n=3)[:1], factors(n=1))
    assert not torch.equal(factors(n=3)[1], factors(n=3)[2])


def test_each_view_of_a_picture_has_its_own_factors():
    drawn = factors(n=2, views=3)
    assert len(drawn.unique(dim=0)) == 6
    assert torch.equal(drawn[:3], factors(n=1, views=3))


def test_windows_of_a_picture_share_its_factors():
    windows = heard(Dropout(0.3, streams([0, 1])), linear, torch.ones(6, 4), torch.eye(4))
    assert torch.equal(windows[:3], windows[:1].expand(3, -1))
    assert not torch.equal(windows[2], windows[3])


def test_what_does_not_belong_to_single_pictures_is_left_alone():
    shared = torch.ones(3, 4)
    assert torch.equal(heard(Dropout(0.3, streams([0, 1])), linear, shared, MATRIX), linear(shared, MATRIX))


def test_another_thread_hears_a_steady_network():
    answers = []
    with Dropout(0.9, streams([0, 1])):
        conv2d(MAPS, KERNEL)
        other = threading.Thread(target=lambda: answers.extend(linear(FLAT, MATRIX) for _ in range(2)))
        other.start()
        other.join()
    assert torch.equal(answers[1], linear(FLAT, MATRIX))


def test_gradient_reaches_the_picture_through_the_same_factors():
    x = torch.ones(2, 4, requires_grad=True)
    dropout = Dropout(0.3, streams([0, 1]))
    answer = heard(dropout, linear, x, torch.eye(4))
    answer.sum().backward()
    assert torch.equal(x.grad, answer.detach())
