"""How quickly a map of points is there, is pointed at and chosen from, in a real JupyterLab; plotly's beside it.

Opens a notebook in JupyterLab and headless Chromium, which draws by software, and times with the browser's own clock:
from running the cell to the points drawn; from the pointer's move to the card; and from the end of a lasso around
half of all points to the page hearing that Python has their numbers, both ways through the kernel. For plotly, a
`go.Figure` of scattergl and, for its lasso, a `FigureWidget`.

    python benchmarks/point_map.py --counts 50000 500000 1000000
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # seconds until something counts as not there
LABELS = 10

SETUP = f"""
import numpy as np, plotly.graph_objects as go, torch
from vizkit.core.results import Points
from vizkit.views.point_map import PointMap
torch.set_num_threads(1)
def points(n):
    chance = torch.Generator().manual_seed(0)
    labels = torch.randint({LABELS}, (n,), generator=chance)
    centers = 10 * torch.randn({LABELS}, 2, generator=chance)
    return Points(centers[labels] + torch.randn(n, 2, generator=chance), labels=labels,
                  names=[f"picture {{i}}" for i in range(n)])
def scatter(p, kind):
    x, y = p.xy.numpy().T
    return kind(go.Scattergl(x=x, y=y, mode="markers", marker={{"color": p.labels.numpy(), "size": 3}}))
"""
PREPARE = "p = points({n})"
SHOW = "view = PointMap(); view.show(p); view.keep(); view"
LISTEN = 'view.observe(lambda change: setattr(view, "alt", f"chosen {len(change[\'new\'])}"), "selection")'
PLOTLY = "scatter(p, go.Figure)"
PLOTLY_WIDGET = """
figure = scatter(p, go.FigureWidget)
def tell(trace, found, state):
    figure.update_layout(title_text=f"chosen {len(found.point_inds)}")
