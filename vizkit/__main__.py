"""The command line. A command's module is imported when it is asked for, so that `vizkit --help` needs no torch."""

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "lab": "open JupyterLab on the first notebook",
    "run": "play a method on a network into a picture, an animation or a recording",
    "page": "put a method's answers on a page with sliders: one file that needs no Python",
    "scan": "find the pictures that excite every unit, in one pass over a folder",
    "site": "make pages of a whole network, from a folder of pictures, to be put on the web",
    "layers": "list the layers of a network",
    "methods": "list the methods",
    "doctor": "check this installation",
}
MISTAKES = (LookupError, ValueError, TypeError, ArithmeticError, OSError, RuntimeError, ImportError)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words after `vizkit` ask for; the exit code is 0, or 2 after a mistake told in one sentence."""
    words = list(sys.argv[1:] if words is None else words)
    whole = "--traceback" in words
    words = [word for word in words if word != "--traceback"] or ["--help"]
    command = _parser().parse_args(words[:1]).command
    try:
        return importlib.import_module(f"vizkit.commands.{command}").main(words[1:])
    except KeyboardInterrupt:
        return 130
    except MISTAKES as error:
        if whole:
            raise
        print(f"vizkit {command}: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    from vizkit import __doc__ as about
    from vizkit import __version__

    parser = argparse.ArgumentParser(
        "vizkit", description=about, epilog="`vizkit COMMAND --help` says more; --traceback shows where an error arose."
    )
    parser.add_argument("--version", action="version", version=f"vizkit {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, sentence in COMMANDS.items():
        commands.add_parser(name, help=sentence, add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
