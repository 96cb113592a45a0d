"""`vizkit run METHOD …`: play a method into a file. Its options are the controls of the method's signature."""

import argparse
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from vizkit.commands.arrays import read_arrays
from vizkit.commands.networks import add_network, network
from vizkit.commands.progress import Progress
from vizkit.commands.stopping import Stopping
from vizkit.core.controls import (
    Control,
    LayerName,
    Mask,
    Picture,
    Switch,
    Unit,
    argument_docs,
    controls,
    given,
    summary,
)
from vizkit.core.frames import Frame
from vizkit.core.presets import presets_of
from vizkit.core.results import Curves, Images, Points
from vizkit.core.runs import Run
from vizkit.core.words import nearest
from vizkit.data.pictures import MODES, as_pictures
from vizkit.methods import catalogue, find
from vizkit.methods import run as bind
from vizkit.nets.describe import layers
from vizkit.nets.network import Network
from vizkit.save import save_run
from vizkit.save.animations import pictures
from vizkit.save.files import ending

ENDINGS = (".png", ".webp", ".gif", ".vizkit")
PICTURE = "world/0"  # where none is named
_OUT = ".png: the last frame; .webp, .gif, .vizkit: the whole run"


def main(words: Sequence[str]) -> int:
    if not words or words[0].startswith("-"):
        _general().parse_args(words or ["--help"])
    method = find(words[0])
    options = parsed(parser(method), words[1:])
    out = Path(options.out or f"{method.__name__}.png")
    ending(out, ENDINGS)  # before minutes of work, not after
    run = bound(method, options)
    with Stopping() as stopping, Progress(sys.stderr, options.quiet) as progress:
        write(_watched(run, progress, stopping), out)
    if stopping.asked:
        sys.stderr.write("Stopped by Ctrl-C: the file holds the run so far.\n")
    sys.stdout.write(f"{out}\n")
    return 130 if stopping.asked else 0


def parser(method, out: str = _OUT, command: str = "run") -> argparse.ArgumentParser:
    """The options of `method`: what it works on, its controls, what comes out."""
    made = argparse.ArgumentParser(
        f"vizkit {command} {_dashed(method.__name__)}",
        usage=f"vizkit {command} {_dashed(method.__name__)} [options]",
        description=summary(method),
        allow_abbrev=False,
    )
    works_on = made.add_argument_group("what it works on")
    for name, parameter in given(method).items():
        _add_given(works_on, method, name, parameter)
    moved = made.add_argument_group("controls (several values make several pictures where the method allows it)")
    if presets_of(method):
        moved.add_argument("--preset", help=f"named settings: {', '.join(presets_of(method))}")
    for control in controls(method).values():
        _add_control(moved, control, _start(method, control))
    comes_out = made.add_argument_group("what comes out")
    comes_out.add_argument("--out", metavar="FILE", help=out)
    comes_out.add_argument("--quiet", action="store_true", help="no progress")
    return made


def bound(method, options: argparse.Namespace) -> Run:
    """The run that parsed options mean."""
    chosen, typed, net = {}, vars(options), None
    for name in given(method):
        if _is_network(_kind(method, name)) and options.net is not None:
            chosen[name] = net = network(options)
    for name in given(method):
        if typed.get(f"given {name}") is not None:
            words = typed[f"given {name}"]
            chosen[name] = words if isinstance(words, str) else read_arrays(words, net)
    for name, control in controls(method).items():
        if typed[f"control {name}"] is not None:
            words = _numbered(control, typed[f"control {name}"], chosen, net)
            chosen[name] = _readable(control, control.hint.parse(words), net)
        elif isinstance(control.hint, Picture) and _required(method, name):
            chosen[name] = PICTURE
        elif net is not None and isinstance(control.hint, LayerName) and _required(method, name):
            chosen[name] = layers(net).default
    return bind(method, preset=typed.get("preset"), **chosen)


def write(frames: Iterable[Frame], out: Path) -> None:
    """Play `frames` into `out`: the last one as a picture, or all of them."""
    if out.suffix.lower() != ".png":
        save_run(frames, out)
        return
    frame = None
    for frame in frames:
        _drawn(frame)  # fails at the first frame that cannot be
    if frame is None:
        raise ValueError("There is no frame to save: the run yielded none.")
    _drawn(frame).save(out)


def _drawn(frame: Frame) -> Images | Points | Curves:
    """What of a frame can be saved as a picture."""
    return frame.result if isinstance(frame.result, (Points, Curves)) else pictures(frame)


