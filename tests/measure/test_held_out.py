"""Looks at a picture that no search was trained on."""

import pytest
import torch
from torchvision.transforms.functional import affine, gaussian_blur

from vizkit.measure.held_out import HELD_OUT, blurred, moved, nearer, noisy, paler, reencoded

LOOKS = pytest.mark.parametrize("look", HELD_OUT.values(), ids=list(HELD_OUT))


def pictures(n: int = 2, channels: int = 3, height: int = 24, width: int = 32) -> torch.Tensor:
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(0))


@LOOKS
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_every_look_gives_another_picture_of_the_same_shape_and_range(look, channels):
    before = pictures(channels=channels)
    kept = before.clone()
    after = look(before)
    assert after.shape == before.shape
    assert after.dtype == before.dtype
    assert 0 <= after.min() <= after.max() <= 1
    assert not torch.allclose(after, before, atol=0.01)
    assert torch.equal(before, kept)


@LOOKS
def test_a_look_is_the_same_every_time_and_for_every_picture(look):
    both = pictures(2)
    torch.testing.assert_close(look(both)[1:], look(both[1:]))


@LOOKS
def test_a_look_works_on_tiny_pictures(look):
    assert look(pictures(1, 1, 3, 3)).shape == (1, 1, 3, 3)


@pytest.mark.parametrize("name", ["mirrored", "moved", "turned", "brought nearer", "blurred", "re-encoded"])
def test_an_even_picture_stays_as_it_is(name):
    even = torch.full((1, 3, 16, 16), 0.4)
    torch.testing.assert_close(HELD_OUT[name](even), even, atol=0.01, rtol=0)


def test_paler_brings_values_toward_the_middle():
    torch.testing.assert_close(paler(torch.tensor([0.0, 0.5, 1.0])), torch.tensor([0.2, 0.5, 0.8]))


def test_moved_is_a_shift_to_the_right_and_upward_by_15_percent():
    picture = pictures(1, 3, 40, 40)
    torch.testing.assert_close(moved(picture)[:, :, :-6, 6:], picture[:, :, 6:, :-6], atol=1e-4, rtol=0)


def test_nearer_is_torchvisions_enlargement():
    picture = gaussian_blur(pictures(1, 3, 40, 40), 9)
    wanted = affine(picture, 0, [0, 0], 1.3, [0.0], interpolation=2)
    torch.testing.assert_close(nearer(picture)[..., 5:-5, 5:-5], wanted[..., 5:-5, 5:-5], atol=0.02, rtol=0)


def test_blurred_is_torchvisions_gaussian_away_from_the_border():
    picture = pictures(1, 3, 100, 120)
    wanted = gaussian_blur(picture, 9, 1.2)
    torch.testing.assert_close(blurred(picture)[..., 5:-5, 5:-5], wanted[..., 5:-5, 5:-5], atol=1e-3, rtol=0)


def test_the_noise_has_the_deviation_it_says():
    even = torch.full((1, 3, 96, 96), 0.5)
    assert (noisy(even) - even).std().item() == pytest.approx(0.06, rel=0.02)


def test_a_jpeg_loses_fine_noise_but_not_the_mean():
    picture = pictures(1, 3, 64, 64)
    again = reencoded(picture)
    assert 0.02 < (again - picture).abs().mean() < 0.4
    assert abs(again.mean() - picture.mean()) < 0.02
