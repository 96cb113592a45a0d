"""How long the notebooks take, and how much memory: each in a fresh kernel, one thread, as Binder runs them.

Wall and CPU seconds of all cells together, how long until the first picture or panel is there, and the most memory the
kernel ever held (VmHWM of Linux; elsewhere nan), beside what its imports alone hold. Each panel is told that it is seen
and plays before the next cell begins, for `--look` seconds at most, and an explorer looks at its pictures; their
seconds count. Nothing is sent to a page. The limit for memory is meant for the CPU build of torch.

    OMP_NUM_THREADS=1 python benchmarks/notebooks.py
"""

import argparse
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
MEMORY, MINUTES, TOGETHER = 1024, 5, 10  # MB and minutes of one notebook, minutes of all of them
PICTURES = {"image/png", "image/webp", "image/jpeg", "application/vnd.jupyter.widget-view+json"}
IMPORTS = "import torch\nimport vizkit\nimport vizkit.widgets.panel"
PLAY = """
from vizkit.widgets.explorer import Explorer as _Explorer
from vizkit.widgets.panel import Panel as _Panel

for _panel in [value for value in list(globals().values()) if isinstance(value, _Panel)]:
    if _panel.autostart and not _panel.transport.seen:
        _panel.transport._handle_custom_msg({{"view": "page", "ready": 1}}, [])
        _panel.player.wait({look}) or _panel.stop()
for _explorer in {{value for value in list(globals().values()) if isinstance(value, _Explorer) and not value.index}}:
    _explorer.gather()
"""
USED = """
import re as _re, time as _time, pathlib as _pathlib
_status = _pathlib.Path("/proc/self/status")
_most = _re.search(r"VmHWM:\\s+(\\d+)", _status.read_text()) if _status.exists() else None
print(_time.process_time(), int(_most[1]) / 1024 if _most else "nan")
"""


@dataclass(frozen=True)
class Used:
    """Seconds on the clock and of the processor, seconds until the first picture (nan: none), and MB at most."""

    name: str
    wall: float
    cpu: float
    first: float
    memory: float

    def __str__(self) -> str:
        return f"| {self.name} | {self.wall:.0f} | {self.cpu:.0f} | {self.first:.1f} | {self.memory:.0f} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="which (all)")
    parser.add_argument("--look", type=float, default=30, metavar="SECONDS", help="at each panel, at most (30)")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    alone = used("imports alone", nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(IMPORTS)]), 0)
    sys.stdout.write(
        "| | seconds | of the processor | to the first picture or panel | MB at most |\n|---|---|---|---|---|\n"
    )
    print(alone, flush=True)
    found = []
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        found.append(used(path.stem, nbformat.read(path, 4), options.look))
        print(found[-1], flush=True)
    return verdict(found)


def used(name: str, notebook: nbformat.NotebookNode, look: float) -> Used:
    """Run all cells of `notebook` in a kernel of its own; an error in one of them is raised here."""
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(NOTEBOOKS)}})
    with client.setup_kernel():
        begun, first = time.perf_counter(), float("nan")
        for number, cell in enumerate(list(notebook.cells)):
            client.execute_cell(cell, number)
            if math.isnan(first) and shows_picture(cell):
                first = time.perf_counter() - begun
            if shows_picture(cell):
                aside(client, PLAY.format(look=look))
        wall = time.perf_counter() - begun
        cpu, memory = map(float, aside(client, USED).split())
    return Used(name, wall, cpu, first, memory)


def aside(client: NotebookClient, source: str) -> str:
    """Run `source` in the notebook's kernel, in a cell at its end; what it printed."""
    cell = nbformat.v4.new_code_cell(source)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1)
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shows_picture(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell put a picture or a widget on the page."""
    return any(PICTURES & set(output.get("data", {})) for output in cell.get("outputs", []))


def verdict(found: list[Used]) -> int:
    """Say what is beyond the limits; the exit code."""
    beyond = [f"{one.name}: {one.memory:.0f} MB" for one in found if one.memory >= MEMORY]
    beyond += [f"{one.name}: {one.wall / 60:.1f} minutes" for one in found if one.wall > MINUTES * 60]
    together = sum(one.wall for one in found) / 60
    beyond += [f"together: {together:.1f} minutes"] * (together > TOGETHER)
    print(f"\nTogether {together:.1f} minutes on {os.cpu_count()} cores.", *beyond, sep="\nBeyond the limits: ")
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main())
