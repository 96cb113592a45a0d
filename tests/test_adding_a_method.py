"""One file and one line: the method that CONTRIBUTING shows, added to a copy of the checkout, gets everything."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the checkout with the method of CONTRIBUTING in it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("vizkit", "tests", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, copy)
    method, line = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    (copy / "vizkit/methods/plain_ascent.py").write_text(method)
    catalogue = copy / "vizkit/methods/__init__.py"
    lines = catalogue.read_text().splitlines(keepends=True)
    last = max(i for i, text in enumerate(lines) if text.startswith("from vizkit.methods."))
    catalogue.write_text("".join([*lines[: last + 1], line, *lines[last + 1 :]]))
    assert len(line.strip().splitlines()) == 1
    return copy


def python(checkout: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_it_gets_a_command(checkout):
    words = ["--net", "world", "--layer", "stage2", "--unit", "3", "--steps", "3", "--out", "plain.png", "--quiet"]
    python(checkout, "-m", "vizkit", "run", "plain-ascent", *words)
    assert (checkout / "plain.png").stat().st_size > 1000
    assert "--rate" in python(checkout, "-m", "vizkit", "run", "plain-ascent", "--help")


def test_it_gets_a_panel_whose_controls_are_its_parameters(checkout):
    code = (
        "import vizkit; panel = vizkit.panel('plain_ascent', vizkit.load('world'), steps=3);"
        "frames = [panel.show(frame) or frame for frame in panel.run];"
        "print(sorted(panel.controls), len(frames)); panel.close()"
    )
    assert python(checkout, "-c", code).strip() == "['layer', 'rate', 'seed', 'steps', 'unit'] 3"


def test_it_gets_a_docs_page(checkout):
    python(checkout, "docs/build.py")
    page = (checkout / "docs/methods/plain_ascent.md").read_text()
    assert "How far each step moves" in page
    assert "plain_ascent" in (checkout / "docs/methods/index.md").read_text()


def test_it_gets_the_contract_tests_and_passes_them(checkout):
    out = python(checkout, "-m", "pytest", "-q", "tests/test_contract.py", "-k", "plain_ascent")
    assert re.search(r"[4-9]\d passed", out), out[-500:]
