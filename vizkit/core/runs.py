"""A run: a method and its arguments, played by iterating over it."""

import inspect
import platform
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from vizkit.core.frames import Frame
from vizkit.core.modes import own_modes
from vizkit.core.paged import Paged
from vizkit.core.results import Curves, Result
from vizkit.core.spelling import spelled, told
from vizkit.core.words import nearest


@dataclass(frozen=True, eq=False)
class Run(Paged):
    """A method with its arguments. Iterating plays it from the start; seeded, it repeats.

    >>> run = vizkit.run("activation_maximization", net, layer="stage3", unit=7)
    >>> for frame in run:
    ...     frame.step, frame.of, frame.result, frame.scalars
    >>> run.result().save("unit 7.png")
    """

    method: Callable[..., Generator[Frame, None, None]]
    arguments: Mapping[str, Any]

    @classmethod
    def of(cls, method: Callable, *args: Any, **kwargs: Any) -> "Run":
        """Bind arguments to `method` without starting it.

        Raises:
            TypeError: an argument is unknown, missing or given twice; the message names the nearest.
        """
        signature = inspect.signature(method)
        for name in kwargs:
            if name not in signature.parameters and not _takes_any(signature):
                known = list(signature.parameters)
                raise TypeError(
                    f"{method.__name__} has no argument {name!r}.{nearest(name, known)} It takes {', '.join(known)}."
                )
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{method.__name__}: {error}. It takes {', '.join(signature.parameters)}.") from None
        return cls(method, MappingProxyType(dict(bound.arguments)))

    def __iter__(self) -> Generator[Frame, None, None]:
        frames = _call(self.method, self.arguments)
        try:
            while True:
                with own_modes():  # around each step, never across a yield
                    frame = next(frames, None)
                if frame is None:
                    return
                yield replace(frame, result=replace(frame.result, run=self))
        finally:
            frames.close()

    def result(self) -> Result:
        """Play to the end and return the last frame's result; interrupted, the best so far with a warning."""
        frame = None
        try:
            for last in self:
                frame = last
        except KeyboardInterrupt:
            if frame is None:
                raise
            warnings.warn(f"Stopped at step {frame.step} of {frame.of}; this is the result so far.", stacklevel=2)
        if frame is None:
            raise RuntimeError(f"{self.method.__name__} yielded no frame. A method must yield at least one.")
        return frame.result

    def curves(self) -> Curves:
        """Play to the end and return every scalar, averaged over pictures, as lines over the step."""
        return curves(self, run=self)

    def using(self, **changes: Any) -> "Run":
        """The same run with some arguments changed."""
        return Run.of(self.method, **{**self.arguments, **changes})

    def save(self, path: str | Path) -> Path:
        """Play to the end into a file: an animation (`.gif`, `.webp`) or a recording (`.vizkit`)."""
        from vizkit.save import save_run  # a hand-over: core knows no file format

        return save_run(self, Path(path))

    @cached_property
    def recipe(self) -> str:
        """The Python that makes this run again, with weight hashes and versions as comments."""
        return "\n".join([*_recipe_lines(self), _versions()])

    def __repr__(self) -> str:
        words = ", ".join(f"{k}={_short(v)}" for k, v in self.arguments.items())
        return f"<run of {self.method.__name__}({words})>"


def curves(frames: Iterable[Frame], run: "Run | None" = None) -> Curves:
    """The scalars of played frames as lines over the step, averaged over pictures; the pictures are let go."""
    seen = [(float(f.step), {name: s.float().mean().cpu() for name, s in f.scalars.items()}) for f in frames]
    names = seen[-1][1] if seen else {}
    unknown = torch.tensor(float("nan"))  # before a method measures anything
    lines = {name: torch.stack([scalars.get(name, unknown) for _, scalars in seen]) for name in names}
    return Curves(torch.tensor([step for step, _ in seen]), lines, x_name="step", run=run)


def _call(method: Callable, arguments: Mapping[str, Any]) -> Generator[Frame, None, None]:
    bound = inspect.BoundArguments(inspect.signature(method), dict(arguments))
    return method(*bound.args, **bound.kwargs)


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())


def _recipe_lines(run: Run) -> list[str]:
    lines, words = _method_lines(run.method)
    for name, value in run.arguments.items():
        origin = getattr(value, "origin", None)  # a network, or anything else that knows the Python that makes it
        code = None if origin else spelled(value)
        if code is None:
            lines.append(f"{name} = {origin or f'...  # {told(value)}'}")
        words.append(f"{name}={code or name}")
    return [*_imports([*lines, *words]), *lines, f"run = vizkit.run({', '.join(words)})", "result = run.result()"]


def _method_lines(method: Callable) -> tuple[list[str], list[str]]:
    """The lines that fetch a method, and the word it is called by: a bundled one by its name, another by import."""
    module, name = method.__module__, method.__name__
    if module.split(".")[0] == "vizkit":
        return [], [repr(name)]
    if module == "__main__" or method.__qualname__ != name:
        return [f"{name} = ...  # {method.__qualname__} of {module}"], [name]
    return [f"from {module} import {name}"], [name]


def _imports(code: list[str]) -> list[str]:
    return [*(["import torch"] if any("torch." in part for part in code) else []), "import vizkit"]


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("vizkit")
    except PackageNotFoundError:
        own = "from a checkout"
    return f"# vizkit {own}, torch {torch.__version__}, Python {platform.python_version()}"


def _short(value: Any) -> str:
    if torch.is_tensor(value):
        return f"tensor {tuple(value.shape)}"
    return repr(value) if len(repr(value)) < 60 else f"{type(value).__name__}"
