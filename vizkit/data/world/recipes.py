"""What tends to be where: how often each object occurs in a scene, which stuff lies behind it, what it may be painted.

The tables overlap on purpose, so that no single object, stuff or color decides which scene it is."""

import re
from typing import NamedTuple


class Band(NamedTuple):
    """Stuff whose upper edge lies near `top` (share of the picture) and has this kind of profile."""

    stuff: str
    top: float
    edge: str = "flat"


def _weights(table: str) -> dict[str, float]:
    return {word: float(weight) for word, weight in (entry.rsplit(" ", 1) for entry in table.split(", "))}


def _bands(table: str) -> tuple[Band, ...]:
    """ "sky 0, sea 0.4 waves" as bands."""
    entries = (re.fullmatch(r"([a-z ]+) ([\d.]+) ?(\w*)", entry) for entry in table.split(", "))
    return tuple(Band(m[1], float(m[2]), m[3] or "flat") for m in entries if m)


OBJECTS_IN = {
    "street": _weights("car 3, house 2, lamp 1.6, person 1.5, tree 1.2, umbrella 0.8, bird 0.5, cloud 1, fence 0.4"),
    "night town": _weights(
        "house 3, lamp 3, person 1.2, car 0.9, tree 0.8, fence 0.6, umbrella 1, bird 0.4, cloud 0.7"
    ),
    "farm": _weights("house 1.8, fence 2.6, tree 1.5, flower 0.8, bird 1.5, sun 1, cloud 1, car 0.9, person 0.6"),
    "forest": _weights("tree 3, pine 2.2, mushroom 2.6, bird 1, flower 0.6, person 0.5, cloud 0.4, fence 0.3"),
    "beach": _weights("umbrella 3, person 2, boat 1, bird 1, sun 1.5, cloud 1, bottle 0.9, fish 0.4, lighthouse 0.5"),
    "harbor": _weights("boat 3, lighthouse 2.2, house 1, lamp 1, bird 1.2, cloud 1, person 0.7, car 0.6, fish 0.7"),
    "garden": _weights(
        "flower 3.2, tree 1.2, fence 1.2, umbrella 1, mushroom 1, house 0.6, bird 0.8, person 0.6, bottle 0.4"
    ),
    "desert": _weights("cactus 3, sun 2, car 1.1, bird 0.7, bottle 0.7, person 0.6, cloud 0.4, house 0.5, flower 0.3"),
    "mountain": _weights(
        "pine 3, cloud 2.2, house 1, bird 1, sun 1, flower 0.7, person 0.9, tree 0.4, fence 0.4, cactus 0.3"
    ),
    "playground": _weights(
        "person 3, tree 1, fence 1.6, lamp 0.8, umbrella 0.8, bird 0.7, cloud 0.8, flower 0.6, car 0.4"
    ),
    "kitchen": _weights("bottle 3, mushroom 1.4, fish 1, lamp 1.6, flower 1.4, person 0.8, bird 0.4, umbrella 0.2"),
    "aquarium": _weights(
        "fish 3.4, bottle 0.8, flower 1.1, boat 0.7, mushroom 0.7, cactus 0.7, person 0.3, lighthouse 0.4"
    ),
}


STUFF_IN = {
    "street": _bands("sky 0, haze 0.26, skyline 0.36 blocks, pavement 0.62, road 0.76"),
    "night town": _bands("sky 0, skyline 0.3 blocks, wall paper 0.5, quay 0.66, pavement 0.82"),
    "farm": _bands("sky 0, hills 0.34 waves, meadow 0.5 waves, soil 0.72 waves"),
    "forest": _bands("haze 0, thicket 0.2 bumps, hedge 0.44 bumps, meadow 0.6 waves, soil 0.8 waves"),
    "beach": _bands("sky 0, haze 0.3, sea 0.42, sand 0.62 waves, cloth 0.86 waves"),
    "harbor": _bands("sky 0, hills 0.32 waves, sea 0.46, quay 0.76, tiles 0.88"),
    "garden": _bands("sky 0, thicket 0.3 bumps, hedge 0.46 bumps, meadow 0.58, soil 0.82 waves"),
    "desert": _bands("sky 0, haze 0.24, dunes 0.4 waves, sand 0.56 waves, rocks 0.82 bumps"),
    "mountain": _bands("sky 0, peaks 0.22 peaks, hills 0.46 waves, meadow 0.62 waves, rocks 0.82 bumps"),
    "playground": _bands("sky 0, skyline 0.32 blocks, hedge 0.48 bumps, sand 0.6, tiles 0.8"),
    "kitchen": _bands("wall paper 0, tiles 0.36, table 0.6, cloth 0.76 waves"),
    "aquarium": _bands("haze 0, water 0.16 waves, sea 0.4 waves, rocks 0.66 bumps, sand 0.8 waves"),
}

PASTELS = {
    "sky": (178, 212, 234),
    "mint": (188, 220, 204),
    "peach": (247, 214, 186),
    "lilac": (206, 196, 228),
    "cream": (242, 232, 206),
    "pearl": (208, 214, 220),
    "rose": (238, 200, 200),
    "sandy": (228, 206, 162),
    "olive": (178, 188, 130),
    "sage": (156, 184, 142),
    "clay": (206, 164, 134),
    "stone": (178, 176, 174),
    "teal": (136, 178, 178),
    "slate": (140, 156, 178),
    "mauve": (176, 156, 178),
}

