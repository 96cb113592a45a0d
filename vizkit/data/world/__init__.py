"""A world of small pictures drawn by ourselves, with an answer key: pictures (n, h, w, 3) uint8, labels (n,) int64.

A picture is a *scene* (one of 12) made of bands of stuff and of objects (18 kinds) with named parts, some of which
two kinds share. Textures and colors are independent of shape. Every scene has a number; the same number gives the
same picture. The world is a teaching set and a measuring instrument, never evidence about natural images.

>>> from vizkit.data import world
>>> view = world.render(world.scene(2, "test"))
>>> view.picture.shape, world.LABELS[view.label]
((96, 96, 3), 'farm')
>>> changed = world.render(world.without_object(view.scene, 0))
"""

from typing import TYPE_CHECKING

from vizkit.data.world.arrays import arrays, pictures
from vizkit.data.world.rendering import MAPS, View, render
from vizkit.data.world.sampling import SPLITS, Knobs, plant, scene
from vizkit.data.world.scenes import (
    Cue,
    Light,
    Paint,
    Pose,
    Region,
    Scene,
    Thing,
    moved,
    recolor,
    retexture,
    with_background,
    with_cue,
    without_cue,
    without_object,
    without_part,
)
from vizkit.data.world.vocabulary import (
    COLORS,
    OBJECTS,
    PARTS,
    PARTS_OF,
    SCENES,
    STUFF,
    TEXTURES,
    WORDS,
    code,
)

if TYPE_CHECKING:
    from vizkit.data.world.dataset import World

LABELS = SCENES

__all__ = [
    "COLORS",
    "LABELS",
    "MAPS",
    "OBJECTS",
    "PARTS",
    "PARTS_OF",
    "SCENES",
    "SPLITS",
    "STUFF",
    "TEXTURES",
    "WORDS",
    "Cue",
    "Knobs",
    "Light",
    "Paint",
    "Pose",
    "Region",
    "Scene",
    "Thing",
    "View",
    "World",
    "arrays",
    "code",
    "moved",
    "pictures",
    "plant",
    "recolor",
    "render",
    "retexture",
    "scene",
    "with_background",
    "with_cue",
    "without_cue",
    "without_object",
    "without_part",
]


def __getattr__(name: str) -> object:
    if name == "World":  # the only name that needs torch
        from vizkit.data.world.dataset import World

        return World
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
