"""A picture: one of the bundled world's, of a folder, an upload, a path, or any tensor; shown small."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import PIL.Image
from PIL import ImageOps
from torch import Tensor

from vizkit.core.controls import Control
from vizkit.data import world
from vizkit.data.pictures import MODES, WORLD, as_pictures, picture_files
from vizkit.save.pictures import encode
from vizkit.views.picture_chooser import PictureChooser
from vizkit.widgets.setting import Setting

START = "world/0"
PAGE, MOST = 20, 400  # pictures of the gallery at once, and in all
THUMB, SHOWN = (48, 48), (112, 112)  # pixels
LARGEST = 2**26  # pixels of an upload
SIDE = 1024  # pixels it is kept at, as networks see fewer
KINDS = ("PNG", "JPEG", "WEBP")


class PictureSetting(Setting):
    """A small picture, a gallery, Upload, and a field for a path; a folder's pictures become the gallery.

    The value is what the method gets: a name ("world/7", a path) stays a name, anything else becomes pictures
    (n, c, h, w) in [0, 1] with the `channels` of the network. `pictures` are those it means.
    """

    def __init__(self, control: Control, value: Any, channels: int = 3):
        self.channels = channels
        self.chooser = PictureChooser(self._asked, label=control.label, about=control.doc)
        self._sources: Sequence[str] = _world()
        super().__init__(START if value is None else value, self.chooser)

    @property
    def pictures(self) -> Tensor:
        """The pictures `value` means, (n, c, h, w) in [0, 1] at their own size."""
        return as_pictures(self.value, None, self.channels if not isinstance(self.value, str) else self._drawable)

    def check(self, value: Any) -> Any:
        if isinstance(value, (str, Path)):
            name = self._at_path(str(value))
            as_pictures(name, THUMB, self._drawable)  # an error, where it is none
            return name
        return as_pictures(value, None, self.channels)

    def mirror(self) -> None:
        shown = as_pictures(self.value, SHOWN, self._drawable if isinstance(self.value, str) else self.channels)
        if isinstance(self.value, str) and self.value.startswith(WORLD) and not Path(self.value).exists():
            self._browse(_world())
        with self.chooser.hold_sync():
            self.chooser.picture, self.chooser.name = encode(shown[0]), self._name()
            self.chooser.at = self._at()

    @property
    def _drawable(self) -> int:
        """The channels to ask a file for: the network's, where files have as many."""
        return self.channels if self.channels in MODES else 3

    def _name(self) -> str:
        if isinstance(self.value, str):
            return _called(self.value)
        n, _, h, w = self.value.shape
        return f"{f'{n} pictures' if n > 1 else 'a picture'} of {w} × {h}"

    def _at(self) -> int:
        shown = self._sources[: len(self.chooser.names)]
        return shown.index(self.value) if isinstance(self.value, str) and self.value in shown else -1

    def _asked(self, what: str, value: Any) -> None:
        """What the reader did, in any thread."""
        if what == "more" or (what == "open" and not self.chooser.names):
            self._show_more()
        elif what == "choose":
            self.enter(lambda: self._sources[value])
        elif what == "path":
            self.enter(lambda: value)
        elif what == "upload":
            self.enter(lambda: uploaded(*value, channels=self._drawable))

    def _at_path(self, typed: str) -> str:
        """What a path means: itself, or the first picture of a folder, which becomes the gallery."""
        path = Path(typed).expanduser()
        if not path.is_dir():
            return typed if typed.startswith(WORLD) else str(path)
        found = [str(file) for file in picture_files(path)]
        if not found:
            raise ValueError(f"There is no picture in {typed!r}. Give a folder with .png, .jpg or .webp files.")
        self._browse(found[:MOST])
        return found[0]

    def _browse(self, sources: Sequence[str]) -> None:
        """Make `sources` the gallery."""
        if list(sources) == list(self._sources):
            return
        self._sources = sources
        with self.chooser.hold_sync():
            self.chooser.names, self.chooser.thumbs = [], []
            self._show_more()

    def _show_more(self) -> None:
        """The next page of the gallery; a file that is no picture stays blank."""
        have = len(self.chooser.names)
        page = self._sources[have : have + PAGE]
        with self.chooser.hold_sync():
            self.chooser.thumbs = [*self.chooser.thumbs, *map(_thumb, page)]
            self.chooser.names = [*self.chooser.names, *map(_called, page)]
            self.chooser.more = len(self.chooser.names) < len(self._sources)
            self.chooser.at = self._at()


def uploaded(name: str, data: bytes, channels: int = 3) -> Tensor:
    """The picture in the bytes of an uploaded file, (1, channels, h, w) in [0, 1], 1024 pixels a side at most.

    Raises:
        ValueError: it is no .png, .jpg or .webp, or too large.
    """
    try:
        with PIL.Image.open(io.BytesIO(data), formats=KINDS) as image:
            if image.width * image.height > LARGEST:
                raise ValueError(f"{name!r} has {image.width} × {image.height} pixels. Make it smaller first.")
            image.draft("RGB", (SIDE, SIDE))  # a large .jpg is not unpacked whole
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((SIDE, SIDE))
            return as_pictures(upright, None, channels)
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:  # SyntaxError: Pillow's broken PNG
        raise ValueError(f"{name!r} is no picture that can be read. Give a .png, .jpg or .webp file.") from error


def _world() -> list[str]:
    return [f"{WORLD}{number}" for number in range(MOST)]


def _called(source: str) -> str:
    """`world/7 · desert`, or the name of a file."""
    number = source.removeprefix(WORLD)
    if source.startswith(WORLD) and number.isdecimal():
        return f"{source} · {world.LABELS[int(number) % len(world.LABELS)]}"
    return Path(source).name


def _thumb(source: str) -> bytes:
    try:
        return encode(as_pictures(source, THUMB)[0])
    except (OSError, ValueError):
        return b""
