"""A map of points, with the picture under the mouse: positions as binary, everything else once. WebGL2 in the page."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import torch
import traitlets
from torch import Tensor

from vizkit.core.results import Points
from vizkit.core.words import nearest
from vizkit.save import palettes
from vizkit.views.answering import Answering
from vizkit.views.feed import Feed
from vizkit.views.indices import Indices, packed, unpacked
from vizkit.views.modules import joined
from vizkit.views.sprites import Atlas

KEEP_EVERY = 2.0  # seconds between kept positions while nobody looks
EXACT = 20_000  # points whose positions travel as they are; of more, as 1/65535 of the map's width
ASKED = 512  # thumbnails that one message may ask for
STATE_ONLY = {"sheets", "drawn"}  # traits that reach open views as messages instead

_static = Path(__file__).parent / "static"


class PointMap(Answering, anywidget.AnyWidget):
    """Up to a million points; `show(points)` replaces them, from any thread, and never waits.

    The browser acknowledges the positions it has drawn, as in `LiveImage`; what comes meanwhile is dropped but for the
    newest, and points glide from where they were. Labels, values, names and finished maps are sent when they change.
    Thumbnails of `points.pictures` are made in a thread once somebody looks (`sprites`): the first 4096 at once, an
    even sample of more, the rest when they are pointed at or zoomed in on. Without a kernel those first ones are all
    there are; `gather()` makes them for a page.

    `selection` is what its reader chose by lasso, box or click, an int64 array; set it to show another. `color` is
    "label", the name of one of `points.values`, "selection" or ""; `hidden` names kinds that are not shown: labels, or
    the words of the values that points are colored by. `marked` are a few points with a ring around them. `layer` is
    a place between the finished maps (`points.maps`), 1.5 halfway from the second to the third, -1 where there are
    none; below it stands what was measured of each.

    >>> view = PointMap()
    >>> view.show(points)
    >>> view.selection
    array([ 3, 17, 20])
    """

    _esm = joined(
        "parts.mjs",
        "points_data.mjs",
        "points_paint.mjs",
        "points_camera.mjs",
        "points_key.mjs",
        "points_pictures.mjs",
        "points_card.mjs",
        "points_measures.mjs",
        "points_hand.mjs",
        "point_map.mjs",
    )
    _css = _static / "point_map.css"

    selection = Indices()
    marked = Indices()
    alt = traitlets.Unicode().tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    xy = traitlets.Bytes().tag(sync=True)
    box = traitlets.List(traitlets.Float()).tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    label_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    label_colors = traitlets.Bytes().tag(sync=True)
    ramp = traitlets.Bytes(palettes.ramp().tobytes()).tag(sync=True)
    values = traitlets.List(traitlets.Bytes()).tag(sync=True)
    value_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value_words = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    value_colors = traitlets.List(traitlets.Bytes()).tag(sync=True)
    names = traitlets.Bytes().tag(sync=True)
    maps = traitlets.Bytes().tag(sync=True)
    map_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    map_box = traitlets.List(traitlets.Float()).tag(sync=True)
    measures = traitlets.Dict().tag(sync=True)
    layer = traitlets.Float(-1).tag(sync=True)
    color = traitlets.Unicode().tag(sync=True)
    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.CBytes().tag(sync=True)  # a page's bytes arrive as a memoryview
    ringed = traitlets.Bytes().tag(sync=True)
    pictured = traitlets.Bool(False).tag(sync=True)
    side = traitlets.Int(0).tag(sync=True)
    sheets = traitlets.List(traitlets.Bytes()).tag(sync=True)
    drawn = traitlets.List(traitlets.Bytes()).tag(sync=True)

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, **traits: Any):
        self._feed: Feed[Points] = Feed(clock)
        self._shown: Points | None = None  # whose labels, values, names and maps the views have
        self._atlas: Atlas | None = None
        self._seen = False  # by some view, ever
        self._lock = threading.RLock()  # hold_sync of two threads at once could lose a trait
        super().__init__(**traits)
        self.on_msg(self._on_message)
        self.observe(self._choose, "selection")
        self.observe(self._ring, "marked")
        self.observe(self._chosen_in_page, "chosen")
        self.observe(self._recolored, "color")

    def show(self, points: Points) -> None:
        """Show `points` as soon as the views can take them."""
        self._feed.put(points)
        self._as_answer(self._publish, points)

    def keep(self) -> None:
        """Keep the newest positions for views that open later; call it when a run has ended."""
        self._as_answer(self._keep)

    def gather(self, timeout: float | None = None) -> bool:
        """Make the first thumbnails now and wait for them, for a page that has no kernel; False if it took too long."""
        with self._lock:
            atlas = self._atlas
        if atlas is None:
            return True
        atlas.start()
        return atlas.wait(timeout)

    def send_state(self, key: Any = None) -> None:
        """Send traits to the views that are open; sheets go to them as messages, and as a trait only where they end."""
        if key is None:
            return super().send_state()
        wanted = {key} if isinstance(key, str) else set(key)
        if wanted := {name for name in wanted if name not in STATE_ONLY or not getattr(self, name)}:
            super().send_state(wanted)
        return None

    def close(self) -> None:
        """Make no more thumbnails, and take it off the page."""
        with self._lock:
            atlas, self._atlas = self._atlas, None
        if atlas is not None:
            atlas.close()
        super().close()

    def _publish(self, points: Points) -> None:
        with self._lock:
            if points is not self._shown:
                with self.hold_sync():
                    self._set_parts(points)
                self._set_pictures(points.pictures)
                self._shown = points
        self._send_next()
        if not self._feed.watched:
            self._keep(KEEP_EVERY)

    def _set_parts(self, points: Points) -> None:
        """Hand the views what has changed besides positions."""
        before, self.alt = self._shown, points.alt
        if before is None or len(before) != len(points):
            self.count = len(points)
            for name in ("selection", "marked"):
                numbers = getattr(self, name)
                setattr(self, name, numbers[numbers < len(points)])
            self.chosen = packed(self.selection, self.count)
        if before is None or not _same(before.labels, points.labels) or before.label_names != points.label_names:
            self._set_labels(points)
        if before is None or not _same_all(before.values, points.values) or before.words != points.words:
            self._set_values(points)
        if before is None or not _same_words(before.names, points.names):
            self.names = _lines(points.names)
        if before is None or not _same_all(before.maps, points.maps):
            self._set_maps(points)
        elif points.maps:
            self._set_layer(points)
        self.measures = {name: _finite(told) for name, told in points.measures.items()}
        self._set_color(before is None)
        known = self._listed(self.color)[1]
        self.hidden = [word for word in self.hidden if word in known]

    def _set_labels(self, points: Points) -> None:
        if points.labels is None:
            self.labels, self.label_names, self.label_colors = b"", [], b""
            return
        known, places = _sorted_out(points.labels.detach().cpu().numpy().astype(np.int64))
        self.labels = places.astype("<u2" if len(known) <= 65536 else "<u4").tobytes()
        self.label_names = [points.label(int(number)) for number in known]
        self.label_colors = palettes.of_labels(known).tobytes()

    def _set_values(self, points: Points) -> None:
        """Amounts as they are; of kinds, the place of each among those there are, their words and their colors."""
        told = {name: (_numbers(value), [], b"") for name, value in points.values.items() if name not in points.words}
        for name in points.words:
            known, places = _sorted_out(points.values[name].detach().cpu().nan_to_num(-1).numpy().astype(np.int64))
            words = [points.word(name, int(number)) for number in known]
            told[name] = places.astype("<f4").tobytes(), words, palettes.of_labels(known).tobytes()
        self.value_names = list(points.values)
        rows = [told[name] for name in points.values]
        self.values = [row[0] for row in rows]
        self.value_words = [row[1] for row in rows]
        self.value_colors = [row[2] for row in rows]

    def _set_maps(self, points: Points) -> None:
        self.map_names = list(points.maps)
        if points.maps:
            self.maps, self.map_box = encoded(torch.stack([xy.detach().float().cpu() for xy in points.maps.values()]))
        else:
            self.maps, self.map_box = b"", []
        self._set_layer(points)

    def _set_layer(self, points: Points) -> None:
        """Put the slider where the points are, if that is a finished map; a recording has rounded where they are."""
        here = [i for i, xy in enumerate(points.maps.values()) if _together(xy, points.xy)]
        self.layer = float(here[-1]) if here else -1.0 if not points.maps else self.layer

    def _set_color(self, first: bool) -> None:
        """Keep the color that was asked for where it is still there."""
        there = ["label"] * bool(self.labels) + self.value_names
        if self.color not in [*there, "selection"] and (self.color or first):
            self.color = there[0] if there else ""

    def _listed(self, color: str) -> tuple[str, list[str]]:
        """What the legend lists while points are colored so, and its words."""
        words = dict(zip(self.value_names, self.value_words, strict=False)).get(color)
        return (color, words) if words else ("label", self.label_names)

    def _recolored(self, change: dict) -> None:
        """Show all kinds where they are others than before."""
        if self._listed(change["old"])[0] != self._listed(change["new"])[0]:
            self.hidden = []

    def _set_pictures(self, pictures: Sequence[Tensor] | None) -> None:
        """Begin another set of thumbnails where the pictures are others."""
        atlas = self._atlas
        if pictures is (atlas.pictures if atlas else None):
            return
        if atlas is not None:
            atlas.close()
        self.sheets, self.drawn, self.pictured = [], [], pictures is not None
        self._atlas = None if pictures is None else Atlas(pictures, self._sheet_made)
        self.side = self._atlas.side if self._atlas else 0
        self.send({"sheets": "forget"})
        if self._atlas is not None and self._seen:
            self._atlas.start()

    def _sheet_made(self, numbers: np.ndarray, jpeg: bytes, first: bool) -> None:
        """In the atlas's thread: hand a sheet to open views, and keep those of the first round for later ones."""
        content = numbers.astype("<i4").tobytes()
        number = len(self.sheets)
        if first:
            self.sheets, self.drawn = [*self.sheets, jpeg], [*self.drawn, content]
        self._as_answer(self.send, {"sheet": number if first else -1}, [content, jpeg])

    def _send_next(self) -> None:
        if (due := self._feed.next()) is not None:
            number, points = due
            content, box = encoded(points.xy)
            self.send({"frame": number, "count": len(points), "box": box}, [content])

    def _keep(self, every: float = 0.0) -> None:
        if (points := self._feed.keep(every)) is not None:
            with self._lock, self.hold_sync():
                self.xy, self.box = encoded(points.xy)

    def _on_message(self, _widget: Any, message: dict, _buffers: list) -> None:
        self._heard()
        match message:
            case {"view": str(view), "ready": True}:
                self._feed.opened(view)
                self.send({"hello": view})  # for `_as_answer`: publish from a handler before a cell can run
                self._open(message.get("sheets"))
            case {"view": str(view), "painted": int(number)}:
                self._feed.answered(view, number)
            case {"view": str(view), "gone": True}:
                self._feed.closed(view)
            case {"want": list(numbers)} if self._atlas is not None:
                self._atlas.want(n for n in numbers[:ASKED] if isinstance(n, int))
        self._send_next()

    def _open(self, known: Any) -> None:
        """Give a view the sheets that were made before it listened, and begin to make them where nobody has looked."""
        self._seen = True
        have = known if isinstance(known, int) and known >= 0 else 0
        for number, (jpeg, content) in enumerate(zip(self.sheets, self.drawn, strict=False)):
            if number >= have:
                self.send({"sheet": number}, [content, jpeg])
        if self._atlas is not None:
            self._atlas.start()

    @traitlets.validate("selection", "marked")
    def _within(self, proposal: dict) -> np.ndarray:
        numbers = proposal["value"]
        if numbers.size and not 0 <= numbers[0] <= numbers[-1] < self.count:
            wrong = numbers[0] if numbers[0] < 0 else numbers[-1]
            raise IndexError(f"There is no point {wrong}. The map has points 0 to {self.count - 1}.")
        return numbers

    @traitlets.validate("color")
    def _known(self, proposal: dict) -> str:
        word, known = proposal["value"], ["label", *self.value_names, "selection"]
        if word and self.count and word not in known:
            raise traitlets.TraitError(f"Nothing is called {word!r}.{nearest(word, known)} color takes {known}.")
        return word

    def _choose(self, change: dict) -> None:
        self.chosen = packed(change["new"], self.count)

    def _ring(self, change: dict) -> None:
        self.ringed = change["new"].astype("<i4").tobytes()

    def _chosen_in_page(self, change: dict) -> None:
        self.selection = unpacked(change["new"], self.count)


