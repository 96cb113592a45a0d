"""Collections: what they take, how they cut, and that their hash notices a change."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, TensorDataset

from vizkit.data import world
from vizkit.data.collections import NONE, Array, Files, OfTheWorld, as_collection
from vizkit.data.decoding import Unreadable
from vizkit.data.pictures import as_pictures


@pytest.fixture
def folder(tmp_path):
    """Three pictures, two folders deep, and a file of another kind."""
    for i, name in enumerate(["b/2.png", "a/1.JPG", "a/deep/0.webp"]):
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + i, 30), (i * 50, 100, 200)).save(path)
    (tmp_path / "all" / "notes.txt").write_text("no picture")
    return tmp_path / "all"


def test_a_folder_is_searched_to_its_depths_by_name(folder):
    collection = as_collection(folder)
    assert isinstance(collection, Files)
    assert [collection.name(i) for i in range(len(collection))] == ["a/1.JPG", "a/deep/0.webp", "b/2.png"]
    assert collection.label_names == ("a", "b")
    assert [collection.read(i)[1] for i in range(3)] == [0, 0, 1]
    assert repr(collection).startswith("<folder of 3 pictures, root ")


def test_folders_are_labels_only_where_every_picture_lies_in_one(folder):
    Image.new("RGB", (9, 9)).save(folder / "loose.png")
    assert as_collection(folder).label_names == ()
    assert as_collection(folder / "a").label_names == ()


def test_a_list_of_paths_keeps_its_order_and_may_lack_some(folder):
    collection = as_collection([folder / "b" / "2.png", str(folder / "a" / "1.JPG"), folder / "gone.png"])
    assert [collection.name(i) for i in range(3)] == ["b/2.png", "a/1.JPG", "gone.png"]
    with pytest.raises(Unreadable, match=r"gone\.png"):
        collection.read(2)


@pytest.mark.parametrize("size", [(8, 8), (8, 16), (40, 24)])
@pytest.mark.parametrize(("name", "shape"), [("x.png", (37, 52)), ("x.png", (64, 20)), ("x.jpg", (300, 500))])
def test_a_file_is_cut_as_pictures_are(tmp_path, size, name, shape):
    y, x = np.mgrid[: shape[0], : shape[1]]
    smooth = np.stack(
        [127 + 120 * np.sin(x / 9), 127 + 120 * np.cos(y / 7), 127 + 120 * np.sin((x + y) / 15)], -1
    ).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / name, quality=95)
    found = as_collection([tmp_path / name]).at(size, 3)[0]
    expected = as_pictures(tmp_path / name, size, 3)[0]
    assert found.shape == (3, *size)
    assert (found - expected).abs().mean() < (0.004 if name == "x.png" else 0.02)  # a large JPEG is decoded smaller


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA", "I;16"])
def test_any_kind_of_file_becomes_the_channels_that_are_asked_for(tmp_path, mode):
    image = Image.new("RGB", (9, 9), (255, 255, 255))
    image = Image.fromarray(np.full((9, 9), 255, np.uint16)) if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / ("x.tif" if mode in ("CMYK", "I;16") else "x.png"))
    for channels in (1, 3, 4):
        assert as_collection(tmp_path).at((4, 4), channels).read(0)[0].shape == (channels, 4, 4)


def test_a_palette_with_transparency_is_read_without_a_warning(tmp_path):
    image = Image.new("P", (9, 9))
    image.putpalette([1, 2, 3] * 256)
    image.save(tmp_path / "x.png", transparency=bytes(range(256)))
    assert as_collection(tmp_path).at((4, 4), 3)[0].shape == (3, 4, 4)


def test_a_picture_lies_as_its_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (40, 20)).save(tmp_path / "x.jpg", exif=exif)
    assert as_collection(tmp_path)[0].shape == (3, 40, 20)


@pytest.mark.parametrize(
    "bytes_",
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(50), b"\xff\xd8\xff\xe0" + bytes(99), b"RIFF\x10\0\0\0WEBPVP8 "],
)
def test_a_damaged_file_is_unreadable_and_says_why(tmp_path, bytes_):
    (tmp_path / "x.png").write_bytes(bytes_)
    with pytest.raises(Unreadable, match=r".+"):
        as_collection(tmp_path).read(0)


def test_arrays_have_their_channels_where_they_are():
    pixels = torch.rand(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    last = (pixels.movedim(1, -1) * 255).to(torch.uint8).numpy()
    for source in (pixels, pixels.numpy(), last):
        collection = as_collection(source)
        assert isinstance(collection, Array)
        assert len(collection) == 4
        assert collection[1].shape == (3, 5, 6)
        assert (collection[1] - pixels[1]).abs().max() < 1 / 255 + 1e-6
    with pytest.raises(ValueError, match="Divide bytes by 255"):
        as_collection(255 * pixels)
    with pytest.raises(ValueError, match=r"\(n, c, h, w\)"):
        as_collection(pixels[0])


def test_an_npy_file_is_an_array(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 3, 4, 4), np.uint8))
    assert as_collection(tmp_path / "x.npy")[1].shape == (3, 4, 4)


class Pairs(Dataset):
    """A dataset as torchvision has them."""

    classes = ("cat", "dog")

    def __init__(self, bad=False):
        self.targets, self.bad = [0, 1, 1], bad

    def __len__(self):
        return 3

    def __getitem__(self, number):
        if self.bad and number == 1:
            raise OSError("the disk is gone")
        return Image.new("RGB", (8, 8), (number * 100, 0, 0)), self.targets[number]


def test_a_dataset_gives_pictures_labels_and_their_words():
    collection = as_collection(Pairs()).at((4, 4), 3)
    assert collection.label_names == ("cat", "dog")
    assert [collection.read(i)[1] for i in range(3)] == [0, 1, 1]
    assert collection[2][0].eq(200 / 255).all()
    with pytest.raises(Unreadable, match="the disk is gone"):
        as_collection(Pairs(bad=True)).read(1)
    pairs = TensorDataset(torch.zeros(2, 3, 4, 4), torch.tensor([5, 7]))
    assert as_collection(pairs).read(1)[1] == 7
    assert as_collection([torch.zeros(3, 4, 4)]).read(0)[1] == NONE


def test_the_world_is_drawn_by_number():
    collection = as_collection("world/validation/5").at((48, 48), 3)
    assert isinstance(collection, OfTheWorld)
    view = world.render(world.scene(4, "validation"), 48)
    assert torch.equal(collection.read(4)[0], torch.from_numpy(view.picture).permute(2, 0, 1))
    assert collection.read(4)[1] == view.label
    assert len(as_collection("world")) == 1200
    assert collection.label_names == world.SCENES
    same = as_collection(world.World("validation", 5))
    assert same.hash == collection.hash


@pytest.mark.parametrize(
    ("source", "error", "sentence"),
    [
        ("world/tset", ValueError, "Did you mean 'test'"),
        ("world/test/many", ValueError, "world/SPLIT/COUNT"),
        ("world/test/0", ValueError, "holds no picture"),
        ("world/test/999999999", LookupError, "scenes 0 to"),
        ("nowhere", FileNotFoundError, "There is no folder"),
        (7, ValueError, "no collection of pictures"),
        ({"a": 1}, ValueError, "dict is no collection of pictures"),
        (torch.zeros(5, 8, 8), ValueError, r"x\[:, None\]"),
        (torch.full((2, 3, 4, 4), -1.0), ValueError, r"Leave normalization out.*mean=…"),
        ([], ValueError, "holds no picture"),
    ],
)
def test_mistakes_are_told_in_a_sentence(source, error, sentence):
    with pytest.raises(error, match=sentence):
        as_collection(source)


def test_a_hash_stays_until_something_changes(folder):
    pixels = torch.rand(3, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    other = pixels.clone()
    other[2, 1, 3, 0] += 1e-3
    makers = {
        "folder": (lambda: as_collection(folder), lambda: Image.new("RGB", (9, 9)).save(folder / "c.png")),
        "array": (lambda: as_collection(pixels), None),
        "list": (lambda: as_collection(list(pixels)), None),
        "dataset": (lambda: as_collection(Pairs()), None),
        "world": (lambda: as_collection("world/test/3"), None),
    }
    hashes = {name: make().hash for name, (make, _) in makers.items()}
    assert hashes == {name: make().hash for name, (make, _) in makers.items()}
    assert len(set(hashes.values())) == len(hashes)
    makers["folder"][1]()
    changed = Pairs()
    changed.targets = [1, 1, 1]
    assert as_collection(folder).hash != hashes["folder"]
    assert as_collection(other).hash != hashes["array"]
    assert as_collection(list(other)).hash != hashes["list"]
    assert as_collection(changed).hash != hashes["dataset"]
    assert as_collection("world/test/4").hash != hashes["world"]


def test_items_beyond_the_end_are_index_errors():
    collection = as_collection("world/test/2")
    assert torch.equal(collection[-1], collection[1])
    with pytest.raises(IndexError, match="pictures 0 to 1, not 2"):
        collection[2]
    assert len(list(collection)) == 2


def test_a_subset_has_the_pictures_names_and_labels_of_its_numbers(folder):
    whole = as_collection(folder)
    some = whole.subset([2, 0])
    assert [some.name(i) for i in range(len(some))] == ["b/2.png", "a/1.JPG"]
    assert [some.read(i)[1] for i in range(2)] == [1, 0]
    assert some.label_names == whole.label_names
    assert torch.equal(some.at((8, 8), 1)[1], whole.at((8, 8), 1)[0])
    assert torch.equal(some[-1], whole[0])
    assert repr(some) == "<subset of 2 pictures, of folder>"
    assert as_collection(some) is some


def test_a_subset_is_chosen_by_numbers_a_mask_or_what_is_counted_from_the_end():
    whole = as_collection(torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0)))
    for numbers in ([1, 3], torch.tensor([1, 3]), np.array([1, 3]), torch.tensor([False, True, False, True]), [1, -1]):
        assert torch.equal(torch.stack(list(whole.subset(numbers))), whole.pixels[[1, 3]])
    assert whole.subset([1, 3]).subset([1]).name(0) == "3"


def test_the_hash_of_a_subset_is_that_of_its_whole_and_its_numbers():
    pixels = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    some = as_collection(pixels).subset([1, 3]).hash
    assert some == as_collection(pixels.clone()).subset([1, 3]).hash
    assert len({some, as_collection(pixels).hash, as_collection(pixels).subset([3, 1]).hash}) == 3
    assert as_collection(pixels / 2).subset([1, 3]).hash != some


@pytest.mark.parametrize(
    ("numbers", "error", "sentence"),
    [
        ([], ValueError, "no pictures is none"),
        ([4], IndexError, "pictures 0 to 3, not 4"),
        ([0.5], ValueError, "whole numbers"),
        (torch.tensor([True, False]), ValueError, "mask of 2 for 4"),
        (torch.zeros(4, dtype=torch.bool), ValueError, "no pictures is none"),
    ],
)
def test_a_subset_of_what_is_not_there_is_refused(numbers, error, sentence):
    with pytest.raises(error, match=sentence):
        as_collection(torch.zeros(4, 3, 5, 5)).subset(numbers)


def test_an_index_of_a_subset_is_opened_with_its_pictures(tmp_path):
    import vizkit
    from tests.zoo import zoo

    some = as_collection(torch.rand(9, 3, 20, 20, generator=torch.Generator().manual_seed(0))).subset([1, 3, 8])
    index = vizkit.scan(zoo()["residual"], some, ["conv"], out=tmp_path / "index")
    again = vizkit.open_index(tmp_path / "index", pictures=some)
    assert torch.equal(again.top("conv").values, index.top("conv").values)
    with pytest.raises(LookupError, match="were a subset"):
        vizkit.open_index(tmp_path / "index").pictures[0]
