"""What can leave the notebook as a page: everything that has an answer to show."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vizkit.views.pages import Iframe, Page


class Paged:
    """Three ways to show something where there is no kernel, no network, and perhaps no Python."""

    def to_html(self, path: str | Path, **options: Any) -> Path:
        """Write one `.html` file that holds everything: pictures, scripts, the recipe. It loads nothing.

        Args:
            path: Where to; an existing file is replaced.
            options: `title`, `credit` (who is to be thanked, and under which license), `quality` of the pictures
                (WebP, 80) and, for a run, how many `frames` of it (60).

        Raises:
            ValueError: another ending.
        """
        return self._page(**options).save(path)

    def to_iframe(self, height: int = 640, **options: Any) -> "Iframe":
        """The page inside a frame `height` pixels tall: the last line of a cell, and nbconvert and Sphinx keep it."""
        return self._page(**options).iframe(height)

    def to_myst(self, folder: str | Path, name: str = "", **options: Any) -> str:
        """Write an ES module and its style into `folder`; returns the MyST directive that shows them.

        >>> print(result.to_myst("book/live", name="unit-7"))
        """
        return self._page(**options).myst(folder, name)

    def _page(self, **options: Any) -> "Page":
        from vizkit.views.pages import page_of  # a hand-over: core draws nothing

        return page_of(self, **options)
