"""Writing a file whole or not at all. Paths in, paths out."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside `path` to write to: it takes `path`'s place at the end of the block, or vanishes.

    An existing file is replaced, so a reader sees either the old one or the new one, never half of one.

    Raises:
        FileNotFoundError: the folder does not exist.
    """
    target = path.resolve()  # a link stays a link to what it pointed at
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {str(path.parent)!r} to write into. Make it first.")
    draft = target.with_name(f".{uuid.uuid4().hex[:12]}{target.suffix}")
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
