"""The method on networks whose pre-images are known, its batches, its errors, and what it says about them."""

import pytest
import torch
from torch import nn

import vizkit
from tests.zoo import zoo
from vizkit.core.presets import presets_of
from vizkit.measure.likeness import image_error, psnr, ssim
from vizkit.methods import feature_inversion
from vizkit.methods.feature_inversion import percents, said
from vizkit.nets.read import activations

ZOO = zoo()
NET = ZOO["in-place relu"]
LAYER = vizkit.layers(NET).default


def noise(*shape, seed=1, low=0.0, high=1.0):
    return low + (high - low) * torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


IMAGE = noise(3, 20, 20)


def run(net=NET, image=IMAGE, **arguments):
    return vizkit.run("feature_inversion", net, image, **{"layer": LAYER, "steps": 6, **arguments})


def played(**arguments):
    return list(run(**arguments))[-1]


def linear(inputs: int, outputs: int, channels: int = 1, size: int = 4) -> vizkit.Network:
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, bias=False)
    layer.weight.data = torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(0)) / inputs**0.5
    return vizkit.wrap(nn.Sequential(nn.Flatten(), layer), size=size, channels=channels)


def identity(channels: int = 3, size: int = 6) -> vizkit.Network:
    layer = nn.utils.skip_init(nn.Conv2d, channels, channels, 1, bias=False)
    layer.weight.data = torch.eye(channels)[:, :, None, None]
    return vizkit.wrap(nn.Sequential(layer), size=size, channels=channels)


PLAIN = {"picture": "pixels", "tv": 0.0, "gray": 0.0, "saturation": 0.0}  # nothing but the code


@pytest.mark.parametrize(("picture", "balance"), [("pixels", "pull"), ("pixels", "loss"), ("fourier", "pull")])
def test_an_identity_layer_gives_the_picture_back(picture, balance):
    image = noise(3, 6, 6, low=0.1, high=0.9)
    frame = played(
        net=identity(), image=image, layer="0", steps=400, **{**PLAIN, "picture": picture, "balance": balance}
    )
    torch.testing.assert_close(frame.result.pixels[0], image, atol=0.02, rtol=0)
    assert frame.scalars["feature error"].item() < 0.03


def test_a_linear_layer_with_as_many_units_as_pixels_is_solved():
    net, image = linear(16, 16), noise(1, 4, 4, low=0.3, high=0.7)
    frame = played(net=net, image=image, layer="1", steps=2000, **PLAIN)
    torch.testing.assert_close(frame.result.pixels[0], image, atol=0.02, rtol=0)


@pytest.mark.parametrize("gray", [0.02, 1.0])
def test_a_linear_layer_with_fewer_units_gives_the_least_squares_picture(gray):
    net, image = linear(16, 6), noise(1, 4, 4, low=0.3, high=0.7)
    a, y = net.module[1].weight.double(), (net.module[1].weight @ image.flatten()).double()
    weight = 2 * (69 / 255) ** 2 * 16 / y.square().sum()  # minimize weight · |A x − y|² + gray · |x − ½|²
    offset = torch.linalg.solve(weight * a.T @ a + gray * torch.eye(16), weight * a.T @ (y - a.sum(1) / 2))
    settings = {**PLAIN, "balance": "loss", "gray": gray, "alpha": 2.0}
    frame = played(net=net, image=image, layer="1", steps=2500, **settings)
    torch.testing.assert_close(frame.result.pixels.flatten().double(), 0.5 + offset, atol=5e-3, rtol=0)
    if gray < 0.1:  # in the limit, the nearest of all pictures with that code
        nearest = 0.5 + torch.linalg.pinv(a) @ (y - a.sum(1) / 2)
        torch.testing.assert_close(frame.result.pixels.flatten().double(), nearest, atol=0.03, rtol=0)


def test_only_the_chosen_channels_and_region_are_found_again():
    image = noise(3, 6, 6)
    settings = {**PLAIN, "gray": 0.3, "alpha": 2.0}  # what the code does not ask for turns gray
    frame = played(net=identity(), image=image, layer="0", channels=[0, 2], region=(1, 2, 5, 4), steps=400, **settings)
    inside = torch.zeros(3, 6, 6, dtype=torch.bool)
    inside[[0, 2], 1:5, 2:4] = True
    difference = (frame.result.pixels[0] - image).abs()
    assert difference[inside].max() < 0.03
    assert (frame.result.pixels[0] - 0.5).abs()[~inside].max() < 0.03
    assert frame.scalars["feature error"].item() < 0.03
    assert frame.scalars["image error"].item() > 0.5


