"""A scene becomes a picture (h, w, 3) uint8 and its label maps (h, w) uint8, all from one map of stroke numbers.

Every stroke is drawn once, as its number, into a map with `SUPERSAMPLE` samples a pixel and side. Colors and labels are
looked up there: the picture is the mean of a pixel's samples, a label the one most of its samples agree on."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from vizkit.data.world.objects import DRAWINGS
from vizkit.data.world.recipes import ANYWHERE, EMISSIVE, IN_THE_AIR
from vizkit.data.world.scenes import Cue, Light, Paint, Pose, Region, Scene, Thing
from vizkit.data.world.textures import REPEATS, SIDE, tiles
from vizkit.data.world.vocabulary import code

SUPERSAMPLE = 2
MAPS = ("instance", "object", "part", "texture", "color", "stuff")

Picture = NDArray[np.uint8]
Labels = NDArray[np.uint8]
Strokes = NDArray[np.intp]
Floats = NDArray[np.floating]
Fade = tuple[float, float, float]  # brightness = fade[0] * x + fade[1] * y + fade[2]

# the columns of a stroke's looks
RGB, FADE, GLOW, DEPTH, TURN, PHASE = slice(0, 3), slice(3, 6), slice(6, 7), 7, slice(8, 10), slice(10, 12)


@dataclass(frozen=True)
class View:
    """A picture (h, w, 3) with its answer key. In `maps`, 0 is none; instance k is `scene.things[k - 1]`.

    The color map speaks of things only: stuff wears unnamed pastels.
    """

    scene: Scene
    picture: Picture
    maps: dict[str, Labels]

    @property
    def label(self) -> int:
        return self.scene.label

    def mask(self, category: str, word: str) -> NDArray[np.bool_]:
        """Where a concept is, (h, w). `mask("part", "roof")`; a scene is everywhere or nowhere."""
        number = code(category, word)
        if category == "scene":
            return np.full(self.picture.shape[:2], number == self.label + 1)
        return self.maps[category] == number

    def thing_mask(self, index: int) -> NDArray[np.bool_]:
        """Where thing `index` of the scene shows, (h, w)."""
        return self.maps["instance"] == index + 1


def render(scene: Scene, size: int = 96) -> View:
    """Draw a scene at `size` pixels a side; the same scene at another size is the same picture, finer or coarser.

    >>> view = render(scene(0))
    >>> view.picture.shape, view.mask("object", "car").shape
    ((96, 96, 3), (96, 96))
    """
    sheet = _Sheet(size * SUPERSAMPLE, scene.light)
    for region in scene.regions:
        sheet.region(region)
    for number, thing in enumerate(scene.things, 1):
        sheet.thing(thing, number)
    for cue in scene.cues:
        sheet.cue(cue)
    strokes = np.asarray(sheet.canvas).astype(np.intp)
    return View(scene, _finish(sheet.colors(strokes), scene, size), sheet.labels(strokes))


class _Sheet:
    """The map of stroke numbers while it is drawn, and a row of looks and of words for each stroke."""

    def __init__(self, side: int, light: Light) -> None:
        self.side, self.light = side, light
        self.canvas = Image.new("I", (side, side))
        self.draw = ImageDraw.Draw(self.canvas)
        self.shadows = Image.new("L", (side // 4, side // 4))
        self.shadow_draw = ImageDraw.Draw(self.shadows)
        self.looks: list[tuple[float, ...]] = []
        self.words: list[tuple[int, ...]] = []

    # -- drawing ---------------------------------------------------------------------------------------------------

    def region(self, region: Region) -> None:
        points = np.array([*region.profile, (1.0, 1.01), (0.0, 1.01)]) * self.side
        self._stroke(points, region.paint, _stuff_fade(region), depth=0.1)
        self.words.append((0, 0, 0, code("texture", region.paint.texture), 0, code("stuff", region.stuff)))

    def thing(self, thing: Thing, number: int) -> None:
        matrix, shift = _placement(thing.pose, self.side)
        fade, paints, kind = _thing_fade(thing.pose, self.light), dict(thing.paints), code("object", thing.kind)
        glowing = EMISSIVE.get(thing.kind, ())
        if paints and thing.kind not in (*IN_THE_AIR, *ANYWHERE):
            self._shadow(thing.pose)
        for part, points, tone in DRAWINGS[thing.kind](*thing.shape):
            if paint := paints.get(part):
                shade = (tone * fade[0], tone * fade[1], tone * fade[2])
                glow = 0.75 if part in glowing else 0.0
                self._stroke(points @ matrix.T + shift, paint, shade, 0.3, glow, thing.pose.rotation)
                about = code("part", part), code("texture", paint.texture), code("color", paint.color)
                self.words.append((number, kind, *about, 0))

    def cue(self, cue: Cue) -> None:
        for points, rgb in _cue_shapes(cue):
            self._stroke(np.array(points) * self.side, Paint("", rgb), (0.0, 0.0, 1.0), glow=1.0)
            self.words.append((0, 0, 0, 0, 0, code("stuff", cue.kind)))

    def _stroke(
        self, points: NDArray, paint: Paint, fade: Fade, depth: float = 0.0, glow: float = 0.0, rotation: float = 0.0
    ) -> None:
        turn = paint.frequency * math.cos(math.radians(rotation)), paint.frequency * math.sin(math.radians(rotation))
        self.looks.append((*paint.rgb, *fade, glow, depth, *turn, *paint.phase))
        self.draw.polygon(points.ravel().tolist(), fill=len(self.looks) - 1)

    def _shadow(self, pose: Pose) -> None:
        side, half = self.side / 4, pose.height * 0.45
        x, y = pose.x - 0.12 * self.light.side * pose.height, pose.y
        box = [(x - half) * side, (y - half * 0.22) * side, (x + half) * side, (y + half * 0.22) * side]
        self.shadow_draw.ellipse(box, fill=90)

    # -- reading ---------------------------------------------------------------------------------------------------

    def colors(self, strokes: Strokes) -> Floats:
        """(side, side, 3) in [0, 255], lit, before noise."""
        looks, words = np.array(self.looks, np.float32), np.array(self.words)
        tint = np.array(self.light.tint, np.float32)
        lit = looks[:, RGB] * (tint + (1 - tint) * looks[:, GLOW])
        shade = _faded(strokes, looks) * self._contact(strokes, words)
        shade *= _pattern(strokes, looks, words[:, MAPS.index("texture")])
        return lit[strokes] * shade[..., None]

    def _contact(self, strokes: Strokes, words: NDArray) -> Floats:
        """Soft shadows darken stuff only, no things and no planted marks."""
        soft = self.shadows.filter(ImageFilter.GaussianBlur(self.side / 110))
        soft = np.asarray(soft.resize((self.side, self.side), Image.Resampling.BILINEAR))
        stuff = words[:, MAPS.index("stuff")]
        shaded = ((stuff > 0) & (stuff < code("stuff", "tag"))).astype(np.float32) / 255
        return 1 - soft * shaded[strokes]

    def labels(self, strokes: Strokes) -> dict[str, Labels]:
        words = np.array(self.words, np.uint8)[_majority(strokes)]
        return {name: words[..., k] for k, name in enumerate(MAPS)}


@cache
def _grid(side: int) -> tuple[Floats, Floats]:
    """The places of the samples: x (1, side) and y (side, 1) in [0, 1]."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side
    return axis[None, :], axis[:, None]


