"""What restorations are told, against the definitions: nothing from a hole, exact noise, Lanczos's kernel."""

import math

import pytest
import torch
import torch.nn.functional as F

from vizkit.maximize import damage
from vizkit.maximize.chance import streams


def picture(h=24, w=20, c=3):
    return torch.rand(1, c, h, w, generator=torch.Generator().manual_seed(0))


def test_what_lies_in_a_hole_is_neither_told_nor_judged():
    mask = torch.ones(1, 1, 24, 20)
    mask[..., 5:9, 3:8] = 0
    remains, drawn = damage.holes(picture(), mask, 2), torch.rand(2, 3, 24, 20, generator=torch.Generator())
    assert remains.told[..., 5:9, 3:8].abs().sum() == 0
    other = drawn.clone()
    other[..., 5:9, 3:8] = 1 - other[..., 5:9, 3:8]
    assert torch.equal(remains.misfit(drawn), remains.misfit(other))


def test_the_misfit_is_the_mean_square_over_what_is_known():
    mask = torch.zeros(1, 1, 24, 20)
    mask[..., :2, :3] = 1
    remains = damage.holes(picture(), mask, 1)
    drawn = torch.zeros(1, 3, 24, 20)
    expected = picture()[..., :2, :3].square().mean()
    assert remains.misfit(drawn).item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_share_asked_for_is_missing_and_differs_by_seed():
    remains = damage.missing(picture(64, 64), 0.7, streams([0, 1]))
    assert (1 - remains.known.mean()).item() == pytest.approx(0.7, abs=0.02)
    assert not torch.equal(remains.known[0], remains.known[1])
    assert torch.equal(remains.clean[0], picture(64, 64)[0])


def test_added_noise_has_its_deviation_and_the_clean_picture_is_kept():
    gray = torch.full((1, 1, 128, 128), 0.5)
    remains = damage.noisy(gray, 25 / 255, streams([3]))
    assert (remains.told - gray).std().item() == pytest.approx(25 / 255, rel=0.02)
    assert remains.misfit(remains.clean).sqrt().item() == pytest.approx(remains.noise, rel=0.02)


def test_a_picture_that_is_noisy_already_is_told_as_it_is():
    remains = damage.noisy(picture(), 0.0, streams([3]))
    assert torch.equal(remains.told, picture())
    assert remains.clean is None


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_shrinking_is_a_convolution_with_the_kernel_of_the_papers_code(factor):
    """Their kernel: 4 · factor wide, half a pixel off its middle, lanczos2 of the distance over the factor; strided."""
    sides = 32, 40
    x = picture(*sides)
    line = torch.tensor([_lanczos2((i + 1 + 0.5 - (2 * factor + 1)) / factor) for i in range(4 * factor)])
    kernel = (line[:, None] * line)[None, None] / line.sum() ** 2
    edge = (4 * factor - factor) // 2
    padded = F.pad(x.movedim(1, 0), (edge,) * 4, mode="replicate")
    expected = F.conv2d(padded, kernel, stride=factor).movedim(0, 1)
    torch.testing.assert_close(damage.Shrink(sides, factor, x.device)(x), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_shrinking_keeps_a_plain_picture_plain_and_a_slope_in_place(factor):
    sides = 6 * factor, 4 * factor
    shrink = damage.Shrink(sides, factor, torch.device("cpu"))
    assert shrink(torch.full((1, 1, *sides), 0.3)).allclose(torch.full((1, 1, 6, 4), 0.3))
    rows = torch.arange(sides[0], dtype=torch.float32)[None, None, :, None].expand(1, 1, *sides)
    expected = torch.arange(6.0)[1:-1] * factor + (factor - 1) / 2
    torch.testing.assert_close(shrink(rows)[0, 0, 2:-2, 1], expected[1:-1], atol=1e-4, rtol=1e-4)


def test_strangers_are_the_picture_noise_on_it_its_pixels_and_noise():
    told = damage.strangers(picture(), 0.1, streams([0] * 4)).told
    assert torch.equal(told[0], picture()[0])
    assert 0.05 < (told[1] - told[0]).std() < 0.1
    pixels = [sorted(map(tuple, told[i].flatten(1).T.tolist())) for i in (0, 2)]
    assert pixels[0] == pixels[1]
    assert not torch.equal(told[0], told[2])
    assert told[3].mean().item() == pytest.approx(0.5, abs=0.05)
    assert told[3].var().item() == pytest.approx(1 / 12, rel=0.1)


def test_a_small_picture_is_what_the_large_drawing_must_shrink_to():
    remains = damage.small(picture(6, 5), 4, streams([0]))
    assert remains.misfit(torch.zeros(1, 3, 24, 20)).item() == pytest.approx(picture(6, 5).square().mean().item())
    assert remains.shown((24, 20)).shape == (1, 3, 24, 20)


def _lanczos2(x: float) -> float:
    if x == 0:
        return 1.0
    return 2 * math.sin(math.pi * x) * math.sin(math.pi * x / 2) / (math.pi * x) ** 2