def encoded(xy: Tensor) -> tuple[bytes, list[float]]:
    """Positions (…, 2) as float32 pairs and no box; of many, as uint16 pairs over [left, bottom, right, top]."""
    places = xy.detach().reshape(-1, 2).float().cpu().numpy()
    if len(places) <= EXACT:
        return np.ascontiguousarray(places, "<f4").tobytes(), []
    low, high = places.min(0), places.max(0)
    width = np.maximum(high - low, np.finfo(np.float32).tiny)
    shares = ((places - low) / width * 65535 + 0.5).astype("<u2")
    return shares.tobytes(), [*map(float, low), *map(float, low + width)]


def _numbers(value: Tensor) -> bytes:
    return value.detach().float().cpu().numpy().astype("<f4").tobytes()


def _finite(told: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers as JSON has them."""
    return {name: float(value) if np.isfinite(value) else None for name, value in told.items()}


def _lines(names: Sequence[object]) -> bytes:
    """A line for each name; what would break one is a space."""
    words = list(map(str, names))
    text = "\n".join(words)
    if text.count("\n") >= max(len(words), 1):
        text = "\n".join(word.replace("\n", " ") for word in words)
    return text.encode("utf-8", "replace")


def _sorted_out(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The labels there are (k,), ascending, and for each of `labels` (n,) which of them it is."""
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    if high - low > 65536:
        return np.unique(labels, return_inverse=True)
    there = np.bincount(labels - low) > 0  # a tenth of the time that sorting takes
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[labels - low]


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None or a is b:
        return a is b
    return a.shape == b.shape and a.device == b.device and bool(((a == b) | ((a != a) & (b != b))).all())  # NaN is NaN


def _together(a: Tensor, b: Tensor) -> bool:
    """Whether points lie in the same places, up to a thousandth of how far they spread."""
    if a is b or not len(a):
        return True
    a, b = a.detach().float().cpu(), b.detach().float().cpu()
    return bool((a - b).abs().max() <= 1e-3 * (a.amax(0) - a.amin(0)).max())


def _same_all(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return a is b or (list(a) == list(b) and all(_same(a[name], b[name]) for name in a))


def _same_words(a: Sequence[str], b: Sequence[str]) -> bool:
    return a is b or (len(a) == len(b) and all(x == y for x, y in zip(a, b, strict=True)))
