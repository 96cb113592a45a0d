"""Frames out: pictures, animations and recordings. Everything that leaves a run carries its recipe."""

from collections.abc import Iterable
from pathlib import Path

from vizkit.core.frames import Frame
from vizkit.save.files import ending


def save_run(run: Iterable[Frame], path: str | Path) -> Path:
    """Play `run` to the end into an animation (`.gif`, `.webp`) or a recording (`.vizkit`).

    Takes a run, or any frames of one. An existing file is replaced once the new one is complete.

    Raises:
        ValueError: another ending; nothing was played.
        TypeError: the run makes something else than pictures.
    """
    from vizkit.save.animations import animate  # each format's imports only for who asks for it
    from vizkit.save.recordings import record

    path = Path(path)
    if ending(path, (".gif", ".webp", ".vizkit")) == ".vizkit":
        return record(run, path)
    return animate(run, path)
