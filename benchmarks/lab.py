"""How quickly a panel answers in a real JupyterLab: click to first frame, frames a second, Stop.

Opens the first notebook in JupyterLab and headless Chromium, plays its first panel on the bundled network, and times
with the browser's own clock: from the click on Run to the next painted frame, frames painted meanwhile, and from the
click on Stop to the page saying so, while the kernel idles and while a cell of it spins.

    python benchmarks/lab.py --repeats 8
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "00-quick-start.ipynb"
BUSY = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end:\n    pass"
BUSY_FOR = 5  # seconds

# Milliseconds from the click until `done` holds, looked at whenever the panel changes.
CLICK = """([name, what]) => new Promise((resolve) => {
  const transport = document.querySelector(".vizkit-transport");
  const live = document.querySelector(".vizkit-live");
  const before = Number(live.dataset.frames);
  const done = {
    painted: () => Number(live.dataset.frames) > before,
    stopped: () => transport.dataset.state === "stopped",
  };
  const watch = new MutationObserver(() => {
    if (!done[what]()) return;
    watch.disconnect();
    resolve(performance.now() - begun);
  });
  for (const part of [transport, live]) watch.observe(part, { attributes: true });
  const button = [...transport.querySelectorAll("button")].find((one) => one.textContent === name);
  const begun = performance.now();
  button.click();
})"""

FRAMES = """(seconds) => new Promise((resolve) => {
  const live = document.querySelector(".vizkit-live");
  const before = Number(live.dataset.frames), begun = performance.now();
  setTimeout(() => {
    resolve(1000 * (Number(live.dataset.frames) - before) / (performance.now() - begun));
  }, 1000 * seconds);
})"""

ADD = """(source) => {
  const model = jupyterapp.shell.currentWidget.content.model;
  model.sharedModel.addCell({ cell_type: "code", source });
  return model.cells.length - 1;
}"""
STARTED = "(i) => jupyterapp.shell.currentWidget.content.widgets[i].model.executionState === 'running'"
PAINTED = "(n) => Number(document.querySelector('.vizkit-live').dataset.frames) >= n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=8)
    options.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="of the kernel")
    chosen = options.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(chosen.threads)
    sys.path.insert(0, str(ROOT))  # the tests' JupyterLab is this one's too
    from tests.browser import browser
    from tests.lab import notebook, server

    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder)) as address,
        browser() as running,
        notebook(running, address, Path(folder), NOTEBOOK, width=1440) as opened,
    ):
        opened.run_all()
        opened.page.wait_for_function(PAINTED, arg=1)
        show(measured(opened, chosen.repeats), chosen)


def measured(opened, repeats: int) -> dict[str, list[float]]:
    """Every figure of every repeat; times in ms. A round whose run ended by itself before Stop is an error."""
    busy = opened.page.evaluate(ADD, BUSY.format(BUSY_FOR))
    names = ("click to first frame", "frames a second", "Stop, kernel idle", "frames a second, busy", "Stop, busy")
    found: dict[str, list[float]] = {name: [] for name in names}
    stop(opened)
    for _ in range(repeats):
        found["click to first frame"].append(opened.page.evaluate(CLICK, ["Run", "painted"]))
        found["frames a second"].append(opened.page.evaluate(FRAMES, 1.5))
        found["Stop, kernel idle"].append(stop(opened))
        opened.page.evaluate(CLICK, ["Run", "painted"])
        opened.run_cell(busy)
        opened.page.wait_for_function(STARTED, arg=busy)
        found["frames a second, busy"].append(opened.page.evaluate(FRAMES, 1.0))
        found["Stop, busy"].append(stop(opened))
        opened.wait_until_idle()
    return found


def stop(opened) -> float:
    """Press Stop on a run in flight; the ms until the page says that it has stopped."""
    state = opened.page.locator(".vizkit-transport").get_attribute("data-state")
    if state != "running":
        raise RuntimeError(f"The run is {state}, so there is nothing to stop. Give it more steps.")
    return opened.page.evaluate(CLICK, ["Stop", "stopped"])


def show(found: dict[str, list[float]], chosen: argparse.Namespace) -> None:
    print(f"{chosen.repeats} rounds, {chosen.threads} threads of the kernel, {os.cpu_count()} cores\n")
    print("| | median | worst | all |\n|---|---|---|---|")
    for name, values in found.items():
        worst = min(values) if name.startswith("frames") else max(values)
        print(f"| {name} | {median(values):.0f} | {worst:.0f} | {' '.join(f'{v:.0f}' for v in values)} |")


if __name__ == "__main__":
    main()
