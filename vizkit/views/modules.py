"""The ES module of a component that is kept in several files."""

from pathlib import Path

_static = Path(__file__).parent / "static"


def joined(*names: str) -> str:
    """The files of `static/` one after the other, as one module; only the last one has an export."""
    return "\n".join((_static / name).read_text(encoding="utf-8") for name in names)
