"""Restoration from nothing but a network's build: what it may read, what it must restore, and what it says."""

import math

import pytest
import torch

import vizkit
from vizkit.core.dials import Dial
from vizkit.core.presets import presets_of
from vizkit.methods import deep_image_prior
from vizkit.methods.deep_image_prior import STRANGERS, TASKS


def run(image=None, **arguments):
    return vizkit.run("deep_image_prior", scene() if image is None else image, **{"steps": 4, **arguments})


def scene(size=48):
    """A smooth picture with one edge, (3, size, size)."""
    rows, columns = torch.meshgrid(torch.linspace(0, 1, size), torch.linspace(0, 1, size), indexing="ij")
    return torch.stack([rows, 0.8 * columns, (rows > columns).float() * 0.6 + 0.2])


def same_frames(first, second) -> bool:
    return all(
        torch.equal(a.result.pixels, b.result.pixels) and torch.equal(a.scalars["loss"], b.scalars["loss"])
        for a, b in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("task", TASKS)
def test_it_repeats_from_its_seed(task):
    assert same_frames(run(task=task), run(task=task))
    assert not same_frames(run(task=task), run(task=task, seed=1))


@pytest.mark.parametrize("task", TASKS)
def test_a_seed_alone_gives_what_it_gives_among_others(task):
    width = 4 if task == "naturalness" else 3
    alone, among = run(task=task, seed=2).result().pixels, run(task=task, seed=[1, 2]).result().pixels
    assert len(among) == 2 * width
    torch.testing.assert_close(alone, among[width:], atol=1e-3, rtol=0)


def test_what_lies_under_a_mask_is_never_read():
    mask = torch.ones(1, 48, 48)
    mask[:, 10:20, 10:30] = 0
    other = scene()
    other[:, 10:20, 10:30] = torch.rand(3, 10, 20, generator=torch.Generator())
    first, second = (list(run(image, mask=mask, seed=[0, 1])) for image in (scene(), other))
    assert same_frames(first, second)
    assert first[-1].result.beside is None, "what is not known cannot be compared with"
    assert dict(first[-1].scalars).keys() == {"loss"}
    assert first[-1].said == second[-1].said


def test_a_shrunk_mask_knows_only_what_it_wholly_covers():
    mask = torch.ones(1, 96, 96)
    mask[:, 40:45, 40:45] = 0
    other = scene(96)
    other[:, 40:45, 40:45] = 1.0
    frames = [list(run(image, mask=mask, size=32)) for image in (scene(96), other)]
    assert frames[0][-1].result.pixels.shape[-1] == 32
    assert same_frames(*frames)


@pytest.mark.parametrize("task", ["inpainting", "denoising", "super-resolution"])
def test_a_fit_comes_closer_to_the_clean_picture_it_never_saw(task):
    frames = list(run(task=task, steps=150, factor=2))
    assert frames[-1].scalars["psnr"].item() > frames[0].scalars["psnr"].item() + 8
    assert frames[-1].scalars["loss"].item() < frames[0].scalars["loss"].item() / 4


def test_inpainting_draws_what_is_missing_better_than_a_plain_color():
    last = list(run(missing=0.7, steps=250))[-1]
    told, drawn = last.result.pixels[0], last.result.pixels[1]
    hole = (told == 0).all(0)
    plain = told[:, ~hole].mean(1, keepdim=True)
    error = (drawn - scene())[:, hole].square().mean()
    assert error < 0.1 * (plain - scene()[:, hole]).square().mean()


def test_denoising_leaves_less_noise_than_it_was_given():
    last = list(run(task="denoising", noise=40.0, steps=250))[-1]
    given = (last.result.pixels[0] - scene()).square().mean()
    assert last.scalars["psnr of the average"].item() > -10 * math.log10(given.item()) + 6


def test_the_more_natural_a_picture_the_faster_it_is_drawn():
    curves = run("world/7", task="naturalness", size=64, steps=100).curves().lines
    final = [curves[name][-1].item() for name in STRANGERS]
    assert final == sorted(final)
    assert final[0] < 0.7 * final[1] < 0.7 * final[2]


def test_the_four_networks_of_naturalness_begin_alike():
    first = next(iter(run(task="naturalness"))).result
    for other in first.pixels[1:]:
        torch.testing.assert_close(first.pixels[0], other, atol=1e-5, rtol=0)
    assert first.columns == len(STRANGERS)
    torch.testing.assert_close(first.beside[0], scene())


def test_scalars_are_of_the_pictures_in_the_frame():
    for frame in run(task="denoising", seed=[0, 1]):
        drawn = frame.result.pixels[1::3]
        mse = (drawn - scene()).square().mean((1, 2, 3))
        torch.testing.assert_close(frame.scalars["psnr"], -10 * mse.log10())
        loss = (drawn - frame.result.pixels[::3]).square().mean((1, 2, 3))
        torch.testing.assert_close(frame.scalars["loss"], loss)


@pytest.mark.parametrize("size", [(33, 47), (9, 64), (8, 8)])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_any_size_and_any_channels_are_kept(size, channels):
    image = torch.rand(channels, *size, generator=torch.Generator().manual_seed(0))
    for task in ("inpainting", "naturalness"):
        assert run(image, task=task, steps=1).result().pixels.shape[1:] == (channels, *size)


def test_a_gray_picture_in_three_channels_is_restored_in_one():
    assert run(scene()[:1].expand(3, -1, -1), steps=1).result().pixels.shape[1] == 1


def test_a_large_picture_is_made_smaller_and_0_keeps_it():
    image = torch.rand(3, 40, 80, generator=torch.Generator().manual_seed(0))
    assert run(image, size=32, steps=1).result().pixels.shape[2:] == (16, 32)
    assert run(image, size=0, steps=1).result().pixels.shape[2:] == (40, 80)


def test_super_resolution_enlarges_the_picture_itself_when_asked():
    last = list(run(task="super-resolution", factor=3, enlarge=True, steps=60))[-1]
    assert last.result.pixels.shape[2:] == (144, 144)
    assert last.scalars.keys() == {"loss"}
    torch.testing.assert_close(last.result.pixels[0, :, ::3, ::3], scene())


def test_the_average_weighs_later_pictures_more():
    frames = list(run(averaging=0.5, steps=3, input_noise=0.0))
    drawn = torch.stack([frame.result.pixels[1] for frame in frames])
    weights = torch.tensor([1.0, 2, 4, 8])[:, None, None, None] / 15
    torch.testing.assert_close(frames[-1].result.pixels[2], (weights * drawn).sum(0))


def test_the_input_noise_is_a_dial():
    still, stirred = Dial({0: 0.0}), Dial({0: 0.0, 2: 0.1})
    calm, loud = ([f.result.pixels[1] for f in run(input_noise=dial)] for dial in (still, stirred))
    assert [torch.equal(a, b) for a, b in zip(calm, loud, strict=True)] == [True, True, False, False, False]


def test_the_remark_tells_copying_noise_from_not_yet():
    early, *_, late = run(scene(16), task="denoising", noise=60.0, steps=600, rate=3.0, input_noise=0.0)
    assert "more than the noise's 60: not copying it yet" in early.said
    assert "less than the noise's 60: it copies noise too" in late.said


def test_the_remark_says_that_what_fills_a_hole_is_made_up():
    said = list(run(missing=0.25))[-1].said
    assert "75% of the pixels" in said or "74% of the pixels" in said or "76% of the pixels" in said
    assert "not what was there" in said


def test_the_remark_tells_how_much_of_each_stranger_is_drawn():
    frame = list(run(task="naturalness", steps=120))[-1]
    told, loss = frame.result.beside, frame.scalars["loss"]
    share = 1 - loss[0] / told[0].var((1, 2)).mean()
    assert f"{share:.0%} of the picture" in frame.said


@pytest.mark.parametrize("name", presets_of(deep_image_prior))
def test_every_preset_runs(name):
    image = scene(16)
    assert vizkit.run("deep_image_prior", image, preset=name, steps=1).result().pixels.isfinite().all()


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"task": "cooking"}, ValueError, "none of inpainting, denoising"),
        ({"steps": 0}, ValueError, "Give 1 or more"),
        ({"missing": 1.0}, ValueError, "no share"),
        ({"noise": -1.0}, ValueError, "is negative"),
        ({"factor": 1}, ValueError, "Give 2 or more"),
        ({"averaging": 1.0}, ValueError, "outside 0 to 1"),
        ({"size": 3}, ValueError, "too small"),
        ({"rate": 0.0}, ValueError, "moves nothing"),
        ({"seed": []}, ValueError, "at least one number"),
        ({"architecture": "unnet"}, LookupError, "Did you mean 'unet'"),
        ({"mask": torch.zeros(1, 48, 48)}, ValueError, "leaves nothing known"),
        ({"mask": torch.ones(1, 24, 48)}, ValueError, r"the picture needs \(1, 1, 48, 48\)"),
        ({"image": torch.zeros(2, 3, 8, 8)}, ValueError, "2 pictures are given"),
        ({"task": "super-resolution", "factor": 64}, ValueError, "cannot be made 64 times smaller"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        run(**wrong).result()
