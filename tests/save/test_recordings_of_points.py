"""Recordings of points and curves: what comes back, what is stored once, and what a hostile file cannot do."""

import json
import math
import zipfile

import pytest
import torch

import vizkit
from tests.save.toy import brightening, counting
from vizkit.core.results import Curves, Points
from vizkit.core.runs import Run
from vizkit.save.kept_points import SIDES, STEPS
from vizkit.save.recordings import CONTENTS, open_recording, record


def wandering(n: int = 40, steps: int = 5, channels: int = 3, side: int = 20):
    """Points that move from frame to frame, with everything a point can have."""
    chance = torch.Generator().manual_seed(0)
    start, way = torch.randn(n, 2, generator=chance), 10 * torch.randn(n, 2, generator=chance)
    pictures = torch.rand(n, channels, side, 2 * side, generator=chance)
    labels = torch.arange(n) % 4 - 1
    told = {
        "labels": labels,
        "label_names": ("cat", "dog", "</script>"),
        "values": {
            "loss": torch.randn(n, generator=chance),
            "odd": torch.full((n,), float("nan")),
            "answer": torch.arange(n) % 2,
        },
        "names": [f"picture {i}" for i in range(n)],
        "pictures": list(pictures),
        "maps": {"stage1": torch.randn(n, 2, generator=chance)},
        "measures": {"stage1": {"kl": 0.75, "label agreement": float("nan")}},
        "words": {"answer": ("left", "</script>")},
    }
    for step in range(1, steps + 1):
        xy = start + way * step
        yield vizkit.Frame(step, steps, Points(xy, **told), {"spread": xy.std()}, f"step {step}")


@pytest.fixture
def path(tmp_path):
    return record(Run.of(wandering), tmp_path / "x.vizkit", lossless=True)


def members(path) -> dict[str, int]:
    with zipfile.ZipFile(path) as file:
        return {info.filename: info.file_size for info in file.infolist()}


def rewritten(path, change=lambda manifest: None, **replaced: bytes | None):
    with zipfile.ZipFile(path) as file:
        kept = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(kept[CONTENTS])
    change(manifest)
    kept = {**kept, CONTENTS: json.dumps(manifest).encode(), **replaced}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in kept.items():
            if data is not None:
                file.writestr(name, data)
    return path


def test_points_come_back_with_everything_they_had(path):
    for frame, original in zip(open_recording(path), Run.of(wandering), strict=True):
        again, points = frame.result, original.result
        assert (frame.step, frame.of, frame.said) == (original.step, original.of, original.said)
        assert torch.equal(again.xy, points.xy)
        assert torch.equal(again.labels, points.labels)
        assert (again.label_names, again.names) == (points.label_names, tuple(points.names))
        assert torch.equal(again.values["loss"], points.values["loss"])
        assert again.values["odd"].isnan().all()
        assert torch.equal(again.maps["stage1"], points.maps["stage1"])
        assert (again.words, again.measures["stage1"]["kl"]) == (points.words, 0.75)
        assert math.isnan(again.measures["stage1"]["label agreement"])
        assert torch.equal(frame.scalars["spread"], original.scalars["spread"])


def test_a_lossy_recording_rounds_places_to_a_share_of_their_span(tmp_path):
    played = open_recording(record(Run.of(wandering), tmp_path / "x.vizkit"))
    for frame, original in zip(played, Run.of(wandering), strict=True):
        xy = original.result.xy
        span = xy.amax(0) - xy.amin(0)
        assert ((frame.result.xy - xy).abs() <= 0.51 * span / STEPS + 1e-6 * xy.abs()).all()


def test_only_places_are_stored_for_each_frame(path):
    sizes = members(path)
    assert {name for name in sizes if name.startswith("frames/")} == {f"frames/{i:04d}" for i in range(5)}
    assert sizes["frames/0000"] == 40 * 2 * 4
    assert sum(name.startswith("points/pictures") for name in sizes) == 1


