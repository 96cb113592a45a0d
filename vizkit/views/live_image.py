"""Pictures that change while you look: a grid of JPEGs, one message a frame, as many as the browser paints."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import torch
import traitlets
from torch import Tensor

from vizkit.core.results import Images, Profile
from vizkit.save.pictures import channel_note, encode, encode_all
from vizkit.views.answering import Answering
from vizkit.views.feed import Feed
from vizkit.views.modules import joined

KEEP_EVERY = 2.0  # seconds between kept frames while nobody looks
WAYS = ("side by side", "wipe", "blink", "result")  # to compare a picture with its original

_static = Path(__file__).parent / "static"


class LiveImage(Answering, anywidget.AnyWidget):
    """A grid of captioned pictures; `show(images)` replaces them, from any thread, and never waits.

    The browser acknowledges what it has painted. What comes meanwhile is dropped but for the newest, so
    a slow connection shows fewer pictures, not old ones. Only frames that are sent are encoded.

    `chosen` are the cells its reader chose, in that order, and `selected` is the one among them that was chosen last,
    -1 for none; `selection` says which pictures they are. `columns` is 0 for as many as look good; `last` holds the
    pictures (JPEG) a reloaded page or a saved notebook starts with.

    Where pictures have originals (`Images.beside`), they are compared `side by side`, with a line to `wipe`, by
    `blink` or not at all (`result`), as `compare` says; `beside` holds the originals, sent when they change.
    Where `on_open` is given, a picture among several can be opened alone: it is called with its index, in any thread.
    Where `on_step` is given, Page Up and Page Down call it with -1 and 1: another unit, say. `sources` can be copied;
    `profile` is drawn beside the pictures; `waiting` is said while there are none.

    >>> view = LiveImage()
    >>> for frame in run:
    ...     view.show(frame.result)
    >>> view.keep()
    """

    _esm = joined("parts.mjs", "compare.mjs", "lens.mjs", "sources.mjs", "profile.mjs", "live_image.mjs")
    _css = joined("live_image.css", "lens.css", "profile.css")

    captions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    columns = traitlets.Int(0, min=0).tag(sync=True)
    selected = traitlets.Int(-1, min=-1).tag(sync=True)
    chosen = traitlets.List(traitlets.Int(min=0)).tag(sync=True)
    sources = traitlets.List(traitlets.Unicode()).tag(sync=True)
    profile = traitlets.Dict().tag(sync=True)
    last = traitlets.List(traitlets.Bytes()).tag(sync=True)
    beside = traitlets.List(traitlets.Bytes()).tag(sync=True)
    compare = traitlets.Enum(WAYS, WAYS[0]).tag(sync=True)
    opens = traitlets.Bool(False).tag(sync=True)
    steps = traitlets.Bool(False).tag(sync=True)
    waiting = traitlets.Unicode("No picture yet. Press Run.").tag(sync=True)

    def __init__(
        self,
        *,
        on_open: Callable[[int], object] | None = None,
        on_step: Callable[[int], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        **traits: Any,
    ):
        self._feed: Feed[Images] = Feed(clock)
        self._on_open, self._on_step = on_open, on_step
        self._originals: Tensor | None = None  # what `beside` shows
        self._asked = 0  # columns, by the newest pictures
        self._numbers: tuple[int, ...] = ()  # of the newest pictures
        self._encoded: tuple[Images | None, list[bytes]] = None, []  # the pictures encoded last
        self._prepared: tuple[Tensor | None, list[bytes]] = None, []  # those that may come
        super().__init__(opens=on_open is not None, steps=on_step is not None, **traits)
        self.on_msg(self._on_message)

    def show(self, images: Images) -> None:
        """Show `images` as soon as the views can take them."""
        self._feed.put(images)
        self._as_answer(self._publish, images)

    def prepare(self, images: Images) -> None:
        """Encode pictures that may be shown soon; until then, nobody may write over their pixels."""
        self._prepared = images.pixels, encode_all(images.pixels)

    def keep(self) -> None:
        """Keep the newest pictures in `last`; call it when a run has ended."""
        self._as_answer(self._keep)

    @property
    def selection(self) -> tuple[int, ...]:
        """What was chosen: numbers of the collection the pictures are from, or else their places in the grid.

        >>> [index.pictures[number] for number in view.selection]
        """
        if not self._numbers:
            return tuple(self.chosen)
        numbers = [self._numbers[cell] for cell in self.chosen if cell < len(self._numbers)]
        return tuple(dict.fromkeys(number for number in numbers if number >= 0))

    def _publish(self, images: Images) -> None:
        self._lay_out(images.columns)
        self._set_beside(images.beside)
        self._send_next()  # as early as can be: the rest arrives while the pictures are decoded
        self.captions, self.alt, self.sources = list(images.captions), _alt(images), list(images.sources)
        self._follow(images)
        self.profile = _told(images.profile() if images.profile else None)
        if not self._feed.watched:
            self._keep(KEEP_EVERY)

    def _follow(self, images: Images) -> None:
        """Keep those pictures chosen that are still there; they may stand elsewhere."""
        before, self._numbers = self._numbers, images.numbers
        if before and images.numbers and before != images.numbers:
            places = {number: cell for cell, number in reversed(list(enumerate(images.numbers)))}
            there = [places.get(before[cell]) for cell in self.chosen if cell < len(before) and before[cell] >= 0]
        else:
            there = self.chosen
        self.chosen = list(dict.fromkeys(cell for cell in there if cell is not None and cell < len(images)))

    @traitlets.observe("selected")
    def _one_selected(self, _change: dict) -> None:
        if self.selected not in self.chosen:
            self.chosen = [self.selected] if self.selected >= 0 else []

    @traitlets.observe("chosen")
    def _some_chosen(self, _change: dict) -> None:
        if self.selected not in self.chosen:
            self.selected = self.chosen[-1] if self.chosen else -1

    def _lay_out(self, columns: int) -> None:
        """Take the columns that pictures ask for; those set by hand stay as long as pictures ask for none."""
        if columns != self._asked:
            self._asked = self.columns = columns

    def _set_beside(self, originals: Tensor | None) -> None:
        """Hand the originals to the views where they are others than before: once, not with every frame."""
        if not _same(originals, self._originals):
            self._originals = originals
            self.beside = [] if originals is None else [encode(picture, quality=92) for picture in originals]

    def _send_next(self) -> None:
        if (due := self._feed.next()) is not None:
            number, images = due
            words = {"captions": list(images.captions), "alt": _alt(images)}  # they and the pictures change together
            self.send({"frame": number, **words}, self._jpegs(images))

    def _keep(self, every: float = 0.0) -> None:
        if (images := self._feed.keep(every)) is not None:
            self.last = self._jpegs(images)

    def _jpegs(self, images: Images) -> list[bytes]:
        """Encoded once, for those who look and to be kept."""
        encoded, prepared = self._encoded, self._prepared  # which another thread may replace
        if encoded[0] is not images:
            known = prepared[1] if prepared[0] is images.pixels else encode_all(images.pixels)
            encoded = self._encoded = images, known
        return encoded[1]

    def _on_message(self, _widget: Any, message: dict, _buffers: list) -> None:
        self._heard()
        match message:
            case {"view": view, "ready": True}:
                self._feed.opened(view)
                self.send({"hello": view})  # for `_as_answer`: publish from a handler before a cell can run
            case {"view": view, "painted": number}:
                self._feed.answered(view, number)
            case {"view": view, "gone": True}:
                self._feed.closed(view)
            case {"open": int(index)} if self._on_open is not None and index >= 0:
                self._on_open(index)
            case {"step": 1 | -1 as by} if self._on_step is not None:
                self._on_step(by)
        self._send_next()


def _alt(images: Images) -> str:
    note = channel_note(images.pixels.shape[1])
    return f"{images.alt} ({note})" if note else images.alt


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None or a is b:
        return a is b
    return a.shape == b.shape and a.device == b.device and torch.equal(a, b)


def _told(profile: Profile | None) -> dict[str, Any]:
    """A profile for JSON, which has no NaN."""
    if profile is None:
        return {}
    marks = [value if math.isfinite(value) else None for value in profile.marks.tolist()]
    ends = [float(profile.edges[0]), float(profile.edges[-1])] if len(profile.counts) else []
    told = {"name": profile.name, "alt": profile.alt, "ends": ends, "counts": profile.counts.tolist(), "marks": marks}
    return {**told, "groups": [list(group) for group in profile.groups], "first": profile.first}
