"""Components in a page of their own: the same ES module and style, and a model of a few lines for a kernel.

The page is one string of HTML that asks the network for nothing.
"""

import base64
import html
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget

_static = Path(__file__).parent / "static"
_EXPORT = "export default "


def page(*widgets: anywidget.AnyWidget, title: str = "vizkit") -> str:
    """A self-contained page that shows `widgets` below each other, in the state they are in now.

    Its scripts can reach the models as `vizkit.models`, in the same order.
    """
    modules, styles = _distinct(widgets, "_esm"), _distinct(widgets, "_css")
    parts = [{"module": modules.index(_source(w, "_esm")), "state": _state(w)} for w in widgets]
    return _PAGE.format(
        title=html.escape(title),
        style="\n".join([(_static / "page.css").read_text(encoding="utf-8"), *styles]),
        parts=_json(parts),
        runtime=(_static / "page.mjs").read_text(encoding="utf-8"),
        components=",\n".join(map(_function, modules)),
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main></main>
<script type="application/json" id="parts">{parts}</script>
<script type="module">
{runtime}
show([
{components}
]);
</script>
</body>
</html>
"""


def _source(widget: anywidget.AnyWidget, name: str) -> str:
    return str(getattr(widget, name, ""))


def _distinct(widgets: Iterable[anywidget.AnyWidget], name: str) -> list[str]:
    return list(dict.fromkeys(_source(widget, name) for widget in widgets))


def _state(widget: anywidget.AnyWidget) -> dict[str, Any]:
    """The synced traits that are the component's own; those of every widget mean nothing without a kernel."""
    own = set(widget.keys) - set(anywidget.AnyWidget.class_trait_names(sync=True))
    return {name: value for name, value in widget.get_state(own).items() if not name.startswith("_")}


def _function(module: str) -> str:
    """An ES module as a function that returns its default export: it needs no file or address to come from."""
    if module.count(_EXPORT) != 1 or "</script" in module.lower():
        raise ValueError("A component's module has one `export default` and no end tag of a script inside.")
    return f"(() => {{\n{module.replace(_EXPORT, 'return ')}\n}})()"


def _json(value: Any) -> str:
    """JSON that cannot end the script element it is in, nor a line of it; bytes as {"base64": …}."""
    return json.dumps(value, default=_bytes, allow_nan=False).replace("<", "\\u003c")


def _bytes(value: Any) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}
