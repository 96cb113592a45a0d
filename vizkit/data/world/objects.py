"""The shapes of the objects. A drawing is a list of strokes in the object's own frame: x to the right around 0,
y upward, the foot at 0 and the top near 1. The four numbers a, b, c, d in [-1, 1] vary the proportions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Points = np.ndarray


class Stroke(NamedTuple):
    """A filled polygon (k, 2) that belongs to a part; `tone` darkens (< 1) or lightens (> 1) the part's color."""

    part: str
    points: Points
    tone: float = 1.0


Drawing = list[Stroke]


def polygon(*points: tuple[float, float]) -> Points:
    return np.array(points, np.float32)


def box(left: float, bottom: float, right: float, top: float) -> Points:
    return polygon((left, bottom), (right, bottom), (right, top), (left, top))


_TURN = np.linspace(0, 2 * np.pi, 20, endpoint=False, dtype=np.float32)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], 1)
_DOME = np.stack([np.cos(_TURN[:11]), np.sin(_TURN[:11])], 1)


def oval(x: float, y: float, width: float, height: float) -> Points:
    """An ellipse around (x, y) with these half axes."""
    return _CIRCLE * np.array((width, height), np.float32) + np.array((x, y), np.float32)


def dome(x: float, y: float, width: float, height: float) -> Points:
    """The upper half of an ellipse, the lower one for a negative height."""
    return _DOME * np.array((width, height), np.float32) + np.array((x, y), np.float32)


def house(a: float, b: float, c: float, d: float) -> Drawing:
    half, eaves = 0.46 + 0.08 * a, 0.56 + 0.05 * b
    door = 0.2 * np.sign(c) + 0.02 * d
    return [
        Stroke("wall", box(-half, 0, half, eaves)),
        Stroke("roof", box(half * 0.45, eaves, half * 0.7, 0.98), 0.8),
        Stroke("roof", polygon((-half - 0.1, eaves), (0.06 * d, 1), (half + 0.1, eaves))),
        Stroke("door", box(door - 0.1, 0, door + 0.1, 0.36)),
        Stroke("window", box(-door - 0.14, 0.19, -door + 0.14, 0.45)),
        Stroke("window", box(-door - 0.015, 0.19, -door + 0.015, 0.45), 0.6),
        Stroke("window", box(-door - 0.14, 0.305, -door + 0.14, 0.335), 0.6),
    ]


def lighthouse(a: float, b: float, c: float, d: float) -> Drawing:
    foot, top = 0.2 + 0.03 * a, 0.12 + 0.015 * b
    gallery = 0.68 + 0.03 * c
    return [
        Stroke("tower", polygon((-foot, 0), (foot, 0), (top, gallery), (-top, gallery))),
        Stroke("tower", box(-foot * 0.9, 0.2, foot * 0.9, 0.32), 0.62),
        Stroke("tower", box(-top * 1.25, 0.46, top * 1.25, 0.57), 0.62),
        Stroke("door", box(-0.07, 0, 0.07, 0.17)),
        Stroke("window", box(-top * 0.95, gallery, top * 0.95, gallery + 0.14)),
        Stroke("tower", box(-top * 1.5, gallery - 0.03, top * 1.5, gallery + 0.01), 0.62),
        Stroke("roof", polygon((-top * 1.4, gallery + 0.13), (0, 1), (top * 1.4, gallery + 0.13))),
    ]


def tree(a: float, b: float, c: float, d: float) -> Drawing:
    trunk, wide = 0.065 + 0.015 * a, 0.3 + 0.04 * b
    return [
        Stroke("trunk", polygon((-trunk * 1.5, 0), (trunk * 1.5, 0), (trunk * 0.7, 0.5), (-trunk * 0.7, 0.5))),
        Stroke("crown", oval(-wide * 0.55, 0.52, wide * 0.62, 0.19)),
        Stroke("crown", oval(wide * 0.55, 0.5 + 0.03 * c, wide * 0.62, 0.19)),
        Stroke("crown", oval(0.04 * d, 0.7, wide * 0.85, 0.3)),
        Stroke("crown", oval(-wide * 0.25, 0.78, wide * 0.4, 0.14), 1.12),
    ]


