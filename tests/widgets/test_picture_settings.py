"""Settings that are pictures, masks and lists: what they take, what they refuse, what the method gets."""

import io

import numpy as np
import PIL.Image
import pytest
import torch

from tests.widgets.picture_toys import blurred, ladder, mended
from tests.widgets.toy import toy
from tests.zoo import zoo
from vizkit.core.controls import Control, Picture, controls
from vizkit.data.pictures import as_pictures
from vizkit.nets.describe import layers
from vizkit.nets.network import Network
from vizkit.widgets import picture_setting
from vizkit.widgets.closing import close_tree
from vizkit.widgets.controls import on_top, settings
from vizkit.widgets.list_setting import ChoicesSetting, LayersSetting
from vizkit.widgets.mask_setting import STARTS, MaskSetting, as_mask
from vizkit.widgets.picture_setting import PAGE, PictureSetting, uploaded
from vizkit.widgets.setting import same, words


@pytest.fixture
def make():
    """Settings of a method on a picture, closed at the end."""
    made = []

    def make(method=mended, net: Network | None = None, **values):
        made.append(settings(controls(method), values, net))
        return made[-1]

    yield make
    for group in made:
        for setting in group.values():
            close_tree(setting)


@pytest.fixture
def folder(tmp_path):
    """Two pictures, and files that are none."""
    for name, level in (("b.png", 200), ("a.jpg", 100)):
        PIL.Image.new("RGB", (12, 8), (level,) * 3).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "words.txt").write_text("none either")
    return tmp_path


