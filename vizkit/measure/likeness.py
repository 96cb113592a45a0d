"""How alike pictures and their references are: (n, c, h, w) and (n or 1, c, h, w) in [0, 1] -> (n,)."""

import torch
from torch import Tensor

FAINT = 1e-3  # a reference of less contrast counts as if it had this much
LOUDEST = 100.0  # decibels of pictures that are the same


def image_error(pictures: Tensor, reference: Tensor) -> Tensor:
    """Distance of each picture from its reference, ‖x − x₀‖ / ‖x₀ − mean(x₀)‖ with the mean of each channel.

    0 is the same picture and 1 what a plain one in the reference's mean color has. The papers divide by the average
    distance between two pictures of a test set (Dosovitskiy & Brox 2016): a single picture has none. Of unrelated
    pictures of like contrast that is about √2 times ours, so their 71 % is about our 100 %.
    """
    contrast = (reference - reference.mean((2, 3), keepdim=True)).square().mean((1, 2, 3)).sqrt()
    return (pictures - reference).square().mean((1, 2, 3)).sqrt() / contrast.clamp(min=FAINT)


def psnr(pictures: Tensor, reference: Tensor) -> Tensor:
    """Peak signal to noise ratio in decibels, of a peak of 1; 100 for pictures that are the same."""
    noise = (pictures - reference).square().mean((1, 2, 3))
    return (-10 * noise.clamp(min=1e-30).log10()).clamp(max=LOUDEST)


def ssim(pictures: Tensor, reference: Tensor) -> Tensor:
    """Structural similarity, 1 for pictures that are the same (Wang et al. 2004, as torchmetrics computes it).

    Around every pixel of every channel, the border reflected, by a Gaussian window with a deviation of 1.5 pixels, or
    as much less as a side below 6 pixels asks for.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure  # seconds, paid by who asks

    widest = (min(pictures.shape[2:]) - 1) / 3.5
    seen = structural_similarity_index_measure(
        pictures.float(),
        reference.float().expand_as(pictures),
        sigma=max(0.1, min(1.5, widest)),
        data_range=1.0,
        reduction="none",
    )
    assert torch.is_tensor(seen)
    return seen.reshape(-1)