def pine(a: float, b: float, c: float, d: float) -> Drawing:
    wide, trunk = 0.29 + 0.04 * a, 0.05 + 0.01 * b
    tiers = ((0.14, 0.52, 1.0, 0.84), (0.36, 0.76, 0.8, 0.94), (0.58, 1.0, 0.6, 1.05))
    needles = (
        Stroke("needles", polygon((-wide * w, low), (wide * w, low), (0.03 * d, high)), tone)
        for low, high, w, tone in tiers
    )
    return [Stroke("trunk", box(-trunk, 0, trunk, 0.2)), *needles]


def cactus(a: float, b: float, c: float, d: float) -> Drawing:
    left, right, wide = 0.34 + 0.08 * a, 0.46 + 0.08 * b, 0.1 + 0.015 * c
    return [
        Stroke("arm", box(-0.3, left, 0, left + 0.12)),
        Stroke("arm", oval(-0.28, left + 0.17, 0.075, 0.19)),
        Stroke("arm", box(0, right, 0.3, right + 0.13)),
        Stroke("arm", oval(0.28, right + 0.14, 0.075, 0.16)),
        Stroke("trunk", box(-wide, 0, wide, 0.88)),
        Stroke("trunk", dome(0, 0.87, wide, 0.12)),
        Stroke("trunk", box(-wide * 0.25, 0.05, wide * 0.1, 0.9), 0.82),
    ]


def car(a: float, b: float, c: float, d: float) -> Drawing:
    length, roof = 0.95 + 0.1 * a, 0.96 + 0.04 * b
    wheel = 0.19 + 0.015 * c
    return [
        Stroke(
            "cabin",
            polygon(
                (-length * 0.85, 0.55),
                (length * 0.5, 0.55),
                (length * 0.2, roof + 0.04),
                (-length * 0.6, roof + 0.04),
            ),
        ),
        Stroke(
            "window",
            polygon((-length * 0.6, 0.6), (-length * 0.28, 0.6), (-length * 0.28, 0.86), (-length * 0.5, 0.86)),
        ),
        Stroke(
            "window",
            polygon((-length * 0.1, 0.6), (length * 0.27, 0.6), (length * 0.1, 0.86), (-length * 0.1, 0.86)),
        ),
        Stroke(
            "chassis",
            polygon((-length, 0.16), (length, 0.16), (length, 0.44), (length * 0.7, 0.6), (-length, 0.6)),
        ),
        Stroke("chassis", box(length * 0.88, 0.34, length, 0.44), 1.4),
        *_wheel(-length * 0.55, wheel),
        *_wheel(length * 0.55, wheel),
    ]


def _wheel(x: float, radius: float) -> Drawing:
    return [
        Stroke("wheel", oval(x, radius, radius * 1.15, radius * 1.15)),
        Stroke("wheel", oval(x, radius, radius * 0.45, radius * 0.45), 2.2),
    ]


def boat(a: float, b: float, c: float, d: float) -> Drawing:
    length, deck = 0.46 + 0.05 * a, 0.25 + 0.03 * b
    return [
        Stroke("pole", box(-0.08, deck, -0.01, 1.0)),
        Stroke("flag", polygon((-0.02, 1.0), (0.32, 0.91), (-0.02, 0.81))),
        Stroke("sail", polygon((0.0, deck + 0.06), (0.38 + 0.04 * c, deck + 0.06), (0.0, 0.8))),
        Stroke("sail", polygon((-0.09, deck + 0.06), (-0.32 - 0.04 * d, deck + 0.06), (-0.09, 0.75)), 0.85),
        Stroke("hull", polygon((-length * 0.8, 0), (length * 0.66, 0), (length * 1.15, deck), (-length, deck))),
        Stroke(
            "hull",
            polygon(
                (-length * 0.98, deck - 0.06),
                (length * 1.1, deck - 0.06),
                (length * 1.15, deck),
                (-length, deck),
            ),
            1.3,
        ),
    ]


def lamp(a: float, b: float, c: float, d: float) -> Drawing:
    wide, low = 0.19 + 0.03 * a, 0.73 + 0.03 * b
    return [
        Stroke("pole", box(-0.045, 0.08, 0.045, low)),
        Stroke("foot", polygon((-0.17, 0), (0.17, 0), (0.09, 0.14), (-0.09, 0.14))),
        Stroke("shade", polygon((-wide, low), (wide, low), (wide * 0.55, 0.96), (-wide * 0.55, 0.96))),
        Stroke("shade", box(-wide * 1.1, low - 0.02, wide * 1.1, low + 0.03), 0.75),
    ]


