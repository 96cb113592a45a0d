"""What is read off a picture inside a network: numbers (n, units), a few pictures at a time, without gradients."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vizkit.core.modes import own_modes
from vizkit.maximize.objectives import positions_last
from vizkit.nets.network import Network
from vizkit.nets.read import Reader

AT_ONCE = 32 * 224 * 224  # pixels in one forward pass


@dataclass(frozen=True, eq=False)
class Reading:
    """How active each unit of `layer` is: its outputs -> (n, units), as the objectives of a search read them.

    `kind` is "channel" (the mean over positions), "neuron" (one `position`, the middle if None), "energy" (one
    number, the mean square of all) or "direction" (one number for each of `vectors` (k, channels)).
    """

    layer: str
    kind: str = "channel"
    position: tuple[int, int] | None = None
    vectors: Tensor | None = None

    def __call__(self, outputs: Tensor) -> Tensor:
        outputs = outputs.float()
        if self.kind == "energy":
            return outputs.square().flatten(1).mean(1, keepdim=True)
        if self.kind == "neuron":
            return _at(outputs, self.position)
        means = positions_last(outputs).mean(-1)
        return means if self.vectors is None else means @ self.vectors.reshape(-1, means.shape[1]).to(means).T

    @property
    def key(self) -> str:
        """Equal for readings of the same numbers."""
        vectors = "" if self.vectors is None else fingerprint(self.vectors)
        return f"{self.layer} {self.kind} {self.position} {vectors}"


def read(net: Network, pixels: Tensor, readings: Mapping[str, Callable[[Tensor], Tensor]]) -> dict[str, Tensor]:
    """What each of `readings` {layer: outputs -> numbers} makes of `pixels` (n, c, h, w), on the CPU.

    Pictures of another size are resized to the network's, as a search does. Bytes are divided by 255.
    """
    reader = Reader(net, list(readings))
    found: dict[str, list[Tensor]] = {layer: [] for layer in readings}
    with own_modes(), torch.no_grad():
        for some in pixels.split(at_once(net)):
            seen = reader(fitted(net, some))
            for layer, numbers in readings.items():
                found[layer].append(numbers(seen[layer]).float().cpu())
    return {layer: torch.cat(parts) for layer, parts in found.items()}


def at_once(net: Network) -> int:
    """How many pictures of `net`'s size go through it together."""
    return max(1, AT_ONCE // (net.size[0] * net.size[1]))


def fitted(net: Network, pixels: Tensor) -> Tensor:
    """`pixels` as `net` takes them: floats in [0, 1] of its size, on its device."""
    pixels = pixels.to(net.device)
    pixels = pixels.float() if pixels.is_floating_point() else pixels.float() / 255
    if tuple(pixels.shape[2:]) == net.size:
        return pixels
    return F.interpolate(pixels, size=net.size, mode="bilinear", antialias=True, align_corners=False)


def fingerprint(tensor: Tensor) -> str:
    """First 12 hex digits of the SHA-256 over a tensor's shape, type and numbers."""
    plain = tensor.detach().cpu().contiguous()
    digest = hashlib.sha256(f"{plain.dtype} {tuple(plain.shape)}".encode())
    digest.update(plain.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:12]


def _at(outputs: Tensor, position: tuple[int, int] | None) -> Tensor:
    if outputs.ndim == 4:
        row, column = position or (outputs.shape[2] // 2, outputs.shape[3] // 2)
        return outputs[:, :, row, column]
    places = positions_last(outputs)
    return places[:, :, position[0] if position else places.shape[2] // 2]
