"""The method: batches, captions, warm starts, and sentences for what cannot be."""

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.core.presets import presets_of
from vizkit.methods import activation_maximization

ZOO = zoo()
NET = ZOO["in-place relu"]
LAYER = vizkit.layers(NET).default


def run(**arguments):
    return vizkit.run("activation_maximization", NET, **{"layer": LAYER, "steps": 6, **arguments})


def test_every_combination_of_units_seeds_and_strengths_is_one_picture_with_its_caption():
    result = run(unit=[0, 2], seed=[0, 1], tv=[0.0, 1.0]).result()
    assert len(result) == 8
    assert result.captions[0] == "unit 0 · seed 0 · tv 0"
    assert result.captions[-1] == "unit 2 · seed 1 · tv 1"


def test_a_picture_is_the_same_alone_and_among_others():
    alone = run(unit=2, seed=1, tv=0.3).result().pixels
    among = run(unit=[0, 2], seed=[5, 1], tv=[0.0, 0.3]).result().pixels
    torch.testing.assert_close(among[7:], alone, atol=1e-4, rtol=0)


def test_the_unit_is_more_active_in_the_end_than_in_the_beginning():
    frames = list(run(unit=[0, 1, 2], steps=64))
    assert (frames[-1].scalars["objective"] > frames[0].scalars["objective"]).all()


def test_a_warm_start_begins_where_the_last_run_ended():
    first = run(steps=20).result()
    again = next(iter(run(start=first.pixels)))
    assert (again.result.pixels - first.pixels).abs().max() < 0.01


def test_several_seeds_give_different_pictures():
    a, b = run(seed=[0, 1], steps=30).result().pixels
    assert (a - b).abs().mean() > 0.01


def test_the_canvas_may_be_larger_than_what_the_network_takes():
    assert run(size=48).result().pixels.shape[-2:] == (48, 48)


def test_direction_along_an_axis_is_the_channel():
    channels = vizkit.layers(NET)[LAYER].channels
    axis = torch.eye(channels)[1]
    pixels = run(vectors=axis).result().pixels
    torch.testing.assert_close(pixels, run(unit=1).result().pixels)


@pytest.mark.parametrize("name", [name for name in ZOO if name != "nan weights"])
def test_dropout_changes_the_picture_whatever_the_network_is_made_of(name):
    net = ZOO[name]
    steady, shaken = (
        vizkit.run("activation_maximization", net, layer="output", steps=6, dropout=spread).result().pixels
        for spread in (0.0, 0.5)
    )
    assert shaken.isfinite().all()
    assert not torch.allclose(steady, shaken)


@pytest.mark.parametrize("name", presets_of(activation_maximization))
def test_every_preset_runs(name):
    assert len(vizkit.run("activation_maximization", NET, layer=LAYER, preset=name, steps=2).result()) == 1


def test_labels_name_the_pictures_of_class_logits():
    net = vizkit.wrap(NET.module, size=NET.size, channels=NET.channels, labels=("cat", "dog", "<b>", "d", "e", "f"))
    result = vizkit.run("activation_maximization", net, layer="output", unit=[1, 2], steps=1).result()
    assert result.captions == ("dog", "<b>")


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"unit": 9999}, LookupError, "there is no unit 9999"),
        ({"layer": "laier"}, LookupError, "has no layer 'laier'"),
        ({"steps": 0}, ValueError, "Give 1 or more"),
        ({"picture": "oil"}, ValueError, "none of fourier, plain fourier, pixels, deep prior"),
        ({"objective": "fun"}, ValueError, "none of channel, neuron, contrast, energy"),
        ({"vectors": torch.zeros(3)}, ValueError, "one number per channel"),
        ({"stepz": 3}, TypeError, "Did you mean 'steps'"),
        ({"size": -3}, ValueError, "size"),
        ({"precision": "int8"}, ValueError, "float32 or bfloat16"),
        ({"unit": []}, ValueError, "at least one"),
        ({"views": 0}, ValueError, "Give 1 or more"),
        ({"jitter": -1.0}, ValueError, "jitter"),
        ({"dropout": -0.1}, ValueError, "dropout"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        run(**wrong).result()