def _general() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "vizkit run",
        usage="vizkit run METHOD [options]",
        description="Play a method on a network into a picture, an animation or a recording.",
        epilog=f"Methods: {', '.join(map(_dashed, catalogue))}. `vizkit run METHOD --help` lists its options.",
    )
    made.add_argument("method", metavar="METHOD", help="what to play")
    return made


def parsed(made: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """What was typed, dashes and underscores alike; what no option takes is answered with the nearest."""
    words = [re.sub(r"^--[\w-]+", lambda option: _dashed(option[0]), word) for word in words]
    options, rest = made.parse_known_args(words)
    if rest:
        known = [string for action in made._actions for string in action.option_strings]
        raise ValueError(f"{rest[0]!r} is no option here.{nearest(rest[0], known)} --help lists them all.")
    return options


def _watched(run: Run, progress: Progress, stopping: Stopping) -> Iterator[Frame]:
    """The frames of `run`, told to `progress`, until someone asks to stop."""
    for frame in run:
        progress.show(frame)
        yield frame
        if stopping.asked:
            return


def _add_given(group: argparse._ArgumentGroup, method, name: str, parameter: inspect.Parameter) -> None:
    kind = _kind(method, name)
    if _is_network(kind):
        add_network(group, required=parameter.default is parameter.empty)
    elif Path in typing.get_args(kind):
        sentence = _escaped(argument_docs(method).get(name, ""))
        group.add_argument(f"--{_dashed(name)}", dest=f"given {name}", metavar="PATH", help=sentence)
    elif Tensor in (kind, *typing.get_args(kind)):
        sentence = _escaped(argument_docs(method).get(name, ""))
        group.add_argument(
            f"--{_dashed(name)}",
            dest=f"given {name}",
            nargs="+",
            metavar="FILE",
            required=parameter.default is parameter.empty,
            help=f"{sentence} Pictures, or a .npy array.",
        )
    elif parameter.default is parameter.empty:
        raise ValueError(f"{method.__name__} needs {name}, which only Python can give: vizkit.run(…, {name}=…).")


def _start(method, control: Control) -> Any:
    """What a control is where it is not typed; None where that depends."""
    return PICTURE if isinstance(control.hint, Picture) and _required(method, control.name) else control.default


def _add_control(group: argparse._ArgumentGroup, control: Control, start: Any) -> None:
    default = "" if start in (None, (), "") else f"; default {_words(start)}"
    group.add_argument(
        f"--{_dashed(control.name)}",
        dest=f"control {control.name}",
        nargs="*" if isinstance(control.hint, Switch) else "+",
        metavar=control.name.upper(),
        help=_escaped(f"{control.doc} ({control.hint}{default})".strip()),
    )


def _words(value: Any) -> str:
    """A default as it would be typed."""
    return " ".join(str(item).replace(" ", "-") for item in value) if isinstance(value, tuple) else str(value)


def _numbered(control: Control, words: list[str], chosen: dict[str, Any], net: Network | None) -> list[str]:
    """`words` with labels of the output's units replaced by their numbers."""
    labels = net.labels if net is not None else ()
    if not isinstance(control.hint, Unit) or chosen.get(control.hint.of) != "output" or not labels:
        return words
    return [_number_of(word, labels) for word in words]


def _readable(control: Control, value: Any, net: Network | None) -> Any:
    """`value`, after a look at the files it names: a mistake is told before the network runs."""
    if isinstance(control.hint, Picture):
        channels = net.channels if net else 3
        as_pictures(value, (8, 8), channels if channels in MODES else 3)
    elif isinstance(control.hint, Mask):
        as_pictures(value, (8, 8), 1)
    return value


def _number_of(word: str, labels: Sequence[str]) -> str:
    if re.fullmatch(r"-?\d+", word):
        return word
    if word not in labels:
        raise LookupError(f"No unit of the output is called {word!r}.{nearest(word, labels)}")
    return str(labels.index(word))


def _kind(method, name: str) -> Any:
    return typing.get_type_hints(method).get(name)


def _is_network(kind: Any) -> bool:
    parts = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    return Network in parts


def _required(method, name: str) -> bool:
    parameter = inspect.signature(method).parameters[name]
    return parameter.default is parameter.empty


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _escaped(sentence: str) -> str:
    return sentence.replace("%", "%%")  # argparse fills in percent signs
