"""A scripted visitor of the explorer in JupyterLab: a screenshot after every step, light and dark, wide and narrow.

Runs once in each width: opens the explorer, goes to another layer and unit, dials total variation, picks a picture,
lassos the map, inverts the picture, saves the page. Prints what a cell said after each step and how long it took.

    python benchmarks/visitor.py --out screenshots
    python benchmarks/visitor.py --out screenshots --net squeezenet1_1 --weights FILE --pictures FOLDER --count 400
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

CELL = """
import torch
import vizkit
torch.set_num_threads({threads})
net = vizkit.load({net!r}, {weights!r})
from vizkit.data.collections import as_collection
pictures = as_collection({pictures!r})
explorer = vizkit.explore(net, pictures.subset(range(0, len(pictures), max(1, len(pictures) // {count}))))
explorer.drawn.controls["steps"].value = {steps}
explorer"""
SAVE = 'print(explorer.to_html("x.html", units=range(explorer.unit, explorer.unit + 4), steps=48).stat().st_size)'


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="folder for the screenshots and the page")
    options.add_argument("--net", default="world")
    options.add_argument("--weights")
    options.add_argument("--pictures", default="world/test/480")
    options.add_argument("--count", type=int, default=480, help="about how many of the pictures")
    options.add_argument("--steps", type=int, default=128, help="of each drawing")
    options.add_argument("--widths", type=int, nargs="+", default=[1440, 800])
    options.add_argument("--threads", type=int, default=1, help="of the kernel")
    chosen = options.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = str(chosen.threads)
    sys.path.insert(0, str(ROOT))  # the tests' visitor is this one too
    for width in chosen.widths:
        visit(width, chosen)


def visit(width: int, chosen: argparse.Namespace) -> None:
    """One visit in a page of `width` pixels."""
    from tests.browser import browser
    from tests.lab import notebook, server
    from tests.visitor import ASK, Visitor

    cell = CELL.format(**{name: str(v) if isinstance(v, Path) else v for name, v in vars(chosen).items()})
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder)) as address,
        browser() as running,
        notebook(running, address, Path(folder), [cell, ASK, SAVE], width) as opened,
    ):
        opened.page.set_viewport_size({"width": width, "height": 1900 if width > 1000 else 3200})
        visitor = Visitor(opened, 0, 1, 2, lambda name: look(opened, chosen.out / f"{width}-{name}"), patience=600)
        begun = time.monotonic()
        for step, told in visitor.visit():
            print(f"{width} {step}: {time.monotonic() - begun:.0f} s since it was opened, {told}", flush=True)
        print(f"{width} saved: {opened.output(2).strip()} bytes; errors: {visitor.errors}")
        (chosen.out / f"{width}.html").write_bytes((opened.path.parent / "x.html").read_bytes())


def look(opened, path: Path) -> None:
    """The explorer as it is now, in both themes."""
    opened.page.evaluate("document.querySelector('.vizkit-explorer').scrollIntoView()")
    for dark in (False, True):
        opened.theme(dark)
        opened.page.wait_for_timeout(300)
        opened.page.screenshot(path=f"{path}-{'dark' if dark else 'light'}.png")
    opened.theme(False)


if __name__ == "__main__":
    main()
