"""Numbers of an embedding, on data whose answer is known."""

import pytest
import torch
from sklearn.linear_model import Ridge

from vizkit.embed import numbers
from vizkit.embed.neighbours import nearest
from vizkit.embed.numbers import intrinsic_dimension, label_agreement, probe_accuracy


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_label_agreement_is_counted_and_unknown_labels_are_left_out():
    ids = torch.tensor([[1, 2], [0, 2], [3, 1], [2, 0]])
    assert float(label_agreement(ids, torch.tensor([0, 0, 1, 1]))) == 0.5
    assert float(label_agreement(ids, torch.tensor([0, 0, 1, -1]))) == pytest.approx(2 / 5)
    assert bool(label_agreement(ids, torch.full((4,), -1)).isnan())


def test_labels_at_random_agree_as_often_as_chance():
    x, labels = torch.randn(2000, 3, generator=chance()), torch.randint(0, 4, (2000,), generator=chance(1))
    assert abs(float(label_agreement(nearest(x, 10).ids, labels)) - 0.25) < 0.02
    assert abs(float(probe_accuracy(x, labels)) - 0.25) < 0.05


def test_labels_that_a_plane_parts_are_told_and_those_of_a_ring_are_not():
    x = torch.randn(600, 2, generator=chance())
    assert float(probe_accuracy(x, (x[:, 0] > x[:, 1]).long())) > 0.95
    ring = (x.norm(dim=1) > 1.18).long()
    assert float(probe_accuracy(x, ring)) < 0.65
    assert float(probe_accuracy(torch.cat([x, x.square()], 1), ring)) > 0.8


@pytest.mark.parametrize("shape", [(120, 9), (40, 90)])
def test_the_probes_weights_are_scikit_learns_ridge(shape):
    x = torch.randn(shape, generator=chance(), dtype=torch.float64)
    x -= x.mean(0)
    y = torch.randn(shape[0], 3, generator=chance(1), dtype=torch.float64)
    strength = 0.01 * float(x.square().sum()) / shape[1]
    theirs = Ridge(alpha=strength, fit_intercept=False).fit(x.numpy(), y.numpy()).coef_.T
    torch.testing.assert_close(numbers._ridge(x, y, 0.01), torch.from_numpy(theirs), rtol=1e-8, atol=1e-10)


def test_of_every_label_some_rows_are_told_and_some_are_asked():
    labels = torch.tensor([0] * 10 + [1] * 3 + [2] * 2)
    told = numbers._told(labels, 0)
    assert [int(told[labels == label].sum()) for label in range(3)] == [7, 2, 1]
    assert not torch.equal(told, numbers._told(labels, 1))
    assert torch.equal(told, numbers._told(labels, 0))


def test_rows_without_a_label_or_alone_with_theirs_change_nothing():
    x, labels = torch.randn(90, 4, generator=chance()), torch.arange(90) % 3
    more = torch.cat([x, torch.full((3, 4), 99.0)])
    assert probe_accuracy(more, torch.cat([labels, torch.tensor([-1, -1, 7])])) == probe_accuracy(x, labels)
    with pytest.raises(ValueError, match="more labeled rows"):
        probe_accuracy(x, torch.zeros(90))


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_dimension_of_a_flat_sheet_in_a_larger_space_is_its_own(dimension):
    sheet = torch.rand(3000, dimension, generator=chance())
    into = torch.linalg.qr(torch.randn(20, dimension, generator=chance(1))).Q
    assert abs(float(intrinsic_dimension(nearest(sheet @ into.T, 2).distances)) - dimension) < 0.08 * dimension + 0.02


def test_the_dimension_of_a_rolled_sheet_is_two():
    t, height = torch.rand(2, 4000, generator=chance())
    angle = 4 + 9 * t
    roll = torch.stack([angle * angle.cos(), 20 * height, angle * angle.sin()], 1)
    assert abs(float(intrinsic_dimension(nearest(roll, 2).distances)) - 2) < 0.1


def test_copies_say_nothing_about_the_dimension():
    x = torch.rand(1000, 2, generator=chance())
    alone = intrinsic_dimension(nearest(x, 2).distances)
    copied = intrinsic_dimension(nearest(torch.cat([x, x[:100]]), 2).distances)
    assert abs(float(alone) - float(copied)) < 0.15
    assert bool(intrinsic_dimension(torch.zeros(5, 2)).isnan())
