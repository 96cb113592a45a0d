"""The methods' pages, made from their signatures: `python docs/build.py` writes them, `--check` says what is stale.

A page is Markdown. Its picture comes from a recording of the example in the method's docstring, made when missing.
"""

import argparse
import ast
import doctest
import inspect
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

import vizkit
from vizkit.core.controls import LayerName, Picture, argument_docs, controls, given, summary
from vizkit.core.presets import presets_of
from vizkit.core.results import Images
from vizkit.methods import catalogue
from vizkit.save.recordings import open_recording, record

DOCS = Path(__file__).parent
FRAMES = 24  # of a recording, as many as its readers need to see a picture grow
PICTURES = 120  # of a recording, all frames together: it travels with the repository
LINE = 120  # characters
NOTE = "<!-- Made by docs/build.py from the method's signature and docstring: change those, then run it again. -->"


def main(words: list[str] | None = None, methods: Mapping[str, Callable] = catalogue, docs: Path = DOCS) -> int:
    parser = argparse.ArgumentParser("docs/build.py", description="Make the methods' pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something is stale")
    if parser.parse_args(words).check:
        stale = find_stale(methods, docs)
        sys.stdout.writelines(f"stale: {path}\n" for path in stale)
        return int(bool(stale))
    for name, method in methods.items():
        illustrate(name, method, docs)
    write(methods, docs)
    return 0


def find_stale(methods: Mapping[str, Callable], docs: Path) -> list[Path]:
    """Pages and pictures that are missing, out of date, or of a method that is gone."""
    wanted = {docs / name: text for name, text in pages(methods).items()}
    wrong = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    missing = [path for name in methods for path in illustrations(name, docs) if not path.is_file()]
    gone = [path for path in (docs / "methods").glob("*.md") if path not in wanted]
    return wrong + missing + gone


def write(methods: Mapping[str, Callable], docs: Path) -> None:
    """Write every page into `docs`, and remove those of methods that are gone."""
    for path in find_stale(methods, docs):
        path.unlink(missing_ok=True)
    (docs / "methods").mkdir(exist_ok=True)
    for name, text in pages(methods).items():
        (docs / name).write_text(text, "utf-8")


