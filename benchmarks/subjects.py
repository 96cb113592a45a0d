"""The networks of the benchmark as plain torchvision modules, and a judge of pictures that knows no library.

Nothing here imports vizkit or lucent. Pictures are (n, 3, h, w) in [0, 1]; how active a unit is on a picture is
the mean of its channel over positions. A layer has its name in the module; `output` is what the module returns.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models

WEIGHTS = Path(__file__).parents[1].parent / "shared" / "data" / "weights"
FILES = {"squeezenet1_1": "squeezenet1_1.pth", "inception_v3": "inception_v3_partial.pth"}
LAYERS = {
    "squeezenet1_1": ("features.3", "features.7", "features.12", "output"),
    "inception_v3": ("Mixed_5d",),
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 224  # lucent enlarges smaller pictures to this, so this is what every network sees here


def module(name: str) -> nn.Module:
    """A new copy in evaluation mode, its weights asking for gradients, as torchvision makes it."""
    torch.manual_seed(0)
    kinds = {"aux_logits": False, "transform_input": True, "init_weights": not trained(name)}
    net = models.get_model(name, weights=None, **(kinds if name == "inception_v3" else {}))
    if trained(name):
        state = torch.load(WEIGHTS / FILES[name], weights_only=True)
        wrong = net.load_state_dict(state, strict=False)
        assert not wrong.unexpected_keys
        assert all(_behind_mixed_7a(key) for key in wrong.missing_keys)
    return net.eval()


def trained(name: str) -> bool:
    """Whether the real weights are there; else the module has random ones."""
    return (WEIGHTS / FILES[name]).is_file()


def trunk(net: nn.Module, layer: str) -> nn.Module:
    """The plain modules from the normalized picture to `layer`, frozen: the least a step must run."""
    net = net.requires_grad_(False)
    if layer == "output":
        return net
    if layer.startswith("features."):
        return net.get_submodule("features")[: int(layer.split(".")[1]) + 1]
    names = [name for name, _ in net.named_children()]
    return nn.Sequential(_FirstStep(net), *list(net.children())[: names.index(layer) + 1])


class _FirstStep(nn.Module):
    """Inception normalizes in its own way, in a method that is no module."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.forward = net._transform_input


class Judge:
    """Shows pictures to a plain float32 module: as they are, and under movements drawn once.

    Each of `views` movements scales, turns and shifts every picture alike; what comes into view is its reflection.
    Scales run from 0.75 to 1.1 of the view, which covers what lucent shows the network while it optimizes (its
    padding makes a picture 0.76 to 0.84 of the view) and what vizkit shows it (0.91 to 1.1).
    """

    def __init__(self, net: nn.Module, layer: str, views: int = 16, seed: int = 1234):
        self.net, self.layer = net.float().requires_grad_(False), layer
        self.moves = _moves(views, torch.Generator().manual_seed(seed))

    def clean(self, pictures: Tensor, units: list[int]) -> Tensor:
        """Activation (n,) of unit i on picture i, resized bilinearly to what the network takes."""
        return self._active(F.interpolate(pictures, size=(SIDE, SIDE), mode="bilinear"), units)

    def held_out(self, pictures: Tensor, units: list[int]) -> Tensor:
        """The same, (n,), averaged over the movements."""
        return torch.stack([self._active(_moved(pictures, move), units) for move in self.moves]).mean(0)

    @torch.no_grad()
    def _active(self, x: Tensor, units: list[int]) -> Tensor:
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
        parts = [self._layer((part - mean) / std) for part in x.split(16)]
        return torch.cat(parts).flatten(2).mean(2)[torch.arange(len(units)), units]

    def _layer(self, x: Tensor) -> Tensor:
        """What `layer` returns, as maps (n, c, h, w)."""
        part = self.net if self.layer == "output" else self.net.get_submodule(self.layer)
        hook = part.register_forward_hook(_stop)
        try:
            self.net(x)
        except _SeenError as seen:
            return seen.output if seen.output.ndim == 4 else seen.output[:, :, None, None]
        finally:
            hook.remove()
        raise LookupError(f"{self.layer} did not run.")


class _SeenError(Exception):
    """Carries a layer's output out of a forward pass that need not go on."""

    def __init__(self, output: Tensor):
        self.output = output


def _stop(module: nn.Module, args: tuple, output: Tensor) -> None:
    raise _SeenError(output)


def _moves(count: int, chance: torch.Generator) -> Tensor:
    """Matrices (count, 2, 3) from view to picture, in coordinates from -1 to 1."""
    size, angle, across, down = torch.rand(4, count, generator=chance)
    scale = 0.75 * (1.1 / 0.75) ** size
    angle = (2 * angle - 1) * math.radians(12)
    cos, sin = angle.cos() / scale, angle.sin() / scale
    shifts = [0.15 * (2 * shift - 1) for shift in (across, down)]
    return torch.stack([cos, -sin, shifts[0], sin, cos, shifts[1]], dim=1).reshape(-1, 2, 3)


def _moved(pictures: Tensor, move: Tensor) -> Tensor:
    grid = F.affine_grid(move.expand(len(pictures), -1, -1), [len(pictures), 3, SIDE, SIDE], align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def _behind_mixed_7a(key: str) -> bool:
    """The file of Inception v3 ends there; no layer of the benchmark lies behind."""
    return key.startswith(("Mixed_7b.", "Mixed_7c.", "fc."))
