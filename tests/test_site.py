"""The documentation as a website: sources become pages, links lead somewhere, demos are live, nothing is fetched."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests import browser
from tests.save.toy import toy
from vizkit.save.recordings import record

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("vizkit_docs_site", ROOT / "docs" / "site.py")
site = importlib.util.module_from_spec(spec)
sys.modules["vizkit_docs_site"] = site  # its dataclass looks its own module up
spec.loader.exec_module(site)


@pytest.fixture
def checkout(tmp_path):
    """A small repository: an index, a how-to, a method with its recording, a notebook, a file that is no page."""
    root = tmp_path / "checkout"
    files = {
        "docs/index.md": "# toys\n\n- [How](how.md#two-words)\n- [Toy](methods/toy.md)\n",
        "docs/how.md": "# How\n\n## Two words\n\n## Two words\n\n`<b>` [code](../src/toy.py) [out](https://a.org)\n",
        "docs/methods/index.md": "# Methods\n\n| method |\n|---|\n| [Toy](toy.md) |\n",
        "docs/methods/toy.md": "# Toy\n\nA toy <i>.\n\n![end](../pictures/methods/toy.webp)\n\n```python\nx = 1\n```\n",
        "src/toy.py": "x = 1\n",
        "notebooks/01-first.ipynb": json.dumps(
            {"cells": [{"cell_type": "markdown", "source": ["# First?\n"]}, {"cell_type": "code", "source": ["a < b"]}]}
        ),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    (root / "docs/pictures/methods").mkdir(parents=True)
    (root / "docs/recordings").mkdir()
    toy(steps=1).result().save(root / "docs/pictures/methods/toy.webp")
    record(toy(steps=3), root / "docs/recordings/toy.vizkit")
    return root


@pytest.fixture
def built(checkout, tmp_path):
    site.build(tmp_path / "out", checkout / "docs", checkout)
    return tmp_path / "out"


def read(built: Path, name: str) -> str:
    return (built / name).read_text("utf-8")


def test_every_source_is_a_page_in_the_navigation_of_every_page(built):
    pages = {"index.html", "docs/how.html", "docs/methods/index.html", "docs/methods/toy.html", "docs/api.html"}
    pages |= {"notebooks/01-first.html"}
    found = {path.relative_to(built).as_posix() for path in built.rglob("*.html")}
    assert found == pages | {"docs/live/toy.html"}
    for name in pages:
        up = "../" * name.count("/")
        assert all(f'href="{up}{other}"' in read(built, name) for other in pages)


def test_links_lead_to_pages_of_the_site_or_to_the_repository(built):
    assert 'href="docs/how.html#two-words"' in read(built, "index.html")
    assert f'href="{site.REPOSITORY}/src/toy.py"' in read(built, "docs/how.html")
    assert 'href="https://a.org"' in read(built, "docs/how.html")
    assert site.broken_links(built) == []


def test_headings_of_one_name_are_told_apart_as_on_github(built):
    assert 'id="two-words"' in read(built, "docs/how.html")
    assert 'id="two-words-1"' in read(built, "docs/how.html")


def test_a_broken_link_or_anchor_is_named(checkout, tmp_path, capsys):
    (checkout / "docs/how.md").write_text(
        "# How\n\n[a](nowhere.md) [b](index.md#never) ![c](pictures/no.png)\n", "utf-8"
    )
    assert site.main(["--out", str(tmp_path / "out")], checkout / "docs", checkout) == 1
    said = capsys.readouterr().out
    assert "broken: docs/how.html links to nowhere.md" in said
    assert "links to ../index.html#never" in said
    assert "links to ../docs/pictures/no.png" in said
    assert "index.html links to docs/how.html#two-words" in said


def test_a_method_has_its_recording_live_and_its_picture_for_paper(built):
    page = read(built, "docs/methods/toy.html")
    assert 'src="../live/toy.html"' in page
    assert 'src="../../docs/pictures/methods/toy.webp"' in page
    assert '"1 of 3", "2 of 3", "3 of 3"' in read(built, "docs/live/toy.html")


def test_a_notebook_is_read_as_text_and_code(built):
    page = read(built, "notebooks/01-first.html")
    assert "First?</h1>" in page
    assert "&lt;" in page


def test_every_public_name_is_in_the_reference(built):
    import vizkit

    page = read(built, "docs/api.html")
    for name in set(vizkit.__all__) - {"methods"}:
        assert f'id="{name.lower()}"' in page


def test_building_again_removes_what_is_gone(checkout, built):
    (checkout / "docs/how.md").unlink()
    site.build(built, checkout / "docs", checkout)
    assert not (built / "docs/how.html").exists()


def test_a_folder_that_is_no_site_is_not_emptied(checkout, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    site.build(tmp_path / "mine", checkout / "docs", checkout)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"


def test_the_repositorys_own_links_lead_somewhere(tmp_path):
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("recordings", "live", "myst"))
    site.build(tmp_path / "out", docs, ROOT)
    assert site.broken_links(tmp_path / "out") == []


@pytest.mark.browser
def test_the_site_asks_for_nothing_and_its_demo_plays(built, chromium):
    with browser.page(chromium, 1200) as tab:
        requests = []
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto((built / "docs/methods/toy.html").as_uri())
        frame = tab.frame_locator("iframe.live")
        frame.get_by_role("slider", name="step").fill("0")
        assert frame.locator(".vizkit-deck-value").inner_text() == "1 of 3"
        assert frame.locator("h1").is_hidden()
        tab.wait_for_function("document.querySelector('iframe.live').height !== '880'")
        assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 800, 1440])
def test_no_page_scrolls_sideways(built, chromium, width):
    with browser.page(chromium, width) as tab:
        for name in ("index.html", "docs/api.html", "docs/methods/toy.html"):
            tab.goto((built / name).as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


# the example of a book


def test_the_books_directives_are_those_of_the_components_it_makes(tmp_path):
    made = example("make").main(tmp_path / "live")
    text = (ROOT / "docs" / "myst" / "index.md").read_text("utf-8")
    assert len(made) == 2
    for directive in made.values():
        assert directive in text
    assert {path.suffix for path in (tmp_path / "live").iterdir()} == {".mjs", ".css"}


def example(name: str):
    path = ROOT / "docs" / "myst" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"vizkit_docs_myst_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
