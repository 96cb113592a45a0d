"""What every test gets: one thread, a check that nothing was left behind; and a Chromium or JupyterLab who asks."""

import contextlib
import gc
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch, and for the kernels that run the notebooks

import numpy as np
import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    """No thread, widget, grad mode, autocast, default dtype or global random state may outlive a test."""
    before, threads = _process_state(), set(threading.enumerate())
    yield
    new = [t for t in set(threading.enumerate()) - threads if t.name.startswith("vizkit")]
    for thread in new:
        if thread.name == "vizkit ahead":  # reads what may be asked for next, and ends by itself
            thread.join(5)
    left = [thread for thread in new if thread.is_alive()]
    assert not left, f"threads left behind: {left}"
    after = _process_state()
    for name, value in before.items():
        same = torch.equal(value, after[name]) if torch.is_tensor(value) else value == after[name]
        assert same, f"{name} was changed and not put back"
    assert not _open_widgets(), "widgets left open; close the panel"


@pytest.fixture(scope="module")
def chromium():
    """A Chromium for all tests of a file. Not for all files: Playwright's event loop runs as long as it does."""
    from tests.browser import browser

    with browser() as running:
        yield running


@pytest.fixture
def open_page(chromium, tmp_path):
    """Open a component, or the HTML of a page, over file:// in Chromium; see `tests.browser.opening`."""
    from tests.browser import opening

    with opening(chromium, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_lab(chromium, tmp_path_factory):
    """Open cells, or a notebook file, in a JupyterLab that all tests of a file share; see `tests.lab.notebook`."""
    from tests.lab import notebook, server

    folder = tmp_path_factory.mktemp("lab")
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(server(folder))
        yield lambda cells, **size: stack.enter_context(notebook(chromium, address, folder, cells, **size))


@pytest.fixture
def keep(tmp_path, lab) -> Callable[[str], None]:
    """Keep a screenshot of the file's `lab` in the test's folder, and in the one that VIZKIT_SCREENSHOTS names."""

    def keep(name: str) -> None:
        for folder in filter(None, (tmp_path, os.environ.get("VIZKIT_SCREENSHOTS"))):
            lab.page.screenshot(path=Path(folder) / f"{name}.png")

    return keep


def _process_state() -> dict:
    return {
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "default dtype": torch.get_default_dtype(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "torch random state": torch.get_rng_state(),
        "numpy random state": repr(np.random.get_state()),  # noqa: NPY002
        "python random state": hash(random.getstate()),
        "switch interval": sys.getswitchinterval(),
    }


def _open_widgets() -> list:
    if "ipywidgets" not in sys.modules:
        return []
    from ipywidgets import Widget
    from ipywidgets.widgets.widget import _instances

    gc.collect() if _instances else None
    left = [w for w in _instances.values() if isinstance(w, Widget)]
    for widget in left:
        widget.close()
    return left
