"""The two small books below `docs/`: what they embed is what their `make.py` writes."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def maker(book: str):
    spec = importlib.util.spec_from_file_location(f"vizkit_docs_{book}", DOCS / book / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_directives_of_the_myst_book_are_those_that_to_myst_gives(tmp_path):
    made = maker("myst").main(tmp_path / "live")
    text = (DOCS / "myst" / "index.md").read_text("utf-8")
    found = re.findall(r"^```\{anywidget\} \./live/(\w+)\.mjs$", text, re.MULTILINE)
    assert found == list(made)
    for name, directive in made.items():
        assert directive.replace(str(tmp_path), ".").strip() in text
        assert {path.suffix for path in tmp_path.glob(f"live/{name}.*")} == {".css", ".mjs"}


def test_the_frames_of_the_sphinx_book_are_those_that_it_makes(tmp_path):
    made = maker("book").main(tmp_path)
    text = (DOCS / "book" / "index.md").read_text("utf-8")
    assert re.findall(r"^:file: live/(.+)$", text, re.MULTILINE) == [path.name for path in made]


@pytest.mark.browser
def test_a_figure_of_the_sphinx_book_moves_in_a_page_without_python_or_network(tmp_path, open_page):
    frame = maker("book").main(tmp_path)[0].read_text("utf-8")
    opened = open_page(f"<!doctype html><meta charset=utf-8><title>a book</title>{frame}", 1100, 1000, sealed=True)
    figure = opened.frame_locator("iframe")
    figure.get_by_role("slider", name="step").focus()
    opened.keyboard.press("Home")
    figure.get_by_text("0 of 256").wait_for()
    shown = figure.locator("img").first.get_attribute("src")
    opened.keyboard.press("End")
    figure.get_by_text("256 of 256").first.wait_for()
    assert figure.locator("img").first.get_attribute("src") != shown
