"""Whatever a reader has becomes (n, c, h, w) in [0, 1]."""

import numpy as np
import pytest
import torch
from PIL import Image

from vizkit.data import world
from vizkit.data.pictures import as_pictures, picture_files


@pytest.fixture
def photo(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(array).save(path)
    return path, array


def rand(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def test_a_file_a_pillow_image_an_array_and_a_tensor_are_the_same_picture(photo):
    path, array = photo
    wanted = torch.from_numpy(array).permute(2, 0, 1)[None] / 255
    sources = [path, str(path), Image.fromarray(array), array, array.transpose(2, 0, 1), wanted[0], wanted, [path]]
    for source in sources:
        assert torch.allclose(as_pictures(source), wanted)


def test_the_middle_is_cut_and_resized(photo):
    path, array = photo
    cut = as_pictures(path, (20, 20))
    assert torch.allclose(cut, torch.from_numpy(array[:, 5:25]).permute(2, 0, 1)[None] / 255)
    assert as_pictures(path, (7, 5)).shape == (1, 3, 7, 5)


def test_a_constant_picture_stays_constant_at_any_size():
    assert torch.allclose(as_pictures(torch.full((3, 31, 17), 0.3), (64, 40)), torch.tensor(0.3))


def test_a_picture_of_the_world_goes_by_its_number():
    drawn = world.render(world.scene(7, "test"), 48).picture
    wanted = torch.from_numpy(np.ascontiguousarray(drawn)).permute(2, 0, 1)[None] / 255
    assert torch.equal(as_pictures("world/7", (48, 48)), wanted)


def test_channels_are_turned_into_those_needed():
    gray, color = torch.full((1, 8, 8), 0.25), rand(3, 8, 8)
    assert torch.equal(as_pictures(gray), gray.expand(1, 3, 8, 8))
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    assert torch.allclose(as_pictures(color, channels=1), (color * weights).sum(0)[None, None])
    see_through = rand(4, 8, 8)
    assert torch.equal(as_pictures(see_through), see_through[None, :3])


def test_several_are_stacked(photo):
    assert as_pictures([photo[0], "world/0"], (16, 16)).shape == (2, 3, 16, 16)


def test_files_of_a_folder_are_listed_by_name(tmp_path):
    for name in ("b.png", "a.JPG", "c.txt", "d/e.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in picture_files(tmp_path)] == ["a.JPG", "b.png", "e.webp"]


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("nothing.png", FileNotFoundError, "no picture 'nothing.png'"),
        ("world/x", ValueError, "Give a number"),
        (torch.full((3, 4, 4), 2.0), ValueError, "from 0 to 1"),
        (torch.full((3, 4, 4), torch.nan), ValueError, "from 0 to 1"),
        (torch.full((3, 4, 4), 7.0), ValueError, "Divide bytes by 255"),
        (torch.full((3, 4, 4), -2.0), ValueError, r"Leave normalization out.*mean=…"),
        (torch.zeros(4, 4), ValueError, "has shape"),
        (torch.zeros(5, 4, 4), ValueError, "5 channels"),
        ([], ValueError, "no picture"),
        (3, ValueError, "no picture"),
        ([torch.zeros(3, 4, 4), torch.zeros(3, 5, 5)], ValueError, "differ in shape"),
    ],
)
def test_what_is_no_picture_is_answered_with_a_sentence(source, error, words):
    with pytest.raises(error, match=words):
        as_pictures(source)


def test_a_folder_and_a_text_are_no_pictures(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        as_pictures(tmp_path)
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(ValueError, match="no picture that can be read"):
        as_pictures(tmp_path / "a.png")
