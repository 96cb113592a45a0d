"""Which pixels of a picture are known, painted over it. A mask is (h, w) float, 1 known and 0 missing, or None."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
import torch.nn.functional as F
from PIL import ImageDraw
from torch import Tensor

from vizkit.core.controls import Control
from vizkit.data.pictures import as_pictures
from vizkit.save import lettering
from vizkit.save.pictures import encode
from vizkit.views.mask_painter import MaskPainter
from vizkit.widgets.picture_setting import PictureSetting
from vizkit.widgets.setting import Setting

MOST = 512  # pixels a side


class MaskSetting(Setting):
    """A picture to paint on. A painted mask is as large as the picture, and goes with it.

    Set `value` to an array or tensor (h, w), a file that is white where the picture is known, or None for all of it.
    What is painted has 512 pixels a side at most; on a larger picture each stands for several.
    """

    def __init__(self, control: Control, value: Any, picture: PictureSetting):
        self._picture = picture
        self.painter = MaskPainter(self._painted, self._begin, label=control.label, about=control.doc)
        self.painter.starts = list(STARTS)
        self._show_picture()
        picture.observe(lambda _: self._follow(), "value")
        super().__init__(value, self.painter)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of what is painted on."""
        h, w = self._whole
        share = min(1.0, MOST / max(h, w))
        return max(1, round(h * share)), max(1, round(w * share))

    @property
    def _whole(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        h, w = self._picture.pictures.shape[2:]
        return h, w

    def check(self, value: Any) -> Tensor | None:
        if value is None:
            return None
        mask = as_mask(value)
        return None if mask.min() > 0 else mask

    def mirror(self) -> None:
        mask = torch.ones(self.size) if self.value is None else self.value
        self.painter.show(_fitted(mask, self.size).numpy())

    def _painted(self, mask: np.ndarray) -> None:
        self.enter(lambda: _fitted(torch.from_numpy(mask).float(), self._whole))

    def _begin(self, word: str) -> None:
        self.enter(lambda: STARTS[word](*self._whole) if word else None)

    def _show_picture(self) -> None:
        self.painter.picture = encode(as_pictures(self._picture.pictures[:1], self.size, self._picture.channels)[0])

    def _follow(self) -> None:
        """Another picture: a mask of its size goes on to it, any other has lost its meaning."""
        self._show_picture()
        if self.value is not None and tuple(self.value.shape) != self._whole:
            self.value = None
        else:
            self.mirror()


def as_mask(source: Any) -> Tensor:
    """`source` as (h, w) float, 1 where the picture is known: a file, an array or a tensor, of one plane.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture, or several.
    """
    if isinstance(source, (str, Path, PIL.Image.Image)):
        given = as_pictures(source, None, 1)
    else:
        given = torch.as_tensor(source).detach().cpu().float()
    planes = given.reshape((1,) * max(0, 4 - given.ndim) + tuple(given.shape))
    if given.ndim < 2 or planes.ndim != 4 or planes.shape[:2] != (1, 1) or not planes.numel():
        raise ValueError(f"A mask has shape (h, w), not {tuple(given.shape)}. Give one plane, 1 where it is known.")
    return (planes[0, 0] >= 0.5).float()


def half(h: int, w: int) -> Tensor:
    """Every other pixel missing at random, always the same ones."""
    return (torch.rand(h, w, generator=torch.Generator().manual_seed(0)) < 0.5).float()


def text(h: int, w: int) -> Tensor:
    """Lines of writing across the picture."""
    paper = PIL.Image.new("L", (w, h), 255)
    size = max(10, h // 8)
    line = "a network that never saw a picture knows what one looks like "
    for row, top in enumerate(range(size // 2, h, round(1.6 * size))):
        start = 7 * row % len(line)
        ImageDraw.Draw(paper).text((0, top), (line[start:] + line) * 3, fill=0, font=lettering.font(size))
    return as_mask(paper)


def hole(h: int, w: int) -> Tensor:
    """The middle ninth missing."""
    mask = torch.ones(h, w)
    mask[h // 3 : h - h // 3, w // 3 : w - w // 3] = 0
    return mask


STARTS: dict[str, Callable[[int, int], Tensor]] = {"half the pixels": half, "text": text, "a hole": hole}


def _fitted(mask: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(mask.shape) == size:
        return mask
    return F.interpolate(mask[None, None], size=size, mode="nearest")[0, 0]
