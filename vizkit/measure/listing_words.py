"""What a reader should notice about the units of a layer, in a few short sentences."""

import torch

from vizkit.measure.listing import RARE, Page, Roll
from vizkit.measure.looking import Seen
from vizkit.measure.naming import LEAST
from vizkit.measure.picking_words import drawn, lost, percents, progress
from vizkit.nets.network import Network

FIRST = {
    "number": "",
    "sparsity": ", those that answer rarest first",
    "selectivity": ", the most selective first",
    "activation": ", those with the strongest answers first",
}


def said(known: Roll, page: Page, find: str, order: str, asked: int) -> str:
    """How many units there are, which are shown, what the search found, and what state they are in."""
    sentences = [_found(known, page, find, order), _page(page, asked), _silent(known), _meant(known)]
    return " ".join(sentence for sentence in sentences if sentence)


def looked(net: Network, seen: Seen, of_the_kit: bool) -> str:
    """How far it has come, and what to doubt about the pictures."""
    return " ".join(filter(None, [progress(seen), drawn(net, of_the_kit), lost(seen)]))


def _found(known: Roll, page: Page, find: str, order: str) -> str:
    if not find.strip():
        return f"{known.layer} has {_units(known.count)}{FIRST[order]}."
    what = f"“{find.strip()}”"
    return f"{page.found} of {_units(known.count)} {'is' if page.found == 1 else 'are'} found by {what}{FIRST[order]}."


def _page(page: Page, asked: int) -> str:
    if asked > page.of:
        return f"There is no page {asked}; this is the last, {page.number} of {page.of}."
    return f"This is page {page.number} of {page.of}." if page.of > 1 else ""


def _silent(known: Roll) -> str:
    if known.strongest is None:
        return ""
    dead, below = int((known.strongest == 0).sum()), int(((known.strongest < 0) & known.strongest.isfinite()).sum())
    rare = 0 if known.active is None else int(((known.strongest > 0) & (known.active < RARE)).sum())
    odd = int((known.strongest == -torch.inf).sum())
    told = [
        f"{dead} {_are(dead)} dead: every picture gets zero." * bool(dead),
        f"No picture takes {below} of them above zero." * bool(below),
        f"{rare} {_are(rare)} above zero at fewer than {percents(RARE)} of all places." * bool(rare),
        f"{odd} {'gives' if odd == 1 else 'give'} no number, only NaN or infinity." * bool(odd),
    ]
    return " ".join(filter(None, told))


def _meant(known: Roll) -> str:
    if known.meanings is None:
        return ""
    telling = int((known.meanings.agreement >= LEAST).sum())
    return f"Of {telling} the strongest pictures have something in common, which the captions name."


def _units(count: int) -> str:
    return f"{count:,} unit{'s' * (count != 1)}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
