"""The tree is the data flow: imports point up, and what computes knows nothing of widgets."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "vizkit"
ORDER = [
    *("core", "data", "nets", "maximize", "measure", "embed", "methods"),
    *("play", "save", "views", "widgets", "commands"),
]
HAND_OVERS = {  # a result hands itself to what writes or draws it, when asked
    ("core/paged.py", "views"),
    ("core/results.py", "save"),
    ("core/results.py", "views"),
    ("core/runs.py", "save"),
}
FILES = sorted(ROOT.rglob("*.py"))
ORDERED = [path for path in FILES if path.parent != ROOT]  # the public names and the command line import anything


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, whether at the top level) of every import of vizkit's own packages."""
    tree = ast.parse(path.read_text())
    top = {id(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in top:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            found += [(name, id(node) not in inside) for name in names]
    return found


def package(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "vizkit" and len(parts) > 1 and parts[1] in ORDER else None


@pytest.mark.parametrize("path", ORDERED, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_only_up_the_tree(path):
    here = path.relative_to(ROOT)
    for module, at_top in imports(path):
        there = package(module)
        if there is None or ORDER.index(there) <= ORDER.index(here.parts[0]):
            continue
        allowed = not at_top and (here.as_posix(), there) in HAND_OVERS
        assert allowed or _type_checking_only(path, module), f"{here} imports {module}, which lies further down"


def _type_checking_only(path: Path, module: str) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            return any(isinstance(n, ast.ImportFrom) and n.module == module for n in ast.walk(node))
    return False


def test_every_folder_is_in_the_order():
    folders = {p.parent.relative_to(ROOT).parts[0] for p in FILES if p.parent != ROOT}
    assert folders <= set(ORDER)


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_computes_imports_no_widgets():
    code = (
        "import sys, vizkit, vizkit.methods, vizkit.maximize.search, vizkit.nets.load, vizkit.play.player,"
        "vizkit.save.pictures; print([m for m in sys.modules if m.split('.')[0] in "
        "('ipywidgets', 'anywidget', 'plotly', 'IPython')])"
    )
    assert fresh(code) == "[]"


def test_import_vizkit_brings_neither_torchvision_nor_the_methods():
    code = (
        "import sys, vizkit;"
        "print([m for m in sys.modules if m.split('.')[0] == 'torchvision' or m.startswith('vizkit.')])"
    )
    assert fresh(code) == "[]"


def test_every_public_name_is_there_and_documented():
    code = (
        "import vizkit, inspect; names = [n for n in vizkit.__all__ if n != 'methods'];"
        "assert set(vizkit.__all__) == set(vizkit._homes) <= set(dir(vizkit));"
        "print([n for n in names if not inspect.getdoc(getattr(vizkit, n))])"
    )
    assert fresh(code) == "[]"


def test_every_method_file_is_one_line_of_the_catalogue():
    from vizkit.methods import catalogue

    files = {p.stem for p in (ROOT / "methods").glob("*.py")} - {"__init__"}
    assert files == set(catalogue)
