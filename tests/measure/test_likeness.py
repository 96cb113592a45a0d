"""Likeness of pictures against closed forms and the formula written out."""

import math

import numpy as np
import pytest
import torch

from vizkit.measure.likeness import image_error, psnr, ssim


def pictures(n=3, c=3, h=16, w=14, seed=0):
    return torch.rand(n, c, h, w, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_error_of_a_plain_picture_in_the_mean_color_is_one_and_of_the_same_picture_zero():
    reference = pictures(1)
    plain = reference.mean((2, 3), keepdim=True).expand_as(reference)
    torch.testing.assert_close(image_error(plain, reference), torch.ones(1, dtype=torch.float64))
    assert image_error(reference, reference).item() == 0


def test_the_error_is_a_ratio_of_lengths():
    a, b = pictures(1), pictures(1, seed=1)
    expected = torch.linalg.vector_norm(a - b) / torch.linalg.vector_norm(b - b.mean((2, 3), keepdim=True))
    torch.testing.assert_close(image_error(a, b)[0], expected)


def test_a_reference_without_contrast_gives_a_number():
    assert image_error(pictures(1), torch.full((1, 3, 16, 14), 0.5)).isfinite().all()


def test_psnr_of_an_error_of_a_tenth_is_20_decibels_and_of_none_100():
    reference = pictures(2) * 0.8
    torch.testing.assert_close(psnr(reference + 0.1, reference), torch.full((2,), 20.0, dtype=torch.float64))
    assert psnr(reference, reference).tolist() == [100, 100]


def test_ssim_is_the_mean_of_the_papers_formula_around_every_pixel():
    a, b = pictures(2, 1, 13, 12), pictures(2, 1, 13, 12, seed=1)
    expected = torch.stack([written_out(x[0].numpy(), y[0].numpy()) for x, y in zip(a, b, strict=True)])
    torch.testing.assert_close(ssim(a, b).double(), expected, atol=1e-4, rtol=0)


def written_out(a, b) -> torch.Tensor:
    """Wang et al. 2004, eq. 13, window by window, the border reflected."""
    line = torch.exp(-((torch.arange(11, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
    window = torch.outer(line, line) / line.sum() ** 2
    wide = [torch.from_numpy(np.pad(picture, 5, mode="reflect")) for picture in (a, b)]
    found = []
    for top, left in np.ndindex(a.shape):
        x, y = (picture[top : top + 11, left : left + 11] for picture in wide)
        mx, my = (window * x).sum(), (window * y).sum()
        vx, vy, both = (
            (window * (x - mx) ** 2).sum(),
            (window * (y - my) ** 2).sum(),
            (window * (x - mx) * (y - my)).sum(),
        )
        likeness = (2 * mx * my + 0.01**2) * (2 * both + 0.03**2)
        found.append(likeness / ((mx**2 + my**2 + 0.01**2) * (vx + vy + 0.03**2)))
    return torch.stack(found).mean()


@pytest.mark.parametrize("side", [1, 3, 5, 6, 28])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_ssim_takes_small_pictures_of_any_channels(side, channels):
    same = pictures(2, channels, side, side)
    torch.testing.assert_close(ssim(same, same[:1])[0], torch.tensor(1.0))
    assert ssim(same, 1 - same).max() < 0.9


@pytest.mark.parametrize("measure", [image_error, psnr, ssim])
def test_each_picture_has_its_own_number(measure):
    a, b = pictures(3), pictures(3, seed=1)
    torch.testing.assert_close(measure(a, b), torch.cat([measure(x[None], y[None]) for x, y in zip(a, b, strict=True)]))
    torch.testing.assert_close(measure(a, b[:1]), measure(a, b[:1].expand_as(a)))


def test_unrelated_pictures_of_like_contrast_differ_by_the_root_of_two():
    a, b = (torch.randn(1, 3, 200, 200, generator=torch.Generator().manual_seed(s)) * 0.1 + 0.5 for s in (0, 1))
    assert image_error(a, b).item() == pytest.approx(math.sqrt(2), rel=0.02)
