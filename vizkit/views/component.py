"""Components in a page of their own: the same ES modules and styles, and models of a few lines for a kernel.

The page is one string of HTML that asks the network for nothing, and forbids itself to. Bytes are in it once,
however many components or positions show them.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import anywidget
from traitlets import TraitType

_static = Path(__file__).parent / "static"
_EXPORT = "export default "

Link: TypeAlias = tuple[int, str, int, str] | tuple[int, str, int, str, int, int]


@dataclass(frozen=True)
class Part:
    """A component on a page: its `kind`, the traits it starts with, and where it stands.

    `place` is "side", "main", "right" of it, "foot", or "" for nowhere; `title` stands above it.
    """

    kind: type[anywidget.AnyWidget]
    state: Mapping[str, Any]
    place: str = "main"
    title: str = ""

    @classmethod
    def of(cls, widget: anywidget.AnyWidget, place: str = "main") -> "Part":
        """`widget` as it is now."""
        kind = next(kind for kind in type(widget).__mro__ if not isinstance(vars(kind).get("_esm"), TraitType))
        return cls(kind, state_of(widget), place)  # not the class that anywidget makes for each instance


@dataclass(frozen=True)
class Assembly:
    """What a page is made of.

    `table` says for each position of the deck, which is part number `deck`, which traits each part then takes.
    `links` (i, trait, j, other) hand a trait of part i on to part j; with (…, first, count), a number that counts the
    pictures of several parts, of which part j shows `count`, from number `first` on. `head` is a title and a sentence.
    """

    parts: Sequence[Part]
    head: tuple[str, str] = ("", "")
    table: Sequence[Sequence[Mapping[str, Any]]] = ()
    deck: int | None = None
    links: Sequence[Link] = field(default_factory=tuple)

    def told(self) -> dict[str, Any]:
        """All of it as JSON holds it, bytes put together in a pool."""
        pool = _Pool()
        modules = self.modules()
        parts = [
            {
                "module": modules.index(_source(part.kind, "_esm")),
                "place": part.place,
                "title": part.title,
                "state": pool.without(part.state),
            }
            for part in self.parts
        ]
        table = pool.without([list(map(dict, row)) for row in self.table])
        deck = None if self.deck is None else {"part": self.deck, "table": table}
        return {"parts": parts, "deck": deck, "links": list(map(list, self.links)), "pool": pool.texts}

    def modules(self) -> list[str]:
        """The ES modules of the parts, each once."""
        return list(dict.fromkeys(_source(part.kind, "_esm") for part in self.parts))

    def styles(self) -> str:
        """The page's own stylesheet and those of the parts, each once."""
        own = (_static / "page.css").read_text(encoding="utf-8")
        return "\n".join([own, *dict.fromkeys(_source(part.kind, "_css") for part in self.parts)])


def page(*widgets: anywidget.AnyWidget, title: str = "vizkit") -> str:
    """A self-contained page that shows `widgets` below each other, in the state they are in now.

    Its scripts can reach the models as `vizkit.models`, in the same order.
    """
    return to_html(Assembly([Part.of(widget) for widget in widgets]), title)


def to_html(assembly: Assembly, title: str) -> str:
    """The page as a string of HTML that works without a network, and under the policy it sets itself."""
    style, script = _inside("style", assembly.styles()), f"\n{_script(assembly)}\n"
    heading, sentence = assembly.head
    head = f"<h1 dir=auto>{html.escape(heading)}</h1>\n" if heading else ""
    head += f"<p dir=auto>{html.escape(sentence)}</p>\n" if sentence else ""
    return _PAGE.format(
        policy=_POLICY.format(script=_digest(script), style=_digest(style)),
        title=html.escape(title),
        style=style,
        head=f'<header class="vizkit-page-head">\n{head}</header>\n' if head else "",
        told=to_json(assembly.told()),
        script=script,
    )


def to_module(assembly: Assembly) -> str:
    """The page as one ES module that renders itself into an element, as anywidget's modules do."""
    return "\n".join(
        [
            _runtime(),
            f"const components = [\n{_components(assembly)}\n];",
            f"const told = {to_json(assembly.told())};",
            "function render({ model, el }) {",
            '  el.classList.add("vizkit-page");',
            "  const ends = [followInk(el), show(components, told, el)];",
            '  const start = model.get("position");',
            '  if (told.deck && Number.isInteger(start)) vizkit.models[told.deck.part].set("position", start);',
            "  return () => ends.forEach((end) => end());",
            "}",
            "export default { render };",
            "",
        ]
    )


def to_json(value: Any) -> str:
    """JSON that cannot end the script element it is in, nor a line of it."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")


def state_of(widget: anywidget.AnyWidget) -> dict[str, Any]:
    """The synced traits that are the component's own; those of every widget mean nothing without a kernel."""
    own = set(widget.keys) - set(anywidget.AnyWidget.class_trait_names(sync=True))
    return {name: value for name, value in widget.get_state(own).items() if not name.startswith("_")}


_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{head}<main class="vizkit-page"></main>
<noscript>This page needs scripts; they are inside it, and load nothing.</noscript>
<script type="application/json" id="told">{told}</script>
<script type="module">{script}</script>
</body>
</html>
"""


class _Pool:
    """Bytes by number, each once."""

    def __init__(self):
        self._numbers: dict[bytes, int] = {}

    @property
    def texts(self) -> list[str]:
        """All of them in base64."""
        return [base64.b64encode(content).decode() for content in self._numbers]

    def without(self, value: Any) -> Any:
        """`value` with its bytes replaced by {"pool": number}."""
        if isinstance(value, (bytes, bytearray, memoryview)):
            return {"pool": self._numbers.setdefault(bytes(value), len(self._numbers))}
        if isinstance(value, Mapping):
            return {name: self.without(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.without(item) for item in value]
        return value


def _script(assembly: Assembly) -> str:
    begin = 'show(components, JSON.parse(document.getElementById("told").textContent), document.querySelector("main"));'
    return f"{_runtime()}\nconst components = [\n{_components(assembly)}\n];\n{begin}"


def _runtime() -> str:
    return (_static / "page.mjs").read_text(encoding="utf-8")


def _components(assembly: Assembly) -> str:
    return ",\n".join(map(_function, assembly.modules()))


def _source(kind: type[anywidget.AnyWidget], name: str) -> str:
    return str(getattr(kind, name, ""))


def _function(module: str) -> str:
    """An ES module as a function that returns its default export: it needs no file or address to come from."""
    if module.count(_EXPORT) != 1 or "</script" in module.lower():
        raise ValueError("A component's module has one `export default` and no end tag of a script inside.")
    return f"(() => {{\n{module.replace(_EXPORT, 'return ')}\n}})()"


def _inside(tag: str, text: str) -> str:
    assert f"</{tag}" not in text.lower(), f"a component's source would end its own <{tag}>"
    return f"\n{text}\n"


def _digest(text: str) -> str:
    """What a policy calls a script or style by."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
