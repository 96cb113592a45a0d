"""Every combination of listed arguments: which there are, in which order, how few runs they take, and going on."""

from collections.abc import Sequence
from typing import Annotated

import pytest
import torch

from vizkit.core.controls import Choice, LayerNames, Range
from vizkit.core.frames import Frame
from vizkit.core.results import Images, Points
from vizkit.save.grids import TOGETHER, Grid, answers

played = []


def shades(
    kind: Annotated[str, Choice("flat", "steep")] = "flat",
    *,
    red: Annotated[float | Sequence[float], Range(0.0, 1.0)] = 0.0,
    green: Annotated[float, Range(0.0, 1.0)] = 0.0,
    layers: Annotated[tuple[str, ...], LayerNames()] = (),
    holes: bool = False,
):
    """One picture for each red; its color tells which arguments it was made with."""
    played.append((kind, red, green))
    reds = list(red) if isinstance(red, Sequence) else [red]
    pixels = torch.stack([torch.tensor([r, green, float(kind == "steep")]) for r in reds])[:, :, None, None]
    captions = tuple(f"red {r}" for r in reds)
    for step in (1, 2):
        images = Images((pixels * step / 2).expand(-1, 3, 4, 4), captions, beside=pixels.expand(-1, 3, 4, 4))
        if holes:
            images = Images(images.pixels.repeat(2, 1, 1, 1))
        yield Frame(step, 2, images, {"red": torch.tensor(reds), "all": torch.tensor(1.0)})


@pytest.fixture(autouse=True)
def forget():
    played.clear()
    yield
    played.clear()


def color(frame) -> tuple[float, ...]:
    return tuple(round(v, 3) for v in frame.result.pixels[0, :, 0, 0].tolist())


def test_positions_count_row_by_row_over_lists_in_the_order_they_were_given():
    grid = Grid.of(shades, green=[0.1, 0.2], kind=["flat", "steep"], red=[0.3, 0.4, 0.5])
    found = dict(answers(grid))
    expected = [(r, g, k) for g in (0.1, 0.2) for k in (0.0, 1.0) for r in (0.3, 0.4, 0.5)]
    assert [color(found[i]) for i in range(len(grid))] == expected


def test_each_answer_is_the_one_of_its_own_run():
    grid = Grid.of(shades, red=[0.1, 0.9], green=[0.5, 0.6])
    found = dict(answers(grid))
    assert sorted(found) == [0, 1, 2, 3]
    for position, frame in found.items():
        alone = grid.run(position).result()
        assert torch.equal(frame.result.pixels, alone.pixels)
        assert frame.result.captions == alone.captions
        assert torch.equal(frame.result.beside, alone.beside)


def test_what_the_method_takes_together_is_one_run():
    list(answers(Grid.of(shades, red=[0.1, 0.2, 0.3], green=[0.0, 1.0])))
    assert played == [("flat", [0.1, 0.2, 0.3], 0.0), ("flat", [0.1, 0.2, 0.3], 1.0)]


def test_a_batch_is_never_larger_than_the_limit():
    reds = [i / 100 for i in range(2 * TOGETHER + 1)]
    found = dict(answers(Grid.of(shades, red=reds)))
    assert [len(red) for _, red, _ in played] == [TOGETHER, TOGETHER, 1]
    assert [color(found[i])[0] for i in range(len(reds))] == reds


def test_scalars_go_to_the_picture_they_were_measured_on():
    found = dict(answers(Grid.of(shades, red=[0.25, 0.5])))
    assert [found[position].scalars["red"].tolist() for position in (0, 1)] == [[0.25], [0.5]]
    assert [float(found[position].scalars["all"]) for position in (0, 1)] == [1, 1]


def test_a_method_that_makes_more_than_a_picture_for_each_is_asked_one_by_one():
    found = dict(answers(Grid.of(shades, red=[0.25, 0.5], holes=True)))
    assert [len(found[i].result) for i in (0, 1)] == [2, 2]
    assert [color(found[i])[0] for i in (0, 1)] == [0.25, 0.5]


def test_points_and_curves_are_answers_too():
    def dots(*, count: Annotated[int, Range(1, 9)] = 1):
        yield Frame(1, 1, Points(torch.zeros(count, 2)))

    assert [len(frame.result) for _, frame in answers(Grid.of(dots, count=[1, 4]))] == [1, 4]


def test_nothing_listed_is_one_answer():
    grid = Grid.of(shades, red=0.5)
    assert len(grid) == 1
    assert [color(frame) for _, frame in answers(grid)] == [(0.5, 0, 0)]


def test_a_tuple_of_layers_is_one_value_and_a_list_of_them_several():
    assert Grid.of(shades, layers=("a", "b")).axes == {}
    assert list(Grid.of(shades, layers=[("a", "b"), ("c",)]).axes) == ["layers"]


def test_an_empty_list_and_an_unknown_argument_are_refused():
    with pytest.raises(ValueError, match="green lists no value"):
        Grid.of(shades, green=[])
    with pytest.raises(TypeError, match="Did you mean 'green'"):
        Grid.of(shades, gren=[1])


def test_interrupted_it_goes_on_and_answers_the_same(tmp_path):
    grid = Grid.of(shades, red=[0.2, 0.4], green=[0.2, 0.6, 0.8])
    begun = answers(grid, tmp_path / "kept")
    next(begun), next(begun), next(begun)  # the second run has ended
    begun.close()
    played.clear()
    again = dict(answers(grid, tmp_path / "kept"))
    assert len(played) == 1
    for position, frame in answers(grid):
        assert (again[position].result.pixels - frame.result.pixels).abs().max() <= 0.51 / 255
        assert torch.equal(again[position].scalars["red"], frame.scalars["red"])
        assert again[position].result.run is not None