def test_every_combination_of_picture_seed_and_strengths_is_one_picture_with_its_caption():
    result = played(image=noise(2, 3, 20, 20), seed=[0, 1], tv=[0.0, 1.0]).result
    assert len(result) == 8
    assert result.captions[0] == f"{LAYER} · picture 0 · seed 0 · tv 0"
    assert result.captions[-1] == f"{LAYER} · picture 1 · seed 1 · tv 1"
    assert torch.equal(result.beside[:4], noise(2, 3, 20, 20)[:1].expand(4, -1, -1, -1))


@pytest.mark.parametrize("picture", ["pixels", "fourier", "deep prior"])
def test_a_batch_of_strengths_is_as_many_separate_runs(picture):
    steps = 2 if picture == "deep prior" else 6  # its many weights make much of a rounding
    together = played(picture=picture, tv=[0.0, 0.5], seed=3, steps=steps).result.pixels
    alone = torch.cat([played(picture=picture, tv=tv, seed=3, steps=steps).result.pixels for tv in (0.0, 0.5)])
    torch.testing.assert_close(together, alone, atol=2e-3, rtol=0)


def test_several_seeds_are_different_pictures_of_one_code():
    frame = played(layer="output", seed=[0, 1], steps=150)
    assert (frame.result.pixels[0] - frame.result.pixels[1]).abs().mean() > 0.02
    assert frame.scalars["feature error"].max() < 0.1


@pytest.mark.parametrize("name", ["transformer", "no spatial dimensions", "one channel", "five channels", "residual"])
def test_the_code_comes_nearer_whatever_its_shape(name):
    net = ZOO[name]
    frames = list(run(net=net, image=noise(net.channels, *net.size), layer=vizkit.layers(net).default, steps=60))
    assert frames[-1].scalars["feature error"] < 0.5 * frames[0].scalars["feature error"]


def test_the_errors_are_those_of_the_frames_own_picture():
    code = activations(NET, IMAGE[None], [LAYER])[LAYER]
    for frame in run(steps=5):
        found = activations(NET, frame.result.pixels, [LAYER])[LAYER]
        expected = torch.linalg.vector_norm(found - code) / torch.linalg.vector_norm(code)
        torch.testing.assert_close(frame.scalars["feature error"][0], expected)
        for name, measure in (("image error", image_error), ("psnr", psnr), ("ssim", ssim)):
            assert torch.equal(frame.scalars[name], measure(frame.result.pixels, IMAGE[None]))


@pytest.mark.parametrize("settings", [{"jitter": 0.1}, {"precision": "bfloat16"}, {"size": 32, "jitter": 0.1}])
def test_a_picture_that_was_looked_at_otherwise_is_measured_standing_still_and_in_full(settings):
    side = settings.get("size", 20)
    shown = nn.functional.interpolate
    for frame in run(image=noise(3, side, side), steps=4, **settings):
        pictures = [frame.result.pixels, frame.result.beside]
        if side != 20:
            pictures = [shown(p, size=(20, 20), mode="bilinear", antialias=True) for p in pictures]
        found, code = (activations(NET, p, [LAYER])[LAYER] for p in pictures)
        expected = torch.linalg.vector_norm(found - code) / torch.linalg.vector_norm(code)
        torch.testing.assert_close(frame.scalars["feature error"][0], expected)


def test_what_nobody_asks_for_is_not_worked_out(monkeypatch):
    from vizkit.methods import feature_inversion as method

    def refuse(*args):
        raise AssertionError("measured without being asked")

    for name in ("ssim", "psnr"):
        monkeypatch.setitem(method.__globals__, name, refuse)
    assert set(played(steps=2).scalars) == {"feature error", "image error", "psnr", "ssim"}


def test_a_warm_start_begins_where_the_last_run_ended():
    first = played(steps=20).result
    again = next(iter(run(start=first.pixels)))
    assert (again.result.pixels - first.pixels).abs().max() < 0.01


