"""A run: a method and its arguments, played by iterating over it."""

import inspect
import platform
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from vizkit.core.frames import Frame
from vizkit.core.modes import own_modes
from vizkit.core.results import Curves, Result
from vizkit.core.words import nearest


@dataclass(frozen=True, eq=False)
class Run:
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

    def __iter__(self) -> Iterator[Frame]:
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
        return curves(list(self), run=self)

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
        return "\n".join(["import vizkit", *_recipe_lines(self), _versions()])

    def __repr__(self) -> str:
        words = ", ".join(f"{k}={_short(v)}" for k, v in self.arguments.items())
        return f"<run of {self.method.__name__}({words})>"


def curves(frames: list[Frame], run: "Run | None" = None) -> Curves:
    """The scalars of played frames as lines over the step, averaged over pictures."""
    names = list(frames[-1].scalars) if frames else []
    lines = {name: torch.stack([f.scalars[name].float().mean().cpu() for f in frames]) for name in names}
    return Curves(torch.tensor([float(f.step) for f in frames]), lines, x_name="step", run=run)


def _call(method: Callable, arguments: Mapping[str, Any]) -> Generator[Frame, None, None]:
    bound = inspect.BoundArguments(inspect.signature(method), dict(arguments))
    return method(*bound.args, **bound.kwargs)


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())


def _recipe_lines(run: Run) -> list[str]:
    lines, words = [], []
    for name, value in run.arguments.items():
        origin = getattr(value, "origin", None)
        if origin:  # a network, or anything else that knows the Python that makes it
            lines.append(f"{name} = {origin}")
            words.append(f"{name}={name}")
        elif torch.is_tensor(value) and value.numel() > 8:
            lines.append(f"{name} = ...  # a tensor {tuple(value.shape)}, sum {float(value.double().sum()):.6g}")
            words.append(f"{name}={name}")
        else:
            words.append(f"{name}={value!r}")
    home = run.method.__module__.split(".")[0]
    method = repr(run.method.__name__) if home == "vizkit" else run.method.__name__
    return [*lines, f"run = vizkit.run({', '.join([method, *words])})", "result = run.result()"]


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