figure.data[0].on_selection(tell)
figure"""

# Seconds from running cell number `at` until `done` holds there, looked at with every frame the page draws.
TIMED = """([at, done, patience]) => new Promise((resolve) => {
  const content = jupyterapp.shell.currentWidget.content;
  const holds = new Function("cell", `return (${done})`);
  content.activeCellIndex = at;
  const begun = performance.now();
  const look = () => {
    const seconds = (performance.now() - begun) / 1000;
    if (holds(content.widgets[at].node)) resolve(seconds);
    else if (seconds > patience) resolve(null);
    else requestAnimationFrame(look);
  };
  jupyterapp.commands.execute("notebook:run-cell");
  requestAnimationFrame(look);
})"""
DRAWN = "cell.querySelector('.vizkit-map')?.dataset.points === '{n}'"
PLOTTED = """cell.querySelector(".js-plotly-plot .gl-canvas")
  && cell.querySelector(".js-plotly-plot")._fullLayout?._plots && (cell.rest = (cell.rest ?? 0) + 1) > 2"""

# Milliseconds from the pointer's move to the card, at 200 places; the first finds out where points are.
HOVER = """(at) => {
  const node = jupyterapp.shell.currentWidget.content.widgets[at].node;
  const over = node.querySelector(".vizkit-map-over");
  const { left, top, width, height } = over.getBoundingClientRect();
  const times = [];
  let met = 0;
  for (let k = 0; k < 201; k++) {
    const clientX = left + width * (0.1 + 0.8 * ((k * 0.618) % 1));
    const clientY = top + height * (0.1 + 0.8 * ((k * 0.755) % 1));
    const begun = performance.now();
    over.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true }));
    times.push(performance.now() - begun);
    met += node.querySelector(".vizkit-map").dataset.hovered !== "-1";
  }
  return { times, met };
}"""

# Seconds from the end of a lasso around the left half until `heard` holds.
LASSO = """([at, area, heard, patience]) => new Promise((resolve) => {
  const node = jupyterapp.shell.currentWidget.content.widgets[at].node;
  const over = node.querySelector(area);
  const { left, top, width, height } = over.getBoundingClientRect();
  const corners = [[0.02, 0.02], [0.5, 0.02], [0.5, 0.98], [0.02, 0.98], [0.02, 0.1]];
  const Kind = area.includes("vizkit") ? PointerEvent : MouseEvent;
  const name = area.includes("vizkit") ? "pointer" : "mouse";
  const send = (what, [x, y], on) => on.dispatchEvent(new Kind(name + what, {
    clientX: left + x * width, clientY: top + y * height, bubbles: true, cancelable: true, pointerId: 1, buttons: 1,
  }));
  const holds = new Function("cell", `return (${heard})`);
  over.setPointerCapture = () => {};
  const outside = name === "mouse" ? document : over;
  send("down", corners[0], over);
  corners.forEach((corner) => send("move", corner, outside));
  const begun = performance.now();
  send("up", corners.at(-1), outside);
  const look = () => {
    const seconds = (performance.now() - begun) / 1000;
    const found = holds(node);
    if (found) resolve([seconds, found]);
    else if (seconds > patience) resolve(null);
    else requestAnimationFrame(look);
  };
  look();
})"""
HEARD = "cell.querySelector('.vizkit-map').ariaLabel.match(/^chosen (\\d+)/)?.[1]"
HEARD_PLOTLY = "cell.querySelector('.gtitle')?.textContent.match(/^chosen (\\d+)/)?.[1]"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--counts", type=int, nargs="+", default=[50_000, 500_000, 1_000_000])
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--plotly-lasso", type=int, default=50_000, help="the most points plotly's lasso is tried on")
    chosen = options.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.insert(0, str(ROOT))  # the tests' JupyterLab is this one's too
    from tests.browser import browser
    from tests.lab import server

    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as address, browser() as running:
        print(f"{os.cpu_count()} cores, drawn by software; median of {chosen.repeats} (worst)\n")
        print("| points | | shown, s | hover, ms (first) | lasso to Python, s | chosen |\n|---|---|---|---|---|---|")
        for count in chosen.counts:
            rounds = [measured(running, address, Path(folder), count) for _ in range(chosen.repeats)]
            print(told(count, "vizkit", rounds), flush=True)
            lasso = count <= chosen.plotly_lasso
            print(told(count, "plotly", [plotly(running, address, Path(folder), count, lasso)]), flush=True)


def measured(running, address: str, folder: Path, count: int) -> dict:
    """The figures of one map in a notebook of its own."""
    from tests.lab import notebook

    cells = [SETUP, PREPARE.format(n=count), SHOW, LISTEN]
    with notebook(running, address, folder, cells, width=1440) as opened:
        page = opened.page
        ready(opened, 0, 1)
        shown = page.evaluate(TIMED, [2, DRAWN.format(n=count), PATIENCE])
        page.wait_for_timeout(500)
        hover = page.evaluate(HOVER, 2)
        ready(opened, 3)
        page.get_by_role("radio", name="Lasso").click()
        lasso = page.evaluate(LASSO, [2, ".vizkit-map-over", HEARD, PATIENCE])
    return {"shown": shown, "hover": hover["times"], "met": hover["met"], "lasso": lasso}


def plotly(running, address: str, folder: Path, count: int, lasso: bool) -> dict:
    """The same of plotly; None is what was not there in time."""
    from tests.lab import notebook

    found = {"lasso": None}
    cells = [SETUP, PREPARE.format(n=count), PLOTLY, PLOTLY_WIDGET]
    with notebook(running, address, folder, cells, width=1440) as opened:
        ready(opened, 0, 1)
        found["shown"] = opened.page.evaluate(TIMED, [2, PLOTTED, PATIENCE])
        if lasso and opened.page.evaluate(TIMED, [3, PLOTTED, PATIENCE]) is not None:
            opened.page.locator(".modebar-btn[data-title='Lasso Select']").last.click(force=True)
            opened.page.wait_for_timeout(500)
            found["lasso"] = opened.page.evaluate(LASSO, [3, ".nsewdrag", HEARD_PLOTLY, PATIENCE])
    return found


def ready(opened, *cells: int) -> None:
    for cell in cells:
        opened.run_cell(cell)
        opened.page.wait_for_timeout(200)
        opened.wait_until_idle()


def told(count: int, name: str, rounds: list[dict]) -> str:
    """A row of the table."""
    shown = _summed([one["shown"] for one in rounds], "{:.2f}")
    lasso = _summed([one["lasso"] and one["lasso"][0] for one in rounds], "{:.2f}")
    hovers = [one["hover"] for one in rounds if "hover" in one]
    hover = (
        f"{median(t for times in hovers for t in times[1:]):.2f} ({max(t[0] for t in hovers):.0f})" if hovers else "—"
    )
    chosen = next((f"{int(one['lasso'][1]):,}" for one in rounds if one["lasso"]), "—")
    return f"| {count:,} | {name} | {shown} | {hover} | {lasso} | {chosen} |"


def _summed(values: list[float | None], form: str) -> str:
    if all(value is None for value in values):
        return "—"
    known = [float("inf") if value is None else value for value in values]
    return form.format(median(known)) + (f" ({form.format(max(known))})" if len(known) > 1 else "")


if __name__ == "__main__":
    main()
