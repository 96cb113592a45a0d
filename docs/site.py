"""The documentation as a website: `python docs/site.py --out _site/`. No network to build it, none to read it.

Markdown, notebooks and docstrings become HTML with one navigation; each method's page gets its recording, live. The
links are checked at the end: a broken one is named, and the exit code is 1.
"""

import argparse
import html
import inspect
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import mistune
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

import vizkit
from vizkit.core.controls import argument_docs
from vizkit.save.recordings import open_recording
from vizkit.views.pages import page_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
STYLE = DOCS / "site.css"
REPOSITORY = "https://github.com/vizkit/vizkit/blob/main"  # of files that the site links to and does not hold
START, REFERENCE = ("index.md", "start.md"), ("api.md", "adding-a-method.md", "design.md", "world.md")
MODULES = r"(?:typing|collections\.abc|pathlib|torch|vizkit[\w.]*)\.(?=\w)"  # before names in a signature
LIVE_HEIGHT, HIGHEST = 880, 2400  # pixels of a live demo before it tells its own height, and the most it gets


@dataclass(frozen=True)
class Source:
    """A page to be: its place in the repository, its place on the site, its section, and its Markdown."""

    path: str
    place: str
    section: str
    text: str

    @property
    def title(self) -> str:
        if self.place == "index.html":
            return "Overview"
        found = re.search(r"^# (.+)$", self.text, re.MULTILINE)
        return found[1].replace("`", "") if found else Path(self.path).stem