def _placement(pose: Pose, side: int) -> tuple[NDArray, NDArray]:
    """The matrix (2, 2) and shift (2,) from a thing's frame to samples."""
    turn, height = math.radians(pose.rotation), pose.height * side
    cosine, sine, mirror = math.cos(turn) * height, math.sin(turn) * height, -1 if pose.flip else 1
    matrix = np.array(((mirror * cosine, sine), (mirror * sine, -cosine)))
    return matrix, np.array((pose.x * side, pose.y * side))


def _stuff_fade(region: Region) -> Fade:
    """Lighter downward, toward the horizon."""
    top = min(y for _, y in region.profile)
    bottom = 1.0 if top > 0.5 else top + 0.45
    rise = 0.14 / (bottom - top)
    return 0.0, rise, 0.93 - rise * top


def _thing_fade(pose: Pose, light: Light) -> Fade:
    """Lighter on the side the light comes from and at the top."""
    across, down = 0.11 * light.side / pose.height, -0.16 / pose.height
    return across, down, 1.02 - across * pose.x - down * (pose.y - pose.height / 2)


def _faded(strokes: Strokes, looks: Floats) -> Floats:
    x, y = _grid(len(strokes))
    fade = looks[:, FADE][strokes]
    return fade[..., 0] * x + fade[..., 1] * y + fade[..., 2]


def _pattern(strokes: Strokes, looks: Floats, textures: NDArray) -> Floats:
    """How much each sample's texture darkens it, around 1; plain samples are skipped, for speed."""
    side, flat, shade = len(strokes), strokes.ravel(), np.ones(strokes.size, np.float32)
    where = np.flatnonzero(textures[flat])
    number, (x, y) = flat[where], _grid(side)
    x, y = x.ravel()[where % side], y.ravel()[where // side]
    depth, (along, across), (du, dv) = looks[number, DEPTH], looks[number, TURN].T, looks[number, PHASE].T
    u = ((x * along + y * across + du) * (SIDE / REPEATS)).astype(np.int32) % SIDE
    v = ((y * along - x * across + dv) * (SIDE / REPEATS)).astype(np.int32) % SIDE
    shade[where] = 1 + depth * (0.35 - tiles()[textures[number], v, u])
    return shade.reshape(strokes.shape)


def _cue_shapes(cue: Cue) -> list[tuple[list[tuple[float, float]], tuple[float, float, float]]]:
    """The polygons of a planted mark and their colors."""
    if cue.kind == "border":
        w = 0.05
        outer, inner = (
            [(0, 0), (1, 0), (1, 1), (0, 1), (0, w)],
            [(w, w), (w, 1 - w), (1 - w, 1 - w), (1 - w, w), (0, w)],
        )
        ring = [*outer, *inner]
        return [(ring, cue.rgb)]
    x, y, h = cue.x, cue.y, 0.085
    square = [(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)]
    return [(square, cue.rgb), ([(x, y - h), (x + h, y), (x, y + h), (x - h, y)], (250, 250, 250))]


def _majority(strokes: Strokes) -> Strokes:
    """The stroke that most of a pixel's four samples agree on; of two pairs, the one with the upper left sample."""
    a, b, c, d = strokes[::2, ::2], strokes[::2, 1::2], strokes[1::2, ::2], strokes[1::2, 1::2]
    rest = np.where((b == c) | (b == d), b, np.where(c == d, c, a))
    return np.where((a == b) | (a == c) | (a == d), a, rest)


def _finish(colors: Floats, scene: Scene, size: int) -> Picture:
    """Samples to pixels, then blur, noise and rounding."""
    pixels = colors.reshape(size, SUPERSAMPLE, size, SUPERSAMPLE, 3).mean((1, 3))
    if scene.blur:
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(scene.blur))
        pixels = np.asarray(image, np.float32)
    if scene.noise:
        rng = np.random.default_rng(scene.seed)
        pixels = pixels + rng.standard_normal(pixels.shape, np.float32) * (255 * scene.noise)
    return np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
