"""Pictures: bounds, warm starts, independence of the batch, and the spectrum they promise."""

import pytest
import torch

from vizkit.maximize.chance import streams
from vizkit.maximize.pictures import PICTURES, DeepPrior, Fourier, Pixels, fitted

CPU = torch.device("cpu")


def make(kind, n=2, c=3, h=24, w=20, seeds=None, **options):
    return PICTURES[kind]((n, c, h, w), streams(seeds or range(n)), CPU, **options)


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_has_the_shape_asked_for_and_stays_in_bounds(kind, channels):
    pixels = make(kind, c=channels, h=17, w=23)()
    assert pixels.shape == (2, channels, 17, 23)
    assert pixels.min() >= 0
    assert pixels.max() <= 1


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_starts_the_same_alone_and_in_a_batch(kind):
    alone, together = make(kind, n=1, seeds=[7])(), make(kind, n=3, seeds=[3, 7, 5])()
    torch.testing.assert_close(alone[0], together[1])


@pytest.mark.parametrize("kind", PICTURES)
def test_a_gradient_on_one_picture_moves_no_other(kind):
    picture = make(kind, n=3)
    before = picture().detach().clone()
    gradients = torch.autograd.grad(picture()[1].square().sum(), picture.parameters)
    with torch.no_grad():
        for parameter, gradient in zip(picture.parameters, gradients, strict=True):
            parameter -= 0.1 * gradient
    picture.project()
    after = picture().detach()
    torch.testing.assert_close(before[[0, 2]], after[[0, 2]])
    assert not torch.allclose(before[1], after[1])


@pytest.mark.parametrize(("kind", "error"), [("pixels", 0.0), ("fourier", 1e-3), ("deep prior", 0.15)])
def test_a_warm_start_shows_the_picture_it_was_given(kind, error):
    rows, columns = torch.meshgrid(torch.linspace(0, 1, 24), torch.linspace(0, 1, 20), indexing="ij")
    start = torch.stack([rows, columns, 0.5 * rows + 0.2])
    shown = make(kind, start=start)()
    assert (shown - start).abs().mean() <= error


def test_fourier_without_noise_at_high_frequencies_follows_one_over_f():
    spectrum = torch.fft.rfft2(Fourier((64, 1, 64, 64), streams(range(64)), CPU)().logit(), norm="ortho")
    power = spectrum.abs().square().mean((0, 1))
    assert (power[0, 4] / power[0, 16]).item() == pytest.approx(16.0, rel=0.5)


def test_only_three_channels_have_their_colors_decorrelated():
    gray, color = make("fourier", c=1), make("fourier", c=3)
    assert gray._colors is None
    spread = color().logit().detach().movedim(1, 0).flatten(1)
    assert torch.corrcoef(spread)[0, 1] > 0.8


def test_pixels_are_put_back_in_bounds():
    picture = Pixels((1, 1, 2, 2), streams([0]), CPU)
    with torch.no_grad():
        picture.parameters[0].copy_(torch.tensor([[[[-1.0, 0.2], [3.0, 0.4]]]]))
    picture.project()
    assert picture().flatten().tolist() == pytest.approx([0.0, 0.2, 1.0, 0.4])


def test_deep_prior_repeats_from_its_seed_and_leaves_the_global_state_alone():
    state = torch.get_rng_state()
    first, second = (DeepPrior((1, 3, 32, 32), streams([4]), CPU)() for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("shape", [(1, 4, 8, 8), (3, 3, 8, 8), (8, 8)])
def test_a_start_that_does_not_fit_is_answered_with_what_would(shape):
    with pytest.raises(ValueError, match=r"the run needs \(2 or 1, 3, 8, 8\)"):
        fitted(torch.zeros(shape), (2, 3, 8, 8))
