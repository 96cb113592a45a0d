"""The average of restless pictures, against sums written out, and the step at which they were steadiest."""

import pytest
import torch

from vizkit.maximize.averages import Average


def pictures(count, n=2):
    return torch.rand(count, n, 1, 3, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_the_mean_weighs_every_picture_by_its_age(keep):
    seen, average = pictures(7), Average(keep)
    for one in seen:
        average.add(one)
    weights = torch.tensor([keep ** (6 - i) if keep or i == 6 else 0.0 for i in range(7)])
    expected = (weights[:, None, None, None, None] * seen).sum(0) / weights.sum()
    torch.testing.assert_close(average.mean, expected)


def test_the_variance_of_independent_pictures_is_their_variance():
    average, chance = Average(0.98), torch.Generator().manual_seed(1)
    for _ in range(600):
        average.add(0.3 * torch.randn(2, 1, 20, 20, generator=chance))
    assert average.variance.tolist() == pytest.approx([0.09, 0.09], rel=0.05)


def test_the_steadiest_step_is_where_the_pictures_stood_still():
    average, chance = Average(0.8), torch.Generator().manual_seed(2)
    for step in range(200):
        restless = torch.tensor([abs(step - 60), abs(step - 120)])[:, None, None, None]
        average.add(0.01 * restless * torch.randn(2, 1, 8, 8, generator=chance))
    first, second = average.steadiest.tolist()
    assert first == pytest.approx(65, abs=8)
    assert second == pytest.approx(125, abs=8)


def test_nothing_is_steadiest_before_a_window_is_full():
    average = Average(0.9)
    for one in pictures(10):
        average.add(one)
    assert average.steadiest.tolist() == [0, 0]
