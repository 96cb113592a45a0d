"""The page of a unit: its pictures, made and real, and what is known of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from vizkit.save.site import drawings
from vizkit.save.site.facts import Facts
from vizkit.save.site.frame import About, credits, crumbs, digits, page, percent, section, tile, turns
from vizkit.save.site.markup import Markup, tag
from vizkit.save.site.plan import Plan
from vizkit.save.site.recipes import recipe
from vizkit.save.site.tiles import ACROSS

TRUST = (
    "A made picture shows something the unit responds to, not all that it responds to, and says nothing about how the "
    "network uses it. Compare it with the real pictures."
)


def unit_page(
    plan: Plan, about: About, facts: Facts, unit: int, made: Mapping[str, Any], real: Mapping[str, Any],
    near: Sequence[int | None],
) -> str:  # fmt: skip
    """One unit from every side; `made` and `real` are its records, `near` the units before and after it."""
    layer, word = facts.layer, facts.words[unit]
    heading = tag("h1", f"Unit {unit}", tag("span", word, class_="word", dir="auto") if word else None)
    left = [_made(plan, unit, made), _honesty(made, real), _numbers(facts, unit)]
    right = [_strongest(unit, real), _deciles(unit, real), _answers(facts, unit, made, real), _classes(facts, unit)]
    body = [
        tag("header", heading, class_="hero"),
        tag("div", tag("div", left, class_="aside"), tag("div", right, class_="main"), class_="unit-body"),
        credits(about, f"{recipe(plan, layer.name, unit)}\n# {made['by']}"),
    ]
    turned = turns([None if n is None else (f"unit {n}", str(n)) for n in near], "{}.html")
    return page(
        f"Unit {unit} of {layer.name} · {plan.net.name}",
        "../../",
        body,
        crumbs(plan, "../../", layer.name, f"unit {unit}"),
        turned,
    )


def _made(plan: Plan, unit: int, made: Mapping[str, Any]) -> Markup:
    names = [_variant(plan, number) for number in range(plan.pictures)]
    figures = [
        tag("figure", tile(f"{unit}.webp", n, plan.pictures, f"made for unit {unit}, {name}"), tag("figcaption", name))
        for n, name in enumerate(names)
    ]
    return section("Made to excite it", tag("div", figures, class_="made"))


def _variant(plan: Plan, number: int) -> str:
    """What tells one made picture from the others."""
    seed, strength = divmod(number, len(plan.strengths))
    smooth = [f"smoothness {plan.strengths[strength]:g}"] * (len(plan.strengths) > 1)
    return " · ".join([f"start {plan.seeds[seed]}", *smooth])


def _honesty(made: Mapping[str, Any], real: Mapping[str, Any]) -> Markup:
    """How far to trust the first made picture: against the best real one, and when it is changed."""
    peak, left = made["peaks"][0], made["left"][0]
    best = real["top"][0]["value"] if real["top"] else 0.0
    told = []
    if best > 0 and peak is not None:
        told.append(f"It excites the unit {digits(peak / best)} times as much as the best real picture.")
    if left is not None:
        told.append(f"{percent(max(0.0, left))} of that is left when it is moved, turned, blurred or re-encoded.")
    return tag("p", " ".join([*told, TRUST]), class_="told")


def _strongest(unit: int, real: Mapping[str, Any]) -> Markup:
    heading, top = "Strongest real pictures", real["top"]
    if not top:
        return section(heading, tag("p", "It answers none of them with a number.", class_="told"))
    figures = tag("div", [_figure(unit, n, told) for n, told in enumerate(top)], class_="crops")
    dead = tag("p", "None of them makes it positive: after a ReLU it would be dead.", class_="told")
    return section(heading, dead if top[0]["value"] <= 0 else None, figures)


def _deciles(unit: int, real: Mapping[str, Any]) -> Markup | None:
    if len(real["deciles"]) < 2:
        return None
    first = len(real["top"])
    figures = [_figure(unit, first + n, told, short=True) for n, told in enumerate(real["deciles"])]
    return section("An even sample of all, strongest to weakest", tag("div", figures, class_="deciles"))


def _figure(unit: int, number: int, told: Mapping[str, Any], short: bool = False) -> Markup:
    """A real picture with its answer, and where there is room what it is called."""
    name = told["word"] or told["name"].rsplit("/", 1)[-1].rsplit(".", 1)[0]
    alike = f" · {told['alike']} alike" if told["alike"] > 1 else ""
    words = None if short else tag("span", f"{name}{alike}", dir="auto", title=name)
    caption = tag("figcaption", tag("b", digits(told["value"])), words)
    return tag("figure", tile(f"{unit}-real.webp", number, ACROSS, told["name"]), caption)


def _answers(facts: Facts, unit: int, made: Mapping[str, Any], real: Mapping[str, Any]) -> Markup | None:
    shown = [told["value"] for told in real["top"]]
    counts, edges = facts.histogram(unit, shown)
    if not len(counts) or not shown:
        return None
    peaks = [peak for peak in made["peaks"] if peak is not None]
    ends = [digits(float(edges[0])), "answer", digits(float(edges[-1]))]
    told = f"Heights are logarithms of counts. Orange: the real pictures above. {_where(peaks, float(edges[-1]))}"
    return section(
        "How often it answers how strongly",
        drawings.histogram(counts, edges, shown, peaks),
        tag("div", [tag("span", end) for end in ends], class_="axis"),
        tag("p", told.strip(), class_="told"),
    )


def _where(peaks: Sequence[float], end: float) -> str:
    """Where in the histogram the made pictures stand."""
    if not peaks:
        return ""
    return "Blue: those made for it." if min(peaks) <= end else f"Those made for it reach {digits(max(peaks))}."


def _classes(facts: Facts, unit: int) -> Markup | None:
    groups, first = facts.groups(unit)
    if not groups:
        return None
    told = tag("p", "The line is how usual the label is among all pictures.", class_="told")
    table = tag("table", tag("tbody", [_class(*group, first) for group in groups]), class_="classes")
    return section(f"Labels of the {first} strongest", table, told)


def _class(word: str, count: int, usual: float, first: int) -> Markup:
    bar = tag("td", drawings.share(count / first, usual))
    return tag("tr", tag("th", word, scope="row", dir="auto"), bar, tag("td", count, class_="number"))


def _numbers(facts: Facts, unit: int) -> Markup:
    rows = [
        ("strongest answer", digits(float(facts.best[unit]))),
        ("median answer", digits(float(facts.median[unit]))),
        ("positive answers", percent(float(facts.positive[unit]))),
        ("exactly zero", percent(float(facts.zero[unit]))),
    ]
    if bool((facts.share > 0).any()):
        rows.append(("one label", f"{percent(float(facts.share[unit]))} of {facts.first}"))
    rows = [(name, value) for name, value in rows if value]
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows], class_="numbers")
