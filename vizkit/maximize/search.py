"""The one loop: a picture is looked at, asked how well it does, and turned a little. Every picture by itself.

Shapes: pixels (n, c, h, w) in [0, 1]; objective, penalties and strengths one number per picture, (n,).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.core.dials import Dial, now
from vizkit.maximize.adam import Adam
from vizkit.maximize.awake import Awake
from vizkit.maximize.capture import captured
from vizkit.maximize.chance import Streams, uniform
from vizkit.maximize.dropout import Dropout
from vizkit.maximize.objectives import Objective
from vizkit.maximize.pictures import Picture
from vizkit.maximize.transforms import Shift, Still, Wobble, draws
from vizkit.nets.network import Network
from vizkit.nets.read import Reader

Strength = float | Dial | Sequence[float] | Tensor
Penalty = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Look:
    """The picture at `step`, (n, c, h, w), and how well that very picture did, (n,), under this step's transform."""

    step: int
    pixels: Tensor
    score: Tensor


def search(
    net: Network,
    picture: Picture,
    objective: Objective,
    chance: Streams,
    *,
    steps: int,
    penalties: Sequence[tuple[Strength, Penalty]] = (),
    transform: Wobble | Shift | Still = Still(),  # noqa: B008  a frozen value
    rest: float = 1.0,
    rate: float = 1.0,
    settle: float = 0.1,
    share: bool = True,
    views: int = 1,
    dropout: float = 0.0,
    wake: int = 16,
    dtype: torch.dtype = torch.float32,
) -> Iterator[Look]:
    """Turn `picture` until it does well; yields steps + 1 looks, the first at the picture as it starts.

    With `share`, the objective's gradient is brought to root mean square 1 per picture before penalties
    are added, so a penalty's strength means the same at every layer of every network; without, both
    are taken as they are. `rate` multiplies the rate the picture likes; over the last third it falls to the share
    `settle` of itself. Each look is the mean over `views` transforms of the picture; after the share `rest` of the
    way nothing moves. With `dropout`, every look goes through a slightly different network.
    For `wake` steps gradient passes through dead ReLUs. `dtype` is the precision of the network alone, and only
    of the first seven eighths: a picture settles on what the network answers in its own.

    Raises:
        FloatingPointError: the network does not answer the starting picture with numbers.
    """
    loop = _Loop(net, picture, objective, chance, steps, penalties, transform, share, views, dropout, dtype)
    loop.draws[:, math.ceil(rest * (steps + 1)) :] = 0.5  # the middle of every draw is no movement
    advance = loop.advance
    for step in range(steps + 1):
        loop.prepare(step, rate * picture.rate * cooling(step / max(1, steps), settle))
        if loop.dtype != torch.float32 and 8 * step >= 7 * steps:
            loop.dtype, advance = torch.float32, loop.advance  # what was captured would go on as it was
        if step == steps:
            pixels, score = loop.look()
        elif step < wake:
            pixels, score = loop.advance(waking=True)
        else:
            if advance == loop.advance and step >= 3:
                advance = captured(loop.advance, net.device)
            pixels, score = advance()
        if step == 0:
            _check_numbers(score, net)
        yield Look(step, pixels, score)


def cooling(progress: float, end: float = 0.1) -> float:
    """1 for two thirds of the way, then half a cosine down to `end`."""
    late = max(0.0, 3 * progress - 2)
    return end + (1 - end) * (1 + math.cos(math.pi * late)) / 2


class _Loop:
    """Everything a step reads, in tensors that stay where they are, so that a step can be captured."""

    def __init__(self, net, picture, objective, chance, steps, penalties, transform, share, views, dropout, dtype):
        self.net, self.picture, self.objective = net, picture, objective
        self.transform, self.share, self.views, self.dtype = transform, share, views, dtype
        self.read = Reader(net, objective.layers)
        self.dropout = Dropout(dropout, chance, views) if dropout else None
        self.strengths, self.penalties = [s for s, _ in penalties], [p for _, p in penalties]
        self.draws = uniform((steps + 1, views, draws(net.channels)), chance).to(net.device)
        self.draw = self.draws[:, 0].flatten(0, 1)
        self.strength = torch.zeros(len(penalties), len(chance), device=net.device)
        self.active = [False] * len(penalties)
        self.adam = Adam(picture.parameters, picture.rate)

    def prepare(self, step: int, rate: float) -> None:
        """Put this step's random draw, strengths and rate where the step reads them."""
        self.picture.stir()
        if self.dropout:
            self.dropout.stir()
        self.draw.copy_(self.draws[:, step].flatten(0, 1))
        for i, strength in enumerate(self.strengths):
            value = torch.as_tensor(now(strength, step), dtype=torch.float32)
            fixed = self.net.device.type == "cuda"  # a captured step cannot take up a penalty later
            self.active[i] = bool((value != 0).any()) or (fixed and isinstance(strength, Dial))
            self.strength[i] = value.to(self.strength.device)
        self.adam.rate.fill_(rate)

    def look(self) -> tuple[Tensor, Tensor]:
        """The picture and its score, nothing turned."""
        with torch.no_grad():
            pixels = self.picture().clone()
            return pixels, self._score(pixels)

    def advance(self, waking: bool = False) -> tuple[Tensor, Tensor]:
        """The picture and its score, then one turn of its parameters."""
        with torch.enable_grad():
            pixels = self.picture()
            shown = pixels.detach().clone().requires_grad_()
            score = self._score(shown)
            pull = self._pull(score, shown)
            if waking and not bool(pull.flatten(1).any(1).all()):  # a second look, only if a picture is dead
                with Awake():
                    pull = self._pull(self._score(shown), shown)
            gradients = torch.autograd.grad(pixels, self.picture.parameters, grad_outputs=self._push(shown) - pull)
            self.adam.step(gradients)
            self.picture.project()
        return shown.detach(), score.detach()

    def _score(self, pixels: Tensor) -> Tensor:
        pixels = pixels.repeat_interleave(self.views, 0) if self.views > 1 else pixels
        x = self.transform(pixels, self.net.size, self.draw).contiguous(memory_format=torch.channels_last)
        with self._precision(), self.dropout or nullcontext():
            seen = self.read(x)
        return self.objective(seen).reshape(-1, self.views).mean(1)

    def _pull(self, score: Tensor, shown: Tensor) -> Tensor:
        (pull,) = torch.autograd.grad(score.sum(), shown)
        if shown.is_cuda or not bool(pull.sum().isfinite()):  # asking a GPU would wait for it
            pull = pull.nan_to_num(0.0, 0.0, 0.0)
        if not self.share:
            return pull
        length = torch.linalg.vector_norm(pull, dim=(1, 2, 3), keepdim=True)
        return pull * (math.sqrt(pull[0].numel()) / length.clamp(min=1e-12))

    def _push(self, shown: Tensor) -> Tensor | float:
        chosen = [(s, p) for s, p, on in zip(self.strength, self.penalties, self.active, strict=True) if on]
        if not chosen:
            return 0.0
        cost = torch.stack([(strength * penalty(shown)).sum() for strength, penalty in chosen])
        return torch.autograd.grad(cost.sum(), shown)[0]

    def _precision(self):
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.net.device.type, dtype=self.dtype)


def _check_numbers(score: Tensor, net: Network) -> None:
    if not bool(score.isfinite().all()):
        raise FloatingPointError(
            f"{net.name} answers the starting picture with {score.tolist()}. Its weights or its normalization "
            "hold a NaN or infinity; check them with torch.isfinite before looking inside."
        )
