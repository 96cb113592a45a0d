"""The words of the world. In a label map, 0 means none and k means the k-th word (counted from 1) of its tuple."""

from functools import cache

SCENES = (
    "street",
    "night town",
    "farm",
    "forest",
    "beach",
    "harbor",
    "garden",
    "desert",
    "mountain",
    "playground",
    "kitchen",
    "aquarium",
)

PARTS_OF = {
    "house": ("wall", "roof", "window", "door"),
    "lighthouse": ("tower", "roof", "window", "door"),
    "tree": ("trunk", "crown"),
    "pine": ("trunk", "needles"),
    "cactus": ("trunk", "arm"),
    "car": ("chassis", "cabin", "window", "wheel"),
    "boat": ("hull", "pole", "sail", "flag"),
    "lamp": ("pole", "shade", "foot"),
    "umbrella": ("pole", "canopy", "handle"),
    "fence": ("post", "rail"),
    "sun": ("disc", "ray"),
    "cloud": ("puff", "belly"),
    "flower": ("stem", "leaf", "petal", "heart"),
    "mushroom": ("stem", "cap", "spot"),
    "bird": ("body", "tail", "wing", "head"),
    "fish": ("body", "tail", "fin"),
    "bottle": ("glass", "neck", "label"),
    "person": ("head", "shirt", "arm", "leg"),
}

OBJECTS = tuple(PARTS_OF)
PARTS = tuple(dict.fromkeys(part for parts in PARTS_OF.values() for part in parts))

TEXTURES = (
    "striped",
    "dotted",
    "checkered",
    "bricked",
    "zigzag",
    "woven",
    "scaled",
    "grassy",
    "wavy",
    "cracked",
)

PALETTE = {
    "red": (208, 68, 60),
    "orange": (238, 142, 58),
    "yellow": (246, 206, 82),
    "green": (84, 158, 88),
    "blue": (62, 118, 186),
    "purple": (140, 94, 172),
    "brown": (134, 92, 64),
    "white": (244, 240, 230),
}

COLORS = tuple(PALETTE)

STUFF = (
    "day sky",
    "dusk sky",
    "night sky",
    "haze",
    "hills",
    "peaks",
    "skyline",
    "thicket",
    "hedge",
    "meadow",
    "soil",
    "sand",
    "dunes",
    "sea",
    "quay",
    "pavement",
    "road",
    "wall paper",
    "tiles",
    "table",
    "cloth",
    "water",
    "rocks",
    "tag",
    "border",
)

WORDS = {
    "scene": SCENES,
    "object": OBJECTS,
    "part": PARTS,
    "texture": TEXTURES,
    "color": COLORS,
    "stuff": STUFF,
}


@cache
def code(category: str, word: str) -> int:
    """The number that stands for `word` in the label map of `category`; 0 for the empty word."""
    words = WORDS[category]
    if not word:
        return 0
    if word not in words:
        raise LookupError(f"The world has no {category} {word!r}; it has {', '.join(words)}.")
    return words.index(word) + 1
