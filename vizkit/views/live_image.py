"""Pictures that change while you look: a grid of JPEGs, one message a frame, as many as the browser paints."""

import contextvars
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import torch
import traitlets
from torch import Tensor

from vizkit.core.results import Images
from vizkit.save.pictures import channel_note, encode
from vizkit.views.feed import Feed
from vizkit.views.modules import joined

KEEP_EVERY = 2.0  # seconds between kept frames while nobody looks
WAYS = ("side by side", "wipe", "blink", "result")  # to compare a picture with its original

_static = Path(__file__).parent / "static"


class LiveImage(anywidget.AnyWidget):
    """A grid of captioned pictures; `show(images)` replaces them, from any thread, and never waits.

    The browser acknowledges what it has painted. What comes meanwhile is dropped but for the newest, so
    a slow connection shows fewer pictures, not old ones. Only frames that are sent are encoded.

    `selected` is the index of the picture its reader chose, -1 for none; `columns` is 0 for as many as
    look good; `last` holds the pictures (JPEG) a reloaded page or a saved notebook starts with.

    Where pictures have originals (`Images.beside`), they are compared `side by side`, with a line to `wipe`, by
    `blink` or not at all (`result`), as `compare` says; `beside` holds the originals, sent when they change.
    Where `on_open` is given, a picture among several can be opened alone: it is called with its index, in any thread.

    >>> view = LiveImage()
    >>> for frame in run:
    ...     view.show(frame.result)
    >>> view.keep()
    """

    _esm = joined("parts.mjs", "compare.mjs", "live_image.mjs")
    _css = _static / "live_image.css"

    captions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    columns = traitlets.Int(0, min=0).tag(sync=True)
    selected = traitlets.Int(-1, min=-1).tag(sync=True)
    last = traitlets.List(traitlets.Bytes()).tag(sync=True)
    beside = traitlets.List(traitlets.Bytes()).tag(sync=True)
    compare = traitlets.Enum(WAYS, WAYS[0]).tag(sync=True)
    opens = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        *,
        on_open: Callable[[int], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        **traits: Any,
    ):
        self._feed: Feed[Images] = Feed(clock)
        self._on_open = on_open
        self._originals: Tensor | None = None  # what `beside` shows
        self._asked = 0  # columns, by the newest pictures
        self._context: contextvars.Context | None = None  # of the views' newest message
        super().__init__(opens=on_open is not None, **traits)
        self.on_msg(self._on_message)

    def show(self, images: Images) -> None:
        """Show `images` as soon as the views can take them."""
        self._feed.put(images)
        self._as_answer(self._publish, images)

    def keep(self) -> None:
        """Keep the newest pictures in `last`; call it when a run has ended."""
        self._as_answer(self._keep)

    def _publish(self, images: Images) -> None:
        self.captions, self.alt = list(images.captions), _alt(images)
        self._lay_out(images.columns)
        self._set_beside(images.beside)
        if self.selected >= len(images):
            self.selected = -1
        self._send_next()
        if not self._feed.watched:
            self._keep(KEEP_EVERY)

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
            self.send({"frame": number}, _jpegs(images))

    def _keep(self, every: float = 0.0) -> None:
        if (images := self._feed.keep(every)) is not None:
            self.last = _jpegs(images)

    def _on_message(self, _widget: Any, message: dict, _buffers: list) -> None:
        self._context = contextvars.copy_context()
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
        self._send_next()

    def _as_answer(self, publish: Callable, *args: Any) -> None:
        """Call `publish(*args)` as if it answered the views' newest message.

        ipykernel 7.4 hands a widget's messages to the thread whose request the widget last answered. What a
        worker thread publishes counts as an answer to the newest cell, and then acknowledgements wait until
        that cell ends (0.75 frames a second instead of 15); what it publishes in here does not.
        """
        if self._context is None:  # nobody looks: to a program that runs a notebook, this is the cell's doing
            publish(*args)
        else:
            self._context.copy().run(publish, *args)


def _alt(images: Images) -> str:
    note = channel_note(images.pixels.shape[1])
    return f"{images.alt} ({note})" if note else images.alt


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None or a is b:
        return a is b
    return a.shape == b.shape and a.device == b.device and torch.equal(a, b)


def _jpegs(images: Images) -> list[bytes]:
    return [encode(picture) for picture in images.pixels]
