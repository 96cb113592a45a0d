"""Widgets that nobody closed: a script ends without a word."""

import subprocess
import sys


def test_a_script_that_ends_with_an_explorer_open_says_nothing():
    script = "import torch, vizkit; made = vizkit.explore(vizkit.wrap(torch.nn.Conv2d(3, 2, 3), 8)); part = made.drawn"
    ended = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")
