"""What does each ingredient of activation maximization do? The same search with one more of them in each cell."""

from collections.abc import Sequence
from typing import Annotated

from vizkit.core.controls import Choice, Choices, LayerName, Range, Unit
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images
from vizkit.maximize.lessons import COLORS, DEEP_PRIOR, FREQUENCIES, ORDERS, Ingredient, Lesson, side_by_side, told
from vizkit.methods.activation_maximization import activation_maximization
from vizkit.nets.network import Network

BARE = {"picture": "pixels", "tv": 0.0, "jitter": 0.0, "scale": 0.0, "rotate": 0.0}
STRENGTH = 0.1  # of total variation
STEPS = 128
INGREDIENTS = (
    FREQUENCIES,
    COLORS,
    Ingredient(
        "jitter", "the picture is shifted before each look: nothing may hang on a single pixel.", {"jitter": 0.06}
    ),
    Ingredient(
        "scale and turn", "it is resized and turned too: whole shapes must please.", {"scale": 0.1, "rotate": 8.0}
    ),
    Ingredient("total variation", "neighbors are pulled together: grain goes, edges stay.", {"tv": STRENGTH}),
    DEEP_PRIOR,
)
LESSON = Lesson(activation_maximization, BARE, INGREDIENTS, STEPS)


def maximization_lesson(
    net: Network,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int, Unit(of="layer")] = 0,
    *,
    order: Annotated[str, Choice(*ORDERS)] = "adding",
    ingredients: Annotated[Sequence[str], Choices(*LESSON.names)] = LESSON.names,
    seed: int = 0,
    steps: Annotated[int, Range(1, 2048, log=True)] = STEPS,
    size: Annotated[int, Range(32, 512, log=True, zero=True)] = 0,
) -> Frames[Images]:
    """Take activation maximization apart, ingredient by ingredient, from one start (Olah et al. 2017).

    Every cell is a run of `activation_maximization` on the same unit and seed, one step for each frame;
    `maximization_lesson.opens(run, index)` is that run alone. The first cell is plain gradient ascent on pixels. The
    scalar "objective" (n,) is the unit's activation on each picture, moved as that cell moves it: the wildest picture
    often excites it most, which is the lesson.

    Args:
        net: The network to look into.
        layer: Where the unit lives; `output` holds the class logits.
        unit: A channel of a map, or a column of a flat layer.
        order: "adding" puts one ingredient more into each cell, "leaving out" takes one from the full recipe.
        ingredients: Those of the lesson; each is told in a sentence. A deep prior stands for itself, at the end.
        seed: Where the random start and the random movements come from, the same for all cells.
        steps: How often each picture is turned.
        size: Side of the pictures in pixels; 0 takes the size the network was made for.

    Raises:
        LookupError: the layer or the unit does not exist; the message names the nearest.
        ValueError: an argument is out of its bounds, or an ingredient is unknown.
        FloatingPointError: the network answers with NaN.

    >>> net = vizkit.load("world")
    >>> vizkit.run("maximization_lesson", net, layer="stage3", unit=7).result().captions[1]
    '+ frequencies'
    """
    lesson = LESSON.cells(net, ingredients, order)
    shared = {"layer": layer, "unit": unit, "seed": seed, "steps": steps, "size": size}
    captions, said = tuple(cell.caption for cell in lesson), told(lesson)
    runs = [activation_maximization(net, **shared, **cell.settings) for cell in lesson]
    for frames in zip(*runs, strict=True):
        pixels, scalars = side_by_side(frames)
        yield Frame(frames[0].step, frames[0].of, Images(pixels, captions), scalars, said)


maximization_lesson.opens = LESSON.opens  # type: ignore[attr-defined]  what a panel calls where a cell is clicked
