"""Ten surface patterns. A tile is a periodic picture (64, 64) in [0, 1] of four repeats; 1 is the darkest point."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vizkit.data.world.vocabulary import TEXTURES

SIDE, REPEATS = 64, 4

Tile = NDArray[np.float32]

_V, _U = np.meshgrid(*[(np.arange(SIDE) + 0.5) * REPEATS / SIDE] * 2, indexing="ij")


def striped() -> Tile:
    return (_U % 1 < 0.5).astype(np.float32)


def dotted() -> Tile:
    row = np.floor(_V)
    return (np.hypot((_U + row / 2) % 1 - 0.5, _V % 1 - 0.5) < 0.3).astype(np.float32)


def checkered() -> Tile:
    return ((np.floor(2 * _U) + np.floor(2 * _V)) % 2).astype(np.float32)


def bricked() -> Tile:
    row = np.floor(2 * _V)
    joint = (2 * _V % 1 < 0.3) | ((_U + row / 2) % 1 < 0.16)
    return joint.astype(np.float32)


def zigzag() -> Tile:
    return ((_V + np.abs(_U % 1 - 0.5)) % 1 < 0.45).astype(np.float32)


def woven() -> Tile:
    over = (np.floor(2 * _U) + np.floor(2 * _V)) % 2
    across = np.where(over > 0, 2 * _U % 1, 2 * _V % 1)
    return (np.abs(across - 0.5) * 2).astype(np.float32)


def scaled() -> Tile:
    """Overlapping half discs, each row shifted by half, as on a roof or a fish."""
    row = np.floor(2 * _V)
    radius = np.hypot((_U + row / 2) % 1 - 0.5, (2 * _V % 1) * 0.55)
    return np.clip(radius * 2.4 - 0.35, 0, 1).astype(np.float32)


def wavy() -> Tile:
    return (0.5 + 0.5 * np.sin(2 * np.pi * (2 * _V + 0.35 * np.sin(2 * np.pi * _U)))).astype(np.float32)


def grassy() -> Tile:
    """Short upright blades at random places."""
    rng, tile = np.random.default_rng(7), np.zeros((SIDE, SIDE), np.float32)
    for x, y, length, lean in zip(
        *rng.integers(0, SIDE, (2, 70)), rng.integers(7, 13, 70), rng.uniform(-0.4, 0.4, 70), strict=True
    ):
        steps = np.arange(length)
        columns = (x + np.round(steps * lean).astype(int)) % SIDE
        tile[(y - steps) % SIDE, columns] = tile[(y - steps) % SIDE, (columns + 1) % SIDE] = 1
    return tile


def cracked() -> Tile:
    """The borders of a random Voronoi diagram on a torus."""
    centers = np.random.default_rng(3).uniform(0, REPEATS, (22, 2))
    gap = np.abs(np.stack([_U, _V], -1)[:, :, None] - centers)
    near = np.sort(np.hypot(*np.moveaxis(np.minimum(gap, REPEATS - gap), -1, 0)), -1)
    return (near[..., 1] - near[..., 0] < 0.14).astype(np.float32)


@cache
def tiles() -> NDArray[np.float32]:
    """All tiles (11, 64, 64) in the order of TEXTURES; number 0 is plain."""
    known = globals()
    return np.stack([np.zeros((SIDE, SIDE), np.float32)] + [known[name]() for name in TEXTURES])
