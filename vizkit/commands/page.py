"""`vizkit page METHOD …`: a page with a slider for each option that is given several values. One file, no network."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vizkit.commands.progress import Line
from vizkit.commands.run import bound, parsed, parser
from vizkit.core.controls import Choice, Switch, controls
from vizkit.methods import catalogue, find
from vizkit.save.files import ending
from vizkit.save.recordings import open_recording
from vizkit.views.answer_pages import page
from vizkit.views.pages import CREDIT, QUALITY, run_page

_OUT = "where the page goes, a .html"


def main(words: Sequence[str]) -> int:
    if not words or words[0].startswith("-"):
        _general().parse_args(words or ["--help"])
    return of_recording(words) if words[0].endswith(".vizkit") else of_method(words)


def of_recording(words: Sequence[str]) -> int:
    """The page of a recording: a slider over its frames."""
    made = argparse.ArgumentParser("vizkit page", usage="vizkit page RECORDING [options]", allow_abbrev=False)
    made.add_argument("--out", metavar="FILE", help=_OUT)
    options = parsed(_with_looks(made), words[1:])
    out = Path(options.out or Path(words[0]).with_suffix(".html").name)
    ending(out, (".html",))
    run_page(open_recording(words[0]), **_looks(options)).save(out)
    return _told(out)


def of_method(words: Sequence[str]) -> int:
    """The page of every combination of what is typed."""
    method = find(words[0])
    options = parsed(_with_looks(parser(method, _OUT, "page")), words[1:])
    out = Path(options.out or f"{method.__name__}.html")
    chosen = listed(method, options)
    arguments = {**bound(method, options).arguments, **chosen}
    try:
        with Line(sentence, sys.stderr, options.quiet) as line:
            page(method, **arguments, out=out, tell=lambda done, of: line.show((done, of)), **_looks(options))
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by Ctrl-C. What was computed is kept: the same command goes on from here.\n")
        return 130
    return _told(out)


def listed(method, options: argparse.Namespace) -> dict[str, list]:
    """Words that make a list although each is a choice by itself; their options are left with the first one."""
    found, typed = {}, vars(options)
    for name, control in controls(method).items():
        words, hint = typed[f"control {name}"], control.hint
        if not words or len(words) < 2 or not isinstance(hint, (Choice, Switch)):
            continue
        if isinstance(hint, Choice) and hint.parse(words) in hint.options:  # one choice of two words
            continue
        found[name] = [hint.parse([word]) for word in words]
        typed[f"control {name}"] = words[:1]
    return found


def sentence(told: tuple[int, int]) -> str:
    """How far it is: answers that are there, of how many."""
    return f"{told[0]} of {told[1]} answers"


def _with_looks(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    looks = made.add_argument_group("how the page looks")
    looks.add_argument("--title", default="", metavar="WORDS", help="what stands above it (default: the method)")
    looks.add_argument(
        "--credit", default=CREDIT, metavar="WORDS", help="who is to be thanked, and which license holds"
    )
    looks.add_argument("--quality", type=int, default=QUALITY, help=f"of the WebP pictures (default: {QUALITY})")
    return made


def _looks(options: argparse.Namespace) -> dict:
    return {"title": options.title, "credit": options.credit, "quality": options.quality}


def _told(out: Path) -> int:
    sys.stdout.write(f"{out} ({out.stat().st_size / 1e6:.1f} MB)\n")
    return 0


def _general() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "vizkit page",
        usage="vizkit page METHOD|RECORDING [options]",
        description="Put answers on a page with sliders: one file that needs neither Python nor a network. Every "
        "option that is given several values becomes a slider, and every combination of them is computed beforehand.",
        epilog=f"Methods: {', '.join(name.replace('_', '-') for name in catalogue)}. "
        "`vizkit page METHOD --help` lists its options. A recording (.vizkit) plays. Interrupted, the same command "
        "goes on where it was.",
    )
    made.add_argument("method", metavar="METHOD", help="what to answer")
    return made
