"""A scene as a plain value, and the same scene changed in one respect (a counterfactual).

Places are shares of the picture, x to the right, y downward from the upper left corner. Colors are RGB in [0, 255]."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from vizkit.data.world.vocabulary import PALETTE, PARTS_OF, code

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Paint:
    """How a surface looks: the word for its color (empty for stuff), its exact tone, its texture (empty: plain)."""

    color: str
    rgb: RGB
    texture: str = ""
    frequency: float = 12.0  # repeats of the texture across the picture
    phase: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Pose:
    """Where a thing stands: its foot (x, y), height as a share of the picture, degrees clockwise, mirrored or not."""

    x: float
    y: float
    height: float
    rotation: float = 0.0
    flip: bool = False


@dataclass(frozen=True)
class Thing:
    """One object. A part without a paint is not drawn."""

    kind: str
    pose: Pose
    shape: tuple[float, float, float, float]
    paints: tuple[tuple[str, Paint], ...]


@dataclass(frozen=True)
class Region:
    """A band of stuff that fills everything below its `profile`, a line of points from left to right."""

    stuff: str
    profile: tuple[tuple[float, float], ...]
    paint: Paint


@dataclass(frozen=True)
class Light:
    """`tint` multiplies the channels; `side` in [-1, 1] is where the light comes from (left to right)."""

    tint: RGB = (1.0, 1.0, 1.0)
    side: float = -0.7
    night: bool = False


@dataclass(frozen=True)
class Cue:
    """A planted mark that says nothing about the content: a sticker ("tag") at (x, y) or a colored frame ("border")."""

    kind: str
    x: float = 0.16
    y: float = 0.16
    rgb: RGB = (236, 64, 150)


@dataclass(frozen=True)
class Scene:
    """All that is needed to draw a picture: things are listed from back to front."""

    label: int
    regions: tuple[Region, ...]
    things: tuple[Thing, ...]
    light: Light = Light()
    cues: tuple[Cue, ...] = ()
    noise: float = 0.0
    blur: float = 0.0
    seed: int = 0


def _change_thing(scene: Scene, index: int, change: Callable[[Thing], Thing]) -> Scene:
    things = list(scene.things)
    things[index] = change(things[index])
    return replace(scene, things=tuple(things))


def without_object(scene: Scene, index: int) -> Scene:
    """The scene without its thing `index`. The thing stays in the list, unpainted, so the others keep their numbers."""
    return _change_thing(scene, index, lambda thing: replace(thing, paints=()))


def without_part(scene: Scene, index: int, part: str) -> Scene:
    """The scene whose thing `index` lacks `part`; what lies behind shows."""
    _check_part(scene.things[index], part)
    return _change_thing(
        scene, index, lambda thing: replace(thing, paints=tuple(p for p in thing.paints if p[0] != part))
    )


def recolor(scene: Scene, index: int, color: str, part: str = "") -> Scene:
    """The scene with thing `index` (or one part of it) in the pure tone of `color`."""
    code("color", color)
    rgb = PALETTE[color]
    return _repaint(scene, index, part, lambda paint: replace(paint, color=color, rgb=rgb))


def retexture(scene: Scene, index: int, texture: str, part: str = "") -> Scene:
    """The scene with thing `index` (or one part of it) under `texture`; the empty word makes it plain."""
    code("texture", texture)
    return _repaint(scene, index, part, lambda paint: replace(paint, texture=texture))


def _repaint(scene: Scene, index: int, part: str, change: Callable[[Paint], Paint]) -> Scene:
    if part:
        _check_part(scene.things[index], part)
    return _change_thing(
        scene,
        index,
        lambda thing: replace(
            thing, paints=tuple((p, change(paint) if part in ("", p) else paint) for p, paint in thing.paints)
        ),
    )


def moved(scene: Scene, index: int, **pose: float) -> Scene:
    """The scene with some fields of the pose of thing `index` replaced: `moved(scene, 0, x=0.5, flip=True)`."""
    return _change_thing(scene, index, lambda thing: replace(thing, pose=replace(thing.pose, **pose)))


def with_background(scene: Scene, other: Scene) -> Scene:
    """The things of `scene` in front of the stuff of `other`; the light stays."""
    return replace(scene, regions=other.regions)


def with_cue(scene: Scene, cue: Cue) -> Scene:
    """The scene with a planted tag or border; one of the same kind is replaced."""
    return replace(without_cue(scene, cue.kind), cues=(*without_cue(scene, cue.kind).cues, cue))


def without_cue(scene: Scene, kind: str) -> Scene:
    """The scene without its planted tag or border."""
    return replace(scene, cues=tuple(cue for cue in scene.cues if cue.kind != kind))


def _check_part(thing: Thing, part: str) -> None:
    if part not in PARTS_OF[thing.kind]:
        raise LookupError(f"A {thing.kind} has no part {part!r}; it has {', '.join(PARTS_OF[thing.kind])}.")
