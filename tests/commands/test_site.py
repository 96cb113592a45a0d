"""`vizkit site` as its user meets it."""

import json
import os
import sys

import pytest

from tests.commands.terminal import Terminal, interrupted
from vizkit.__main__ import main
from vizkit.commands.site import sentence, units
from vizkit.measure.scan import Scanned
from vizkit.save.site.build import Built

WORLD = ["site", "--net", "world", "--device", "cpu", "--layers", "stage4", "--pictures", "world/test/12", "--quiet"]
QUICK = ["--units", "6", "--size", "32", "--steps", "1", "--seed", "0", "--together", "2"]


def test_a_site_is_made_and_its_first_page_printed(tmp_path, capsys):
    out = tmp_path / "pages"
    assert main([*WORLD, *QUICK, "--out", str(out), "--credit", "By all."]) == 0
    assert capsys.readouterr() == (f"{out / 'index.html'}\n", "")
    assert "By all." in (out / "index.html").read_text()
    assert {path.name for path in (out / "layers" / "stage4").glob("*.html")} == {f"{n}.html" for n in range(6)} | {
        "index.html"
    }


def built(done, seconds=10.0):
    return Built(done, 1000, done, seconds, "stage4", done == 1000)


def test_progress_has_units_a_second_and_time_left():
    assert sentence(built(100)) == "100 of 1000 units · stage4 · 10 units/s · 1 min 30 s left"
    assert sentence(built(0, 0.0)) == "0 of 1000 units · stage4"
    scanned = Scanned(8, 80, 8, 4.0, 0, False, lambda: None)  # type: ignore[arg-type]
    assert sentence(scanned) == "scanning · 8 of 80 pictures · 2 pictures/s · 36 s left"


def test_on_a_terminal_it_tells_how_far_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert main([*WORLD[:-1], *QUICK, "--out", str(tmp_path / "site")]) == 0
    assert terminal.lines()[:2] == ["", "scanning · 0 of 12 pictures"]
    assert terminal.lines()[-1] == "", "the line is gone at the end"


@pytest.mark.parametrize(("word", "meant"), [(None, None), ("64", 64), ("3,7", [3, 7]), ("3,", [3])])
def test_units_in_words(word, meant):
    assert units(word) == meant


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--units", "some"], "how many of each layer"),
        (["--size", "4"], "16 to 512 pixels"),
        (["--steps", "0"], "steps=0"),
        (["--index", "nowhere"], "There is no index"),
    ],
)
def test_a_mistake_is_one_sentence(words, told, capsys, tmp_path):
    assert main([*WORLD, *QUICK, "--out", str(tmp_path / "site"), *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_leaves_a_site_that_the_same_command_completes(tmp_path):
    words = [*WORLD, *QUICK, "--out", str(tmp_path / "site")]
    said = "Stopped by Ctrl-C after 2 of 6 units; the same command goes on.\n"
    assert interrupted(words, "Built", 2) == (130, "", said)
    assert main(words) == 0
    assert main([*words[:-1], str(tmp_path / "alone")]) == 0
    for name in ("manifest.json", "layers/stage4/made.json", "layers/stage4/made-0.webp", "index.html"):
        assert (tmp_path / "site" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    assert json.loads((tmp_path / "site" / "manifest.json").read_text())["complete"]
