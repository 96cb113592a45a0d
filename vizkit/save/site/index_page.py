"""The first page: the network as the list of its layers."""

from collections import Counter
from collections.abc import Sequence

from vizkit.save.site import drawings
from vizkit.save.site.facts import Summary
from vizkit.save.site.frame import About, credits, crumbs, facts_list, page, percent, seen_by, tile
from vizkit.save.site.markup import Markup, tag
from vizkit.save.site.plan import Plan
from vizkit.save.site.recipes import recipe_of_site
from vizkit.save.site.tiles import ACROSS


def index_page(plan: Plan, about: About, layers: Sequence[Summary]) -> str:
    """The network as the list of its layers, those that are there so far."""
    net = plan.net
    lead = (
        f"What {plan.count:,} units in {_count(plan)} look for: pictures made to excite each of them, "
        "and the real ones that do it best."
    )
    facts = facts_list(
        ("real pictures", f"{about.count:,}"),
        ("input", " × ".join(map(str, reversed(net.size)))),
        ("parameters", f"{sum(weight.numel() for weight in net.module.parameters()):,}"),
        ("weights", plan.settings["weights"]),
    )
    waiting = sum(map(bool, plan.units)) - len(layers)
    body = [
        tag("header", tag("h1", net.name), tag("p", lead, class_="lead"), facts, class_="hero"),
        tag("section", _stages(layers, net.size), class_="layers", aria_label="Layers"),
        tag("p", f"{waiting} more layer{'s' * (waiting > 1)} to come.", class_="note") if waiting else None,
        credits(about, recipe_of_site(plan, about.pictures)),
    ]
    return page(net.name, "", body, crumbs(plan, ""))


def _count(plan: Plan) -> str:
    count = sum(map(bool, plan.units))
    return f"{count} layer{'s' * (count > 1)}"


def _stages(layers: Sequence[Summary], size: tuple[int, int]) -> list[Markup]:
    """The layers, with a heading wherever another stage of the network begins."""
    parts, stage = [], None
    sizes = Counter(summary.layer.stage for summary in layers if summary.layer.stage)
    for summary in layers:
        if (name := summary.layer.stage) != stage and sizes[name] > 1:
            parts.append(tag("h2", name, class_="stage"))
        stage = name
        parts.append(_layer_row(summary, size))
    return parts


def _layer_row(summary: Summary, size: tuple[int, int]) -> Markup:
    layer, place = summary.layer, summary.place
    name = tag("a", layer.name, href=f"{place}/index.html")
    told = [
        layer.kind,
        f"{layer.channels:,} units",
        seen_by(layer),
        *[f"{percent(summary.dead)} dead"] * (summary.dead > 0),
    ]
    head = tag("div", tag("h3", drawings.field(layer, size), name), tag("p", " · ".join(told), class_="told"))
    cells = [
        tag("a", tile(f"{place}/strip.webp", n, ACROSS, called), href=f"{place}/{unit}.html")
        for n, (unit, called) in enumerate(summary.strip)
    ]
    return tag("article", head, tag("div", cells, class_="strip"), class_="layer")
