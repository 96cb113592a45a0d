"""Hints beside a parameter's type. One hint is the slider, the option, the docs row and the test's sample values.

A parameter without a hint (`net`, `image`) is what a panel is given; one with a hint is what its reader moves.
A keyword-only parameter of a plain type (bool, int, float, a Literal) is a control without being told.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vizkit.core.dials import Dial


@dataclass(frozen=True)
class Hint:
    """What a control may be moved over. A suggestion for the reader's hand, not a validity check."""

    def parse(self, words: list[str]) -> Any:
        """The value meant by words typed at a command line or in a text field."""
        return words[0] if len(words) == 1 else tuple(words)

    def ends(self) -> tuple:
        """The extreme values a contract test tries; empty where they depend on a network."""
        return ()

    def __str__(self) -> str:
        return "text"


@dataclass(frozen=True)
class Range(Hint):
    """A number between `low` and `high`; `log` spaces the slider by ratio, `zero` adds "off" left of `low`."""

    low: float
    high: float
    log: bool = False
    zero: bool = False

    def __post_init__(self):
        if self.low >= self.high:
            raise ValueError(f"Range({self.low}, {self.high}) is empty. Give the lower end first.")
        if self.log and self.low <= 0:
            raise ValueError(f"Range({self.low}, …, log=True) cannot start at {self.low}. Use zero=True for an 'off'.")

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    def parse(self, words):
        return _numbers(words, whole=self.whole)

    def ends(self):
        return (0, self.low, self.high) if self.zero else (self.low, self.high)

    def __str__(self):
        span = f"{self.low:g} to {self.high:g}"
        return f"{'0, or ' if self.zero else ''}{span}{' (log)' if self.log else ''}"


@dataclass(frozen=True)
class Number(Hint):
    """Any number, typed in."""

    whole: bool = False

    def parse(self, words):
        return _numbers(words, whole=self.whole)

    def __str__(self):
        return "whole number" if self.whole else "number"


@dataclass(frozen=True)
class Seed(Hint):
    """Where randomness starts: a whole number, with a button for another one."""

    def parse(self, words):
        return _numbers(words, whole=True)

    def ends(self):
        return (0, 2**31 - 1)

    def __str__(self):
        return "whole number"


@dataclass(frozen=True)
class Choice(Hint):
    """One of a few words."""

    options: tuple[str, ...]

    def __init__(self, *options: str):
        object.__setattr__(self, "options", options)

    def parse(self, words):
        word = " ".join(words)  # "deep prior" needs no quotes, nor does deep-prior
        return next((o for o in self.options if _plain(o) == _plain(word)), word)

    def ends(self):
        return self.options

    def __str__(self):
        return " · ".join(self.options)


@dataclass(frozen=True)
class Switch(Hint):
    """On or off."""

    def parse(self, words):
        word = words[0].lower() if words else "on"
        if word not in {"on", "off", "true", "false", "yes", "no", "1", "0"}:
            raise ValueError(f"{words[0]!r} is neither on nor off. Type on or off.")
        return word in {"on", "true", "yes", "1"}

    def ends(self):
        return (False, True)

    def __str__(self):
        return "on · off"


@dataclass(frozen=True)
class Choices(Hint):
    """Some of a few words, in their order; a tuple."""

    options: tuple[str, ...]

    def __init__(self, *options: str):
        object.__setattr__(self, "options", options)

    def parse(self, words):
        return tuple(Choice(*self.options).parse([word]) for word in words)

    def ends(self):
        return (self.options[:1], self.options)

    def __str__(self):
        return "some of " + " · ".join(self.options)


@dataclass(frozen=True)
class Text(Hint):
    """Any words, typed in; empty means nothing is asked."""

    def parse(self, words):
        return " ".join(words)

    def ends(self):
        return ("",)


@dataclass(frozen=True)
class LayerName(Hint):
    """A layer of the network, by the name `vizkit.layers(net)` gives it."""

    def __str__(self):
        return "layer of the network"


@dataclass(frozen=True)
class LayerNames(Hint):
    """Several layers of the network, a tuple; an empty one lets the method choose."""

    def parse(self, words):
        return tuple(words)

    def __str__(self):
        return "layers of the network"