def umbrella(a: float, b: float, c: float, d: float) -> Drawing:
    wide, rim = 0.5 + 0.05 * a, 0.58 + 0.03 * b
    return [
        Stroke("pole", box(-0.04, 0.1, 0.04, 0.99)),
        Stroke(
            "handle",
            polygon(
                (-0.04, 0.16),
                (0.04, 0.16),
                (0.04, 0.08),
                (0.14, 0.08),
                (0.14, 0.17),
                (0.22, 0.17),
                (0.22, 0),
                (-0.04, 0),
            ),
        ),
        Stroke("canopy", dome(0, rim, wide, 0.38)),
        Stroke("canopy", polygon((-wide / 3, rim), (wide / 3, rim), (0, rim + 0.37)), 1.22),
        *(
            Stroke("canopy", dome(x * wide, rim - 0.04, wide / 3.2, 0.09), t)
            for x, t in ((-0.67, 0.9), (0, 1.1), (0.67, 0.9))
        ),
    ]


def fence(a: float, b: float, c: float, d: float) -> Drawing:
    low, high = 0.22 + 0.04 * a, 0.6 + 0.04 * b
    posts = np.linspace(-0.9, 0.9, 5 if c > 0 else 4)
    return [
        Stroke("rail", box(-1.2, low, 1.2, low + 0.22)),
        Stroke("rail", box(-1.2, high, 1.2, high + 0.2)),
        *(
            Stroke("post", polygon((x - 0.11, 0), (x + 0.11, 0), (x + 0.11, 0.85), (x, 1), (x - 0.11, 0.85)))
            for x in posts
        ),
    ]


def sun(a: float, b: float, c: float, d: float) -> Drawing:
    inner, half = 0.32 + 0.02 * a, 0.13 + 0.01 * b
    turns = np.linspace(0, 2 * np.pi, 9)[:-1] + 0.3 * c
    return [
        *(Stroke("ray", _ray(t, inner, half)) for t in turns),
        Stroke("disc", oval(0, 0.5, inner, inner)),
        Stroke("disc", oval(-0.08, 0.58, inner * 0.55, inner * 0.5), 1.1),
    ]


def _ray(turn: float, inner: float, half: float) -> Points:
    out, side = np.array((np.cos(turn), np.sin(turn))), np.array((-np.sin(turn), np.cos(turn)))
    foot, center = out * inner * 0.9, np.array((0, 0.5))
    return center + np.stack([out * 0.52, foot + side * half, foot - side * half])


def cloud(a: float, b: float, c: float, d: float) -> Drawing:
    wide = 0.8 + 0.12 * a
    return [
        Stroke("puff", oval(-wide * 0.5, 0.42, wide * 0.42, 0.3)),
        Stroke("puff", oval(wide * 0.52, 0.4 + 0.05 * b, wide * 0.46, 0.27)),
        Stroke("puff", oval(0.1 * c, 0.6, wide * 0.5, 0.4)),
        Stroke("belly", dome(0.02, 0.4, wide * 0.97, -0.36)),
    ]


def flower(a: float, b: float, c: float, d: float) -> Drawing:
    center, reach, petals = 0.7, 0.2 + 0.015 * a, 6 if b > 0 else 5
    turns = np.linspace(0, 2 * np.pi, petals + 1)[:-1] + 0.5 * c
    return [
        Stroke("stem", box(-0.045, 0, 0.045, center)),
        Stroke("leaf", polygon((0, 0.1), (0.2, 0.22), (0.32, 0.4 + 0.04 * d), (0.12, 0.36))),
        Stroke("leaf", polygon((0, 0.06), (-0.2, 0.16), (-0.3, 0.32), (-0.1, 0.28)), 0.85),
        *(
            Stroke(
                "petal",
                oval(reach * np.cos(t), center + reach * np.sin(t), 0.14, 0.14),
                1.06 if k % 2 else 0.95,
            )
            for k, t in enumerate(turns)
        ),
        Stroke("heart", oval(0, center, 0.125, 0.125)),
    ]


def mushroom(a: float, b: float, c: float, d: float) -> Drawing:
    wide, stem = 0.5 + 0.06 * a, 0.14 + 0.03 * b
    return [
        Stroke("stem", polygon((-stem * 1.3, 0), (stem * 1.3, 0), (stem * 0.9, 0.52), (-stem * 0.9, 0.52))),
        Stroke("cap", dome(0, 0.46, wide, 0.54)),
        Stroke("cap", oval(0, 0.46, wide, 0.07), 0.8),
        Stroke("spot", oval(-wide * 0.5, 0.62, 0.13, 0.11)),
        Stroke("spot", oval(wide * 0.08, 0.82, 0.14, 0.11)),
        Stroke("spot", oval(wide * 0.52, 0.6, 0.12, 0.11)),
    ]


