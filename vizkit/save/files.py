"""Writing a file whole or not at all, and what its name ends in. Paths in, paths out."""

from pathlib import Path

from vizkit.core.files import replacing

__all__ = ["ending", "replacing"]


def ending(path: Path, known: tuple[str, ...]) -> str:
    """The lower-case ending of `path`, one of `known`.

    Raises:
        ValueError: it is another one, or there is none.
    """
    found = path.suffix.lower()
    if found not in known:
        has = f"ends in {found!r}" if found else "has no ending"
        raise ValueError(f"{path.name!r} {has}, and this can be saved as {' or '.join(known)}. Rename it.")
    return found
