import numpy as np
import pytest
import torch
from PIL import Image

from tests.commands import toys
from vizkit import methods
from vizkit.__main__ import main
from vizkit.commands.run import parser
from vizkit.nets.network import wrap
from vizkit.save.recordings import open_recording


@pytest.fixture(autouse=True)
def catalogue(monkeypatch, tmp_path):
    """The toys are in the catalogue, a tiny network answers to the name "tiny", and files go to an empty folder."""
    monkeypatch.setitem(methods.catalogue, "echo", toys.echo)
    monkeypatch.setitem(methods.catalogue, "needy", toys.needy)
    monkeypatch.setitem(methods.catalogue, "watch", toys.watch)
    monkeypatch.setattr("vizkit.commands.networks.load", lambda name, weights, device: tiny(weights))
    monkeypatch.chdir(tmp_path)
    toys.calls.clear()


def tiny(weights):
    with torch.random.fork_rng():
        module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3))
    return wrap(module, 8, labels=("cat", "light house", "7"), name=f"tiny {weights}")


def call(*words: str) -> dict:
    """The arguments that `vizkit run echo …` calls the method with."""
    assert main(["run", "echo", "--net", "tiny", "--device", "cpu", *words]) == 0
    return toys.calls[-1]


def test_without_options_the_defaults_are_the_signatures():
    assert {k: v for k, v in call().items() if k not in {"net", "layer"}} == {
        "unit": 0,
        "batch_size": 8,
        "strength": 0.1,
        "mood": "happy",
        "size": "small",
        "mirror": False,
        "seed": 0,
        "start": None,
    }


