"""Colors for labels and for numbers, told apart on light and on dark pages. RGB (k, 3), uint8."""

import numpy as np

# Okabe & Ito (2008), told apart by color-blind readers; without black and yellow, which vanish on some pages.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
MORE = ("#7F5FD9", "#9DB928", "#8C5A2B", "#E5476F", "#3FB8AF", "#B04FC4")  # twelve labels before hues are computed
NONE = "#8A8A8A"  # of what has no label, or no number

# Viridis (van der Walt & Smith 2015, CC0) from 15 % to 95 %: its ends vanish on a dark and on a light page.
_RAMP = ("#453882", "#3A538B", "#2F6C8E", "#26838E", "#1F9A8A", "#30B27A", "#5EC962", "#9BD93C", "#DFE318")
_GOLDEN = 137.50776  # degrees; hues that many apart never come close to one another again
_TONES = ((0.62, 0.15), (0.76, 0.12), (0.52, 0.13))  # OKLCH lightness and chroma, in turn


def of_labels(numbers: np.ndarray) -> np.ndarray:
    """A color for each label number (k,); the same one in every map, and gray for what is below 0."""
    return np.array([_of_label(int(number)) for number in numbers], np.uint8).reshape(-1, 3)


def ramp(steps: int = 256) -> np.ndarray:
    """(steps, 3) from low, dark and blue, to high, bright and yellow."""
    anchors = np.array([_rgb(color) for color in _RAMP], float)
    places = np.linspace(0, len(anchors) - 1, steps)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    return np.stack(channels, 1).round().astype(np.uint8)


def named(color: np.ndarray) -> str:
    """`#rrggbb`"""
    return "#" + bytes(color.tolist()).hex()


def _of_label(number: int) -> tuple[int, int, int]:
    chosen = OKABE_ITO + MORE
    if number < 0:
        return _rgb(NONE)
    return _rgb(chosen[number]) if number < len(chosen) else _computed(number - len(chosen))


def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def _computed(number: int) -> tuple[int, int, int]:
    """A hue of OKLCH (Ottosson 2020), as sRGB."""
    lightness, chroma = _TONES[number % len(_TONES)]
    hue = np.deg2rad(48 + _GOLDEN * number)  # 48: farthest from the chosen ones
    lms = _TO_LMS @ np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])
    linear = (_TO_RGB @ lms**3).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (255 * srgb).round().astype(int).tolist()
    return red, green, blue


_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
