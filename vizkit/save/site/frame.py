"""What all pages of a site have: they work from a disk and from a server, need no script to be read, and load nothing
that is not a file of the site."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vizkit.nets.describe import Layer
from vizkit.save.site.markup import Child, Markup, tag
from vizkit.save.site.plan import Plan

POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"
SOUGHT = "Search layers, labels, pictures"


@dataclass(frozen=True)
class About:
    """What the pages say of the pictures: how many, their credit line, and the description of their collection."""

    count: int
    credit: str
    pictures: Mapping[str, Any]


def page(title: str, root: str, body: Child, crumbs: Markup, turns: Child = None) -> str:
    """A whole page; `root` leads from it to the folder of the site."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="icon", href=f"{root}static/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"{root}static/site.css"),
        tag("script", src=f"{root}static/site.js", defer=True),
    ]
    search = tag(
        "div",
        tag("input", type="search", placeholder=SOUGHT, aria_label="Search", autocomplete="off", spellcheck="false"),
        tag("ul", hidden=True),
        class_="search", hidden=True, data_search=f"{root}search.js", data_root=root,
    )  # fmt: skip
    bar = tag("nav", crumbs, turns, search, class_="bar")
    page = tag("html", tag("head", head), tag("body", bar, tag("main", body)), lang="en")
    return f"<!doctype html>\n{page}\n"


def crumbs(plan: Plan, root: str, layer: str = "", unit: str = "") -> Markup:
    parts = [tag("a", plan.net.name, href=f"{root}index.html") if layer else tag("b", plan.net.name)]
    if layer:
        parts.append(tag("a", layer, href="index.html") if unit else tag("b", layer))
    if unit:
        parts.append(tag("b", unit))
    return tag("div", parts, class_="crumbs")


def turns(near: Sequence[tuple[str, str] | None], pattern: str) -> Markup:
    """Links to what is before and after."""
    found = []
    for there, sign, rel in zip(near, "‹›", ("prev", "next"), strict=True):
        name, place = there or ("", "")
        link = pattern.format(place) if there else None
        found.append(
            tag(
                "a",
                sign,
                href=link,
                rel=rel,
                title=name or None,
                aria_label=name or None,
                aria_disabled=None if there else "true",
            )
        )
    return tag("div", found, class_="turns")


def credits(about: About, recipe: str | None) -> Markup:
    made = [
        tag("h2", "Recipe"),
        tag("button", "Copy", type="button", hidden=True, data_copy=True),
        tag("pre", recipe, tabindex=0),
    ]
    told = [tag("p", about.credit, dir="auto")] if about.credit else []
    told.append(tag("p", "Made with vizkit."))
    return tag("footer", tag("div", made, class_="recipe") if recipe else None, told)


def facts_list(*pairs: tuple[str, str]) -> Markup:
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_="facts")


def section(heading: str, *children: Child) -> Markup:
    return tag("section", tag("h2", heading), *children)


def tile(source: str, number: int, across: int, alt: str, real: str | None = None) -> Markup:
    """Tile `number` of a sheet with `across` of them in a row; `real` is the sheet that shows the real pictures."""
    row, column = divmod(number, across)
    places = [f"of{across}", *[f"x{column}"] * (column > 0), *[f"y{row}"] * (row > 0)]
    image = tag("img", src=source, alt=alt, loading="lazy", data_real=real, class_=" ".join(places))
    return tag("span", image, class_="tile")


def digits(value: float) -> str:
    """A number to three digits; empty where there is none."""
    return f"{value:.3g}" if math.isfinite(value) else ""


def percent(share: float) -> str:
    """A share in whole percent; empty where there is none."""
    if not math.isfinite(share):
        return ""
    told = "< 1" if 0 < share < 0.01 else f"{100 * share:.0f}"
    return f"{told}\N{NO-BREAK SPACE}%"


def seen_by(layer: Layer) -> str:
    """How much of the picture a unit of the layer sees, in words."""
    if layer.field is None:
        return "sees the whole picture"
    h, w = layer.field.size
    return (
        f"sees {w}\N{NO-BREAK SPACE}px"
        if h == w
        else f"sees {w}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{h}\N{NO-BREAK SPACE}px"
    )
