import contextlib
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests import browser
from tests import lab as real
from vizkit.__main__ import main
from vizkit.commands import lab

FAKE = """
import json, sys
json.dump(sys.argv[1:], open("words.json", "w"))
sys.exit(7)
"""


def test_the_words_listen_on_this_machine_only_and_open_the_notebook(tmp_path):
    words = lab.command(tmp_path / "notebooks" / "01 a b.ipynb", no_browser=True, port=9999)
    assert words[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--ServerApp.ip=127.0.0.1" in words
    assert f"--ServerApp.root_dir={tmp_path}" in words
    assert "--LabApp.default_url=/lab/tree/notebooks/01%20a%20b.ipynb" in words
    assert "--ServerApp.port=9999" in words
    assert "--ServerApp.open_browser=False" in words


def test_by_default_the_browser_opens_and_the_port_is_jupyters(tmp_path):
    words = " ".join(lab.command(tmp_path / "notebooks" / "01.ipynb"))
    assert "open_browser" not in words
    assert "port" not in words


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 1), (8, 7)])
def test_one_core_is_left_for_the_browser(cores, threads):
    assert lab.spare_threads(cores) == threads


@pytest.mark.parametrize(("asked", "given"), [("3", "3"), (None, str(lab.spare_threads(os.cpu_count())))])
def test_kernels_get_their_threads_unless_the_caller_has_said(asked, given, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    if asked:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    seen = []
    monkeypatch.setattr(lab, "_become", lambda words: seen.append(os.environ["OMP_NUM_THREADS"]) or 0)
    assert main(["lab"]) == 0
    assert seen == [given]
    monkeypatch.delenv("OMP_NUM_THREADS")


def test_the_first_notebook_of_the_checkout_is_the_one():
    assert lab.first_notebook(lab.NOTEBOOKS).name.startswith("00")


def test_without_a_checkout_the_sentence_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "NOTEBOOKS", tmp_path)
    assert main(["lab"]) == 2
    assert "Clone the repository" in capsys.readouterr().err


def test_without_jupyterlab_the_sentence_says_what_to_type(monkeypatch, capsys):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert main(["lab"]) == 2
    assert 'pip install -e ".[lab]"' in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a process cannot take another's place")
def test_the_exit_code_is_jupyterlabs_and_its_own_options_go_on_to_it(tmp_path):
    (tmp_path / "jupyterlab.py").write_text(FAKE)
    done = subprocess.run(
        [sys.executable, "-m", "vizkit", "lab", "--port", "9999", "--ServerApp.token=x"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 7
    assert "--ServerApp.token=x" in (tmp_path / "words.json").read_text()


@contextlib.contextmanager
def started(path: Path, folder: Path):
    """What `vizkit lab --no-browser` starts, with Jupyter's own folders elsewhere and no password; its address."""
    port, log = real._free_port(), folder / "server.log"
    words = [*lab.command(path, no_browser=True, port=port), "--IdentityProvider.token="]
    with log.open("w") as said:
        running = subprocess.Popen(words, env=real._environment(folder), stdout=said, stderr=subprocess.STDOUT)
        try:
            real._wait_until_up(f"http://127.0.0.1:{port}", running, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(60)


@pytest.mark.browser
def test_the_notebook_runs_by_itself_as_far_as_its_first_widget(tmp_path, chromium):
    """In a real JupyterLab: nobody presses a key, the widget is there, and the reader is at the first line."""
    cells = ["import ipywidgets", "slider = ipywidgets.IntSlider(3)\nslider", "print('the' + ' end')"]
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "01.ipynb"
    path.write_text(real._notebook_text(cells))
    with started(path, tmp_path) as address, browser.page(chromium) as page:
        page.goto(address)
        page.wait_for_selector(".widget-slider", timeout=60_000)
        expect(page.locator(".widget-slider")).to_be_in_viewport()
        page.wait_for_timeout(1000)  # in which a third cell would have been run
        expect(page.locator(".jp-InputPrompt")).to_have_text(["[1]:", "[2]:", "[ ]:"])
    assert all(cell.get("execution_count") is None for cell in nbformat.read(path, 4).cells)  # nothing was saved
