"""`vizkit lab`: JupyterLab on the first notebook of the checkout, for this machine only."""

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
EXTENSIONS = Path(__file__).with_name("lab_extensions")


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        "vizkit lab",
        description="Open JupyterLab on the first notebook, already running. Serves this machine only.",
        epilog="Your own Jupyter settings stay as they are. Other options go on to `jupyter lab`.",
    )
    parser.add_argument("--no-browser", action="store_true", help="only serve, and print the address")
    parser.add_argument("--port", type=int, help="where to serve (default: 8888, or the next free one)")
    options, rest = parser.parse_known_args(words)
    if importlib.util.find_spec("jupyterlab") is None:
        raise ImportError('JupyterLab is not installed. Type: pip install -e ".[lab]"')
    os.environ.setdefault("OMP_NUM_THREADS", str(spare_threads(os.cpu_count())))
    return _become([*command(first_notebook(NOTEBOOKS), options.no_browser, options.port), *rest])


def first_notebook(folder: Path) -> Path:
    """The notebook whose name comes first.

    Raises:
        FileNotFoundError: vizkit was installed without its notebooks.
    """
    found = sorted(folder.glob("*.ipynb"))
    if not found:
        raise FileNotFoundError(
            f"There is no notebook in {folder}: vizkit was installed without its checkout. "
            'Clone the repository and type there: pip install -e ".[lab]" && vizkit lab'
        )
    return found[0]


def command(notebook: Path, no_browser: bool = False, port: int | None = None) -> list[str]:
    """The words that start JupyterLab on `notebook`, listening on the loopback interface alone."""
    words = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    words += [f"--ServerApp.root_dir={notebook.parents[1]}"]
    words += [f"--LabApp.default_url=/lab/tree/{quote(f'{notebook.parent.name}/{notebook.name}')}"]
    words += [f"--LabApp.extra_labextensions_path={EXTENSIONS}"]
    words += ["--ServerApp.open_browser=False"] * no_browser
    words += [f"--ServerApp.port={port}"] * (port is not None)
    return words + ["--allow-root"] * _is_root()  # a container's usual user; nobody else can reach it


def spare_threads(cores: int | None) -> int:
    """How many threads a kernel computes with: one core is left for the browser, and for a cell that is busy."""
    return max(1, (cores or 2) - 1)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _become(words: list[str]) -> int:
    """Let JupyterLab take this process's place, so that signals and exit codes are its own."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(words[0], words)
    return subprocess.call(words)
