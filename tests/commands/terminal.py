"""A terminal that keeps what is written on it, and a Ctrl-C at a moment that a test chooses."""

import io
import signal
import subprocess
import sys


class Terminal(io.StringIO):
    """What is written on it stays; a line that is written over begins with "\\r\\x1b[K"."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What its one line said, one after the other."""
        return self.getvalue().split("\r\x1b[K")


_WAITING = """
import sys
from vizkit.__main__ import main
from vizkit.commands.progress import Line
kind, done, *words = sys.argv[1:]
def show(self, told, last=False):
    if (type(told).__name__, getattr(told, "done", None) or getattr(told, "step", 0)) == (kind, int(done)):
        print("here", flush=True)
        sys.stdin.readline()  # until the signal was sent
Line.show = show
sys.exit(main(words))
"""


def interrupted(words: list[str], told: str, done: int) -> tuple[int, str, str]:
    """Run `vizkit`, press Ctrl-C when it tells a `told` at `done` or that step; its exit code, output and errors."""
    running = subprocess.Popen(
        [sys.executable, "-c", _WAITING, told, str(done), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "here\n"
    running.send_signal(signal.SIGINT)
    out, err = running.communicate("\n", timeout=60)
    return running.returncode, out, err
