import io
import json
import struct
import zipfile

import pytest
import torch
from PIL import Image

import vizkit
from tests.save.toy import toy
from vizkit.core.runs import Run
from vizkit.play.player import Player
from vizkit.save import members
from vizkit.save.manifests import MOST_PIXELS, VERSION
from vizkit.save.recordings import CONTENTS, open_recording, record


@pytest.fixture
def path(tmp_path):
    return record(toy(steps=6), tmp_path / "x.vizkit", lossless=True)


def rewritten(path, change=lambda manifest: None, **members: bytes | None):
    """The recording with its manifest changed by `change`, and members replaced or (None) left out."""
    with zipfile.ZipFile(path) as file:
        kept = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(kept[CONTENTS])
    change(manifest)
    kept[CONTENTS] = json.dumps(manifest).encode()
    kept.update(members)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in kept.items():
            if data is not None:
                file.writestr(name, data)
    return path


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_a_lossless_recording_plays_the_run_to_the_nearest_byte(tmp_path, channels):
    run = toy(steps=5, channels=channels)
    played = list(open_recording(record(run, tmp_path / "x.vizkit", lossless=True)))
    for frame, original in zip(played, run, strict=True):
        assert (frame.step, frame.of) == (original.step, original.of)
        assert frame.result.captions == original.result.captions
        assert (frame.result.pixels - original.result.pixels).abs().max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_a_lossy_recording_of_any_number_of_channels_opens_again(tmp_path, channels):
    run = toy(steps=3, channels=channels)
    again = open_recording(record(run, tmp_path / "x.vizkit")).result()
    assert (again.pixels - run.result().pixels).abs().mean() < 0.2


def test_scalars_are_exact(path):
    for frame, original in zip(open_recording(path), toy(steps=6), strict=True):
        for name, value in original.scalars.items():
            assert torch.equal(frame.scalars[name], value.float())


def test_scalars_that_are_no_numbers_survive(tmp_path):
    def odd():
        for frame in toy(steps=1):
            yield vizkit.Frame(1, 1, frame.result, {"odd": torch.tensor([float("nan"), float("inf"), -float("inf")])})

    path = record(Run.of(odd), tmp_path / "x.vizkit")
    (frame,) = open_recording(path)
    assert repr(frame.scalars["odd"]) == "tensor([nan, inf, -inf])"
    with zipfile.ZipFile(path) as file:
        json.loads(file.read(CONTENTS), parse_constant=pytest.fail)  # the strict kind, which browsers read


def test_a_recording_is_a_run(path):
    run, recording = toy(steps=6), open_recording(path)
    assert recording.recipe == recording.result().recipe == run.recipe
    assert torch.equal(recording.curves().lines["objective"], run.curves().lines["objective"])
    assert isinstance(recording, Run)
    assert "brightening" in repr(recording)
    assert "6 frames" in repr(recording)


def test_a_player_plays_a_recording(path):
    shown = []
    player = Player(shown.append, fps=1e9)
    player.play(open_recording(path))
    assert player.wait(10)
    assert (player.state, player.frames, shown[-1].step) == ("done", 6, 6)


def test_a_copy_of_a_recording_tells_of_the_original(path, tmp_path):
    copy = open_recording(open_recording(path).save(tmp_path / "copy.vizkit"))
    assert copy.recipe == toy(steps=6).recipe
    assert copy.manifest.method == "brightening"


def test_a_long_run_is_thinned_to_both_ends_and_what_lies_between(tmp_path):
    steps = [frame.step for frame in open_recording(record(toy(steps=300, size=4), tmp_path / "x.vizkit"))]
    assert len(steps) == 60
    assert (steps[0], steps[-1]) == (1, 300)


def test_a_lossy_recording_is_smaller_and_close(tmp_path):
    smooth = Run.of(gradient)
    exact = record(smooth, tmp_path / "exact.vizkit", lossless=True)
    lossy = record(smooth, tmp_path / "lossy.vizkit")
    difference = open_recording(lossy).result().pixels - open_recording(exact).result().pixels
    assert difference.abs().mean() < 0.02