def test_a_layer_that_is_not_named_is_the_networks_default():
    import vizkit

    assert call()["layer"] == vizkit.layers(tiny(None)).default


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--unit", "2"], "unit", 2),
        (["--unit", "2", "0", "1"], "unit", (2, 0, 1)),
        (["--unit", "-1"], "unit", -1),
        (["--batch-size", "3"], "batch_size", 3),
        (["--batch_size", "3"], "batch_size", 3),
        (["--batch_size=3"], "batch_size", 3),
        (["--strength", "0.25"], "strength", 0.25),
        (["--strength", "0", "1e-3"], "strength", (0.0, 0.001)),
        (["--mood", "deep sad"], "mood", "deep sad"),
        (["--mood", "deep", "sad"], "mood", "deep sad"),
        (["--mood", "deep-sad"], "mood", "deep sad"),
        (["--size", "large"], "size", "large"),
        (["--mirror"], "mirror", True),
        (["--mirror", "off"], "mirror", False),
        (["--seed", "4", "5"], "seed", (4, 5)),
        (["--layer", "output", "--unit", "light house", "0"], "unit", (1, 0)),
        (["--unit", "cat", "--layer", "output"], "unit", 0),
        (["--layer", "output", "--unit", "7"], "unit", 7),  # a number is a number, whatever the labels
        (["--preset", "fast"], "batch_size", 2),
        (["--preset", "fast", "--batch-size", "5"], "batch_size", 5),
    ],
)
def test_words_mean_what_the_hints_say(words, name, value):
    assert call(*words)[name] == value


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--untis", "3"], "'--untis' is no option here. Did you mean '--unit'"),
        (["--unit", "three"], "'three' is not a whole number"),
        (["--layer", "output", "--unit", "lighthouse"], "Did you mean 'light house'?"),
        (["--strength", "much"], "'much' is not a number"),
        (["--mirror", "maybe"], "neither on nor off"),
        (["--preset", "fats"], "Did you mean 'fast'?"),
        (["--out", "x.mp4"], ".png or .webp or .gif or .vizkit"),
        (["--start", "nothing.png"], "There is no picture 'nothing.png'"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_before_anything_is_played(words, sentence, capsys):
    assert main(["run", "echo", "--net", "tiny", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not toys.calls


def test_what_only_python_can_give_is_said_so(capsys):
    assert main(["run", "needy", "--net", "tiny"]) == 2
    assert "needy needs rules, which only Python can give" in capsys.readouterr().err


def test_help_has_every_control_with_its_range_default_and_sentence(capsys):
    with pytest.raises(SystemExit):
        main(["run", "echo", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "How hard, in %. (0, or 0.001 to 1 (log); default 0.1)" in out
    assert "Show the arguments, 100 % of them" in out
    assert "--batch-size" in out
    assert "settings: fast" in out


def test_every_method_of_the_catalogue_has_a_parser():
    for name in set(methods.catalogue) - {"needy"}:
        assert parser(methods.catalogue[name]).format_help()


def test_pictures_are_cut_to_the_networks_shape(tmp_path):
    wide = np.zeros((16, 48, 3), dtype=np.uint8)
    wide[:, 16:32] = 255  # the middle square
    Image.fromarray(wide).save("a.png")
    Image.new("L", (8, 8), 128).save("b.jpg")
    start = call("--start", "a.png", "b.jpg")["start"]
    assert start.shape == (2, 3, 8, 8)
    assert start[0, :, :, 1:-1].min() == 1  # bicubic blends the edges
    assert (start[1] - 128 / 255).abs().max() < 0.01


def test_an_array_is_taken_as_it_is():
    values = np.random.default_rng(0).normal(size=(2, 5))
    np.save("v.npy", values)
    assert torch.allclose(call("--start", "v.npy")["start"].double(), torch.from_numpy(values))


def test_a_file_that_is_no_picture_is_a_mistake(tmp_path, capsys):
    (tmp_path / "a.png").write_text("no")
    assert main(["run", "echo", "--net", "tiny", "--start", "a.png"]) == 2
    assert "'a.png' is no picture" in capsys.readouterr().err


def test_a_png_is_the_last_frame_and_its_path_is_printed(capsys):
    call("--out", "x.png")
    assert capsys.readouterr() == ("x.png\n", "")
    with Image.open("x.png") as image:
        assert image.convert("RGB").getpixel((8, 8)) == (255, 255, 255)


def test_without_out_the_file_is_called_after_the_method(tmp_path):
    call()
    assert [path.name for path in tmp_path.iterdir()] == ["echo.png"]


@pytest.mark.parametrize("name", ["x.gif", "x.webp"])
def test_an_animation_has_every_frame(name):
    call("--out", name)
    with Image.open(name) as image:
        assert image.n_frames == 2


def test_a_recording_plays_again():
    call("--out", "x.vizkit")
    assert [frame.step for frame in open_recording("x.vizkit")] == [1, 2]


# methods that work on a picture, with or without a network


def watch(*words: str) -> dict:
    """The arguments that `vizkit run watch …`, which takes no network, calls the method with."""
    assert main(["run", "watch", *words]) == 0
    return toys.calls[-1]


def test_a_picture_that_is_not_named_is_the_first_of_the_world():
    assert watch()["image"] == "world/0"


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--image", "world/7"], "image", "world/7"),
        (["--image", "a.png"], "image", "a.png"),
        (["--image", "a.png", "world/2"], "image", ("a.png", "world/2")),
        (["--mask", "a.png"], "mask", "a.png"),
        (["--kinds", "deep-prior", "tv"], "kinds", ("deep prior", "tv")),
    ],
)
def test_pictures_masks_and_choices_are_typed_as_they_are_named(words, name, value):
    Image.new("RGB", (8, 8)).save("a.png")
    assert watch(*words)[name] == value


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--image", "nope.png"], "There is no picture 'nope.png'"),
        (["--image", "world/x"], "is no picture of the world"),
        (["--mask", "nope.png"], "There is no picture 'nope.png'"),
        (["--net", "tiny"], "'--net' is no option here"),
    ],
)
def test_a_picture_that_is_none_is_told_before_anything_is_played(words, sentence, capsys):
    assert main(["run", "watch", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not toys.calls


def test_help_tells_defaults_as_they_are_typed(capsys):
    with pytest.raises(SystemExit):
        main(["run", "watch", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "default world/0)" in out
    assert "default tv deep-prior)" in out
    assert "layers of the network)" in out
    assert "--net" not in out