TONES_OF = {
    "day sky": ("sky", "mint", "peach", "lilac", "cream", "pearl"),
    "dusk sky": ("peach", "rose", "lilac", "clay"),
    "night sky": ("slate", "teal", "mauve"),
    "haze": ("cream", "peach", "rose", "pearl", "mint", "sky"),
    "hills": ("sage", "teal", "slate", "mauve", "olive"),
    "peaks": ("slate", "mauve", "stone", "teal", "clay"),
    "skyline": ("slate", "mauve", "rose", "stone", "teal", "clay"),
    "thicket": ("sage", "teal", "olive", "slate", "mauve"),
    "hedge": ("sage", "olive", "teal", "mauve"),
    "meadow": ("olive", "sage", "mint", "sandy"),
    "soil": ("clay", "sandy", "mauve", "stone", "olive"),
    "sand": ("sandy", "cream", "peach", "clay", "rose"),
    "dunes": ("sandy", "clay", "peach", "rose", "stone"),
    "sea": ("teal", "slate", "sky", "mint", "lilac"),
    "quay": ("stone", "pearl", "clay", "mauve", "slate"),
    "pavement": ("stone", "pearl", "rose", "sandy", "slate"),
    "road": ("stone", "slate", "mauve", "clay", "teal"),
    "wall paper": ("mint", "peach", "cream", "lilac", "rose", "pearl", "sky"),
    "tiles": ("pearl", "cream", "mint", "teal", "clay", "sky"),
    "table": ("clay", "sandy", "peach", "stone", "mauve"),
    "cloth": ("rose", "lilac", "sky", "cream", "sage"),
    "water": ("sky", "teal", "mint", "slate", "lilac"),
    "rocks": ("stone", "mauve", "slate", "clay", "sage"),
}

TEXTURES_OF = {
    "hills": ("grassy", "striped"),
    "peaks": ("cracked", "zigzag"),
    "skyline": ("checkered", "bricked", "woven"),
    "thicket": ("scaled", "grassy"),
    "hedge": ("scaled", "grassy", "dotted"),
    "meadow": ("grassy", "dotted"),
    "soil": ("striped", "cracked", "wavy"),
    "sand": ("dotted", "wavy"),
    "dunes": ("wavy", "dotted"),
    "sea": ("wavy", "zigzag", "scaled"),
    "quay": ("bricked", "woven"),
    "pavement": ("bricked", "checkered", "cracked"),
    "road": ("cracked", "dotted"),
    "wall paper": ("striped", "dotted", "zigzag"),
    "tiles": ("checkered", "bricked", "scaled"),
    "table": ("striped", "woven"),
    "cloth": ("checkered", "woven", "zigzag"),
    "water": ("wavy", "striped"),
    "rocks": ("cracked", "scaled"),
}

WARM = ("red", "orange", "yellow", "purple", "white")
LEAFY = ("green", "green", "yellow", "orange", "blue")
WOODEN = ("brown", "brown", "orange", "white", "purple")
ANY = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "white")

COLORS_OF = {
    "roof": ("red", "orange", "purple", "blue", "brown", "green"),
    "wall": ("white", "yellow", "orange", "red", "blue", "white"),
    "window": ("blue", "yellow", "white", "brown"),
    "door": ("brown", "green", "purple", "blue", "red"),
    "tower": ("white", "white", "red", "orange", "yellow", "blue"),
    "trunk": WOODEN,
    "crown": LEAFY,
    "needles": (*LEAFY, "purple"),
    "arm": LEAFY,
    "wheel": ("brown", "purple", "blue"),
    "hull": ("red", "blue", "brown", "green", "white", "orange"),
    "sail": ("white", "white", "orange", "yellow", "red", "purple"),
    "pole": WOODEN,
    "shade": ("yellow", "white", "orange", "red", "green"),
    "post": ("white", "brown", "white", "blue", "green"),
    "disc": ("yellow", "orange", "red", "white"),
    "ray": ("orange", "yellow", "white", "red"),
    "puff": ("white", "white", "blue", "purple", "orange"),
    "belly": ("white", "blue", "purple", "white"),
    "stem": ("green", "green", "white", "brown", "yellow"),
    "leaf": ("green", "green", "yellow", "blue"),
    "petal": WARM,
    "heart": ("yellow", "orange", "brown", "purple"),
    "spot": ("white", "white", "yellow"),
    "label": ("white", "yellow", "orange", "red"),
    "glass": ("green", "blue", "brown", "purple", "red"),
    "leg": ("blue", "brown", "purple", "green"),
    "head": ("orange", "brown", "yellow", "white", "red"),
}

SAME_PAINT = {"rail": "post", "neck": "glass", "wing": "", "cabin": "chassis"}

HEIGHTS = {
    "house": 0.44,
    "lighthouse": 0.58,
    "tree": 0.46,
    "pine": 0.46,
    "cactus": 0.38,
    "car": 0.22,
    "boat": 0.38,
    "lamp": 0.44,
    "umbrella": 0.38,
    "fence": 0.21,
    "sun": 0.24,
    "cloud": 0.17,
    "flower": 0.36,
    "mushroom": 0.26,
    "bird": 0.18,
    "fish": 0.19,
    "bottle": 0.34,
    "person": 0.38,
}

IN_THE_AIR = ("sun", "cloud")
ANYWHERE = ("bird", "fish")
ON_THE_GROUND = (0.45, 1.08)  # between which heights a foot may stand
HEIGHT_RANGES = {"sun": (0.18, 0.5), "cloud": (0.18, 0.5), "bird": (0.2, 1.05), "fish": (0.2, 1.05)}
PLAIN_PARTS = ("pole", "stem", "window", "head", "handle", "ray", "spot", "heart", "foot")
EMISSIVE = {"sun": ("disc", "ray"), "lamp": ("shade",), "house": ("window",), "lighthouse": ("window",)}