def main(words: list[str] | None = None, docs: Path = DOCS, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser("docs/site.py", description="Make the website of the documentation.")
    parser.add_argument("--out", type=Path, default=Path("_site"), metavar="FOLDER", help="where it goes (_site)")
    out = parser.parse_args(words).out
    build(out, docs, root)
    broken = broken_links(out)
    sys.stdout.writelines(f"broken: {page} links to {link}\n" for page, link in broken)
    return int(bool(broken))


def build(out: Path, docs: Path = DOCS, root: Path = ROOT) -> None:
    """Write the site into `out`, which is emptied first if it is a site."""
    if (out / "index.html").is_file():
        shutil.rmtree(out)
    sources = [*documents(docs, root), *notebooks(root), api()]
    sources.sort(key=lambda source: (SECTIONS.index(source.section), _rank(source)))
    places = {source.path: source.place for source in sources}
    for source in sources:
        body = Markdown(source, places, root).html()
        live = demo(source, docs, out)
        target = out / source.place
        target.parent.mkdir(parents=True, exist_ok=True)
        body = body.replace("<!--live-->", live).replace("<!--cards-->", cards(docs, source.place))
        target.write_text(page(source, body, sources), encoding="utf-8")
    shutil.copytree(docs / "pictures", out / "docs" / "pictures", dirs_exist_ok=True)
    colors = HtmlFormatter(style="default").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    style = f"{STYLE.read_text('utf-8')}\n{colors}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    (out / "site.css").write_text(style, encoding="utf-8")


SECTIONS = ("Start", "Tutorials", "How to", "Methods", "Reference")


def documents(docs: Path, root: Path) -> Iterator[Source]:
    """The Markdown files below `docs`, and those beside it that a reader of the site may want."""
    files = sorted(docs.glob("*.md"), key=lambda path: (path.name not in START, path.name))
    for path in files:
        section = "Start" if path.name in START else "Reference" if path.name in REFERENCE else "How to"
        place = "index.html" if path.name == "index.md" else f"docs/{path.stem}.html"
        text = path.read_text("utf-8")
        if place == "index.html":
            text = f"{text}\n<!--cards-->\n".replace("\n", f"\n\n{vizkit.__doc__}\n", 1)
        yield Source(f"docs/{path.name}", place, section, text)
    methods = sorted((docs / "methods").glob("*.md"), key=lambda path: (path.stem != "index", path.stem))
    for path in methods:
        yield Source(f"docs/methods/{path.name}", f"docs/methods/{path.stem}.html", "Methods", live_first(path))
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        if (root / name).is_file():
            yield Source(name, f"{Path(name).stem.lower()}.html", "Reference", (root / name).read_text("utf-8"))


def cards(docs: Path, place: str) -> str:
    """A picture, a name and a sentence for each method, leading to its page."""
    up, made = "../" * place.count("/"), []
    for path in sorted((docs / "methods").glob("*.md")):
        picture = f"docs/pictures/methods/{path.stem}.webp"
        if path.stem == "index" or not (docs.parent / picture).is_file():
            continue
        text = path.read_text("utf-8")
        name, sentence = (re.search(pattern, text, re.MULTILINE) for pattern in (r"^# (.+)$", r"^(?![#<!\s]).+$"))
        words = [html.escape(found[found.lastindex or 0]) if found else "" for found in (name, sentence)]
        made.append(
            f'<a href="{up}docs/methods/{path.stem}.html"><img src="{up}{picture}" alt="" loading="lazy">'
            f"<b>{words[0]}</b><span>{words[1]}</span></a>"
        )
    return f'<div class="cards">{"".join(made)}</div>' if made else ""


def live_first(path: Path) -> str:
    """A method's page with room for its live demo where its picture is; the picture stays for paper."""
    return re.sub(r"^(!\[.*\]\(.*\))$", r"<!--live-->\n\n\1", path.read_text("utf-8"), count=1, flags=re.MULTILINE)


def notebooks(root: Path) -> Iterator[Source]:
    """The notebooks as they are read: text and code, without outputs."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        parts = [f"```python\n{source}\n```" if kind == "code" else source for kind, source in map(_cell, cells)]
        note = f"*This page is the notebook [`{path.name}`](../notebooks/{path.name}): run it to see it move.*"
        yield Source(f"notebooks/{path.name}", f"notebooks/{path.stem}.html", "Tutorials", "\n\n".join([*parts, note]))


def api() -> Source:
    """Every public name, its signature and what its docstring says."""
    parts = ["# API reference", "Every name that `import vizkit` offers."]
    for name in vizkit.__all__:
        thing = getattr(vizkit, name)
        if inspect.ismodule(thing):
            continue
        parts += [f"## {name}", f"```python\n{signature(name, thing)}\n```", *docstring(thing)]
    return Source("docs/api.md", "docs/api.html", "Reference", "\n\n".join(parts))


def signature(name: str, thing: object) -> str:
    """`vizkit.name(…)`, one argument on a line where they are many."""
    try:
        found = inspect.signature(thing)  # type: ignore[arg-type]
    except ValueError:
        return f"vizkit.{name}"
    words = [
        re.sub(r"(?:typing|collections\.abc|pathlib|torch|vizkit[\w.]*)\.(?=\w)", "", str(p))
        for p in found.parameters.values()
    ]
    line = f"vizkit.{name}({', '.join(words)})"
    return line if len(line) < 100 else f"vizkit.{name}(\n    " + ",\n    ".join(words) + ",\n)"


def docstring(thing: object) -> Iterator[str]:
    """The parts of a docstring as Markdown: text, arguments, errors, examples."""
    text = inspect.getdoc(thing) or ""
    before = re.split(r"^(?:Args|Raises|Yields|Returns):$|^>>> ", text, flags=re.MULTILINE)[0].strip()
    yield before
    if docs := argument_docs(thing):  # type: ignore[arg-type]
        yield "\n".join(f"- `{name}`: {sentence}" for name, sentence in docs.items())
    raises = re.search(r"^Raises:\n((?: +.*\n?)+)", text, re.MULTILINE)
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", raises[1], re.MULTILINE) if raises else []
    if entries:
        yield "Raises:\n\n" + "\n".join(f"- `{name}`: {' '.join(words.split())}" for name, words in entries)
    example = re.search(r"^>>> .*\Z", text, re.MULTILINE | re.DOTALL)
    if example:
        yield f"```pycon\n{example[0].strip()}\n```"


def demo(source: Source, docs: Path, out: Path) -> str:
    """A frame with the method's recording, written beside the page; nothing where there is no recording."""
    recording = docs / "recordings" / f"{Path(source.path).stem}.vizkit"
    if source.section != "Methods" or not recording.is_file():
        return ""
    target = out / "docs" / "live" / f"{recording.stem}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    page_of(open_recording(recording)).save(target)
    title = html.escape(f"{source.title}, live")
    return (
        f'<iframe class="live" src="../live/{recording.stem}.html" title="{title}" height="{LIVE_HEIGHT}"></iframe>'
        f'<p class="live-alone"><a href="../live/{recording.stem}.html">Open it alone</a>: one file that needs no '
        "network.</p>"
    )


class Markdown(mistune.HTMLRenderer):
    """One source as HTML: links lead to pages of the site, headings have names, code has colors."""

    def __init__(self, source: Source, places: Mapping[str, str], root: Path):
        super().__init__(escape=False)  # the repository's own text, not a visitor's
        self._source, self._places, self._root = source, places, root
        self._names: dict[str, int] = {}

    def html(self) -> str:
        made = mistune.create_markdown(renderer=self, plugins=["table", "strikethrough"])(self._source.text)
        return str(made).replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")

    def heading(self, text: str, level: int, **attrs) -> str:
        name = re.sub(r"[^\w\- ]", "", re.sub(r"<.*?>", "", html.unescape(text))).strip().lower().replace(" ", "-")
        self._names[name] = self._names.get(name, -1) + 1
        name += f"-{self._names[name]}" * bool(self._names[name])  # as GitHub names them
        return f'<h{level} id="{html.escape(name)}">{text}</h{level}>\n'

    def block_code(self, code: str, info: str | None = None) -> str:
        try:
            lexer = get_lexer_by_name((info or "text").split()[0])
        except ClassNotFound:
            lexer = get_lexer_by_name("text")
        return highlight(code.rstrip("\n"), lexer, HtmlFormatter(cssclass="code", wrapcode=True))

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return super().link(text, self._address(url), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return super().image(text, self._address(url), title)

    def _address(self, url: str) -> str:
        """Where a link of the repository leads on the site; to the repository, for what is not there."""
        parts = urlsplit(url)
        if parts.scheme or parts.netloc or not parts.path:
            return url
        path = _joined(PurePosixPath(self._source.path).parent, parts.path)
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        up = "../" * self._source.place.count("/")
        if path in self._places:
            return f"{up}{self._places[path]}{anchor}"
        if path.startswith("docs/pictures/"):
            return f"{up}{path}"
        return f"{REPOSITORY}/{path}{anchor}" if (self._root / path).exists() else url


def page(source: Source, body: str, sources: Iterable[Source]) -> str:
    """A page with its navigation; on a phone, that is folded."""
    up = "../" * source.place.count("/")
    sections = "".join(_section(name, source, [s for s in sources if s.section == name], up) for name in SECTIONS)
    return _PAGE.format(most=HIGHEST, title=html.escape(source.title), up=up, sections=sections, body=body)


def broken_links(out: Path) -> list[tuple[str, str]]:
    """(page, link) of every link, picture or frame that leads nowhere on the site; names of headings included."""
    pages = {path: _Links(path.read_text("utf-8")) for path in out.rglob("*.html") if path.parent.name != "live"}
    found = []
    for path, links in pages.items():
        for link in links.to:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            if parts.scheme or parts.netloc:
                continue
            named = {known.resolve(): one.names for known, one in pages.items()}.get(target)
            if not target.is_file() or (parts.fragment and named is not None and parts.fragment not in named):
                found.append((path.relative_to(out).as_posix(), link))
    return found


class _Links(HTMLParser):
    """Where a page leads to, and the names it can be entered by."""

    def __init__(self, text: str):
        super().__init__()
        self.to: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.to += [told[name] for name in ("href", "src") if told.get(name)]
        self.names |= {told["id"]} if told.get("id") else set()


def _rank(source: Source) -> int:
    """Where a page stands in its section, if that matters: the rest keeps its order."""
    name = Path(source.path).name
    return REFERENCE.index(name) if name in REFERENCE else len(REFERENCE)


def _section(name: str, here: Source, sources: list[Source], up: str) -> str:
    if not sources:
        return ""
    links = "".join(
        f'<li><a href="{up}{one.place}"{" aria-current=page" if one is here else ""}>{html.escape(one.title)}</a></li>'
        for one in sources
    )
    return f"<h2>{name}</h2><ul>{links}</ul>"


def _cell(cell: dict) -> tuple[str, str]:
    source = "".join(cell["source"])
    return cell["cell_type"], source


def _joined(folder: PurePosixPath, path: str) -> str:
    """`path` as seen from `folder`, without dots."""
    parts: list[str] = []
    for part in (folder / unquote(path)).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · vizkit</title>
<link rel="stylesheet" href="{up}site.css">
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header><a class="name" href="{up}index.html">vizkit</a><span>see what a vision network has learned</span></header>
<div class="page">
<nav aria-label="pages"><details><summary>Pages</summary>{sections}</details><div class="open">{sections}</div></nav>
<main id="main">
{body}
</main>
</div>
<script>
addEventListener("message", ({{ source, data }}) => {{
  const height = data?.vizkit?.height;
  const frame = [...document.querySelectorAll("iframe.live")].find((one) => one.contentWindow === source);
  if (frame && Number.isFinite(height)) frame.height = Math.min(height, {most});
}});
</script>
</body>
</html>
"""


if __name__ == "__main__":
    sys.exit(main())