def gradient():
    ramp = torch.linspace(0, 1, 64)
    yield vizkit.Frame(1, 1, vizkit.Images(torch.stack([ramp.expand(64, 64)] * 3)[None]))


def test_a_missing_file_is_told_apart_from_a_bad_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.vizkit"):
        open_recording(tmp_path / "nothing.vizkit")


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_zip_is_refused_with_a_sentence(tmp_path, data):
    (tmp_path / "x.vizkit").write_bytes(data)
    with pytest.raises(ValueError, match=r"'x\.vizkit' cannot be opened"):
        open_recording(tmp_path / "x.vizkit")


def test_a_recording_cut_short_is_refused_with_a_sentence(path):
    data = path.read_bytes()
    for length in range(0, len(data), 997):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="cannot be opened"):
            open_recording(path)


def first(manifest):
    return manifest["frames"][0]


def held(manifest):
    return first(manifest)["held"]


CHANGES = {
    "no vizkit recording": lambda m: m.update(format="zip"),
    "update with pip": lambda m: m.update(version=VERSION + 1),
    "format True": lambda m: m.update(version=True),
    "kind of frames is 'pickles'": lambda m: m.update(kind="pickles"),
    "originals it does not hold": lambda m: held(m).update(beside=0),
    "True is no count": lambda m: held(m).update(columns=True),
    "columns are too many": lambda m: held(m).update(columns=10**9),
    "lacks 'originals/0000/0000": lambda m: m.update(originals=[[1, 3, 16, 16]]),
    "shape .* is impossible": lambda m: m.update(originals=[[1, 3, 16, 10**6]]),
    "holds no frame": lambda m: m.update(frames=[]),
    "do not count up": lambda m: m["frames"].reverse(),
    "damaged .KeyError": lambda m: held(m).pop("shape"),
    "damaged .TypeError": lambda m: m.update(frames=7),
    "damaged .AttributeError": lambda m: m.update(arguments=[]),
    "impossible or too large": lambda m: held(m).update(shape=[1, 1, MOST_PIXELS, 2]),
    "impossible": lambda m: held(m).update(shape=[2, 3]),
    "no count": lambda m: first(m).update(step=-1),
    "1 captions for 2 pictures": lambda m: held(m).update(captions=["one"]),
    "no text": lambda m: m.update(recipe=["import os"]),
    "could not convert": lambda m: first(m)["scalars"].update(objective="high"),
    "not webp or png": lambda m: m.update(coding="../../etc/passwd"),
}


@pytest.mark.parametrize("sentence", CHANGES)
def test_a_manifest_that_lies_is_refused_with_a_sentence(path, sentence):
    with pytest.raises(ValueError, match=f"'x.vizkit' cannot be opened: .*{sentence}"):
        open_recording(rewritten(path, CHANGES[sentence]))


def test_a_missing_or_foreign_member_is_refused(path):
    with pytest.raises(ValueError, match=r"should not hold '\.\./\.\./evil'"):
        open_recording(rewritten(path, **{"../../evil": b"x"}))
    with pytest.raises(ValueError, match=r"lacks 'frames/0003/0001\.png'"):
        open_recording(rewritten(path, **{"../../evil": None, "frames/0003/0001.png": None}))


def encoded(size) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "png")
    return buffer.getvalue()


def test_a_picture_of_another_size_is_refused_before_it_is_unpacked(path):
    huge = bytearray(encoded((16, 16)))
    huge[16:24] = struct.pack(">II", 60000, 60000)
    for data in (encoded((17, 16)), bytes(huge), b"no picture", b""):
        recording = open_recording(rewritten(path, **{"frames/0000/0001.png": data}))
        with pytest.raises(ValueError, match=r"'x\.vizkit' cannot be played: frames/0000/0001\.png"):
            list(recording)


def test_a_member_that_unpacks_to_too_much_is_refused(path, monkeypatch):
    monkeypatch.setattr(members, "MOST_PICTURE", 100)
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        list(open_recording(path))


