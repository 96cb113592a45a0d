"""Decoding by batches on a device: the CPU, which torchvision's decoder knows as well, and a GPU where there is one."""

import numpy as np
import pytest
import torch
from PIL import Image

import vizkit
from vizkit.data.collections import as_collection
from vizkit.data.device_decoding import cut, device_batches
from vizkit.data.feeding import batches

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")]),
]


@pytest.fixture
def folder(tmp_path):
    """JPEGs in color and gray, a PNG, and a damaged JPEG."""
    y, x = np.mgrid[:60, :80]
    for i in range(6):
        smooth = np.stack([np.sin(x / (9 + i)), np.cos(y / 7), np.sin((x + y) / 15)], -1)
        image = Image.fromarray((127 + 120 * smooth).astype(np.uint8))
        (image.convert("L") if i == 2 else image).save(tmp_path / f"{i}.{'png' if i == 3 else 'jpg'}", quality=95)
    (tmp_path / "5.jpg").write_bytes((tmp_path / "4.jpg").read_bytes()[:40])
    return tmp_path


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("workers", [0, 2])
def test_pictures_are_those_of_the_other_decoder_within_a_few_levels(folder, device, workers):
    collection = as_collection(folder).at((24, 24), 3)
    there = list(device_batches(collection, range(6), 2, workers, torch.device(device)))
    for some, plain in zip(there, batches(collection, range(6), 2), strict=True):
        assert some.ids.tolist() == plain.ids.tolist()
        assert [number for number, _ in some.unreadable] == [number for number, _ in plain.unreadable]
        assert (some.pixels.cpu().float() - plain.pixels.float()).abs().max() < 6


def test_cutting_on_a_device_is_pillows(folder):
    with Image.open(folder / "3.png") as image:
        whole = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    expected = as_collection([folder / "3.png"]).at((24, 30), 3).read(0)[0]
    assert (cut(whole, (24, 30)).int() - expected.int()).abs().max() <= 2  # Pillow rounds twice


def test_what_is_no_file_cannot_be_decoded_there():
    with pytest.raises(ValueError, match="Leave out decode"):
        vizkit.scan(vizkit.load("world", device="cpu"), "world/test/3", decode="device")
    with pytest.raises(ValueError, match="'cpu' or 'device'"):
        vizkit.scan(vizkit.load("world", device="cpu"), "world/test/3", decode="gpu")