def rand(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def say(component, buffers=(), **message) -> None:
    """Hand a component a message as a page would."""
    component._handle_custom_msg(message, list(buffers))


def encoded(size=(12, 8), kind="PNG") -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", size, (128,) * 3).save(buffer, kind)
    return buffer.getvalue()


def test_every_new_hint_has_its_kind_of_widget(make):
    net = zoo()["reused module"]
    assert [type(s) for s in make(ladder, net).values()][:3] == [PictureSetting, LayersSetting, ChoicesSetting]
    assert isinstance(make()["mask"], MaskSetting)


def test_pictures_come_first_then_places_then_menus_before_any_number():
    assert on_top(controls(mended)) == ["image", "mask", "task", "steps"]
    assert on_top(controls(ladder)) == ["image", "layers", "kinds", "steps"]


# pictures


def test_a_picture_starts_at_the_first_of_the_world_and_is_shown(make):
    image = make()["image"]
    assert image.value == "world/0"
    assert image.chooser.name == "world/0 · street"
    assert PIL.Image.open(io.BytesIO(image.chooser.picture)).size == (112, 112)


def test_names_stay_names_and_what_else_is_a_picture_becomes_a_tensor(make, folder):
    image = make()["image"]
    for given in ("world/7", folder / "a.jpg", str(folder / "b.png")):
        image.value = given
        assert image.value == str(given)
    for given in (rand(3, 8, 12), np.zeros((8, 12, 3), np.uint8), PIL.Image.new("L", (12, 8))):
        image.value = given
        assert image.value.shape == (1, 3, 8, 12)
    image.value = torch.zeros(2, 3, 8, 12)
    assert image.chooser.name == "2 pictures of 12 × 8"


def test_pictures_take_the_channels_of_the_network(make):
    net = zoo()["one channel"]
    image = make(ladder, net)["image"]
    image.value = rand(3, 8, 8)
    assert image.value.shape == (1, 1, 8, 8)
    image.value = "world/3"
    assert as_pictures(image.value, net.size, net.channels).shape == (1, 1, 28, 28)
    five = make(ladder, zoo()["five channels"], image=rand(5, 8, 8))["image"]
    assert five.value.shape == (1, 5, 8, 8)


@pytest.mark.parametrize(
    ("given", "error"),
    [("nowhere.png", FileNotFoundError), (torch.full((3, 4, 4), 7.0), ValueError), ("world/x", ValueError)],
)
def test_what_is_no_picture_is_refused_and_the_old_one_stays(make, given, error):
    image = make()["image"]
    with pytest.raises(error):
        image.value = given
    assert image.value == "world/0"


def test_the_gallery_waits_for_a_page_and_grows_when_asked(make):
    chooser = make()["image"].chooser
    assert chooser.names == []
    say(chooser, view="a", ready=True)
    say(chooser, view="b", ready=True)
    assert (len(chooser.names), len(chooser.thumbs), chooser.at, chooser.more) == (PAGE, PAGE, 0, True)
    say(chooser, more=True)
    assert len(chooser.names) == 2 * PAGE


def test_a_picture_of_the_gallery_is_chosen_by_its_place(make):
    image = make()["image"]
    say(image.chooser, view="a", ready=True)
    say(image.chooser, choose=7)
    assert (image.value, image.chooser.at) == ("world/7", 7)
    say(image.chooser, choose=PAGE)
    say(image.chooser, choose=-1)
    assert image.value == "world/7"


def test_a_folder_becomes_the_gallery_and_the_world_comes_back_by_its_name(make, folder):
    image = make()["image"]
    say(image.chooser, view="a", ready=True)
    say(image.chooser, path=str(folder))
    assert image.value == str(folder / "a.jpg")
    assert image.chooser.names == ["a.jpg", "b.png", "broken.png"]
    assert [bool(thumb) for thumb in image.chooser.thumbs] == [True, True, False]
    assert not image.chooser.more
    say(image.chooser, choose=2)
    assert "no picture that can be read" in image.problem
    say(image.chooser, path="world/4")
    assert image.chooser.at == 4
    assert len(image.chooser.names) == PAGE


def test_a_path_that_leads_nowhere_is_told_and_the_old_picture_stays(make, tmp_path):
    image = make()["image"]
    say(image.chooser, path="nowhere.png")
    assert image.problem == "There is no picture 'nowhere.png'. Check the path, or give 'world/0'."
    say(image.chooser, path=str(tmp_path))
    assert image.problem.startswith("There is no picture in ")
    assert image.value == "world/0"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_upload_becomes_a_tensor(make, kind):
    image = make()["image"]
    say(image.chooser, [encoded(kind=kind)], upload="x")
    assert image.value.shape == (1, 3, 8, 12)
    assert (image.value - 128 / 255).abs().max() < 0.02
    assert image.chooser.name == "a picture of 12 × 8"


@pytest.mark.parametrize("data", [b"", b"no picture", encoded()[:40], encoded(kind="GIF"), b"<svg/>"])
def test_an_upload_that_is_no_picture_gets_a_sentence(make, data):
    image = make()["image"]
    say(image.chooser, [data], upload="<b>.exe")
    assert image.problem == "'<b>.exe' is no picture that can be read. Give a .png, .jpg or .webp file."
    assert image.value == "world/0"


def test_an_upload_is_kept_at_a_size_that_networks_can_use(monkeypatch):
    assert uploaded("x", encoded((3000, 1500))).shape == (1, 3, 512, 1024)
    monkeypatch.setattr(picture_setting, "LARGEST", 50)
    with pytest.raises(ValueError, match="has 12 × 8 pixels"):
        uploaded("x", encoded())


def test_an_upload_stands_upright():
    sideways, buffer = PIL.Image.new("RGB", (12, 8)), io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    sideways.save(buffer, "JPEG", exif=exif)
    assert uploaded("x", buffer.getvalue()).shape == (1, 3, 12, 8)


def test_a_bad_start_leaves_nothing_open():
    with pytest.raises(FileNotFoundError):
        PictureSetting(Control("image", Picture(), None), "nowhere.png")


# masks


def painted(mask: MaskSetting, pixels: np.ndarray, number: int = 1, view: str = "a") -> None:
    say(mask.painter, [pixels.astype(np.uint8).tobytes()], view=view, paint=number)


def test_nothing_is_missing_until_something_is_painted(make):
    mask = make()["mask"]
    assert mask.value is None
    assert mask.painter.size == [96, 96]
    assert set(mask.painter.mask) == {1}


def test_a_painted_mask_is_what_the_method_gets(make):
    mask, pixels = make()["mask"], np.ones((96, 96))
    pixels[:10, 5:] = 0
    painted(mask, pixels)
    assert mask.value.dtype == torch.float32
    assert np.array_equal(mask.value.numpy(), pixels)
    assert mask.painter.answers == "a:1"
    painted(mask, np.ones((96, 96)), 2)
    assert mask.value is None


def test_a_mask_of_another_size_than_the_picture_is_not_taken(make):
    mask = make()["mask"]
    painted(mask, np.zeros((5, 5)))
    say(mask.painter, [], view="a", paint=1)
    assert mask.value is None


@pytest.mark.parametrize("start", STARTS)
def test_a_ready_made_mask_has_some_of_both_and_is_always_the_same(make, start):
    mask = make()["mask"]
    say(mask.painter, start=start)
    first = mask.value
    assert 0.02 < float(first.mean()) < 0.98
    say(mask.painter, clear=True)
    assert mask.value is None
    say(mask.painter, start=start)
    assert torch.equal(mask.value, first)


def test_half_the_pixels_are_half_of_them():
    assert float(STARTS["half the pixels"](200, 200).mean()) == pytest.approx(0.5, abs=0.01)


def test_a_mask_goes_on_to_a_picture_of_its_size_and_to_no_other(make):
    made = make()
    say(made["mask"].painter, start="a hole")
    made["image"].value = "world/1"
    assert made["mask"].value is not None
    made["image"].value = rand(3, 20, 30)
    assert made["mask"].value is None
    assert made["mask"].painter.size == [20, 30]


def test_on_a_large_picture_a_painted_pixel_stands_for_several(make):
    made = make(image=torch.zeros(3, 600, 1200))
    mask, pixels = made["mask"], np.ones((256, 512))
    assert mask.painter.size == [256, 512]
    pixels[:128] = 0
    painted(mask, pixels)
    assert mask.value.shape == (600, 1200)
    assert mask.value[:300].max() == 0
    assert mask.value[300:].min() == 1


def test_a_mask_is_given_as_an_array_a_tensor_or_a_file(make, tmp_path):
    pixels = np.ones((96, 96), np.uint8)
    pixels[:, :50] = 0
    PIL.Image.fromarray(255 * pixels).save(tmp_path / "m.png")
    mask = make()["mask"]
    for given in (pixels, torch.from_numpy(pixels), pixels[None, None].astype(bool), tmp_path / "m.png"):
        mask.value = None
        mask.value = given
        assert np.array_equal(mask.value.numpy(), pixels)
    assert mask.painter.mask == pixels.tobytes()


@pytest.mark.parametrize("given", [np.ones((3, 4, 4)), np.ones(4), np.ones((0, 4))])
def test_what_is_no_mask_is_refused_with_its_shape(given):
    with pytest.raises(ValueError, match=r"A mask has shape \(h, w\)"):
        as_mask(given)


# lists


def test_layers_are_a_tuple_in_the_order_they_run_and_none_is_automatic(make):
    net = zoo()["in-place relu"]
    setting = make(ladder, net)["layers"]
    assert setting.value == ()
    assert setting.checklist.none == "automatic"
    setting.value = ["output", "0"]
    assert setting.value == ("0", "output")
    assert setting.checklist.chosen == ["0", "output"]
    setting.checklist.chosen = ["3"]
    assert setting.value == ("3",)
    with pytest.raises(LookupError, match="Did you mean 'output'"):
        setting.value = ["outptu"]


def test_another_name_of_a_tensor_stands_in_the_list_where_it_is_asked_for(make):
    net = zoo()["in-place relu"]
    twin = next(layer for layer in layers(net) if layer.same_as)
    setting = make(ladder, net, layers=[twin.name])["layers"]
    assert setting.value == (twin.name,)
    assert twin.name in setting.checklist.options


def test_choices_keep_their_order_and_one_at_least(make):
    setting = make(ladder, zoo()["reused module"])["kinds"]
    assert setting.value == ("tv", "deep", "fourier")
    setting.value = ("fourier", "tv")
    assert setting.value == ("tv", "fourier")
    setting.checklist.chosen = []
    assert setting.value == ("tv", "fourier")
    assert setting.checklist.chosen == ["tv", "fourier"]
    assert setting.problem.startswith("kinds is empty")
    with pytest.raises(ValueError, match="kinds='dip' is none of tv, deep, fourier"):
        setting.value = ["dip"]


# dials


def test_a_dial_of_a_method_that_takes_one_strength_offers_no_strip(make):
    share = make(blurred, zoo()["reused module"])["share"]
    assert share.strip.layout.display == "none"
    with pytest.raises(ValueError, match="no number"):
        share.value = (0.1, 0.5)
    assert controls(toy)["weight"].several


# values that are tensors


def test_tensors_are_the_same_where_all_their_numbers_are():
    one = rand(2, 3)
    assert same(one, one.clone())
    assert not same(one, one + 1)
    assert not same(one, one[:1])
    assert not same(one, None)
    assert not same("world/0", one)
    assert same((1, 2), (1, 2))


def test_a_tensor_is_told_by_its_shape():
    assert words(rand(3, 4)) == "tensor of 3 × 4"
    assert words(("a", "b")) == "a, b"
