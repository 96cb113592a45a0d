"""Where a picture that is shown is from: its name, and a line of Python that makes it again."""

from collections.abc import Sequence
from pathlib import Path

import torch

from vizkit.data.collections import Collection, Files
from vizkit.measure.crops import boxes, cell_size
from vizkit.measure.looking import Seen
from vizkit.measure.picking import Pick
from vizkit.measure.recipe import source


class Places:
    """Tells of the pictures of one layer; as `crops`, with the box that a unit sees.

    >>> print(Places(seen, "stage3", crops=True).of(picks, unit=7)[0])
    # world/test/12: unit 7 of stage3 answers 3.2 here
    from vizkit.data.collections import as_collection; as_collection('world/test/480').at((96, 96), 3)[12][:, 8:71, :55]
    """

    def __init__(self, seen: Seen, layer: str, crops: bool):
        self._seen, self._layer, self._site = seen, layer, seen.index.site(layer)
        self._crops = crops and cell_size(self._site) != self._site.size
        self._pictures = _spelled(seen)

    def of(self, row: Sequence[Pick], unit: int) -> list[str]:
        """Two lines for each: a comment with the picture's name or path, and what makes the cell."""
        return [self._told(pick, unit) + box for pick, box in zip(row, self._boxes(row), strict=True)]

    def _told(self, pick: Pick, unit: int) -> str:
        name = one_line(named(self._seen.pictures, pick.picture))
        told = f"# {name}: unit {unit} of {self._layer} answers {pick.value:.4g} here"
        return f"{told}\n{self._pictures.format(number=pick.picture)}"

    def _boxes(self, row: Sequence[Pick]) -> list[str]:
        if not self._crops:
            return [""] * len(row)
        found = boxes(self._site, torch.tensor([pick.position for pick in row])).tolist()
        return [f"[:, {top}:{bottom}, {left}:{right}]" for top, left, bottom, right in found]


def named(pictures: Collection, number: int) -> str:
    """The path of a file, and the name of any other picture."""
    files = getattr(pictures, "kept", pictures)
    return str(files.path(number)) if isinstance(files, Files) else pictures.name(number)


def one_line(name: str) -> str:
    """A name as it may stand in a comment: nothing in it ends the line."""
    return name if name.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in name)


def _spelled(seen: Seen) -> str:
    """The Python for one picture, with a place for its number."""
    index, pictures = seen.index, seen.pictures
    if index.folder is not None and index.collection is not None:
        spelled = f"vizkit.open_index({str(Path(index.folder.path))!r}).picture"
        return _braced(spelled) + "({number})"
    found = source(pictures.description)
    spelled = f"as_collection({'pictures' if found == '...' else found}).at({pictures.size}, {pictures.channels})"
    return _braced(f"from vizkit.data.collections import as_collection; {spelled}") + "[{number}]"


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
