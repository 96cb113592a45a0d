"""What moved settings mean for a run: nothing, a turn of its dials, or a run of their own."""

from collections.abc import Mapping
from typing import Any

from vizkit.core.dials import Dial
from vizkit.core.runs import Run
from vizkit.widgets.setting import same


def differences(run: Run, values: Mapping[str, Any]) -> dict[str, Any]:
    """The `values` that `run` is not playing with; a dial counts as what it was last turned to."""
    return {name: value for name, value in values.items() if not same(_plain(run.arguments.get(name)), value)}


def can_turn(run: Run, changes: Mapping[str, Any]) -> bool:
    """Whether `run` can take all `changes` while it plays: each is a number for one of its dials."""
    return all(isinstance(run.arguments[name], Dial) and isinstance(v, (int, float)) for name, v in changes.items())


def turn(run: Run, changes: Mapping[str, Any]) -> None:
    """Turn the dials of `run`."""
    for name, value in changes.items():
        run.arguments[name].value = value


def unheard(run: Run) -> bool:
    """Whether a dial was turned too late for `run` to look at it."""
    dials = (value for value in run.arguments.values() if isinstance(value, Dial))
    return any(dial.value != list(dial.turns.values())[-1] for dial in dials)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Dial) else value