@dataclass(frozen=True)
class Picture(Hint):
    """A picture: one of the bundled world's ("world/7"), a file, an upload, or any tensor; see `data.pictures`."""

    def __str__(self):
        return "picture: world/7, or a file"


@dataclass(frozen=True)
class Mask(Hint):
    """Which pixels of the picture that parameter `of` names are known: 1 known, 0 to be made up; painted or a file."""

    of: str = "image"

    def __str__(self):
        return f"mask of `{self.of}`: a file, white where the picture is known"


@dataclass(frozen=True)
class Unit(Hint):
    """One or several units (channels, or columns of a flat layer) of the layer that parameter `of` names."""

    of: str = "layer"

    def parse(self, words):
        return _numbers(words, whole=True)

    def __str__(self):
        return f"unit of `{self.of}`, or several"


@dataclass(frozen=True)
class Control:
    """A parameter its reader moves: name, hint, default, the sentence about it.

    `dial` says whether it turns in flight, `several` whether it takes several values at once, one picture each.
    """

    name: str
    hint: Hint
    default: Any
    doc: str = ""
    dial: bool = False
    several: bool = False

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")


def controls(method: Callable) -> dict[str, Control]:
    """The controls of `method`, read from its signature and the Args section of its docstring."""
    kinds, docs = typing.get_type_hints(method, include_extras=True), argument_docs(method)
    found = {}
    for name, parameter in inspect.signature(method).parameters.items():
        hint = _hint(kinds.get(name), name, parameter)
        if hint is not None:
            default = None if parameter.default is parameter.empty else parameter.default
            flat = _flat(kinds[name])
            several = any(typing.get_origin(kind) is Sequence for kind in flat)
            found[name] = Control(name, hint, default, docs.get(name, ""), Dial in flat, several)
    return found


def given(method: Callable) -> dict[str, inspect.Parameter]:
    """The parameters of `method` that are no controls: what a panel or command is given."""
    moved = controls(method)
    return {name: p for name, p in inspect.signature(method).parameters.items() if name not in moved}


def argument_docs(method: Callable) -> dict[str, str]:
    """`{parameter: sentence}` from a Google-style `Args:` section."""
    text = inspect.getdoc(method) or ""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)+)", text, re.MULTILINE)
    if not section:
        return {}
    entries = re.findall(r"^    (\w+): ((?:.*\n?(?:        .*\n?)*))", section.group(1), re.MULTILINE)
    return {name: " ".join(sentence.split()) for name, sentence in entries}


def summary(method: Callable) -> str:
    """The first sentence of the docstring, without its final stop."""
    return (inspect.getdoc(method) or "").split("\n\n")[0].replace("\n", " ").strip().removesuffix(".")


def _hint(kind, name: str, parameter: inspect.Parameter) -> Hint | None:
    for extra in getattr(kind, "__metadata__", ()):
        if isinstance(extra, Hint):
            return extra
    if parameter.kind is not parameter.KEYWORD_ONLY:
        return None
    if typing.get_origin(kind) is Literal:
        return Choice(*typing.get_args(kind))
    if name == "seed" and kind is int:
        return Seed()
    return {bool: Switch(), int: Number(whole=True), float: Number()}.get(kind)


def _flat(kind) -> set:
    """The plain types inside an annotation, unions and Annotated taken apart."""
    if typing.get_origin(kind) is typing.Annotated:
        return _flat(typing.get_args(kind)[0])
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        return set().union(*map(_flat, typing.get_args(kind)))
    return {kind}


def _plain(word: str) -> str:
    return word.replace("-", " ").replace("_", " ").casefold()


def _numbers(words: list[str], whole: bool):
    """One number, or a tuple of several."""
    values = tuple(_number(word, whole) for word in words)
    return values[0] if len(values) == 1 else values


def _number(word: str, whole: bool):
    try:
        return int(word) if whole else float(word)
    except ValueError:
        raise ValueError(
            f"{word!r} is not a {'whole ' if whole else ''}number. Type one like {'8' if whole else '0.5'}."
        ) from None
