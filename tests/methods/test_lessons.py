"""Lessons: each cell is a run of its own with one ingredient more, or one less, and can be opened alone."""

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.maximize.lessons import Ingredient, cells
from vizkit.methods import activation_maximization, feature_inversion, inversion_lesson, maximization_lesson

ZOO = zoo()
NET = ZOO["in-place relu"]
IMAGE = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(1))
FLOUR, SUGAR = Ingredient("flour", "holds.", {"flour": 2}), Ingredient("sugar", "sweetens.", {"sugar": 1})
ICING = Ingredient("icing", "shines.", {"sugar": 3}, needs="sugar")
STONE = Ingredient("stone", "boils.", {"stone": 1}, instead=True)
KNOWN = (FLOUR, SUGAR, ICING, STONE)
NAMES = [one.name for one in KNOWN]


def maximizing(**arguments):
    return vizkit.run("maximization_lesson", NET, **{"layer": "4", "unit": 1, "steps": 4, **arguments})


def inverting(**arguments):
    return vizkit.run("inversion_lesson", NET, **{"image": IMAGE, "layer": "4", "steps": 4, **arguments})


def test_adding_puts_one_ingredient_more_into_each_cell():
    lesson = cells({"sugar": 0}, KNOWN, NAMES, "adding")
    assert [cell.caption for cell in lesson] == ["nothing", "+ flour", "+ sugar", "+ icing", "stone instead"]
    assert [cell.settings for cell in lesson] == [
        {"sugar": 0},
        {"sugar": 0, "flour": 2},
        {"sugar": 1, "flour": 2},
        {"sugar": 3, "flour": 2},
        {"sugar": 0, "stone": 1},
    ]


def test_leaving_out_takes_what_needs_an_ingredient_with_it():
    lesson = cells({"sugar": 0}, KNOWN, NAMES[:3], "leaving out")
    assert [cell.caption for cell in lesson] == ["all", "without flour", "without sugar", "without icing"]
    assert lesson[2].settings == {"sugar": 0, "flour": 2}
    assert lesson[3].settings == {"sugar": 1, "flour": 2}


@pytest.mark.parametrize(
    ("chosen", "order", "sentence"),
    [(["flower"], "adding", "'flower'.* Did you mean .*flour"), (["flour"], "baking", "'baking' is none of adding")],
)
def test_what_is_unknown_is_answered_with_what_there_is(chosen, order, sentence):
    with pytest.raises(ValueError, match=sentence):
        cells({}, KNOWN, chosen, order)


@pytest.mark.parametrize(
    ("make", "lesson", "method", "scalar"),
    [
        (maximizing, maximization_lesson, activation_maximization, "objective"),
        (inverting, inversion_lesson, feature_inversion, "feature error"),
    ],
)
@pytest.mark.parametrize("order", ["adding", "leaving out"])
def test_every_cell_is_the_run_that_opens_there(make, lesson, method, scalar, order):
    run = make(order=order)
    frames = list(run)
    for index in range(len(frames[0].result)):
        alone = lesson.opens(run, index)
        assert alone.method is method
        for frame, own in zip(frames, alone, strict=True):
            assert torch.equal(frame.result.pixels[index], own.result.pixels[0])
            assert torch.equal(frame.scalars[scalar][index], own.scalars[scalar][0])


@pytest.mark.parametrize(("make", "lesson"), [(maximizing, maximization_lesson), (inverting, inversion_lesson)])
def test_a_cell_goes_on_from_its_picture(make, lesson):
    run = make(steps=12)
    result = run.result()
    first = next(iter(lesson.opens(run, 1, result)))
    assert (first.result.pixels - result.pixels[1:2]).abs().max() < 0.01


@pytest.mark.parametrize(("make", "lesson"), [(maximizing, maximization_lesson), (inverting, inversion_lesson)])
def test_a_cell_that_is_not_there_is_answered_with_a_sentence(make, lesson):
    with pytest.raises(LookupError, match="cells, 0 to"):
        lesson.opens(make(), 99)


@pytest.mark.parametrize("make", [maximizing, inverting])
def test_every_cell_has_its_sentence(make):
    frame = next(iter(make()))
    said = frame.said.splitlines()
    assert len(said) == len(frame.result)
    for caption, sentence in zip(frame.result.captions, said, strict=True):
        assert sentence.startswith(caption.split(" · ")[0])
        assert sentence.endswith(".")


def test_colors_are_no_ingredient_of_a_single_channel():
    net = next(net for net in ZOO.values() if net.channels == 1)
    layer = vizkit.layers(net).default
    captions = next(iter(vizkit.run("maximization_lesson", net, layer=layer, steps=1))).result.captions
    assert not any("colors" in caption for caption in captions)


def test_ingredients_can_be_chosen():
    captions = next(iter(maximizing(ingredients=("jitter",)))).result.captions
    assert captions == ("nothing", "+ jitter")


def test_a_lesson_is_of_one_picture():
    with pytest.raises(ValueError, match="these are 2"):
        inverting(image=torch.rand(2, 3, 20, 20, generator=torch.Generator())).result()


def test_jitter_makes_the_picture_worth_less_to_the_unit_but_smoother():
    """The lesson itself, on the bundled network: grain excites a unit more than what survives being shifted."""
    run = vizkit.run("maximization_lesson", vizkit.load("world"), layer="stage3", unit=7, steps=48)
    result = run.result()
    grain = (result.pixels[..., 1:] - result.pixels[..., :-1]).abs().mean((1, 2, 3))
    assert grain[3] < 0.7 * grain[2]
