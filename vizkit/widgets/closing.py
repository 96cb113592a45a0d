"""Close a widget with everything in it: ipywidgets closes only what it is told to."""

import sys
from collections.abc import Iterator

from ipywidgets import Widget


def close_parts(widget: Widget) -> None:
    """Close everything in `widget`: children and theirs, and the layouts and styles they own."""
    if sys.is_finalizing():  # a script that ends with widgets open: there is no page to tell, and traits cannot be read
        return
    for part in list(_parts(widget)):
        close_tree(part)


def close_tree(widget: Widget) -> None:
    """Close `widget` and everything in it."""
    close_parts(widget)
    widget.close()


def _parts(widget: Widget) -> Iterator[Widget]:
    for value in widget.trait_values().values():
        if isinstance(value, Widget):
            yield value
        elif isinstance(value, tuple):
            yield from (part for part in value if isinstance(part, Widget))
