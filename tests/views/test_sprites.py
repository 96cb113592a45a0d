"""Thumbnails: which are made, in which order, what is on a sheet."""

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from vizkit.views import sprites
from vizkit.views.sprites import ACROSS, SLOTS, Atlas, sample, sheet, tile


@pytest.fixture
def make():
    """An atlas and what it delivers, [(numbers, jpeg, first)]; closed at the end."""
    made = []

    def make(pictures, **more):
        delivered = []
        made.append(Atlas(pictures, lambda *sheet: delivered.append(sheet), **more))
        return made[-1], delivered

    yield make
    for atlas in made:
        atlas.close()


class Reds:
    """As many pictures as you like; picture i is red by i % 256."""

    def __init__(self, count: int, missing: tuple[int, ...] = ()):
        self.count, self.missing, self.read = count, missing, []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> torch.Tensor:
        self.read.append(number)
        if number in self.missing:
            raise OSError("a broken file")
        return torch.tensor([number % 256 / 255, 0.0, 0.0]).view(3, 1, 1).expand(3, 6, 9)


def test_every_thumbnail_lies_where_its_number_says(make):
    atlas, delivered = make(Reds(600))
    atlas.start()
    assert atlas.wait(20)
    assert np.concatenate([numbers for numbers, _, _ in delivered]).tolist() == list(range(600))
    for numbers, jpeg, _ in delivered:
        page = np.asarray(Image.open(io.BytesIO(jpeg)))
        for k in (0, len(numbers) // 2, len(numbers) - 1):
            y, x = (k // ACROSS + 0.5) * atlas.side, (k % ACROSS + 0.5) * atlas.side
            assert page[int(y), int(x), 0] == pytest.approx(numbers[k] % 256, abs=6)


def test_nothing_is_read_before_it_is_asked_for_and_a_second_start_is_none(make):
    pictures = Reds(30)
    atlas, _ = make(pictures)
    assert pictures.read == []
    for _ in range(3):
        atlas.start()
        atlas.wait(10)
    assert pictures.read == list(range(30))


def test_of_more_than_can_be_made_at_first_there_is_an_even_sample():
    numbers = sample(1_000_000)
    assert (len(numbers), numbers[0], numbers[-1]) == (sprites.FIRST, 0, 999_999)
    assert set(np.diff(numbers)) <= {244, 245}
    assert sample(100).tolist() == list(range(100))


def test_what_is_asked_for_comes_before_the_rest(make):
    held, go_on = threading.Event(), threading.Event()

    class Held(Reds):
        def __getitem__(self, number):
            held.set()
            assert go_on.wait(5)
            return super().__getitem__(number)

    atlas, delivered = make(Held(1000))
    atlas.start()
    assert held.wait(5)
    atlas.want([777, 3000, -1, 778])
    go_on.set()
    assert atlas.wait(30)
    assert delivered[1][0].tolist() == [777, 778]
    assert [first for _, _, first in delivered[:3]] == [True, False, True]


def test_only_the_newest_of_too_many_wishes_are_made(make, monkeypatch):
    monkeypatch.setattr(sprites, "PATIENCE", 4)
    pictures = Reds(50)
    atlas, _ = make(pictures)
    atlas.want(range(50))
    atlas.wait(10)
    assert pictures.read == [46, 47, 48, 49]


def test_a_picture_that_cannot_be_read_has_no_thumbnail(make):
    atlas, delivered = make(Reds(20, missing=(0, 7)))
    atlas.start()
    atlas.wait(10)
    assert sorted(set(range(20)) - {int(n) for numbers, _, _ in delivered for n in numbers}) == [0, 7]


def test_a_closed_atlas_reads_nothing_more(make):
    pictures = Reds(20)
    atlas, delivered = make(pictures)
    atlas.close()
    atlas.start()
    atlas.want([3])
    assert atlas.wait(1)
    assert (pictures.read, delivered) == ([], [])


def test_a_thumbnail_is_the_middle_square():
    wide = torch.zeros(3, 10, 30)
    wide[0, :, 10:20] = 1.0
    assert np.asarray(tile(wide, 10))[..., 0].min() >= 250
    assert tile(torch.zeros(1, 8, 8), 16).mode == "RGB"


def test_a_sheet_is_no_taller_than_it_needs_to_be():
    squares = [Image.new("RGB", (8, 8))] * (ACROSS + 1)
    assert Image.open(io.BytesIO(sheet(squares, 8))).size == (8 * ACROSS, 16)
    assert Image.open(io.BytesIO(sheet(squares[:3], 8))).size == (24, 8)
    assert SLOTS == ACROSS**2
