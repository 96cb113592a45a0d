import numpy as np
import pytest
from PIL import Image

from tests.save.toy import counting, failing, toy
from vizkit.core.runs import Run
from vizkit.save import save_run
from vizkit.save.animations import FASTEST, HOLD, SLOWEST, animate, durations
from vizkit.save.pictures import sheet
from vizkit.save.thinning import thinned


def frames_of(path) -> list[tuple[np.ndarray, int]]:
    """(pixels, milliseconds) of every frame."""
    found = []
    with Image.open(path) as image:
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            found.append((np.array(image.convert("RGB")).astype(int), image.info["duration"]))
    return found


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_an_animation_shows_the_sheets_of_a_run_and_holds_the_last(tmp_path, ending):
    run = toy(steps=5, size=32)
    played = frames_of(save_run(run, tmp_path / f"x{ending}"))
    assert len(played) == 5
    for (shown, _), frame in zip(played, run, strict=True):
        assert np.abs(shown - np.array(sheet(frame.result)).astype(int)).mean() < 12  # lossy
    assert [milliseconds for _, milliseconds in played] == [500, 500, 500, 500, 2000]


def test_an_animation_plays_forever(tmp_path):
    with Image.open(save_run(toy(), tmp_path / "x.gif")) as image:
        assert image.info["loop"] == 0


def test_a_long_run_is_thinned(tmp_path):
    assert len(frames_of(animate(toy(steps=100, size=8), tmp_path / "x.webp", most=7))) == 7


def test_a_one_shot_result_is_an_animation_of_one_frame(tmp_path):
    assert len(frames_of(save_run(toy(steps=1), tmp_path / "x.webp"))) == 1


def test_frames_last_neither_too_long_nor_too_short():
    assert durations(1) == [HOLD]
    assert set(durations(120)[:-1]) == {FASTEST}
    assert set(durations(3)[:-1]) == {SLOWEST}


def test_a_run_that_fails_leaves_no_file(tmp_path):
    for ending in (".gif", ".vizkit"):
        with pytest.raises(ArithmeticError, match="on purpose"):
            save_run(Run.of(failing), tmp_path / f"x{ending}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_a_run_without_pictures_is_refused_with_a_sentence(tmp_path, ending):
    with pytest.raises(TypeError, match="makes Curves"):
        save_run(Run.of(counting), tmp_path / f"x{ending}")


def test_a_wrong_ending_is_told_before_anything_is_played(tmp_path):
    with pytest.raises(ValueError, match=r"\.gif or \.webp or \.vizkit"):
        save_run(Run.of(failing), tmp_path / "x.mp4")


@pytest.mark.parametrize(("steps", "stride", "most"), [(10, 1, 4), (256, 1, 60), (7, 7, 3), (50, 5, 4), (3, 1, 9)])
def test_thinning_keeps_both_ends_and_spaces_the_rest_evenly(steps, stride, most):
    kept = [frame.step for frame in thinned(toy(steps=steps, stride=stride, size=2), most)]
    assert len(kept) == min(most, steps // stride)
    assert (kept[0], kept[-1]) == (stride, steps)
    even = np.linspace(stride, steps, len(kept))
    assert np.abs(kept - even).max() <= stride


def test_a_run_that_stops_early_still_ends_with_its_last_frame():
    cut = [frame for frame in toy(steps=100, size=2) if frame.step <= 38]
    assert [frame.step for frame in thinned(cut, 5)][-1] == 38


def test_thinning_nothing_or_to_one_frame_is_refused():
    with pytest.raises(ValueError, match="no frame"):
        list(thinned([], 5))
    with pytest.raises(ValueError, match="2 or more"):
        list(thinned(toy(), 1))
