"""What every test gets: one thread, a check that nothing was left behind, and small networks."""

import gc
import os
import random
import sys
import threading

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
