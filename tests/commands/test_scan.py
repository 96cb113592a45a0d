"""`vizkit scan` as its user meets it."""

import os
import sys

import pytest
import torch
from PIL import Image

import vizkit
from tests.commands.terminal import Terminal, interrupted
from vizkit.__main__ import main
from vizkit.commands.scan import duration, histograms, own_device, sentence, shared
from vizkit.measure.scan import Scanned

WORLD = ["scan", "--net", "world", "--device", "cpu", "--layers", "stage4", "--quiet"]


def test_a_folder_becomes_an_index_and_its_path_is_printed(tmp_path, capsys):
    for i in range(3):
        Image.new("RGB", (50, 40), (i * 80, 0, 0)).save(tmp_path / f"{i}.png")
    (tmp_path / "bad.png").write_text("no")
    out = tmp_path / "index"
    assert main([*WORLD, "--pictures", str(tmp_path), "--out", str(out), "--k", "2", "--pooled", "mean"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{out}\n"
    assert told.err == f"1 pictures could not be read; {out}/unreadable.json tells why.\n"
    index = vizkit.open_index(out)
    assert index.top("stage4").ids.shape == (192, 2)
    assert index.embeddings("stage4").shape == (4, 192)


def test_processes_that_share_a_folder_are_as_torchrun_says(tmp_path, capsys, monkeypatch):
    words = [*WORLD, "--pictures", "world/test/9", "--out", str(tmp_path / "index"), "--shard", "3", "--batch", "3"]
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        assert main(words) == 0
    assert capsys.readouterr() == (
        f"{tmp_path / 'index'}\n",
        "6 of 9 pictures are there; the last process to end writes the index.\n",
    )
    alone = vizkit.scan(vizkit.load("world", device="cpu"), "world/test/9", ["stage4"], batch=3)
    both = (index.top("stage4") for index in (alone, vizkit.open_index(tmp_path / "index")))
    assert all(torch.equal(a, b) for a, b in zip(*both, strict=True))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--pictures", "nowhere", "--out", "x"], "There is no folder 'nowhere'"),
        (["--pictures", "world", "--out", "x", "--layers", "stag4"], "Did you mean 'stage4'"),
        (["--pictures", "world", "--out", "x", "--histograms", "yes"], "on, off, all, or positions"),
        (["--pictures", "world", "--out", "x", "--share", "half"], "0/4 for the first of four"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*WORLD, *words]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(("word", "meant"), [("on", True), ("off", False), ("all", "all"), ("16", 16)])
def test_histograms_in_words(word, meant):
    assert histograms(word) is meant or histograms(word) == meant


@pytest.mark.parametrize(
    ("word", "environment", "meant"),
    [
        ("auto", {}, (0, 1)),
        ("1/4", {"RANK": "3", "WORLD_SIZE": "8"}, (1, 4)),
        ("auto", {"RANK": "3", "WORLD_SIZE": "8"}, (3, 8)),
        ("auto", {"SLURM_PROCID": "2", "SLURM_NTASKS": "5"}, (2, 5)),
    ],
)
def test_shares(word, environment, meant):
    assert shared(word, environment) == meant


def scanned(done, seconds=10.0, bad=0):
    return Scanned(done, 1000, done, seconds, bad, done == 1000, lambda: None)


def test_progress_has_pictures_a_second_and_time_left():
    assert sentence(scanned(100)) == "100 of 1000 pictures · 10 pictures/s · 1 min 30 s left"
    assert sentence(scanned(0, 0.0)) == "0 of 1000 pictures"
    assert sentence(scanned(1000, bad=3)) == "1000 of 1000 pictures · 100 pictures/s · 3 unreadable"
    assert duration(7320) == "2 h 2 min"


def test_on_a_terminal_it_tells_how_far_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert main([*WORLD[:-1], "--pictures", "world/test/6", "--out", str(tmp_path / "index")]) == 0
    assert terminal.lines()[:2] == ["", "0 of 6 pictures"]
    assert terminal.lines()[-1] == "", "the line is gone at the end"


def test_elsewhere_it_tells_nothing(capsys, tmp_path):
    assert main([*WORLD[:-1], "--pictures", "world/test/6", "--out", str(tmp_path / "index")]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_leaves_an_index_that_the_same_command_completes(tmp_path):
    words = [*WORLD, "--pictures", "world/test/20", "--out", str(tmp_path / "index"), "--shard", "4", "--batch", "2"]
    said = "Stopped by Ctrl-C after 6 of 20 pictures; the same command goes on.\n"
    assert interrupted(words, "Scanned", 6) == (130, "", said)
    assert len(list((tmp_path / "index" / "shards").iterdir())) == 1
    assert main(words) == 0
    alone = vizkit.scan(vizkit.load("world", device="cpu"), "world/test/20", ["stage4"], batch=2)
    both = (index.top("stage4") for index in (alone, vizkit.open_index(tmp_path / "index")))
    assert all(torch.equal(a, b) for a, b in zip(*both, strict=True))


@pytest.mark.parametrize(
    ("environment", "gpus", "device"),
    [
        ({}, 4, None),
        ({"LOCAL_RANK": "3"}, 4, "cuda:3"),
        ({"SLURM_LOCALID": "5"}, 4, "cuda:1"),
        ({"LOCAL_RANK": "1"}, 1, None),
    ],
)
def test_each_process_of_a_machine_takes_a_gpu_of_its_own(monkeypatch, environment, gpus, device):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert own_device(environment) == device
