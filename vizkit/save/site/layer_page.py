"""The page of a layer: all its units, to be sorted and filtered."""

from collections.abc import Sequence

from vizkit.save.site.facts import Facts
from vizkit.save.site.frame import About, credits, crumbs, digits, facts_list, page, percent, seen_by, tile, turns
from vizkit.save.site.markup import Markup, tag
from vizkit.save.site.plan import Plan
from vizkit.save.site.tiles import ACROSS, ON_A_SHEET


def layer_page(
    plan: Plan, about: About, facts: Facts, units: Sequence[int], near: Sequence[tuple[str, str] | None]
) -> str:
    """All units of a layer; `near` are name and folder of the layers before and after it, None where there is none."""
    layer = facts.layer
    words = sorted({facts.words[unit] for unit in units} - {""}, key=str.casefold)
    cells = [_cell(facts, unit, place) for place, unit in enumerate(units)]
    sheet = tag("div", cells, class_="sheet", data_sheet=True)
    body = [
        tag("header", tag("h1", layer.name), _layer_facts(facts, units), class_="hero"),
        _toolbar(words, len(units)),
        sheet,
        tag("p", "No unit has this label.", class_="note", hidden=True, data_none=True),
        credits(about, None),
    ]
    return page(
        f"{layer.name} · {plan.net.name}",
        "../../",
        body,
        crumbs(plan, "../../", layer.name),
        turns(near, "../{}/index.html"),
    )


def _layer_facts(facts: Facts, units: Sequence[int]) -> Markup:
    layer = facts.layer
    return facts_list(
        ("kind", layer.kind),
        ("output", " × ".join(map(str, layer.shape))),
        ("units", f"{len(units):,}" if len(units) == layer.channels else f"{len(units):,} of {layer.channels:,}"),
        ("a unit sees", seen_by(layer).removeprefix("sees ")),
        ("dead", percent(facts.dead_share(units))),
    )


def _toolbar(words: Sequence[str], count: int) -> Markup:
    """What only works with a script stays hidden until that runs."""
    shows = [
        tag("button", name, type="button", aria_pressed="true" if name == "Made" else "false", data_show=name.lower())
        for name in ("Made", "Real")
    ]
    orders = [tag("option", name, value=value) for value, name in _ORDERS]
    labels = [tag("option", "all labels", value=""), *(tag("option", word, value=word) for word in words)]
    return tag(
        "div",
        tag("div", shows, class_="segments", role="group", aria_label="Pictures"),
        tag("label", tag("span", "Order"), tag("select", orders, data_order=True)),
        tag("label", tag("span", "Label"), tag("select", labels, data_label=True)) if words else None,
        tag("output", f"{count:,} units", data_count=True),
        class_="toolbar", hidden=True, data_toolbar=True,
    )  # fmt: skip


_ORDERS = (
    ("number", "by number"),
    ("share", "most selective first"),
    ("sparse", "most sparse first"),
    ("best", "strongest first"),
)


def _cell(facts: Facts, unit: int, place: int) -> Markup:
    """A unit of a sheet, which stands at `place` of its sheets."""
    sheet, number = divmod(place, ON_A_SHEET)
    word = facts.words[unit]
    return tag(
        "a",
        tile(f"made-{sheet}.webp", number, ACROSS, facts.called(unit), real=f"real-{sheet}.webp"),
        tag("span", tag("b", unit), tag("i", word, dir="auto") if word else None, class_="caption"),
        href=f"{unit}.html",
        class_="dead" if bool(facts.dead[unit]) else None,
        data_unit=unit, data_word=word or None, data_share=f"{float(facts.share[unit]):.3g}",
        data_sparse=digits(float(facts.positive[unit])), data_best=digits(float(facts.best[unit])),
    )  # fmt: skip
