import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image

from vizkit.core.results import Images
from vizkit.save import lettering
from vizkit.save.pictures import (
    automatic_columns,
    channel_note,
    encode,
    mimebundle,
    save_sheet,
    sheet,
    to_pil,
    to_uint8,
)


def noise(n=1, c=3, h=16, w=16):
    return torch.rand(n, c, h, w, generator=torch.Generator().manual_seed(1))


def test_bytes_are_rounded_to_nearest():
    pixels = torch.tensor([0, 0.0019, 0.002, 0.499, 0.5, 0.999, 1.0]).view(1, 1, 1, 7)
    assert to_uint8(pixels).ravel().tolist() == [0, 0, 1, 127, 128, 255, 255]


def test_every_byte_survives_the_way_to_float_and_back():
    every = torch.arange(256).view(1, 1, 16, 16)
    assert (to_uint8(every / 255).ravel() == every.ravel().numpy()).all()


def test_values_outside_the_range_are_cut_and_nan_is_black():
    odd = torch.tensor([-1.0, 2.0, float("nan"), float("inf")]).view(1, 1, 2, 2)
    assert to_uint8(odd).ravel().tolist() == [0, 255, 0, 255]


def test_half_precision_and_a_gradient_do_not_matter():
    pixels = noise().requires_grad_()
    assert np.abs(to_uint8(pixels).astype(int) - to_uint8(pixels.half())).max() <= 1


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 3), (3, 3), (4, 3), (9, 3)])
def test_any_number_of_channels_is_shown_and_told(channels, shown):
    array = to_uint8(noise(c=channels))
    assert array.shape[-1] == shown
    assert bool(channel_note(channels)) == (channels not in {1, 3})
    assert (array[..., 0] == to_uint8(noise(c=channels)[:, :1])[..., 0]).all()


def test_two_channels_have_no_blue():
    assert to_uint8(noise(c=2))[..., 2].max() == 0


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_an_encoded_picture_opens_again_at_its_size(format):
    data = encode(noise(h=10, w=20)[0], format)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == format.upper()
        assert image.size == (20, 10)


def test_png_keeps_every_byte():
    picture = noise()[0]
    with Image.open(io.BytesIO(encode(picture, "png"))) as image:
        assert (np.array(image) == np.array(to_pil(picture))).all()


@pytest.mark.parametrize("count", range(1, 40))
def test_automatic_columns_are_about_square(count):
    columns = automatic_columns(count)
    rows = -(-count // columns)
    assert rows <= columns <= 4 * rows
    assert columns * rows - count < columns


def test_pictures_stand_on_the_sheet_unchanged_and_apart():
    images = Images(noise(4, h=5, w=7))
    paper = np.array(sheet(images, columns=2, gap=3))
    assert paper.shape == (3 + 2 * (5 + 3), 3 + 2 * (7 + 3), 3)
    bytes_ = to_uint8(images.pixels)
    for i, (y, x) in enumerate([(3, 3), (3, 13), (11, 3), (11, 13)]):
        assert (paper[y : y + 5, x : x + 7] == bytes_[i]).all()
        paper[y : y + 5, x : x + 7] = 255
    assert (paper == 255).all()


def test_captions_are_drawn_below_their_pictures_and_never_over_them():
    pixels = torch.zeros(2, 3, 40, 80)
    plain, named = np.array(sheet(Images(pixels))), np.array(sheet(Images(pixels, ("unit 3", ""))))
    assert (named[4:44, 4:84] == 0).all()
    below = named[44:, :86]
    assert named.shape[0] > plain.shape[0]
    assert (below < 128).any()
    assert (named[44:, 88:] == 255).all()  # the empty caption


@pytest.mark.parametrize("text", ["word " * 50, "x" * 400, "", " ", "a\nb\tc", "λ × é 中文"])
def test_a_caption_keeps_to_its_width_and_lines(text):
    face = lettering.font(12)
    lines = lettering.wrapped(text, face, 90).split("\n")
    assert len(lines) <= 3
    assert all(face.getlength(line) <= 90 for line in lines)


def test_a_caption_that_fits_is_not_cut():
    words = "a caption of some words"
    assert lettering.wrapped(words, lettering.font(12), 90).split() == words.split()


def test_without_a_font_on_the_machine_symbols_are_spelled(monkeypatch):
    monkeypatch.setattr(lettering, "_FAMILIES", ("nowhere.ttf",))
    lettering.font.cache_clear()
    try:
        assert lettering.wrapped("λ 2×2 café", lettering.font(12), 200) == "lambda 2x2 cafe"
    finally:
        lettering.font.cache_clear()


def test_a_sheet_of_no_picture_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="no picture"):
        sheet(Images(torch.zeros(0, 3, 8, 8)))


