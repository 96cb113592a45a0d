"""Penalties against closed forms and brute force."""

import math

import pytest
import torch

from vizkit.maximize.penalties import norm, outside, total_variation


def test_total_variation_of_a_step_edge_is_its_length_times_height_squared():
    image = torch.zeros(1, 1, 6, 8, dtype=torch.float64)
    image[..., 4:] = 0.5
    assert total_variation(image).item() == pytest.approx(6 * 0.5**2)


def test_total_variation_with_beta_1_of_a_step_edge_is_its_length_times_height():
    image = torch.zeros(1, 1, 6, 8, dtype=torch.float64)
    image[..., 4:] = 0.5
    assert total_variation(image, beta=1.0).item() == pytest.approx(6 * (math.sqrt(0.5**2 + 1e-5) - math.sqrt(1e-5)))


@pytest.mark.parametrize("beta", [1.0, 1.5, 2.0, 3.0])
def test_total_variation_is_the_double_sum_of_the_paper(beta):
    image = torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    soft = 0.0 if beta == 2 else 1e-5
    expected = torch.zeros(2, dtype=torch.float64)
    for n, c, i, j in torch.cartesian_prod(*map(torch.arange, image.shape)).tolist():
        right = image[n, c, i, j + 1] - image[n, c, i, j] if j < 3 else 0.0
        down = image[n, c, i + 1, j] - image[n, c, i, j] if i < 4 else 0.0
        expected[n] += (right**2 + down**2 + soft) ** (beta / 2) - soft ** (beta / 2)
    torch.testing.assert_close(total_variation(image, beta), expected)


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_total_variation_of_a_plain_picture_is_zero_and_so_is_its_gradient(beta):
    image = torch.full((1, 3, 7, 7), 0.3, requires_grad=True)
    value = total_variation(image, beta)
    value.sum().backward()
    assert value.item() == 0
    assert image.grad.abs().max() == 0


def test_norm_counts_pixels_times_distance_to_the_power():
    assert norm(torch.full((1, 2, 3, 3), 0.9, dtype=torch.float64), p=6.0).item() == pytest.approx(18 * 0.4**6)


def test_outside_is_zero_inside_and_grows_with_the_square_beyond():
    image = torch.tensor([0.05, 0.5, 0.95, 1.0, 0.0], dtype=torch.float64).reshape(1, 1, 1, 5)
    assert outside(image).item() == pytest.approx(2 * 0.05**2)
    assert outside(image[..., :3]).item() == 0


@pytest.mark.parametrize("penalty", [total_variation, norm, outside])
def test_each_picture_has_its_own_number(penalty):
    images = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(penalty(images), torch.cat([penalty(image[None]) for image in images]))


def test_the_gradient_of_total_variation_is_that_of_its_differences():
    image = torch.rand(2, 3, 6, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([0.5, 3.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(total_variation, image)
    (own,) = torch.autograd.grad((weights * total_variation(image)).sum(), image)
    plain = image.diff(dim=3).square().sum((1, 2, 3)) + image.diff(dim=2).square().sum((1, 2, 3))
    torch.testing.assert_close(own, torch.autograd.grad((weights * plain).sum(), image)[0])
