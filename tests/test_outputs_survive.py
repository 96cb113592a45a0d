"""What a saved notebook still shows: converted to a page, on GitHub, or opened by someone who does not trust it."""

import base64
import re
from html.parser import HTMLParser

import nbformat
import pytest
import torch
from nbconvert import HTMLExporter, MarkdownExporter

from tests.save.toy import counting, toy
from vizkit.core.results import Points

HOSTILE = "</script><img src=x onerror=alert(1)>"


def points() -> Points:
    xy = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    return Points(xy, torch.arange(9) % 3, ("cat", HOSTILE, "dog"))


RESULTS = {
    "images": lambda: toy(steps=2).result(),
    "points": points,
    "curves": lambda: next(iter(counting())).result,
}


def notebook(shown) -> nbformat.NotebookNode:
    """A notebook whose one cell showed something, as a kernel would have written it."""
    bundle = shown._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    data = {kind: base64.b64encode(v).decode() if isinstance(v, bytes) else v for kind, v in data.items()}
    output = nbformat.v4.new_output("display_data", data)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("shown", outputs=[output])])
    nbformat.validate(made)
    return made


class Elements(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict]:
        return [attrs for found, attrs in self.found if found == tag]


@pytest.mark.parametrize("kind", RESULTS)
def test_nbconvert_keeps_a_picture_and_the_text(kind):
    shown = RESULTS[kind]()
    text, _ = HTMLExporter().from_notebook_node(notebook(shown))
    images = Elements(text).of("img")
    assert [one for one in images if one["src"].startswith("data:image/")]
    assert not [one for one in images if one.get("src") == "x"]


@pytest.mark.parametrize("kind", RESULTS)
def test_without_scripts_a_picture_is_left(kind):
    """What GitHub and an untrusted notebook show: no script, no frame, no style but that of elements."""
    data = notebook(RESULTS[kind]()).cells[0].outputs[0].data
    stripped = re.sub(r"<(script|iframe|style)\b.*?</\1>", "", data.get("text/html", ""), flags=re.DOTALL)
    pictures = [one["src"] for one in Elements(stripped).of("img")] + [v for k, v in data.items() if k == "image/png"]
    assert pictures
    assert data["text/plain"]


@pytest.mark.parametrize("kind", RESULTS)
def test_every_result_has_a_text(kind):
    shown = RESULTS[kind]()
    assert notebook(shown).cells[0].outputs[0].data["text/plain"].startswith(repr(shown))


def test_an_iframe_survives_nbconvert_and_shows_its_page():
    frame = toy(steps=2).to_iframe()
    text, _ = HTMLExporter(sanitize_html=False).from_notebook_node(notebook(frame))
    (attributes,) = [one for one in Elements(text).of("iframe") if "srcdoc" in one]
    assert attributes["srcdoc"] == frame.page.html()


def test_markdown_keeps_the_pictures():
    text, _ = MarkdownExporter().from_notebook_node(notebook(toy(steps=2).result()))
    assert text.count("data:image/png;base64") == 2
