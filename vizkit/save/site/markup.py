"""Text as HTML. Whatever is a plain string is escaped; only what `tag` has made is taken as it is."""

import html
from collections.abc import Iterable

VOID = {"img", "input", "link", "meta", "br"}


class Markup(str):
    """HTML that `tag` has made."""

    __slots__ = ()


Child = str | int | float | None | Iterable["Child"]


def tag(name: str, *children: Child, **attributes: object) -> Markup:
    """An element. Attributes that are None or False are left out, True ones stand bare; `_` becomes `-` in names.

    >>> tag("a", "x < y", href="7.html", class_="unit")
    '<a href="7.html" class="unit">x &lt; y</a>'
    """
    there = {key: value for key, value in attributes.items() if value is not None and value is not False}
    words = "".join(_attribute(key, value) for key, value in there.items())
    inside = f"<{name}{words}>"
    return Markup(inside) if name in VOID else Markup(f"{inside}{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Children one after the other, nothing between them."""
    return Markup("".join(map(_text, children)))


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return html.escape(str(child)) if isinstance(child, (str, int, float)) else joined(*child)


def _attribute(key: str, value: object) -> str:
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{html.escape(str(value))}"'
