import pytest
from PIL import Image

from tests.save.toy import toy
from vizkit.core.results import Images
from vizkit.core.runs import Run
from vizkit.save import recipes, save_run

RECIPE = 'net = load("λ × <b>&amp;</b>")  # "quotes"\nrun = …\n' * 40


def saved(path):
    Image.new("RGB", (8, 8)).save(path, **recipes.options(RECIPE, path.suffix))
    return path


@pytest.mark.parametrize("ending", [".png", ".webp", ".gif"])
def test_any_text_comes_back_from_any_format(tmp_path, ending):
    assert recipes.read(saved(tmp_path / f"x{ending}")) == RECIPE


@pytest.mark.parametrize("ending", [".png", ".webp", ".gif"])
def test_a_picture_without_a_recipe_has_an_empty_one(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    Image.new("RGB", (8, 8)).save(path, **recipes.options("", ending))
    assert recipes.read(path) == ""


def test_the_recipe_in_a_webp_is_well_formed_xmp(tmp_path):
    with Image.open(saved(tmp_path / "x.webp")) as image:
        from xml.etree import ElementTree

        told = ElementTree.fromstring(image.info["xmp"])
    assert RECIPE in "".join(told.itertext())


def test_a_picture_of_a_run_carries_the_runs_recipe(tmp_path):
    run = toy()
    assert recipes.read(run.result().save(tmp_path / "x.png")) == run.recipe
    assert recipes.read(save_run(run, tmp_path / "x.gif")) == run.recipe


def test_a_picture_of_no_run_carries_none(tmp_path):
    pixels = toy().result().pixels
    assert recipes.read(Images(pixels).save(tmp_path / "x.png")) == ""
    assert isinstance(toy(), Run)
