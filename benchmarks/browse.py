"""How quickly a panel of top pictures goes from unit to unit by key, in a real JupyterLab, from an index.

Scans pictures, opens a panel on the index in JupyterLab and headless Chromium, and presses Page Down in the grid of
pictures, once for each unit, and Page Up on the way back. Each time is from the key press to the pictures of the next
unit being painted, by the browser's own clock. Then the key is held: presses come as fast as a keyboard repeats.

    python benchmarks/browse.py --presses 500
    python benchmarks/browse.py --net squeezenet1_1 --weights FILE --pictures FOLDER --layer features.12
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
REPEAT = 33  # milliseconds between two presses of a key that is held
HELD = 3  # seconds of it

CELL = """
import torch
import vizkit
torch.set_num_threads({threads})
net = vizkit.load({net!r}, {weights!r})
panel = vizkit.panel("top_images", net, layer={layer!r}, unit=0, index={index!r})
panel"""

# Milliseconds from a press to the pictures of another unit being painted; then waits until nothing happens any more.
PRESS = """(key) => new Promise((resolve) => {
  const live = document.querySelector(".vizkit-live"), grid = live.querySelector(".vizkit-live-grid");
  const before = grid.ariaLabel;
  let took = null, quiet = null;
  const rest = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => { watch.disconnect(); resolve(took); }, 60);
  };
  const watch = new MutationObserver(() => {
    if (took === null && grid.ariaLabel !== before) took = performance.now() - begun;
    if (took !== null) rest();
  });
  watch.observe(live, { attributes: true, attributeFilter: ["data-frames"] });
  const begun = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
})"""

# The key held for some seconds: how many units were painted, the longest wait between two, and what came after.
HOLD = """([key, seconds, every]) => new Promise((resolve) => {
  const live = document.querySelector(".vizkit-live"), grid = live.querySelector(".vizkit-live-grid");
  const times = [performance.now()];
  let shown = grid.ariaLabel, released = null;
  const watch = new MutationObserver(() => {
    if (grid.ariaLabel === shown) return;
    shown = grid.ariaLabel;
    times.push(performance.now());
  });
  watch.observe(live, { attributes: true, attributeFilter: ["data-frames"] });
  let repeat = false;
  const timer = setInterval(() => {
    const pressed = { key, repeat, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", pressed));
    repeat = true;
  }, every);
  setTimeout(() => { clearInterval(timer); released = performance.now(); }, 1000 * seconds);
  setTimeout(() => {
    watch.disconnect();
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    resolve({ units: gaps.length, longest: Math.max(...gaps), after: Math.max(0, times.at(-1) - released) });
  }, 1000 * seconds + 1500);
})"""
PAINTED = "() => Number(document.querySelector('.vizkit-live')?.dataset.frames) >= 1"


def main() -> None:
    chosen = options()
    os.environ["OMP_NUM_THREADS"] = str(chosen.threads)
    sys.path.insert(0, str(ROOT))  # the tests' JupyterLab is this one's too
    import vizkit
    from tests.browser import browser
    from tests.lab import notebook, server

    with tempfile.TemporaryDirectory() as folder:
        net = vizkit.load(chosen.net, chosen.weights)
        index = chosen.index or str(Path(folder) / "index")
        if not chosen.index:
            vizkit.scan(net, chosen.pictures, [chosen.layer], out=index)
        told = {name: getattr(chosen, name) for name in ("net", "weights", "layer", "threads")}
        with (
            server(Path(folder)) as address,
            browser() as running,
            notebook(running, address, Path(folder), [CELL.format(index=index, **told)], width=1440) as opened,
        ):
            opened.run_all()
            opened.page.wait_for_function(PAINTED, timeout=60_000)
            opened.page.wait_for_timeout(2000)
            units = vizkit.layers(net)[chosen.layer].channels
            show(measured(opened.page, chosen.presses, units), held(opened.page, chosen.layer), chosen)
            if chosen.shot:
                opened.page.screenshot(path=chosen.shot)


def options() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--presses", type=int, default=500)
    made.add_argument("--net", default="world")
    made.add_argument("--weights")
    made.add_argument("--pictures", default="world/test/600")
    made.add_argument("--layer", default="stage4")
    made.add_argument("--index", help="an index that is there already")
    made.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="of the kernel")
    made.add_argument("--shot", help="where to keep a screenshot")
    return made.parse_args()


def measured(page, presses: int, units: int) -> list[float]:
    """Milliseconds of each press: through all units, and back again."""
    page.locator(".vizkit-live-cell").first.focus()
    keys = ["PageDown"] * (units - 1) + ["PageUp"] * (units - 1)
    return [page.evaluate(PRESS, keys[i % len(keys)]) for i in range(presses)]


def held(page, layer: str) -> dict[str, float]:
    """The key held down from the first unit on."""
    page.evaluate("document.querySelectorAll('.vizkit-panel .vizkit-number input')[0].select()")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector('.vizkit-profile').ariaLabel === 'unit 0 of {layer}'")
    page.wait_for_timeout(1000)
    page.locator(".vizkit-live-cell").first.focus()
    return page.evaluate(HOLD, ["PageDown", HELD, REPEAT])


def show(times: list[float], after: dict[str, float], chosen: argparse.Namespace) -> None:
    late = quantiles(times, n=20)[-1]
    slow = sum(time >= 100 for time in times)
    print(f"{chosen.net} {chosen.layer}, {chosen.threads} threads of the kernel, {os.cpu_count()} cores\n")
    print(f"{len(times)} presses to painted: median {median(times):.0f} ms, 95th {late:.0f} ms, ", end="")
    print(f"worst {max(times):.0f} ms; {slow} of 100 ms or more")
    print(f"held for {HELD} s: {after['units']} units, longest wait {after['longest']:.0f} ms, ", end="")
    print(f"and {after['after']:.0f} ms after it was released")


if __name__ == "__main__":
    main()