def test_a_flipped_byte_anywhere_is_refused_or_harmless(path):
    data, refused = path.read_bytes(), 0
    for position in range(0, len(data), 211):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :])
        try:
            for frame in open_recording(path):
                assert frame.result.pixels.isfinite().all()
        except ValueError:  # any other error fails the test
            refused += 1
    assert refused > 0


def test_stopping_in_the_middle_leaves_no_file_open(path):
    frames = iter(open_recording(path))
    next(frames)
    path.unlink()
    with pytest.raises((FileNotFoundError, ValueError)):
        next(frames)


# what pictures are compared with


def compared(steps=4, originals=1, others=1):
    """Pictures that come near their originals; after half the steps these are other ones, `others` times so many."""
    pictures = torch.rand(6, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for step in range(1, steps + 1):
        beside = pictures[: originals if step <= steps // 2 else originals * others].clone()
        yield vizkit.Frame(step, steps, vizkit.Images(pictures * step / steps, beside=beside, columns=3))


def originals_in(path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        return [name for name in file.namelist() if name.startswith("originals/")]


@pytest.mark.parametrize("count", [1, 6])
def test_originals_and_columns_come_back_and_originals_are_stored_once(tmp_path, count):
    path = record(Run.of(compared, originals=count), tmp_path / "x.vizkit", lossless=True)
    assert len(originals_in(path)) == count
    for frame, original in zip(open_recording(path), compared(originals=count), strict=True):
        assert frame.result.columns == 3
        assert (frame.result.beside - original.result.beside).abs().max() <= 0.5 / 255 + 1e-6


def test_originals_that_change_during_a_run_are_told_apart(tmp_path):
    path = record(Run.of(compared, others=6), tmp_path / "x.vizkit")
    assert [len(frame.result.beside) for frame in open_recording(path)] == [1, 1, 6, 6]
    assert len(originals_in(path)) == 1 + 6


def test_frames_of_a_recording_share_one_original(tmp_path):
    frames = list(open_recording(record(Run.of(compared), tmp_path / "x.vizkit")))
    assert len({id(frame.result.beside) for frame in frames}) == 1


def test_a_copy_keeps_the_originals(tmp_path):
    path = record(Run.of(compared), tmp_path / "x.vizkit", lossless=True)
    again = open_recording(record(open_recording(path), tmp_path / "copy.vizkit", lossless=True)).result()
    assert torch.equal(again.beside, open_recording(path).result().beside)


def as_version_2(manifest):
    manifest["version"] = 2
    del manifest["kind"], manifest["cloud"]
    for entry in manifest["frames"]:
        entry.update(entry.pop("held"))
        del entry["remark"]


def test_a_recording_of_version_2_opens(tmp_path):
    path = record(Run.of(compared), tmp_path / "x.vizkit", lossless=True)
    now = open_recording(path).result()
    then = open_recording(rewritten(path, as_version_2)).result()
    assert torch.equal(then.pixels, now.pixels)
    assert torch.equal(then.beside, now.beside)
    assert then.columns == 3


def test_a_recording_of_version_1_opens(path):
    def as_it_was(manifest):
        as_version_2(manifest)
        manifest["version"] = 1
        del manifest["originals"]
        for entry in manifest["frames"]:
            del entry["columns"], entry["beside"]

    frames = list(open_recording(rewritten(path, as_it_was)))
    assert [frame.step for frame in frames] == [1, 2, 3, 4, 5, 6]
    assert all(frame.result.beside is None and frame.result.columns == 0 for frame in frames)


def test_as_many_originals_as_pictures_or_one_are_believed_and_no_other_number(tmp_path):
    path = record(Run.of(compared), tmp_path / "x.vizkit")
    with zipfile.ZipFile(path) as file:
        (name,) = originals_in(path)
        twice = {name.replace("0000.", "0001."): file.read(name)}
    with pytest.raises(ValueError, match="compares pictures with originals it does not hold"):
        open_recording(rewritten(path, lambda m: m.update(originals=[[2, 3, 16, 16]]), **twice))
