"""What does each ingredient of feature inversion do? The same search with one more of them in each cell."""

from collections.abc import Sequence
from typing import Annotated

from vizkit.core.controls import Choice, Choices, LayerName, Picture, Range
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.data.pictures import Source, as_pictures
from vizkit.maximize.lessons import COLORS, DEEP_PRIOR, FREQUENCIES, ORDERS, Ingredient, Lesson, side_by_side, told
from vizkit.methods.feature_inversion import feature_inversion, percents
from vizkit.nets.network import Network

BARE = {"picture": "pixels", "tv": 0.0, "gray": 0.0, "saturation": 0.0}
STEPS = 128
INGREDIENTS = (
    Ingredient(
        "range",
        "values far from gray, or beyond black and white, are pulled back: photographs have few.",
        {"gray": 3.0, "saturation": 30.0},
    ),
    Ingredient("total variation", "neighbors are pulled together: grain goes, edges stay.", {"tv": 0.15}),
    FREQUENCIES,
    COLORS,
    DEEP_PRIOR,
)
LESSON = Lesson(feature_inversion, BARE, INGREDIENTS, STEPS)


def inversion_lesson(
    net: Network,
    image: Annotated[Source, Picture()],
    layer: Annotated[str, LayerName()],
    *,
    order: Annotated[str, Choice(*ORDERS)] = "adding",
    ingredients: Annotated[Sequence[str], Choices(*LESSON.names)] = LESSON.names,
    seed: int = 0,
    steps: Annotated[int, Range(1, 4096, log=True)] = STEPS,
    size: Annotated[int, Range(32, 512, log=True, zero=True)] = 0,
) -> Frames[Images]:
    """Take feature inversion apart, ingredient by ingredient, from one start (Mahendran & Vedaldi 2015).

    Every cell is a run of `feature_inversion` for the same picture, layer and seed, one step for each frame;
    `inversion_lesson.opens(run, index)` is that run alone. The first cell only has to please the layer. Scalars (n,)
    as that method has them, and captions tell two: "feature error" is how well a cell does what was asked, "image
    error" how far it is from the picture. Many pictures do the first; the ingredients choose among them.

    Args:
        net: The network to look into.
        image: The picture whose code is wanted, a single one.
        layer: Where the code is read; `output` holds the class logits.
        order: "adding" puts one ingredient more into each cell, "leaving out" takes one from the full recipe.
        ingredients: Those of the lesson; each is told in a sentence. A deep prior stands for itself, at the end.
        seed: Where the random start comes from, the same for all cells.
        steps: How often each picture is turned.
        size: Side of the pictures in pixels; 0 takes the size the network was made for.

    Raises:
        LookupError: the layer does not exist; the message names the nearest.
        ValueError: an argument is out of its bounds, an ingredient is unknown, or the code is zero everywhere.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> vizkit.run("inversion_lesson", net, "world/7", layer="stage3").result().columns
    0
    """
    lesson = LESSON.cells(net, ingredients, order)
    original = as_pictures(image, (size, size) if size else net.size, net.channels)
    if len(original) != 1:
        raise ValueError(f"A lesson is of one picture, and these are {len(original)}. Give one of them: image[:1].")
    shared = {"layer": layer, "seed": seed, "steps": steps, "size": size}
    runs = [feature_inversion(net, original, **shared, **cell.settings) for cell in lesson]
    said = told(lesson)
    for frames in zip(*runs, strict=True):
        pixels, scalars = side_by_side(frames)
        both = zip(lesson, scalars["feature error"].split(1), scalars["image error"].split(1), strict=True)
        captions = tuple(f"{cell.caption} · code {percents(f)} · image {percents(i)}" for cell, f, i in both)
        yield Frame(frames[0].step, frames[0].of, Images(pixels, captions, original.to(pixels.device)), scalars, said)


inversion_lesson.opens = LESSON.opens  # type: ignore[attr-defined]  what a panel calls where a cell is clicked
