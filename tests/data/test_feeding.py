"""Batches come in order, whatever the threads; decoding runs ahead, but not far; a cache changes nothing."""

import pickle
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

from tests.widgets.toy import until
from vizkit.data.cache import Cached, cached
from vizkit.data.collections import Items, as_collection
from vizkit.data.feeding import batches


class Slow:
    """Items that take longer the smaller their number, and tell who asked for them."""

    def __init__(self, count=23, seconds=0.0):
        self.count, self.seconds, self.asked, self.lock = count, seconds, [], threading.Lock()

    def __len__(self):
        return self.count

    def __getitem__(self, number):
        time.sleep(self.seconds * (self.count - number) / self.count)
        with self.lock:
            self.asked.append(number)
        if number == 7:
            raise OSError("not this one")
        return torch.full((3, 4, 4), number / 100), number


@pytest.mark.parametrize("workers", [0, 1, 4])
@pytest.mark.parametrize("batch", [1, 5, 23, 50])
def test_every_picture_comes_once_in_order_with_its_label(workers, batch):
    found = list(batches(Items(Slow(seconds=0.002)), range(2, 23), batch, workers))
    ids = torch.cat([b.ids for b in found]).tolist()
    assert ids == [i for i in range(2, 23) if i != 7]
    assert torch.cat([b.labels for b in found]).tolist() == ids
    assert [round(float(p[0, 0, 0]) * 100) for b in found if b.pixels is not None for p in b.pixels] == ids
    assert [(f, b.numbers) for b in found for f in b.unreadable] == [((7, "not this one"), found[5 // batch].numbers)]
    assert [len(b.numbers) for b in found[:-1]] == [batch] * (len(found) - 1)


def test_decoding_runs_ahead_but_not_far():
    items = Slow(200)
    feed = batches(Items(items), range(200), 8, workers=2)
    next(feed)
    until(lambda: len(items.asked) > 8)
    time.sleep(0.05)  # in which more would be asked for
    assert len(items.asked) <= 8 + 2 * 8 + 2
    feed.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("vizkit decode")]


def test_an_error_of_the_dataset_is_its_own_and_ends_the_threads():
    class Broken(Slow):
        def __getitem__(self, number):
            raise KeyError("my own")

    with pytest.raises(KeyError, match="my own"):
        list(batches(Items(Broken()), range(9), 2, workers=2))
    assert not [t for t in threading.enumerate() if t.name.startswith("vizkit decode")]


def test_pictures_of_different_shapes_are_told():
    items = [torch.zeros(3, 4, 4), torch.zeros(3, 5, 4)]
    with pytest.raises(ValueError, match=r"collection\.at\(size, channels\)"):
        list(batches(as_collection(items), range(2), 2))


def test_an_array_is_handed_on_as_it_lies():
    pixels = torch.zeros(6, 3, 4, 4, dtype=torch.uint8)
    (only,) = batches(as_collection(pixels), range(1, 5), 4)
    assert only.pixels is not None
    assert only.pixels.data_ptr() == pixels[1].data_ptr()
    assert only.ids.tolist() == [1, 2, 3, 4]


# -- the cache ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    chance = np.random.default_rng(0)
    for i in range(5):
        path = tmp_path / "in" / f"{i % 2}" / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(path)
    (tmp_path / "in" / "0" / "bad.jpg").write_text("no")
    return tmp_path / "in"


def everything(collection):
    found = list(batches(collection, range(len(collection)), 4, 2))
    return [
        (b.ids.tolist(), b.labels.tolist(), None if b.pixels is None else b.pixels.clone(), b.unreadable) for b in found
    ]


def test_the_second_pass_needs_no_file_and_gives_the_very_same(folder, tmp_path):
    plain = as_collection(folder).at((8, 8), 3)
    first = everything(cached(plain, tmp_path / "cache"))
    for path in folder.rglob("[0-9].jpg"):
        path.write_bytes(path.read_bytes()[:9])  # of the same hash object, so that the cache still fits
    second = everything(cached(plain, tmp_path / "cache"))
    for a, b in zip(first, second, strict=True):
        assert a[:2] == b[:2]
        assert torch.equal(a[2], b[2])
        assert [number for number, _ in a[3]] == [number for number, _ in b[3]]


def test_a_cache_of_another_size_or_set_is_another_file_and_a_damaged_one_is_made_anew(folder, tmp_path):
    plain, out = as_collection(folder), tmp_path / "cache"
    for size in ((8, 8), (6, 8)):
        everything(cached(plain.at(size, 3), out))
    assert len(list(out.iterdir())) == 2
    for path in out.iterdir():
        path.write_bytes(b"short")
    a, b = everything(plain.at((8, 8), 3)), everything(cached(plain.at((8, 8), 3), out))
    assert all(torch.equal(x[2], y[2]) for x, y in zip(a, b, strict=True))


def test_floats_are_handed_on_without_being_kept(tmp_path):
    pixels = [torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0)) for _ in range(3)]
    kept = cached(as_collection(pixels).at((8, 8), 3), tmp_path / "cache")
    assert torch.equal(kept[1], pixels[1])
    assert torch.equal(kept[1], pixels[1])
    assert isinstance(kept, Cached)


def test_a_cache_needs_a_size(tmp_path):
    with pytest.raises(ValueError, match="Cut them first"):
        cached(as_collection("world/test/2"), tmp_path)


def test_a_cache_travels_to_another_process_as_its_path(folder, tmp_path):
    there = cached(as_collection(folder).at((8, 8), 3), tmp_path / "cache")
    everything(there)
    sent = pickle.dumps(there)
    assert len(sent) < 2000
    assert torch.equal(pickle.loads(sent)[0], there[0])
