"""Pages without a kernel, read as text; `test_live_image_in_browser.py` opens them."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import anywidget
import pytest
import traitlets

from vizkit.views.component import Assembly, Part, page, to_html

MODULE = "function render({ model, el }) { el.textContent = model.get('words'); }\nexport default { render };\n"


class Words(anywidget.AnyWidget):
    _esm = MODULE
    words = traitlets.Unicode().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    number = traitlets.Float().tag(sync=True)


@pytest.fixture
def make():
    made = []

    def make(kind=Words, **traits):
        made.append(kind(**traits))
        return made[-1]

    yield make
    for widget in made:
        widget.layout.close()
        widget.close()


class Tags(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)


def told(text: str) -> dict:
    """What the page's data element holds, read as a browser would: up to the first end tag."""
    return json.loads(re.search(r'id="told">(.*?)</script>', text, re.DOTALL)[1])


def parts(text: str) -> list[dict]:
    return told(text)["parts"]


def bytes_of(text: str, value: dict) -> bytes:
    return base64.b64decode(told(text)["pool"][value["pool"]])


def test_words_in_the_state_cannot_leave_their_script_element(make):
    words = "</script><script>alert(1)</script><!-- \u2028 \u2029 \\ \" '"
    text = page(make(words=words))
    assert Tags(text).found.count("script") == 2
    assert parts(text)[0]["state"]["words"] == words
    assert not {"\u2028", "\u2029"} & set(text)


def test_a_title_is_text(make):
    assert "b" not in Tags(page(make(), title="</title><b>")).found


def test_bytes_travel_as_base64(make):
    content = bytes(range(256))
    text = page(make(data=content))
    assert bytes_of(text, parts(text)[0]["state"]["data"]) == content


def test_the_same_bytes_are_written_once(make):
    text = page(make(data=b"one"), make(data=b"two"), make(data=b"one"))
    assert [bytes_of(text, part["state"]["data"]) for part in parts(text)] == [b"one", b"two", b"one"]
    assert len(told(text)["pool"]) == 2


def test_the_policy_names_the_very_script_and_style_that_are_there(make):
    text = page(make())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    for source in (script, style):
        assert base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() in policy


def test_a_part_that_is_nowhere_has_no_place(make):
    told_parts = told(to_html(Assembly([Part.of(make(), "")]), "title"))["parts"]
    assert told_parts[0]["place"] == ""


def test_the_state_holds_the_widgets_own_traits_and_none_of_the_kernels(make):
    assert set(parts(page(make()))[0]["state"]) == {"words", "data", "number"}


def test_a_module_shared_by_several_widgets_is_written_once(make):
    text = page(make(words="a"), make(words="b"))
    assert text.count("function render(") == 1
    assert [(part["module"], part["state"]["words"]) for part in parts(text)] == [(0, "a"), (0, "b")]


@pytest.mark.parametrize("module", ["const a = 1;", MODULE + MODULE, MODULE + "// </script>"])
def test_a_module_that_cannot_be_a_function_is_refused(make, module):
    with pytest.raises(ValueError, match="one `export default`"):
        page(make(type("Odd", (Words,), {"_esm": module})))


def test_a_number_that_json_does_not_know_is_refused(make):
    with pytest.raises(ValueError, match="not JSON compliant"):
        page(make(number=float("nan")))