def test_a_picture_by_name_and_the_spelling_of_the_command_line():
    net = ZOO["in-place relu"]
    assert played(net=net, image="world/7", picture="deep_prior", steps=1).result.pixels.shape == (1, 3, 20, 20)


@pytest.mark.parametrize("name", presets_of(feature_inversion))
def test_every_preset_runs(name):
    assert len(played(preset=name, steps=2).result) == 1


def test_the_constants_of_the_presets_are_the_papers():
    mv, natural = (presets_of(feature_inversion)[n] for n in ("mahendran-vedaldi-2015", "natural-pre-image-2016"))
    assert mv["gray"] == pytest.approx(8e-10 * 255**4, rel=0.01)
    image = noise(1, 1, 8, 8).expand(1, 3, 8, 8)  # gray, on which both ways to count channels agree
    weight = 2 * (69 / 255) ** 2 * image.numel()
    theirs = (((image - 0.5) * 255).square().sum(1).sqrt() / 80).pow(6).mean() / 20
    ours = natural["gray"] * (image - 0.5).abs().pow(natural["alpha"]).sum() / weight
    torch.testing.assert_close(ours, theirs, rtol=0.02, atol=0)
    steps = (image.diff(dim=3).square().sum() + image.diff(dim=2).square().sum()) * 255**2
    torch.testing.assert_close(
        natural["tv"] * steps / 255**2 / weight, steps * (6.5 / 80) ** 2 / 64 / 20, rtol=0.02, atol=0
    )


@pytest.mark.parametrize(
    ("feature", "image", "last", "words"),
    [
        (0.03, 0.38, True, "At conv the network cannot tell these apart: feature error 3 %, but they differ by 38 %."),
        (0.12, 0.38, True, "At conv the network can hardly tell these apart: feature error 12 %"),
        (0.004, 0.06, True, "conv has kept nearly all of it: feature error 0.4 %, and the pictures differ by 6 %."),
        (0.6, 1.2, False, "Still searching: feature error 60 %, image error 120 %."),
        (0.6, 1.2, True, "The search did not reach the code of conv (feature error 60 %)"),
    ],
)
def test_the_remark_says_what_both_errors_mean_together(feature, image, last, words):
    scalars = {"feature error": torch.tensor([feature]), "image error": torch.tensor([image])}
    assert said("conv", scalars, last).startswith(words)


def test_of_several_pictures_the_worst_decides():
    scalars = {"feature error": torch.tensor([0.01, 0.5]), "image error": torch.tensor([0.1, 1.0])}
    assert said("conv", scalars, True).startswith("The search did not reach")
    assert percents(scalars["image error"]) == "10 to 100 %"


def test_frames_make_the_remark():
    assert "feature error" in played(steps=2).said


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"layer": "laier"}, LookupError, "has no layer 'laier'"),
        ({"channels": [9999]}, LookupError, "there is no channel 9999"),
        ({"region": (0, 0, 99, 99)}, ValueError, "not inside"),
        ({"layer": "output", "region": (0, 0, 1, 1)}, ValueError, "has no map"),
        ({"steps": 0}, ValueError, "Give 1 or more"),
        ({"rate": 0}, ValueError, "above 0"),
        ({"picture": "oil"}, ValueError, "none of fourier, plain fourier, pixels, deep prior"),
        ({"architecture": "tent", "picture": "deep prior"}, LookupError, "no architecture 'tent'"),
        ({"balance": "scale"}, ValueError, "pull or loss"),
        ({"size": -3}, ValueError, "size"),
        ({"precision": "int8"}, ValueError, "float32 or bfloat16"),
        ({"seed": []}, ValueError, "at least one"),
        ({"jitter": -1.0}, ValueError, "jitter"),
        ({"tv_beta": 0.5}, ValueError, "tv_beta=0.5 is too small"),
        ({"image": "nowhere.png"}, FileNotFoundError, "nowhere.png"),
        ({"image": 2 * IMAGE}, ValueError, "from 0 to 1"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        run(**wrong).result()


def test_a_layer_that_is_silent_for_the_picture_is_named():
    with pytest.raises(ValueError, match="zero everywhere"):
        run(net=identity(), image=torch.zeros(3, 6, 6), layer="0").result()
