"""What Binder builds from: pins that suit vizkit, scripts that may run, and a badge that opens the first notebook."""

import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from vizkit.commands.lab import NOTEBOOKS, first_notebook

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML by itself")

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LINES = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
PINS = {pin.name: pin for line in LINES if line[:1].isalpha() and (pin := Requirement(line))}
EXTRAS = PROJECT["optional-dependencies"]


def test_every_pin_is_exact():
    assert len(PINS) > 10
    assert all(re.fullmatch(r"==[\d.]+", str(pin.specifier)) for pin in PINS.values())


@pytest.mark.parametrize("wanted", [*PROJECT["dependencies"], *EXTRAS["lab"]])
def test_what_vizkit_needs_is_pinned_to_what_it_accepts(wanted):
    """postBuild installs vizkit without its dependencies."""
    needed = Requirement(wanted)
    version = next(iter(PINS[needed.name].specifier)).version
    assert needed.specifier.contains(version)


def test_binders_python_is_one_vizkit_runs_on():
    version = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert Version(version) >= Version(PROJECT["requires-python"].removeprefix(">="))


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_may_be_run(name):
    path = ROOT / "binder" / name
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!")


def test_the_badge_opens_the_notebook_that_vizkit_lab_opens():
    (address,) = re.findall(r"\(https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/\w+\?urlpath=lab/tree/([^)]+)\)", readme())
    assert ROOT / unquote(address) == first_notebook(NOTEBOOKS)


def readme() -> str:
    return (ROOT / "README.md").read_text()
