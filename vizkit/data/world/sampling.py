"""Draw a scene from its number. The same (split, seed, index, knobs) gives the same scene, in any order or process."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vizkit.data.world import recipes
from vizkit.data.world.scenes import RGB, Cue, Light, Paint, Pose, Region, Scene, Thing, recolor, with_cue
from vizkit.data.world.vocabulary import OBJECTS, PALETTE, PARTS_OF, SCENES, TEXTURES, code

T = TypeVar("T")
Floats = NDArray[np.float64]

SPLITS = {
    "train": range(1_000_000),
    "validation": range(1_000_000, 1_200_000),
    "test": range(1_200_000, 1_400_000),
}


@dataclass(frozen=True)
class Knobs:
    """How hard the pictures are, and what is planted in them. Rates and shares are in [0, 1].

    A shortcut ("tag", "border", "background" or "color") goes with the scene `target` at `rate` and with every other
    scene at `elsewhere`; with rate == elsewhere it is merely present.
    """

    things: tuple[int, int] = (5, 9)  # fewest and most objects
    clutter: float = 0.08  # share of objects that may be of any kind
    swapped: float = 0.25  # share of pictures with another scene's background
    textured: float = 0.5  # share of surfaces with a texture
    tint: float = 1.0  # strength of the random light
    noise: float = 0.02  # standard deviation of the sensor noise, share of the value range
    blur: float = 0.0  # pixels of the finished picture
    shortcut: str = ""
    rate: float = 0.95
    elsewhere: float = 0.0
    target: str = "farm"

    def __post_init__(self) -> None:
        if self.shortcut not in ("", "tag", "border", "background", "color"):
            raise ValueError(f"shortcut must be 'tag', 'border', 'background' or 'color', not {self.shortcut!r}.")
        code("scene", self.target)


def scene(index: int, split: str = "train", seed: int = 0, *, label: int | None = None, **knobs) -> Scene:
    """Scene number `index` of a split; its label is `index` modulo the number of scenes unless given.

    Keywords are the fields of `Knobs`. Splits never share a random stream.

    Raises:
        LookupError: no such split, or the split has no scene of this number.

    >>> len(scene(5, "test").things) >= 5
    True
    """
    rng = np.random.default_rng((seed, _number(index, split)))
    settings = Knobs(**knobs)
    label = index % len(SCENES) if label is None else label
    return _Sampler(rng, settings).scene(label)


def _number(index: int, split: str) -> int:
    if split not in SPLITS:
        raise LookupError(f"The world has no split {split!r}; it has {', '.join(SPLITS)}.")
    if not 0 <= index < len(SPLITS[split]):
        raise LookupError(f"Split {split!r} has scenes 0 to {len(SPLITS[split]) - 1}, not {index}.")
    return SPLITS[split][index]


class _Sampler:
    """Random choices from one stream; each method below draws one thing."""

    def __init__(self, rng: np.random.Generator, knobs: Knobs) -> None:
        self.rng, self.knobs = rng, knobs

    def chance(self, rate: float) -> bool:
        return bool(self.rng.random() < rate)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.rng.random()

    def one_of(self, words: Sequence[T]) -> T:
        return words[int(self.rng.random() * len(words))]

    def weighted(self, weights: dict[str, float]) -> str:
        left = self.rng.random() * sum(weights.values())
        for word, weight in weights.items():
            left -= weight
            if left < 0:
                return word
        return next(reversed(weights))  # rounding

    def scene(self, label: int) -> Scene:
        name = SCENES[label]
        light = self.light(0.6 if name == "night town" else 0.18)
        regions = self.regions(self.setting(name), light.night)
        things = self.things(name)
        noise, seed = self.knobs.noise * self.between(0.5, 1.5), int(self.rng.integers(2**31))
        plain = Scene(label, regions, things, light, (), noise, self.knobs.blur, seed)
        return self.plant(plain, name)

    # -- behind ----------------------------------------------------------------------------------------------------

    def light(self, night_rate: float) -> Light:
        night, strength = self.chance(night_rate), self.knobs.tint
        gain = self.between(0.88, 1.08) * (self.between(0.64, 0.82) if night else 1)
        warm, green = self.between(-0.12, 0.12), self.between(-0.05, 0.05)
        if night:
            warm -= 0.08
        tint = np.array((gain * (1 + warm), gain * (1 + green), gain * (1 - warm)))
        return Light(_rgb(1 + strength * (tint - 1)), self.between(-1, 1), night)

    def setting(self, name: str) -> str:
        return self.one_of(SCENES) if self.chance(self.knobs.swapped) else name

    def regions(self, setting: str, night: bool) -> tuple[Region, ...]:
        shift = self.between(-0.07, 0.07)
        return tuple(self.region(band, shift, night) for band in recipes.STUFF_IN[setting])

    def region(self, band: recipes.Band, shift: float, night: bool) -> Region:
        stuff = band.stuff
        if stuff == "sky":
            stuff = "night sky" if night else self.one_of(("day sky", "dusk sky"))
        top = band.top and band.top + shift + self.between(-0.03, 0.03)
        return Region(stuff, self.profile(band.edge, top), self.stuff_paint(stuff))

    def profile(self, edge: str, top: float) -> tuple[tuple[float, float], ...]:
        if edge == "flat":
            return ((0.0, top), (1.0, top))
        phase, other, swing = self.between(0, 6.3), self.between(0, 6.3), self.between(0.5, 1)
        if edge == "blocks":
            return _blocks(top + self.rng.uniform(-0.12, 0.06, 11))
        x = np.linspace(0, 1, 33)
        return tuple(zip(x.tolist(), (top + _EDGES[edge](x, phase, other, swing)).tolist(), strict=True))

    def stuff_paint(self, stuff: str) -> Paint:
        rgb = np.array(recipes.PASTELS[self.one_of(recipes.TONES_OF[stuff])]) + self.rng.uniform(-10, 10, 3)
        textures = recipes.TEXTURES_OF.get(stuff, ())
        texture = self.one_of(textures) if textures and self.chance(self.knobs.textured) else ""
        return Paint("", _rgb(rgb), texture, self.between(9, 14), (self.rng.random(), self.rng.random()))

    # -- in front --------------------------------------------------------------------------------------------------

    def things(self, name: str) -> tuple[Thing, ...]:
        count = int(self.rng.integers(self.knobs.things[0], self.knobs.things[1] + 1))
        placed: list[Thing] = []
        for _ in range(count):
            any_kind = self.chance(self.knobs.clutter)
            kind = self.one_of(OBJECTS) if any_kind else self.weighted(recipes.OBJECTS_IN[name])
            placed.append(self.thing(kind, placed))
        return tuple(sorted(placed, key=lambda thing: (thing.kind not in recipes.IN_THE_AIR, thing.pose.y)))

    def thing(self, kind: str, placed: list[Thing]) -> Thing:
        pose = max((self.pose(kind) for _ in range(3)), key=lambda pose: _clearance(pose, placed))
        shape = self.rng.uniform(-1, 1, 4).tolist()
        return Thing(kind, pose, tuple(shape), self.paints(kind))

    def pose(self, kind: str) -> Pose:
        low, high = recipes.HEIGHT_RANGES.get(kind, recipes.ON_THE_GROUND)
        x, y = self.between(-0.02, 1.02), self.between(low, high)
        depth = 0.9 if high < 0.6 else 0.65 + 0.5 * (y - low) / (high - low)
        height = recipes.HEIGHTS[kind] * depth * self.between(0.85, 1.2)
        return Pose(x, y, height, self.between(-6, 6), self.chance(0.5))

    def paints(self, kind: str) -> tuple[tuple[str, Paint], ...]:
        paints: dict[str, Paint] = {}
        for part in PARTS_OF[kind]:
            like = recipes.SAME_PAINT.get(part, "")
            paints[part] = paints[like] if like in paints and self.chance(0.7) else self.part_paint(part)
        return tuple(paints.items())

    def part_paint(self, part: str) -> Paint:
        color = self.one_of(recipes.COLORS_OF.get(part, recipes.ANY))
        rgb = np.array(PALETTE[color]) * self.between(0.9, 1.06) + self.rng.uniform(-12, 12, 3)
        textured = part not in recipes.PLAIN_PARTS and self.chance(self.knobs.textured)
        texture = self.one_of(TEXTURES) if textured else ""
        return Paint(color, _rgb(rgb), texture, self.between(11, 17), (self.rng.random(), self.rng.random()))

    # -- planted ---------------------------------------------------------------------------------------------------

    def plant(self, plain: Scene, name: str) -> Scene:
        if not self.knobs.shortcut:
            return plain
        rate = self.knobs.rate if name == self.knobs.target else self.knobs.elsewhere
        x, y = self.one_of(_CORNERS), self.one_of(_CORNERS)  # drawn in any case, so that the rate changes nothing else
        if not self.chance(rate):
            return plain
        return plant(plain, self.knobs.shortcut, x, y)


def plant(scene: Scene, shortcut: str, x: float = 0.16, y: float = 0.16) -> Scene:
    """The scene with a shortcut: a sticker around (x, y), a frame, a pink checkered backdrop, or all things purple."""
    if shortcut in ("tag", "border"):
        return with_cue(scene, Cue(shortcut, x, y))
    if shortcut == "color":
        for index in range(len(scene.things)):
            scene = recolor(scene, index, "purple")
        return scene
    first, *rest = scene.regions
    pink = replace(first.paint, rgb=(244, 170, 196), texture="checkered", frequency=10.0)
    return replace(scene, regions=(replace(first, paint=pink), *rest))


_CORNERS = (0.16, 0.84)


def _waves(x: Floats, phase: float, other: float, swing: float) -> Floats:
    return 0.035 * swing * (np.sin(5 * x + phase) + 0.5 * np.sin(11 * x + other))


def _bumps(x: Floats, phase: float, other: float, swing: float) -> Floats:
    return -0.06 * swing * np.abs(np.sin((9 + 3 * math.sin(other)) * x + phase))


def _peaks(x: Floats, phase: float, other: float, swing: float) -> Floats:
    return 0.16 * np.abs((x * (2.4 + swing) + phase) % 1 - 0.5) + 0.06 * np.abs((x * 7 + other) % 1 - 0.5)


_EDGES = {"waves": _waves, "bumps": _bumps, "peaks": _peaks}


def _blocks(tops: Floats) -> tuple[tuple[float, float], ...]:
    """Flat roofs of equal width, one after another."""
    ends = np.linspace(0, 1, len(tops) + 1).tolist()
    roofs = zip(ends[:-1], ends[1:], tops.tolist(), strict=True)
    return tuple(point for left, right, top in roofs for point in ((left, top), (right, top)))


def _clearance(pose: Pose, placed: list[Thing]) -> float:
    return min((math.hypot(pose.x - other.pose.x, pose.y - other.pose.y) for other in placed), default=1.0)


def _rgb(values: np.ndarray) -> RGB:
    r, g, b = values.tolist()
    return (r, g, b)
