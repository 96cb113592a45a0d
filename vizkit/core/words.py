"""Sentences about names: the nearest spelling, for errors that say what to type next."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], count: int = 2) -> str:
    """A question that offers the closest of `known`, with a space before it; empty where nothing is close."""
    close = difflib.get_close_matches(str(name), list(known), n=count, cutoff=0.5)
    return f" Did you mean {' or '.join(repr(word) for word in close)}?" if close else ""
