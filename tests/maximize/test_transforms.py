"""Transforms against moving the picture by hand."""

import torch

from vizkit.maximize.transforms import Shift, Still, Wobble

MIDDLE = torch.full((1, 8), 0.5)
IMAGE = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_draw_in_the_middle_moves_nothing():
    torch.testing.assert_close(Wobble()(IMAGE, (32, 32), MIDDLE), IMAGE, atol=1e-5, rtol=0)


def test_the_largest_jitter_shifts_by_its_share_of_the_picture():
    draw = torch.tensor([[0.5, 0.5, 1.0, 0.5]])
    moved = Wobble(jitter=0.25, scale=0, rotate=0)(IMAGE, (32, 32), draw)
    torch.testing.assert_close(moved[..., :24], IMAGE[..., 8:], atol=1e-5, rtol=0)
    torch.testing.assert_close(moved[..., 24:], torch.full_like(moved[..., 24:], 0.5))


def test_a_quarter_turn_is_rot90():
    draw = torch.tensor([[0.5, 1.0, 0.5, 0.5]])
    turned = Wobble(jitter=0, scale=0, rotate=90)(IMAGE, (32, 32), draw)
    nearest = min((turned - torch.rot90(IMAGE, k, (2, 3))).abs().max() for k in (1, -1))
    assert nearest < 1e-4


def test_a_turn_keeps_circles_round_on_a_wide_picture():
    rows, columns = torch.meshgrid(torch.arange(40.0) - 19.5, torch.arange(80.0) - 39.5, indexing="ij")
    disc = ((rows**2 + columns**2).sqrt() < 12).float()[None, None]
    turned = Wobble(jitter=0, scale=0, rotate=45, fill=0)(disc, (40, 80), torch.tensor([[0.5, 1.0, 0.5, 0.5]]))
    assert (turned - disc).abs().mean() < 0.01


def test_each_picture_is_moved_by_its_own_draw():
    draws = torch.rand(4, 4, generator=torch.Generator().manual_seed(1))
    batch = IMAGE.expand(4, -1, -1, -1)
    together = Wobble()(batch, (32, 32), draws)
    torch.testing.assert_close(together, torch.cat([Wobble()(IMAGE, (32, 32), d[None]) for d in draws]))


def test_scale_is_even_between_larger_and_smaller():
    ends = Wobble(jitter=0, scale=0.25, rotate=0).matrix(torch.tensor([[0.0, 0.5, 0.5, 0.5], [1.0, 0.5, 0.5, 0.5]]))
    torch.testing.assert_close(ends[0, 0, 0] * ends[1, 0, 0], torch.tensor(1.0))
    torch.testing.assert_close(ends[0, 0, 0], torch.tensor(1.25))


def test_recolor_changes_contrast_about_the_middle_and_each_channels_brightness():
    draw = MIDDLE.clone()
    draw[0, 4], draw[0, 6] = 1.0, 0.0
    recolored = Wobble(jitter=0, scale=0, rotate=0, recolor=0.2)(IMAGE, (32, 32), draw)
    expected = 0.5 + 1.2 * (IMAGE - 0.5) - torch.tensor([0.0, 0.1, 0.0]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(recolored, expected, atol=1e-5, rtol=0)


def test_still_resizes_only_when_it_must():
    assert Still()(IMAGE, (32, 32), MIDDLE) is IMAGE
    assert Still()(IMAGE, (16, 16), MIDDLE).shape == (1, 3, 16, 16)


def test_a_shift_moves_whole_pixels_and_repeats_the_border():
    image = torch.arange(2 * 1 * 4 * 5, dtype=torch.float32).reshape(2, 1, 4, 5)
    draw = torch.full((2, 6), 0.5)
    draw[1, 2:4] = torch.tensor([1.0, 0.0])  # as far right and up as it goes
    moved = Shift(0.25)(image, (4, 5), draw)
    assert torch.equal(moved[0], image[0])
    assert torch.equal(moved[1, 0], image[1, 0][[0, 0, 1, 2]][:, [1, 2, 3, 4, 4]])


def test_a_shift_of_no_jitter_is_the_picture():
    image = torch.rand(3, 2, 7, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Shift(0.0)(image, (7, 6), torch.rand(3, 7, generator=torch.Generator().manual_seed(1))), image)