def bird(a: float, b: float, c: float, d: float) -> Drawing:
    lift = 0.12 * b
    return [
        Stroke("tail", polygon((-0.3, 0.54), (-1.0, 0.84), (-1.06, 0.4), (-0.35, 0.26))),
        Stroke("head", polygon((0.72, 0.72), (1.02, 0.62), (0.72, 0.54)), 0.55),
        Stroke("body", oval(0, 0.42, 0.56 + 0.05 * a, 0.34)),
        Stroke("head", oval(0.54, 0.66, 0.27, 0.27)),
        Stroke("head", oval(0.62, 0.72, 0.06, 0.06), 0.2),
        Stroke(
            "wing",
            polygon((0.28, 0.5), (-0.3, 0.98 + lift), (-0.62, 0.86 + lift), (-0.34, 0.36), (-0.05, 0.3)),
        ),
    ]


def fish(a: float, b: float, c: float, d: float) -> Drawing:
    deep = 0.37 + 0.04 * a
    return [
        Stroke("tail", polygon((-0.42, 0.5), (-1.08, 0.96), (-0.88, 0.5), (-1.08, 0.04))),
        Stroke("fin", polygon((-0.4, 0.7), (-0.3, 1.14 + 0.06 * b), (0.36, 1.06), (0.42, 0.7))),
        Stroke("body", oval(0.1, 0.5, 0.7, deep)),
        Stroke("fin", polygon((0.14, 0.5), (-0.24, 0.14), (-0.36, 0.46)), 0.85),
        Stroke("body", oval(0.5, 0.6, 0.11, 0.11), 1.6),
        Stroke("body", oval(0.53, 0.6, 0.06, 0.06), 0.2),
    ]


def bottle(a: float, b: float, c: float, d: float) -> Drawing:
    half, shoulder, neck = 0.2 + 0.03 * a, 0.6 + 0.04 * b, 0.085 + 0.015 * c
    return [
        Stroke("neck", box(-neck, shoulder, neck, 0.93)),
        Stroke("neck", box(-neck * 1.4, 0.9, neck * 1.4, 1.0), 0.65),
        Stroke("glass", box(-half, 0, half, shoulder - 0.08)),
        Stroke(
            "glass",
            polygon(
                (-half, shoulder - 0.09),
                (half, shoulder - 0.09),
                (neck, shoulder + 0.1),
                (-neck, shoulder + 0.1),
            ),
        ),
        Stroke("glass", box(-half * 0.8, 0.05, -half * 0.55, shoulder - 0.05), 1.35),
        Stroke("label", box(-half, 0.14, half, 0.42 + 0.03 * d)),
    ]


def person(a: float, b: float, c: float, d: float) -> Drawing:
    stride, swing = 0.11 + 0.04 * a, 0.07 * b
    return [
        Stroke("leg", polygon((-0.12, 0.42), (0.0, 0.42), (-stride + 0.05, 0), (-stride - 0.08, 0)), 0.85),
        Stroke("leg", polygon((0.0, 0.42), (0.12, 0.42), (stride + 0.08, 0), (stride - 0.05, 0))),
        Stroke(
            "arm",
            polygon((-0.13, 0.72), (-0.16, 0.62), (-0.36, 0.4 + swing), (-0.29, 0.34 + swing), (-0.08, 0.58)),
        ),
        Stroke(
            "arm",
            polygon((0.13, 0.72), (0.16, 0.62), (0.36, 0.55 - swing), (0.3, 0.46 - swing), (0.08, 0.58)),
        ),
        Stroke("shirt", polygon((-0.14, 0.38), (0.14, 0.38), (0.17, 0.73), (-0.17, 0.73))),
        Stroke("head", oval(0, 0.86, 0.13 + 0.01 * c, 0.14)),
        Stroke("head", dome(0, 0.9, 0.145, 0.12), 0.5),
    ]


DRAWINGS: dict[str, Callable[[float, float, float, float], Drawing]] = {
    f.__name__: f
    for f in (
        house, lighthouse, tree, pine, cactus, car, boat, lamp, umbrella, fence,
        sun, cloud, flower, mushroom, bird, fish, bottle, person,
    )
}  # fmt: skip