@pytest.mark.parametrize("ending", [".png", ".webp", ".PNG"])
def test_a_saved_sheet_has_the_sheets_pixels(tmp_path, ending):
    images = Images(noise(3), ("a", "b", "c"))
    path = images.save(tmp_path / f"x{ending}")
    with Image.open(path) as image:
        assert (np.array(image.convert("RGB")) == np.array(sheet(images))).all()


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.png.txt"])
def test_another_ending_is_refused_with_those_that_work(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.png or \.webp"):
        save_sheet(Images(noise()), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_sheet_too_long_for_webp_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"\.png"):
        save_sheet(Images(torch.zeros(1, 1, 1, 16384)), tmp_path / "x.webp")


class Reader(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_a_notebook_output_shows_every_picture_with_its_caption_as_alt_text():
    images = Images(noise(3, h=150, w=150), ("a", "b", "c"))
    pictures = [attributes for tag, attributes in Reader(mimebundle(images)["text/html"]).tags if tag == "img"]
    assert [p["alt"] for p in pictures] == ["a", "b", "c"]
    for picture in pictures:
        kind, data = re.fullmatch(r"data:image/(\w+);base64,(.+)", picture["src"]).groups()
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert image.format == kind.upper()
            assert image.size == (150, 150)


def test_a_caption_cannot_become_markup():
    evil = '"><script>alert(1)</script><img src=x onerror="alert(1)">'
    bundle = mimebundle(Images(noise(), (evil,)))
    page = Reader(bundle["text/html"])
    assert {tag for tag, _ in page.tags} == {"div", "figure", "img", "figcaption"}
    assert page.tags[0][1]["aria-label"].endswith(evil)
    assert page.text == evil


def test_a_small_picture_is_enlarged_by_the_page_and_not_in_its_pixels():
    (picture,) = [a for tag, a in Reader(mimebundle(Images(noise()))["text/html"]).tags if tag == "img"]
    assert "width: 192px" in picture["style"]
    assert "pixelated" in picture["style"]
    with Image.open(io.BytesIO(base64.b64decode(picture["src"].split(",")[1]))) as image:
        assert image.size == (16, 16)


@pytest.mark.parametrize(
    ("images", "width"),
    [
        (Images(noise(4, h=96, w=96)), 192),
        (Images(noise(5, h=96, w=96)), 128),
        (Images(noise(5, h=200, w=200)), 200),
        (Images(noise(3, h=96, w=96), beside=noise(1, h=96, w=96)), 192),
        (Images(noise(4, h=96, w=96), beside=noise(1, h=96, w=96)), 128),
        (Images(noise(12, h=96, w=96), columns=4), 192),
        (Images(noise(4, h=96, w=96), beside=noise(4, h=96, w=96), columns=2), 192),
        (Images(noise(4, h=96, w=96), beside=noise(4, h=96, w=96), columns=4), 192),  # two pairs, and two below them
        (Images(noise(8, h=96, w=96), beside=noise(8, h=96, w=96), columns=4), 128),
    ],
)
def test_few_pictures_in_a_row_are_shown_larger_and_none_smaller_than_it_is(images, width):
    pictures = [a for tag, a in Reader(mimebundle(images)["text/html"]).tags if tag == "img"]
    assert {picture["style"] for picture in pictures} == {f"width: {width}px"}  # and smooth: no pixel is to be counted


def test_a_thousand_pictures_do_not_flood_a_notebook():
    bundle = mimebundle(Images(torch.zeros(1000, 1, 2, 2)))
    assert bundle["text/html"].count("<img") == 256
    assert "744 more" in bundle["text/html"]


def test_plain_text_says_how_odd_channels_are_shown():
    assert mimebundle(Images(noise(c=5)))["text/plain"].endswith("(first 3 of 5 channels as RGB)")


# with what the pictures are compared


def gray(*levels: float, size: int = 40) -> torch.Tensor:
    """An even picture for each level."""
    return torch.tensor(levels).view(-1, 1, 1, 1).expand(-1, 3, size, size)


def levels(paper: np.ndarray, columns: int, rows: int) -> list[list[int]]:
    """What is in the middle of each picture of a sheet."""
    h, w = paper.shape[0] / rows, paper.shape[1] / columns
    return [[int(paper[int(h * r + 24), int(w * (c + 0.5)), 0]) for c in range(columns)] for r in range(rows)]


def test_an_original_stands_first_and_is_called_so():
    images = Images(gray(0.2, 0.4, 0.6), beside=gray(0.0))
    paper = np.array(sheet(images))
    assert levels(paper, 2, 2) == [[0, 51], [102, 153]]
    words = paper[44 : paper.shape[0] // 2 - 4, :76]
    assert (words < 128).any(), "nothing is written below the original"
    assert (paper[44 : paper.shape[0] // 2 - 4, 84:] == 255).all(), "something is written below a nameless picture"


def test_where_columns_are_asked_for_the_original_has_one_of_its_own():
    images = Images(gray(0.2, 0.4, 0.6, 0.8), tuple("abcd"), beside=gray(0.0), columns=2)
    assert levels(np.array(sheet(images)), 3, 2) == [[0, 51, 102], [255, 153, 204]]


def test_each_with_its_own_original_stands_to_its_right():
    images = Images(gray(0.2, 0.4), beside=gray(0.6, 0.8), columns=1)
    assert sheet(images).size == (4 + 81 + 4, 4 + 2 * 44)
    paper = np.array(sheet(images))
    assert [[int(paper[y, x, 0]) for x in (20, 65)] for y in (20, 64)] == [[153, 51], [204, 102]]


def test_an_original_of_another_size_or_in_gray_is_brought_to_the_pictures():
    images = Images(gray(0.2), beside=torch.zeros(1, 1, 10, 10))
    assert sheet(images).size == sheet(Images(gray(0.2), beside=gray(0.0))).size


@pytest.mark.parametrize("columns", [1, 3, 6])
def test_a_sheet_has_the_columns_that_its_pictures_ask_for(columns):
    images = Images(noise(6, h=8, w=8), columns=columns)
    assert sheet(images).size == (4 + 12 * columns, 4 + 12 * (6 // columns))
    assert sheet(images, columns=2).size[0] == 4 + 12 * 2


def test_a_notebook_shows_the_original_first_and_rows_as_asked_for():
    images = Images(noise(4), tuple("abcd"), beside=noise(1), columns=2)
    page = Reader(mimebundle(images)["text/html"])
    assert [a["alt"] for tag, a in page.tags if tag == "img"] == ["original", *"abcd"]
    assert page.text == "originalabcd"
    assert [tag for tag, _ in page.tags].count("div") == 1 + 1 + 2
    assert {tag for tag, _ in page.tags} == {"div", "figure", "img", "figcaption"}


def test_a_notebook_shows_each_picture_after_its_own_original():
    images = Images(noise(2), ("a", "b"), beside=noise(2))
    page = Reader(mimebundle(images)["text/html"])
    assert [a["alt"] for tag, a in page.tags if tag == "img"] == ["original of a", "a", "original of b", "b"]
