"""Awkward little networks for the contract tests. Each takes pictures (n, c, h, w) of its own size and channels."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vizkit.nets.network import Network, wrap


def zoo() -> dict[str, Network]:
    """Freshly made networks by what is awkward about them; the same weights every time."""
    with torch.random.fork_rng(devices=[]):  # modules draw weights when they are made
        return _networks()


def _networks() -> dict[str, Network]:
    return {
        "in-place relu": wrap(_seeded(InPlace()), 20),
        "reused module": wrap(_seeded(Reused()), 16, mean=0.5, std=0.25),
        "tuple output": wrap(_seeded(Several(tuple)), 16),
        "dict output": wrap(_seeded(Several(lambda pair: {"scores": pair[0], "map": pair[1]})), 16),
        "dataclass output": wrap(_seeded(Several(lambda pair: Answer(*pair))), 16),
        "one channel": wrap(_seeded(InPlace(1)), 28, channels=1, labels=tuple("0123")),
        "two channels": wrap(_seeded(InPlace(2)), 20, channels=2),
        "five channels": wrap(_seeded(InPlace(5)), (20, 24), channels=5, mean=(0.1, 0.2, 0.3, 0.4, 0.5), std=0.5),
        "batch norm left training": wrap(_seeded(Normed()).train(), 20),
        "no spatial dimensions": wrap(_seeded(Flat()), 12, channels=1),
        "transformer": wrap(_seeded(Tokens()), 16),
        "user's own hook": wrap(_hooked(_seeded(InPlace())), 20),
        "residual": wrap(_seeded(Residual()), 20),
        "cannot be copied": wrap(_seeded(Uncopied()).train(), 20),
        "nan weights": wrap(_poisoned(_seeded(InPlace())), 20),
    }


@dataclass
class Answer:
    """What detection-like networks return."""

    scores: Tensor
    map: Tensor


class InPlace(nn.Sequential):
    """Convolutions whose outputs the next layer overwrites."""

    def __init__(self, channels: int = 3):
        super().__init__(
            nn.Conv2d(channels, 6, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 4),
        )


class Reused(nn.Module):
    """One convolution and one in-place nonlinearity, each called twice."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.relu, self.head = nn.ReLU(inplace=True), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv(self.stem(x)))
        return self.head(self.relu(self.conv(x)).mean((2, 3)))


class Pair(nn.Module):
    """A layer that returns a map and a second, smaller one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        map = self.conv(x)
        return map.relu(), map[:, :, ::2, ::2]


class Several(nn.Module):
    """A network whose parts and whole return more than one tensor, packed by `pack`."""

    def __init__(self, pack):
        super().__init__()
        self.pair, self.output, self.pack = Pair(), nn.Linear(6, 4), pack

    def forward(self, x: Tensor):
        map, small = self.pair(x)
        return self.pack((self.output(map.mean((2, 3))), small))


class Normed(nn.Module):
    """Batch norm and dropout, which would change the answer and themselves outside evaluation mode."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.relu = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(inplace=True)
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.relu(self.norm(self.conv(x)))).mean((2, 3)))


class Flat(nn.Sequential):
    """A perceptron: nowhere a map."""

    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(144, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4))


class Tokens(nn.Module):
    """A vision transformer of two blocks with 16 patches and a class token."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, 17, width))
        self.blocks = nn.Sequential(*(_block(width) for _ in range(2)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1) + self.places
        return self.head(self.norm(self.blocks(tokens))[:, 0])


class Residual(nn.Module):
    """A sum with what came in, written over in place."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 6, 3, 2), nn.Conv2d(6, 6, 3, padding=1)
        self.relu, self.head = nn.ReLU(inplace=True), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        y = self.conv(x)
        y += x
        return self.head(self.relu(y).mean((2, 3)))


class Uncopied(InPlace):
    """A module that copy.deepcopy refuses, as one that holds a lock, a file or a connection does."""

    def __deepcopy__(self, memo):
        raise TypeError("cannot pickle '_thread.lock' object")


def _block(width: int) -> nn.Module:
    return nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.1, batch_first=True, norm_first=True)


def _seeded(module: nn.Module) -> nn.Module:
    """`module` with weights drawn from a generator of its own, of the usual size."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in module.parameters():
            scale = (2 / max(weight[0].numel(), 1)) ** 0.5 if weight.ndim > 1 else 0.1
            weight.copy_(scale * torch.randn(weight.shape, generator=generator) + (weight.ndim == 1) * 0.1)
    return module


def _hooked(module: nn.Module) -> nn.Module:
    """`module` with a hook that is part of what it computes: its second layer counts double."""
    module.get_submodule("1").register_forward_hook(lambda part, args, output: 2 * output)
    return module


def _poisoned(module: nn.Module) -> nn.Module:
    with torch.no_grad():
        next(module.parameters()).fill_(float("nan"))
    return module
