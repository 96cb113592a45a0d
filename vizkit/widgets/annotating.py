"""Naming units: the pictures that excite one, a word and a category for it, saved after each, and on to the next."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets

from vizkit.core.frames import Frame
from vizkit.core.runs import Run
from vizkit.data.collections import Pictures
from vizkit.measure.index import Index
from vizkit.measure.looking import looking
from vizkit.measure.words import ALL, Subject, Word, Words, open_words
from vizkit.methods.top_images import top_images
from vizkit.nets.network import Network
from vizkit.play.player import Player, State
from vizkit.views.live_image import LiveImage
from vizkit.views.naming import Naming
from vizkit.widgets.closing import close_parts


def annotate(
    net: Network,
    layer: str,
    *,
    index: Index | str | Path,
    path: str | Path = "words.json",
    annotator: str = "me",
    units: int | Sequence[int] | None = None,
    count: int = 16,
    labels: bool = False,
    pictures: Pictures | None = None,
) -> "Annotating":
    """A widget to give the units of a layer a word and a category, by their top pictures (Zhou et al. 2015).

    Every unit is saved as soon as it is named, and named units are there again when the file is opened again.

    Args:
        net: The network that was scanned.
        layer: One of the index.
        index: What `vizkit.scan` made, or its path.
        path: The JSON file to write; its folder must exist.
        annotator: Who names; two people write two files, and `vizkit.agreement` compares them.
        units: Which units, in this order, or how many from the first on; None for all.
        count: How many pictures of a unit are shown.
        labels: Whether captions, classes and answers are shown too. They are hidden as they would put words into the
            annotator's mouth.
        pictures: The pictures of the index, where it cannot find them.

    Raises:
        LookupError: the index has no such layer, or its pictures are nowhere to be found.
        ValueError: the index is of another network; or the file is damaged, somebody else's, or about something
            else. It is left as it is.
        FileNotFoundError: there is no such folder, or index.

    >>> vizkit.annotate(net, "stage3", index="index/", path="words.json", annotator="me")
    """
    seen = next(iter(looking(net, layer, pictures, index)))
    about = subject(seen.index, layer, count)
    words = _opened(Path(path), about, annotator)
    run = Run.of(top_images, net, layer, index=index, pictures=pictures, count=count)
    return Annotating(run, words, Path(path), _which(units, about.units), labels)


class Annotating(ipywidgets.VBox):
    """The widget that `vizkit.annotate` makes.

    `unit` is the one that is shown, `words` (see `measure.words`) are all names so far, `picture.selection` the
    pictures that were chosen, and `error` is what ended the newest look.
    """

    def __init__(self, run: Run, words: Words, path: Path, units: Sequence[int], labels: bool = False):
        self.words, self.path, self.units, self.labels = words, path, tuple(units), labels
        self._of = run
        self._drafts: dict[int, tuple[str, str]] = {}  # what was typed and not saved
        self._written = _text(path)
        self._lock = threading.RLock()  # guards the words, the unit and the drafts
        self.unit = next((unit for unit in units if unit not in words.units), units[0])
        self.form = Naming(self._act, categories=list(ALL))
        self.picture = LiveImage(on_step=self.form.ask_to_step)
        self.player = Player(self._frame_made, self._state_changed)
        body = ipywidgets.Box((self.form, self.picture)).add_class("vizkit-annotating-body")
        super().__init__((body,))
        self.add_class("vizkit-annotating")
        self.form.observe(lambda _: self._tell(), "unnamed_only")
        self._load()

    @property
    def run(self) -> Run:
        """The top pictures of the unit."""
        return self._of.using(unit=self.unit)

    @property
    def error(self) -> BaseException | None:
        """What ended the newest run as "failed"."""
        return self.player.error

    def name(self, word: str, category: str) -> None:
        """Name the unit, save, and go on to the next; without word and category its name is forgotten.

        Raises:
            ValueError: one of both is missing, or the file was changed by somebody else.
            OSError: the file cannot be written.
        """
        with self._lock:
            self._save(self.unit, word, category)
            said = f"Saved unit {self.unit} in {self.path.name}." if word or category else ""
            if not self._go(1):
                said += " All of them are named." if self._all_named() else " That was the last one."
            self._tell(said.strip())

    def step(self, by: int) -> None:
        """Go on to the next unit with 1, back with -1, without saving; what was typed is kept in mind."""
        with self._lock:
            moved = self._go(by)
            self._tell("" if moved else "There is no other unit in this direction.")

    def go(self, unit: int) -> None:
        """Show a unit.

        Raises:
            ValueError: it is none of those to be named.
        """
        if unit not in self.units:
            raise ValueError(f"Unit {unit} is none of the {len(self.units)} to be named. Pass units=[…] to annotate.")
        with self._lock:
            self.unit = unit
            self._load()
        self.player.play(self.run)

    def close(self) -> None:
        """Stop, and take everything off the page. What was saved stays."""
        self.player.close()
        close_parts(self)
        super().close()

    def __repr__(self) -> str:
        about = self.words.subject
        return f"Annotating {about.layer} of {about.net}: {self._named()} of {len(self.units)} units named"

    # What the reader does. In any thread.

    def _act(self, what: str, told: Mapping[str, Any]) -> None:
        if what == "seen":
            if self.player.state == "idle":
                self.player.play(self.run)
            return
        with self._lock:
            if told["unit"] != self.unit:  # another view of it was quicker
                self._tell()
            elif what == "save":
                self._try(lambda: self.name(told["word"], told["category"]))
            else:
                self._remember(told["word"], told["category"])
                self.step(1 if told.get("by") == 1 else -1)

    def _try(self, save: Callable[[], None]) -> None:
        try:
            save()
        except (ValueError, OSError) as error:
            self._tell(problem=str(error))

    def _remember(self, word: str, category: str) -> None:
        saved = self.words.units.get(self.unit)
        if (word, category) == ((saved.word, saved.category) if saved else ("", "")):
            self._drafts.pop(self.unit, None)
        else:
            self._drafts[self.unit] = word, category

    def _save(self, unit: int, word: str, category: str) -> None:
        words = self.words.named(unit, Word(word, category) if word.strip() or category else None)
        if words != self.words:
            if _text(self.path) != self._written:
                raise ValueError(f"{self.path.name} was changed meanwhile, and is left as it is. Call annotate again.")
            words.save(self.path)
            self.words, self._written = words, words.to_json()
        self._drafts.pop(unit, None)

    def _go(self, by: int) -> bool:
        """Whether there is another unit to go to."""
        if (unit := self._next(by)) is None:
            self._load()
            return False
        self.go(unit)
        return True

    def _next(self, by: int) -> int | None:
        at = self.units.index(self.unit)
        ahead, behind = self.units[at + 1 :], self.units[:at]
        way = ahead if by > 0 else behind[::-1]
        if not self.form.unnamed_only:
            return next(iter(way), None)
        around = behind if by > 0 else ahead[::-1]
        return next((unit for unit in (*way, *around) if unit not in self.words.units), None)

    # What is shown

    def _load(self) -> None:
        """Fill in what is known of the unit."""
        saved = self.words.units.get(self.unit)
        word, category = self._drafts.get(self.unit, (saved.word, saved.category) if saved else ("", ""))
        with self.form.hold_sync():
            self.form.unit, self.form.word, self.form.category = self.unit, word, category
            self._tell()

    def _tell(self, status: str = "", problem: str = "") -> None:
        with self._lock, self.form.hold_sync():
            form, at = self.form, self.units.index(self.unit) + 1
            form.title, form.place = f"unit {self.unit} of {self.words.subject.layer}", f"{at} of {len(self.units)}"
            form.named, form.total = self._named(), len(self.units)
            form.status, form.problem = status, problem

    def _named(self) -> int:
        return sum(unit in self.words.units for unit in self.units)

    def _all_named(self) -> bool:
        return self._named() == len(self.units)

    # What the run does. In the player's thread.

    def _frame_made(self, frame: Frame) -> None:
        result = frame.result
        hidden = result if self.labels else replace(result, captions=(), sources=(), profile=None)
        self.picture.show(hidden)

    def _state_changed(self, state: State) -> None:
        if state == "failed":
            self.form.context.copy().run(self._tell, problem=str(self.error))
        elif state != "running":
            self.picture.keep()


def subject(index: Index, layer: str, k: int) -> Subject:
    """What names are about that are given by an index."""
    contents = index.contents
    told = (contents.weights, *contents.edits, contents.pictures_hash, contents.plan.count, contents.plan.precision)
    digest = hashlib.sha256("\0".join(map(str, told)).encode()).hexdigest()[:12]
    units = index.layers[layer].channels
    return Subject(contents.net, contents.weights, digest, layer, units, k, contents.recipe)


def _opened(path: Path, about: Subject, annotator: str) -> Words:
    """The words at `path`, or none yet."""
    if not path.resolve().parent.is_dir():
        raise FileNotFoundError(f"There is no folder {str(path.parent)!r} to write into. Make it first.")
    if not path.exists():
        return Words(about, annotator)
    words = open_words(path)
    if words.annotator != annotator:
        raise ValueError(f"{str(path)!r} is by {words.annotator!r}. Give that annotator=…, or another path.")
    if words.subject != about:
        theirs = f"{words.subject.layer} of {words.subject.net} by index {words.subject.index}"
        ours = f"{about.layer} of {about.net} by index {about.index}"
        raise ValueError(f"{str(path)!r} is about {theirs}, and this is {ours}. Give another path.")
    return replace(words, subject=about)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _which(units: int | Sequence[int] | None, count: int) -> list[int]:
    found = list(range(count if units is None else units)) if units is None or isinstance(units, int) else list(units)
    found = list(dict.fromkeys(map(int, found)))
    if not found or min(found) < 0 or max(found) >= count:
        raise ValueError(f"units={units!r} are none of this layer's. Give numbers from 0 to {count - 1}.")
    return found
