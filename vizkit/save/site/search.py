"""What a site can be searched for, as a script that sets one variable: a page on a disk may load no other file."""

import json
from collections.abc import Sequence

from vizkit.save.site.facts import Summary


def search_script(layers: Sequence[Summary]) -> str:
    """`vizkitSearch`: layers, words, names, and for every unit its layer, number, word (-1: none), share and names."""
    words = _numbered(word for layer in layers for _, word, _, _ in layer.found if word)
    names = _numbered(name for layer in layers for *_, shown in layer.found for name in shown)
    units = [
        [number, unit, words.get(word, -1), percent, [names[name] for name in shown]]
        for number, layer in enumerate(layers)
        for unit, word, percent, shown in layer.found
        if word or shown
    ]
    told = {
        "layers": [[one.layer.name, one.place, one.layer.kind, len(one.found)] for one in layers],
        "words": list(words),
        "names": list(names),
        "units": units,
    }
    return f"window.vizkitSearch = {json.dumps(told, separators=(',', ':'))};\n"


def _numbered(words) -> dict[str, int]:
    return {word: number for number, word in enumerate(dict.fromkeys(words))}
