"""A real JupyterLab for tests: a server with folders of its own on a free loopback port, and a notebook in it.

A test takes the fixture `open_lab` of `tests/conftest.py`, which opens a notebook in a server of the test file's own.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page

SECONDS = 60  # until a server, a kernel or a cell counts as hung
_QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """JupyterLab on `folder/notebooks`, its settings and files below `folder` too; yields its address."""
    port = _free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={port}"]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.root_dir": str(_made(folder / "notebooks")),
        "ServerApp.port_retries": "0",
        "ServerApp.allow_root": "True",
        "ServerApp.disable_check_xsrf": "True",
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": "True",
        "LabApp.app_settings_dir": str(_settings(folder)),
    }
    command += [f"--{name}={value}" for name, value in options.items()]
    with (folder / "server.log").open("w") as log:
        running = subprocess.Popen(command, env=_environment(folder), stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_up(address, running, folder / "server.log")
            yield address
        finally:
            running.terminate()  # shuts its kernels down too
            running.wait(SECONDS)


@dataclass
class Notebook:
    """A notebook open in JupyterLab; `page` is the Playwright page to click and look at."""

    page: Page
    path: Path

    def run_all(self, wait: bool = True) -> None:
        """Run every cell; returns when the last is done, or at once."""
        self._command("notebook:run-all-cells")
        if wait:
            self.wait_until_idle()

    def run_cell(self, index: int) -> None:
        """Start one cell and return at once."""
        self.page.evaluate("i => jupyterapp.shell.currentWidget.content.activeCellIndex = i", index)
        self._command("notebook:run-cell")

    def ask(self, index: int) -> str:
        """Run one cell to its end; the text it has printed or shown."""
        before = self.page.evaluate(f"(i) => {_CELL}.executionCount", index)
        self.run_cell(index)
        ended = f"([i, before]) => {_CELL}.executionCount > before && {_CELL}.executionState === 'idle'"
        self.page.wait_for_function(ended, arg=[index, before or 0], timeout=SECONDS * 1000, polling=50)
        self.wait_until_idle()
        return self.output(index)

    def wait_until_busy(self, index: int) -> None:
        """Until a cell that was started runs."""
        self.page.wait_for_function(f"(i) => {_CELL}.executionState === 'running'", arg=index, timeout=SECONDS * 1000)

    def wait_until_idle(self) -> None:
        """Until no cell waits or runs."""
        self.page.wait_for_function(_IDLE, timeout=SECONDS * 1000, polling=50)

    def output(self, index: int) -> str:
        """The text a cell has printed or shown, its error included."""
        return self.page.evaluate(
            "i => jupyterapp.shell.currentWidget.content.widgets[i].outputArea.node.innerText", index
        )

    def theme(self, dark: bool) -> None:
        """Switch JupyterLab to its dark or light theme."""
        name = f"JupyterLab {'Dark' if dark else 'Light'}"
        self._command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def save(self) -> dict:
        """Save, and read the file."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        return json.loads(self.path.read_text(encoding="utf-8"))

    def reload(self) -> None:
        """Save, and load the page again; the kernel goes on."""
        self.save()
        self.page.reload()
        _wait_until_open(self.page)

    def frames(self, index: int = 0) -> int:
        """How many frames the page's live picture number `index` has painted."""
        return int(self.page.locator(".vizkit-live").nth(index).get_attribute("data-frames") or 0)

    def frame_times(self, seconds: float, index: int = 0) -> list[float]:
        """When the live picture painted, in seconds, watched for `seconds` from now."""
        return self.page.evaluate(_WATCH, [index, seconds])

    def _command(self, name: str, arguments: dict | None = None) -> None:
        # Fire and forget: the promise of a run resolves when the cells have ended.
        self.page.evaluate("([n, a]) => { jupyterapp.commands.execute(n, a); }", [name, arguments or {}])


@contextlib.contextmanager
def notebook(
    running: Browser, address: str, folder: Path, cells: list[str] | Path, width: int = 1440, height: int = 900
) -> Iterator[Notebook]:
    """Open `cells` (sources, or a notebook file) in the server at `address` started on `folder`."""
    path = folder / "notebooks" / "test.ipynb"
    path.write_text(_notebook_text(cells), encoding="utf-8")
    context = running.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    try:
        page.goto(f"{address}/lab/tree/{path.name}?reset")
        _wait_until_open(page)
        yield Notebook(page, path)
    finally:
        context.close()


_CELL = "jupyterapp.shell.currentWidget.content.widgets[i].model"
_IDLE = """() => {
  const panel = jupyterapp.shell.currentWidget;
  const waiting = panel.content.widgets.some((cell) => cell.prompt === "*" || cell.node.innerText.includes("[*]"));
  return !waiting && panel.sessionContext.session?.kernel?.status === "idle";
}"""

_WATCH = """([index, seconds]) => new Promise((resolve) => {
  const times = [];
  const picture = document.querySelectorAll(".vizkit-live")[index];
  const watch = new MutationObserver(() => times.push(performance.now() / 1000));
  watch.observe(picture, { attributes: true, attributeFilter: ["data-frames"] });
  setTimeout(() => { watch.disconnect(); resolve(times); }, seconds * 1000);
})"""


def _wait_until_open(page: Page) -> None:
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=SECONDS * 1000,
    )


def _notebook_text(cells: list[str] | Path) -> str:
    if isinstance(cells, Path):
        return cells.read_text(encoding="utf-8")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata=kernel)
    )


def _environment(folder: Path) -> dict[str, str]:
    homes = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "user-settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    own = {name: str(_made(folder / part)) for name, part in homes.items()}
    return {"OMP_NUM_THREADS": "1", **os.environ, **own}


def _settings(folder: Path) -> Path:
    """Lab's application settings, with the pop-up that asks to fetch news turned off."""
    settings = _made(folder / "settings")
    (settings / "overrides.json").write_text(json.dumps(_QUIET))
    return settings


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(address: str, running: subprocess.Popen, log: Path) -> None:
    limit = time.monotonic() + SECONDS
    while time.monotonic() < limit and running.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(f"{address}/api"),
        ):
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not come up. Its log ends with:\n{log.read_text()[-2000:]}")