def test_a_lossy_place_takes_four_bytes(tmp_path):
    assert members(record(Run.of(wandering), tmp_path / "x.vizkit"))["frames/0000"] == 40 * 4


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_thumbnails_are_the_middle_of_each_picture(tmp_path, channels):
    run = Run.of(wandering, channels=channels, side=SIDES[1024])
    again = open_recording(record(run, tmp_path / "x.vizkit", lossless=True)).result()
    original = run.result()
    side = SIDES[1024]
    assert len(again.pictures) == 40
    for i in (0, 7, 39, -1):
        middle = original.pictures[i][:, :, side // 2 : side // 2 + side]
        told = again.pictures[i]
        assert told.shape == (1 if channels == 1 else 3, side, side)
        assert (told[:channels] - middle).abs().max() <= 0.51 / 255


def test_thumbnails_are_never_larger_than_their_pictures_and_end_with_the_last(path):
    pictures = open_recording(path).result().pictures
    assert pictures[0].shape == (3, 40, 40)  # of 20 × 40
    assert len(pictures[38:]) == 2
    with pytest.raises(IndexError):
        pictures[40]


def test_pictures_of_very_many_points_are_left_out(tmp_path):
    def many():
        n = max(SIDES) + 1
        yield vizkit.Frame(1, 1, Points(torch.zeros(n, 2), pictures=[torch.zeros(1, 1, 1)] * n))

    again = open_recording(record(Run.of(many), tmp_path / "x.vizkit")).result()
    assert again.pictures is None
    assert torch.equal(again.xy, torch.zeros(max(SIDES) + 1, 2))  # no span, and no division by it


def test_points_without_anything_else_come_back(tmp_path):
    def bare():
        yield vizkit.Frame(1, 1, Points(torch.tensor([[1.0, 2.0]])))

    again = open_recording(record(Run.of(bare), tmp_path / "x.vizkit")).result()
    assert (again.labels, again.values, again.names, again.pictures) == (None, {}, (), None)
    assert again.xy.tolist() == [[1.0, 2.0]]


def test_what_points_are_is_read_once(path):
    frames = list(open_recording(path))
    assert len({id(frame.result.labels) for frame in frames}) == 1


def test_where_points_come_or_go_frames_from_before_are_left_out(tmp_path):
    def growing():
        for step, n in enumerate((5, 3, 5, 4, 4, 4)):
            pictures = [torch.zeros(3, 8, 8)] * n
            yield vizkit.Frame(step, 5, Points(torch.full((n, 2), float(step)), pictures=pictures), {}, f"step {step}")

    path = record(growing(), tmp_path / "x.vizkit", lossless=True)
    frames = list(open_recording(path))
    assert [(frame.step, frame.said, len(frame.result)) for frame in frames] == [
        (3, "step 3", 4), (4, "step 4", 4), (5, "step 5", 4),
    ]  # fmt: skip
    assert [float(frame.result.xy[0, 0]) for frame in frames] == [3, 4, 5]
    assert len(frames[-1].result.pictures) == 4


def test_points_of_a_version_that_knew_no_measures_come_back(path):
    def as_version_3(manifest):
        manifest["version"] = 3
        del manifest["cloud"]["measures"], manifest["cloud"]["words"]

    points = open_recording(rewritten(path, as_version_3)).result()
    assert (points.measures, points.words) == ({}, {})
    assert list(points.maps) == ["stage1"]


def test_points_without_a_place_are_refused(tmp_path):
    def lost():
        yield vizkit.Frame(1, 1, Points(torch.tensor([[0.0, float("nan")]])))

    with pytest.raises(ValueError, match="no place"):
        record(lost(), tmp_path / "x.vizkit")


def test_a_copy_of_a_recording_is_the_same(path, tmp_path):
    copy = open_recording(record(open_recording(path), tmp_path / "copy.vizkit", lossless=True)).result()
    original = open_recording(path).result()
    assert torch.equal(copy.xy, original.xy)
    assert torch.equal(copy.pictures[5], original.pictures[5])


CHANGES = {
    "lies? between ends": lambda m: m["frames"][0]["held"].update(low=[1, 1], high=[0, 0]),
    "is no place": lambda m: m["frames"][0]["held"].update(low=["nan", 0]),
    "damaged .KeyError": lambda m: m["frames"][0]["held"].pop("low"),
    "damaged .TypeError": lambda m: m.update(cloud=None),
    "points are too many": lambda m: m["cloud"].update(count=10**12),
    "names for 41 points": lambda m: m["cloud"].update(count=41),
    "is neither true nor false": lambda m: m["cloud"].update(labeled="yes"),
    "share a name": lambda m: m["cloud"].update(values=["loss", "loss"]),
    "should not hold 'points/values/0002'": lambda m: m["cloud"].update(values=["answer", "loss"]),
    "lacks 'points/maps/0001'": lambda m: m["cloud"].update(maps=["stage1", "b"]),
    "impossible or too large": lambda m: m["cloud"].update(thumbnails=[3, 10**6, 7]),
    "is no text": lambda m: m["cloud"].update(label_names=[["cat"]]),
    "measures maps that it does not hold": lambda m: m["cloud"].update(measures={"stage9": {}}),
    "words for values that it does not hold": lambda m: m["cloud"].update(words={"truth": ["yes"]}),
    "damaged .AttributeError": lambda m: m["cloud"].update(measures={"stage1": 3}),
    "is no list": lambda m: m["cloud"].update(label_names="cat"),
}


@pytest.mark.parametrize("sentence", CHANGES)
def test_a_manifest_that_lies_is_refused_with_a_sentence(path, sentence):
    with pytest.raises(ValueError, match=f"'x.vizkit' cannot be opened: .*{sentence}"):
        open_recording(rewritten(path, CHANGES[sentence]))


@pytest.mark.parametrize(
    ("member", "data"),
    [
        ("frames/0001", b"\0" * 319),
        ("frames/0001", b"\0" * 321),
        ("frames/0001", b"\xff" * 320),  # NaN
        ("points/labels", b""),
        ("points/values/0000", b"\0" * 4000),
        ("points/pictures/0000.png", b"no picture"),
    ],
)
def test_numbers_that_are_too_many_too_few_or_none_are_refused(path, member, data):
    recording = open_recording(rewritten(path, **{member: data}))
    with pytest.raises(ValueError, match=f"'x.vizkit' cannot be played: {member}"):
        list(recording)


def test_curves_come_back(tmp_path):
    again = list(open_recording(record(Run.of(counting), tmp_path / "x.vizkit")))
    for frame, original in zip(again, Run.of(counting), strict=True):
        assert torch.equal(frame.result.x, original.result.x)
        assert torch.equal(frame.result.lines["count"], original.result.lines["count"])
        assert frame.result.x_name == "x"


def test_curves_may_change_their_lines_from_frame_to_frame(tmp_path):
    def turning():
        yield vizkit.Frame(1, 2, Curves(torch.arange(2.0), {"a": torch.tensor([1.0, float("inf")])}, "step", "score"))
        yield vizkit.Frame(2, 2, Curves(torch.arange(3.0), {"b": torch.ones(3), "c": torch.zeros(3)}, "step"))

    one, two = (frame.result for frame in open_recording(record(turning(), tmp_path / "x.vizkit")))
    assert (one.x_name, one.y_name, one.lines["a"].tolist()) == ("step", "score", [1.0, float("inf")])
    assert list(two.lines) == ["b", "c"]


def test_lines_too_long_to_be_true_are_refused(tmp_path):
    path = record(Run.of(counting), tmp_path / "x.vizkit")
    for change in ({"count": 10**10}, {"names": ["a", "a"]}, {"count": -1}, {"x_name": 7}):
        with pytest.raises(ValueError, match="cannot be opened"):
            open_recording(rewritten(path, lambda m, change=change: m["frames"][0]["held"].update(change)))


def test_frames_of_two_kinds_are_refused(tmp_path):
    def mixed():
        yield from (vizkit.Frame(1, 2, frame.result) for frame in brightening(steps=1))
        yield from (vizkit.Frame(2, 2, frame.result) for frame in counting(steps=1))

    with pytest.raises(TypeError, match="curves after images"):
        record(mixed(), tmp_path / "x.vizkit")


def test_what_cannot_be_recorded_is_told(tmp_path):
    def bare():
        yield vizkit.Frame(1, 1, vizkit.core.results.Result())

    with pytest.raises(TypeError, match="Images, Points, Curves, and this run makes Result"):
        record(bare(), tmp_path / "x.vizkit")
