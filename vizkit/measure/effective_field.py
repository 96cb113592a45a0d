"""What a unit sees in practice: how much each pixel moves it, measured by gradients (Luo et al. 2016)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.measure.reading import at_once, fitted
from vizkit.nets.describe import layers
from vizkit.nets.network import Network
from vizkit.nets.read import Reader


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """`weights` (h, w): the mean size of the gradient at each pixel for a unit in the middle of its map; they add to 1.

    `reach` (height, width) is the smallest box around their center that holds a share `share` of them.
    """

    weights: Tensor
    share: float = 0.9

    @property
    def reach(self) -> tuple[int, int]:
        return _reach(self.weights.sum(1), self.share), _reach(self.weights.sum(0), self.share)


def effective_field(
    net: Network, layer: str, pictures: Tensor, *, share: float = 0.9, draws: int = 4, seed: int = 0
) -> EffectiveField:
    """The effective field of the units in the middle of `layer`, averaged over `pictures` (n, c, h, w) in [0, 1].

    All units are asked at once: of their answers with random signs the gradient is taken, `draws` times, and its
    absolute value averaged. Dozens of pictures are enough. Where a layer has no map, the whole picture is asked.

    Raises:
        LookupError: the network has no such layer.
        ValueError: the layer's answers do not depend on the picture.

    >>> effective_field(net, "stage3", pictures).reach
    (25, 25)
    """
    layers(net)[layer]
    reader, chance = Reader(net, [layer]), torch.Generator().manual_seed(seed)
    pictures = fitted(net, pictures)
    total = torch.zeros(net.size, dtype=torch.float64)
    for some in pictures.split(at_once(net)):
        with own_modes():
            total += _gradient(reader, some, draws, chance).cpu()
    if not float(total.sum()) > 0:
        raise ValueError(f"The middle of {layer} does not depend on these pictures. Try others, or another layer.")
    return EffectiveField((total / total.sum()).float(), share)


def _gradient(reader: Reader, pictures: Tensor, draws: int, chance: torch.Generator) -> Tensor:
    """The summed absolute gradient (h, w) of the middle units with random signs."""
    pictures = pictures.to(reader.net.device).detach().requires_grad_()
    (output,) = reader(pictures).values()
    middle = _middle(output).float()
    found = torch.zeros(pictures.shape[2:], dtype=torch.float64, device=pictures.device)
    for draw in range(draws):
        signs = torch.randint(0, 2, middle.shape, generator=chance).to(middle) * 2 - 1
        (slope,) = torch.autograd.grad((signs * middle).sum(), pictures, retain_graph=draw + 1 < draws)
        found += slope.abs().double().sum((0, 1))
    return found


def _middle(output: Tensor) -> Tensor:
    """(n, units) in the middle of a map or of the tokens; all of a flat output."""
    if output.ndim == 2:
        return output
    if output.ndim == 3:
        return output[:, output.shape[1] // 2]
    return output[(slice(None), slice(None), *(side // 2 for side in output.shape[2:]))]


def _reach(profile: Tensor, share: float) -> int:
    """The smallest odd width around the center of mass that holds `share` of `profile` (k,)."""
    places = torch.arange(len(profile))
    center = round(float((profile * places).sum() / profile.sum()))
    distance = (places - center).abs()
    held = torch.zeros(len(profile)).index_add_(0, distance, profile).cumsum(0) / profile.sum()
    return min(len(profile), 2 * int((held < share).sum()) + 1)
