"""The command line as its user meets it: words in, text, files and exit codes out."""

import os
import subprocess
import sys

import pytest

from tests.commands.terminal import interrupted
from vizkit.__main__ import COMMANDS, main


def test_help_lists_every_command_and_imports_no_torch():
    out = subprocess.run([sys.executable, "-c", _HELP], capture_output=True, text=True, check=True).stdout
    assert all(name in out for name in COMMANDS)
    assert out.endswith("torch is there: False\n")


_HELP = """
import sys
from vizkit.__main__ import main
try:
    main(["--help"])
finally:
    print("torch is there:", "torch" in sys.modules)
"""


def test_help_takes_less_than_a_second_of_work():
    before = os.times()
    subprocess.run([sys.executable, "-m", "vizkit", "--help"], capture_output=True, check=True)
    after = os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    assert spent < 1


def test_version_is_the_packages_own(capsys):
    import vizkit

    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"vizkit {vizkit.__version__}\n"


def test_no_words_ask_for_help(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 0
    assert "COMMAND" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"vizkit {command}" in capsys.readouterr().out


def test_an_unknown_command_is_a_mistake(capsys):
    with pytest.raises(SystemExit) as end:
        main(["rnu"])
    assert end.value.code == 2
    assert "rnu" in capsys.readouterr().err


def test_a_mistake_is_one_sentence_and_exit_code_2(capsys):
    assert main(["run", "activation-maximisation"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "Did you mean 'activation_maximization'" in told.err


def test_traceback_shows_where_it_arose():
    with pytest.raises(LookupError, match="activation_maximization"):
        main(["run", "activation-maximisation", "--traceback"])


def test_methods_are_listed_with_what_they_do(capsys):
    from vizkit.methods import catalogue

    assert main(["methods"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == list(catalogue)


def test_layers_are_listed(capsys):
    import vizkit

    assert main(["layers", "--net", "world", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in vizkit.layers(vizkit.load("world")).names)


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_saves_the_picture_so_far(tmp_path):
    """A run that would take hours ends within a step or two, with its picture and the shell's exit code."""
    words = ["run", "activation-maximization", "--net", "world", "--device", "cpu", "--steps", "1000000"]
    said = "Stopped by Ctrl-C: the file holds the run so far.\n"
    ended = interrupted([*words, "--out", str(tmp_path / "x.png")], "Frame", 1)
    assert ended == (130, f"{tmp_path / 'x.png'}\n", said)
    assert (tmp_path / "x.png").stat().st_size > 1000