def illustrate(name: str, method: Callable, docs: Path) -> None:
    """Make the recording and the picture of a method's example, where they are missing."""
    recording, picture = illustrations(name, docs)
    for path in (recording, picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not recording.is_file():
        run = play_example(method)
        record(run, recording, most=frames_of(run))
    if not picture.is_file():
        open_recording(recording).result().save(picture)


def frames_of(run: vizkit.Run) -> int:
    """How many frames of the example are recorded: few enough that all pictures together stay few."""
    first = next(iter(run)).result
    return min(FRAMES, PICTURES // max(len(first), 1)) if isinstance(first, Images) else FRAMES


def illustrations(name: str, docs: Path) -> tuple[Path, Path]:
    """Where the recording and the picture of a method lie."""
    return docs / "recordings" / f"{name}.vizkit", docs / "pictures" / "methods" / f"{name}.webp"


def pages(methods: Mapping[str, Callable]) -> dict[str, str]:
    """`{path below docs: text}` of every page."""
    rows = [f"| [{title(name)}]({name}.md) | {cell(summary(method))} |" for name, method in methods.items()]
    index = "\n".join([NOTE, "", "# Methods", "", "| method | what it does |", "|---|---|", *rows, ""])
    return {"methods/index.md": index} | {f"methods/{name}.md": page(name, m) for name, m in methods.items()}


def page(name: str, method: Callable) -> str:
    """Everything a reader needs to know of one method, as Markdown."""
    call = example(method)
    parts = [
        f"{NOTE}\n\n# {title(name)}",
        question(method),
        f"![{title(name)}, at the end of the example below](../pictures/methods/{name}.webp)",
        prose(method),
        f"## In a notebook\n\n{code(notebook(method, call), 'python')}",
        f"## At the command line\n\n{code(command(method, call), 'bash')}",
        section("What it works on", ["name", "what it is"], given_rows(method)),
        section("Controls", ["name", "moves over", "default", "while running", "what it does"], control_rows(method)),
        section("Presets", ["name", "settings"], preset_rows(method)),
        section("Errors", ["error", "when"], error_rows(method)),
        f"Source: [`{source(method)}`](../../{source(method)})",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def question(method: Callable) -> str:
    """What the method's file says it is about."""
    return (inspect.getdoc(inspect.getmodule(method)) or "").split("\n\n")[0]


def prose(method: Callable) -> str:
    """The docstring up to its sections and examples."""
    text = re.split(r"^(?:Args|Raises|Yields|Returns):|^>>> ", inspect.getdoc(method) or "", flags=re.MULTILINE)[0]
    return text.strip()


def example(method: Callable) -> ast.Call:
    """The first `vizkit.run(…)` in the docstring; without one, the method on the bundled network and picture."""
    for step in doctest.DocTestParser().get_examples(inspect.getdoc(method) or ""):
        for node in ast.walk(ast.parse(step.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "vizkit.run":
                return node
    starts = {LayerName: "output", Picture: "world/0"}
    hints = {name: type(control.hint) for name, control in controls(method).items()}
    keywords = [f"{name}={starts[hint]!r}" for name, hint in hints.items() if hint in starts and needed(method, name)]
    words = [repr(method.__name__), *(["net"] if takes_a_network(method) else []), *keywords]
    return ast.parse(f"vizkit.run({', '.join(words)})", mode="eval").body  # type: ignore[return-value]


def play_example(method: Callable) -> vizkit.Run:
    """The run of the example, with what the docstring's lines before it define."""
    names: dict[str, Any] = {"vizkit": vizkit, "torch": torch, "net": vizkit.load("world")}
    call = example(method)
    for step in doctest.DocTestParser().get_examples(inspect.getdoc(method) or ""):
        if "vizkit.run" in step.source:
            break
        exec(step.source, names)
    values = {word.arg: eval(ast.unparse(word.value), names) for word in call.keywords if word.arg}
    works_on = [eval(ast.unparse(argument), names) for argument in call.args[1:]]
    return vizkit.run(method, *works_on, **values)


def takes_a_network(method: Callable) -> bool:
    return "net" in inspect.signature(method).parameters


def needed(method: Callable, name: str) -> bool:
    """Whether a parameter has no default."""
    parameter = inspect.signature(method).parameters[name]
    return parameter.default is parameter.empty


def notebook(method: Callable, call: ast.Call) -> str:
    """The example as a panel, and as a run without one."""
    words = ast.unparse(call).removeprefix("vizkit.run").replace("'", '"')
    return "\n".join(
        [
            "import vizkit",
            "",
            *(['net = vizkit.load("world")'] if takes_a_network(method) else []),
            noted(f"vizkit.panel{words}", "sliders and a live picture"),
            noted(f"vizkit.run{words}.result()", "the same without them"),
        ]
    )


def noted(line: str, note: str) -> str:
    """A line of Python with a note behind it, or above where there is no room."""
    together = f"{line}  # {note}"
    return together if len(together) <= LINE else f"# {note[0].upper()}{note[1:]}.\n{line}"


def command(method: Callable, call: ast.Call) -> str:
    """The example as words for a terminal."""
    name = method.__name__.replace("_", "-")
    words = ["vizkit", "run", name, *(["--net", "world"] if takes_a_network(method) else [])]
    for parameter, value in arguments(method, call).items():
        words += [f"--{parameter.replace('_', '-')}", *typed(value)]
    return shlex.join([*words, "--out", f"{name}.png"])


def arguments(method: Callable, call: ast.Call) -> dict[str, ast.expr]:
    """What the example gives to `method` besides a network, by name."""
    positional = dict(zip(inspect.signature(method).parameters, call.args[1:], strict=False))
    named = {word.arg: word.value for word in call.keywords if word.arg}
    return {name: value for name, value in {**positional, **named}.items() if name != "net"}


def typed(value: ast.expr) -> list[str]:
    """A value of the example as it is typed at a terminal; what only Python can name is a file there."""
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return [f"{ast.unparse(value)}.npy"]
    return [str(item) for item in found] if isinstance(found, (list, tuple)) else [str(found)]


def given_rows(method: Callable) -> list[list[str]]:
    docs = argument_docs(method)
    return [[f"`{name}`", docs.get(name, "")] for name in given(method)]


def control_rows(method: Callable) -> list[list[str]]:
    return [
        [
            f"`{control.name}`",
            str(control.hint),
            "" if control.default in (None, (), "") else f"`{control.default}`",
            "turns" if control.dial else "starts again",
            control.doc,
        ]
        for control in controls(method).values()
    ]


def preset_rows(method: Callable) -> list[list[str]]:
    return [
        [f"`{name}`", ", ".join(f"`{key}={value!r}`" for key, value in settings.items())]
        for name, settings in presets_of(method).items()
    ]


def error_rows(method: Callable) -> list[list[str]]:
    """The docstring's `Raises:` section."""
    raises = re.search(r"^Raises:\n((?: +.*\n?)+)", inspect.getdoc(method) or "", flags=re.MULTILINE)
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", raises[1], re.MULTILINE) if raises else []
    return [[f"`{name}`", " ".join(sentence.split())] for name, sentence in entries]


def section(heading: str, columns: list[str], rows: list[list[str]]) -> str:
    """A heading and a table, or nothing where there are no rows."""
    if not rows:
        return ""
    lines = [columns, ["---"] * len(columns), *(list(map(cell, row)) for row in rows)]
    return f"## {heading}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """`text` as it can stand in a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def code(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"


def source(method: Callable) -> str:
    """The method's file, as seen from the checkout."""
    return f"{method.__module__.replace('.', '/')}.py"


if __name__ == "__main__":
    sys.exit(main())
