"""What the README and the first page of the documentation say, done."""

import re
from pathlib import Path

import pytest
import torch

import vizkit
from vizkit.save import recipes
from vizkit.widgets.explorer import Explorer
from vizkit.widgets.panel import Panel

ROOT = Path(__file__).parents[1]
PAGES = [path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Runs a page's Python in one namespace and an empty folder, and closes the widgets it made."""
    monkeypatch.chdir(tmp_path)
    names = {}

    def play(page: str) -> dict:
        with torch.random.fork_rng(devices=[]):  # a reader's own model starts at random
            for block in blocks(page, "python"):
                exec(compile(block, page, "exec"), names)
        return names

    yield play
    for made in list(names.values()):
        if isinstance(made, (Panel, Explorer)):
            made.close()


def test_the_readme_does_what_it_says(played, capsys):
    names = played("README.md")
    assert names["result"].pixels.shape == (2, 3, 96, 96)
    assert capsys.readouterr().out.count("step ") == len(list(names["run"]))
    assert recipes.read("two classes.png") == recipes.read("two classes.webp") == names["run"].recipe
    assert Path("two classes.vizkit").is_file()


def test_the_start_page_does_what_it_says(played, capsys):
    names = played("docs/start.md")
    assert recipes.read("two classes.png") == names["run"].recipe
    assert "vizkit.load('world')" in capsys.readouterr().out


def test_the_readme_holds_the_two_commands_that_set_everything_up():
    commands = blocks("README.md", "bash")
    assert 'pip install -e ".[lab]" && vizkit lab\n' in commands
    assert 'pip install -e ".[test]" && pytest\n' in commands


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_picture_of_a_page_leads_somewhere(page):
    here = (ROOT / page).parent
    targets = re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text("utf-8"))
    local = [target.split("#")[0] for target in targets if "://" not in target]
    assert [target for target in local if target and not (here / target).exists()] == []


def test_every_vizkit_command_of_a_page_is_understood():
    from vizkit.__main__ import COMMANDS
    from vizkit.commands.run import parser
    from vizkit.methods import find

    for page in ("README.md", "docs/start.md"):
        lines = [line for block in blocks(page, "bash") for line in block.splitlines() if line.startswith("vizkit ")]
        assert lines
        for _, command, *words in map(str.split, lines):
            assert command in COMMANDS
            if command == "run":
                parser(find(words[0])).parse_args(words[1:])


def test_every_name_the_pages_use_is_public():
    for page in ("README.md", "docs/start.md"):
        used = set(re.findall(r"\bvizkit\.(\w+)", "\n".join(blocks(page, "python"))))
        assert used <= set(vizkit.__all__)
