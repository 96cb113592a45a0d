"""`vizkit page …`: which options become sliders, what is written, and what a mistake says."""

import json
import re
import sys

import pytest

from tests.commands.terminal import Terminal
from tests.save.toy import toy
from vizkit.__main__ import main
from vizkit.save.recordings import record


def deck(path) -> dict:
    told = re.search(r'id="told">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1]
    return json.loads(told)["parts"][0]["state"]


def axes(path) -> dict[str, list[str]]:
    return {axis["name"]: axis["values"] for axis in deck(path)["axes"]}


def typed(path, *words: str) -> int:
    quick = ["--net", "world", "--steps", "1", "--size", "32"]
    return main(["page", "activation_maximization", *quick, *words, "--out", str(path)])


def test_options_with_several_values_are_sliders(tmp_path, capsys):
    path = tmp_path / "x.html"
    assert typed(path, "--layer", "stage3", "stage4", "--unit", "0", "3", "--tv", "0", "0.1", "1") == 0
    assert axes(path) == {"layer": ["stage3", "stage4"], "unit": ["0", "3"], "tv": ["0", "0.1", "1"]}
    assert len(deck(path)["told"]) == 12
    assert re.fullmatch(rf"{re.escape(str(path))} \(\d+\.\d MB\)\n", capsys.readouterr().out)


def test_several_words_of_a_choice_are_a_slider_and_a_choice_of_two_words_is_none(tmp_path):
    path = tmp_path / "x.html"
    assert typed(path, "--layer", "stage3", "--picture", "fourier", "deep-prior") == 0
    assert axes(path) == {"picture": ["fourier", "deep prior"]}
    assert typed(path, "--layer", "stage3", "--picture", "deep", "prior") == 0
    assert axes(path) == {}


def test_a_recording_plays(tmp_path):
    recording = record(toy(steps=4), tmp_path / "x.vizkit")
    assert main(["page", str(recording), "--out", str(tmp_path / "x.html"), "--title", "Four steps"]) == 0
    assert axes(tmp_path / "x.html") == {"step": [f"{i} of 4" for i in range(1, 5)]}
    assert "<h1 dir=auto>Four steps</h1>" in (tmp_path / "x.html").read_text("utf-8")


def test_on_a_terminal_it_tells_how_many_answers_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert typed(tmp_path / "x.html", "--layer", "stage3", "--unit", "0", "3") == 0
    assert terminal.lines()[:2] == ["", "1 of 2 answers"]
    assert terminal.lines()[-1] == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["activation_maximization", "--net", "world", "--lair", "a"], "Did you mean '--layer'"),
        (["activation_minimization"], "There is no method"),
        (["activation_maximization", "--net", "world", "--layer", "stage3", "stage9"], "stage9"),
        (["activation_maximization", "--net", "world", "--unit", "one"], "not a whole number"),
        (["activation_maximization", "--net", "world", "--out", "x.png"], "saved as .html"),
        (["nothing.vizkit"], "no recording"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["page", *words, *(["--steps", "1"] if "--net" in words else [])]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_help_tells_of_methods_and_of_going_on(capsys):
    with pytest.raises(SystemExit):
        main(["page", "--help"])
    said = capsys.readouterr().out
    assert "activation-maximization" in said
    assert "goes on" in said
