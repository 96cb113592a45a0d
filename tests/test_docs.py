"""The pages that are made from signatures, and those that are committed."""

import ast
import importlib.util
from pathlib import Path
from typing import Annotated

import pytest
import torch

from tests.widgets.picture_toys import ladder, mended
from vizkit.core.controls import LayerName, Range, controls
from vizkit.core.dials import Dial
from vizkit.core.frames import Frame, Frames
from vizkit.core.presets import presets
from vizkit.core.results import Images
from vizkit.methods import catalogue
from vizkit.nets.network import Network
from vizkit.save.recordings import open_recording

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("vizkit_docs_build", DOCS / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


@presets(fast={"hidden_steps": 1})
def toy_method(
    net: Network,
    layer: Annotated[str, LayerName()],
    *,
    hidden_steps: Annotated[int, Range(1, 9, log=True)] = 3,
    strength: Annotated[float | Dial, Range(0.0, 1.0)] = 0.5,
) -> Frames[Images]:
    """Fade to white, a < b | c (Nobody 1999).

    It takes no notice of the network.

    Args:
        net: Any one.
        layer: Nobody looks there.
        strength: How white
            it gets.

    Raises:
        ValueError: never, as
            there is nothing to get wrong.
    """
    for step in range(1, hidden_steps + 1):
        yield Frame(step, hidden_steps, Images(torch.full((1, 3, 8, 8), float(strength) * step / hidden_steps)))


def with_example(net: Network, *, units: list | None = None, start: torch.Tensor | None = None) -> Frames[Images]:
    """Has an example.

    >>> start = torch.ones(1, 3, 8, 8)
    >>> vizkit.run("with_example", net, units=[1, 2], start=start).result().pixels.shape
    torch.Size([1, 3, 8, 8])
    """
    assert units == [1, 2]
    yield Frame(1, 1, Images(start))


@pytest.fixture
def toys():
    return {"toy_method": toy_method}


def test_the_committed_pages_are_those_of_the_signatures():
    assert build.find_stale(catalogue, DOCS) == [], "type python docs/build.py"


def test_a_new_method_gets_its_page_picture_and_recording_without_further_work(toys, tmp_path):
    assert build.main([], toys, tmp_path) == 0
    page = (tmp_path / "methods" / "toy_method.md").read_text("utf-8")
    assert "# Toy method" in page
    assert "(../pictures/methods/toy_method.webp)" in page
    assert (tmp_path / "pictures" / "methods" / "toy_method.webp").is_file()
    assert len(list(open_recording(tmp_path / "recordings" / "toy_method.vizkit"))) == 3
    assert "[Toy method](toy_method.md)" in (tmp_path / "methods" / "index.md").read_text("utf-8")


def test_a_page_has_every_control_with_its_hint_default_and_sentence():
    page = build.page("toy_method", toy_method)
    assert "| `hidden_steps` | 1 to 9 (log) | `3` | starts again |  |" in page
    assert "| `strength` | 0 to 1 | `0.5` | turns | How white it gets. |" in page
    assert "| `net` | Any one. |" in page
    assert "| `fast` | `hidden_steps=1` |" in page
    assert "| `ValueError` | never, as there is nothing to get wrong. |" in page


def test_a_page_tells_what_the_docstring_tells_before_its_sections():
    page = build.page("toy_method", toy_method)
    assert "It takes no notice of the network." in page
    assert "Args:" not in page
    assert "Nobody looks there" in page.split("## Controls")[1]


def test_a_bar_or_bracket_cannot_break_a_table(toys):
    row = next(line for line in build.pages(toys)["methods/index.md"].splitlines() if "Toy method" in line)
    assert "a &lt; b \\| c" in row


@pytest.mark.parametrize("name", catalogue)
def test_every_real_control_is_a_row(name):
    page = build.page(name, catalogue[name])
    for control in controls(catalogue[name]).values():
        assert f"| `{control.name}` | {build.cell(str(control.hint))} |" in page


def test_without_an_example_a_method_is_shown_on_the_bundled_network():
    assert ast.unparse(build.example(toy_method)) == "vizkit.run('toy_method', net, layer='output')"
    assert build.command(toy_method, build.example(toy_method)) == (
        "vizkit run toy-method --net world --layer output --out toy-method.png"
    )


def test_the_example_of_the_docstring_is_the_one_shown_and_played():
    call = build.example(with_example)
    assert "--units 1 2 --start start.npy" in build.command(with_example, call)
    assert 'vizkit.panel("with_example", net, units=[1, 2], start=start)' in build.notebook(with_example, call)
    assert build.play_example(with_example).result().pixels.min() == 1


def test_a_method_on_a_picture_is_shown_on_a_bundled_one_and_without_a_network_where_it_takes_none():
    assert ast.unparse(build.example(mended)) == "vizkit.run('mended', image='world/0')"
    assert build.command(mended, build.example(mended)) == "vizkit run mended --image world/0 --out mended.png"
    assert "load" not in build.notebook(mended, build.example(mended))
    assert build.play_example(mended).result().pixels.shape == (1, 3, 96, 96)


def test_what_an_example_gives_by_position_is_typed_by_name():
    call = ast.parse("vizkit.run('ladder', net, 'world/7', kinds=('tv', 'deep'))", mode="eval").body
    assert build.command(ladder, call) == (
        "vizkit run ladder --net world --image world/7 --kinds tv deep --out ladder.png"
    )


def test_check_names_what_is_stale_missing_or_gone_and_writes_nothing(toys, tmp_path, capsys):
    assert build.main(["--check"], toys, tmp_path) == 1
    assert not list(tmp_path.iterdir())
    build.main([], toys, tmp_path)
    assert build.main(["--check"], toys, tmp_path) == 0
    page = tmp_path / "methods" / "toy_method.md"
    page.write_text("changed by hand", "utf-8")
    (page.parent / "gone.md").write_text("of a method that is gone", "utf-8")
    capsys.readouterr()
    assert build.main(["--check"], toys, tmp_path) == 1
    assert capsys.readouterr().out == f"stale: {page}\nstale: {page.parent / 'gone.md'}\n"
    assert page.read_text("utf-8") == "changed by hand"


def test_writing_again_mends_what_was_stale(toys, tmp_path):
    build.main([], toys, tmp_path)
    (tmp_path / "methods" / "gone.md").write_text("of a method that is gone", "utf-8")
    (tmp_path / "methods" / "toy_method.md").write_text("changed by hand", "utf-8")
    recording = (tmp_path / "recordings" / "toy_method.vizkit").read_bytes()
    build.main([], toys, tmp_path)
    assert build.find_stale(toys, tmp_path) == []
    assert not (tmp_path / "methods" / "gone.md").exists()
    assert (tmp_path / "recordings" / "toy_method.vizkit").read_bytes() == recording
