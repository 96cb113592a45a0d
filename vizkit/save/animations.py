"""A whole run as a moving picture: one sheet a frame, `.gif` or `.webp`. Times are in milliseconds."""

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.save import recipes
from vizkit.save.files import ending, replacing
from vizkit.save.pictures import sheet
from vizkit.save.thinning import thinned

LENGTH = 6000  # of the moving part, where that is neither hasty nor slow
FASTEST, SLOWEST = 50, 500  # a frame
HOLD = 2000  # the answer stands still before it all begins again


def animate(frames: Iterable[Frame], path: str | Path, most: int = 120) -> Path:
    """Play `frames` into an endless `.gif` or animated `.webp` of at most `most` frames, the last held longer.

    A `.webp` is a fraction of the size and keeps the colors; a `.gif` has 256 of them and opens everywhere.

    Raises:
        ValueError: another ending; there is no frame.
        TypeError: a frame holds no pictures.
    """
    path = Path(path)
    suffix = ending(path, (".gif", ".webp"))
    sheets, recipe = [], ""
    for frame in thinned(frames, most):
        sheets.append(sheet(pictures(frame)))
        recipe = frame.result.recipe
    first, *others = (_fitted(paper, sheets[-1].size) for paper in sheets)
    with replacing(path) as draft:
        first.save(
            draft,
            save_all=True,
            append_images=others,
            duration=durations(len(sheets)),
            loop=0,
            quality=85,  # a .gif has no such thing, and takes no notice
            **recipes.options(recipe, suffix),
        )
    return path


def durations(count: int) -> list[int]:
    """How long each of `count` frames is shown."""
    each = max(FASTEST, min(SLOWEST, LENGTH // count))
    return [each] * (count - 1) + [HOLD]


def pictures(frame: Frame) -> Images:
    """The pictures a frame holds.

    Raises:
        TypeError: it holds something else.
    """
    if not isinstance(frame.result, Images):
        kind = type(frame.result).__name__
        raise TypeError(f"Only pictures can be saved frame by frame, and this run makes {kind}.")
    return frame.result


def _fitted(paper: Image.Image, size: tuple[int, int]) -> Image.Image:
    """`paper` at the last sheet's size: a picture may grow during a run, an animation may not."""
    return paper if paper.size == size else paper.resize(size)
