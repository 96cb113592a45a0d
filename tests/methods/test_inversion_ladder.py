"""The ladder: its cells are inversions of their own, its layers spread by themselves, and any cell goes on alone."""

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.methods import feature_inversion, inversion_ladder
from vizkit.methods.inversion_ladder import opens

ZOO = zoo()
NET = ZOO["in-place relu"]
IMAGE = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(1))
LAYERS = ("1", "4", "output")


def ladder(**arguments):
    return vizkit.run("inversion_ladder", NET, **{"image": IMAGE, "layers": LAYERS, "steps": 5, **arguments})


def test_rows_are_priors_and_columns_layers():
    result = ladder(priors=("tv", "fourier")).result()
    assert result.columns == 3
    assert [caption.split(" · ")[:2] for caption in result.captions] == [
        [layer, prior] for prior in ("tv", "fourier") for layer in LAYERS
    ]


def test_every_cell_is_the_inversion_that_opens_there():
    run = ladder()
    frames = list(run)
    for index in range(9):
        alone = opens(run, index)
        assert alone.method is feature_inversion
        for frame, own in zip(frames, alone, strict=True):
            assert torch.equal(frame.result.pixels[index], own.result.pixels[0])
            for name in ("feature error", "image error"):
                assert torch.equal(frame.scalars[name][index], own.scalars[name][0])


def test_a_cell_goes_on_from_its_picture():
    run = ladder(steps=20, priors=("fourier",), seed=3)
    result = run.result()
    alone = opens(run, 1, result)
    assert alone.arguments["layer"] == "4"
    assert alone.arguments["seed"] == 3
    assert (next(iter(alone)).result.pixels - result.pixels[1:2]).abs().max() < 0.01


def test_the_way_into_a_cell_is_an_attribute_of_the_method():
    assert inversion_ladder.opens is opens


def test_a_cell_that_is_not_there_is_answered_with_a_sentence():
    with pytest.raises(LookupError, match="9 cells, 0 to 8"):
        opens(ladder(), 9)


def test_captions_tell_both_errors():
    frame = list(ladder(priors=("tv",)))[-1]
    feature = 100 * frame.scalars["feature error"][0].item()
    assert frame.result.captions[0].startswith(f"1 · tv · code {feature:.0f} %")


def test_the_remark_names_the_ends_of_the_ladder():
    assert "at 1 and by" in list(ladder(steps=100, priors=("fourier",)))[-1].said


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"layers": ["laier"]}, LookupError, "has no layer 'laier'"),
        ({"layers": "output"}, TypeError, "is one string"),
        ({"priors": ("tv", "oil")}, ValueError, "'oil' is none of tv, deep prior, fourier"),
        ({"priors": ()}, ValueError, "no rows"),
        ({"image": IMAGE.expand(2, 3, 20, 20)}, ValueError, "A ladder is of one picture, and these are 2"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        ladder(**wrong).result()
