"""Somebody who opens the explorer in JupyterLab and tries everything once; each step is seen from a cell, too."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator

from tests.lab import Notebook

ASK = (
    "print({**explorer.state, 'count': len(explorer.selection), 'tv': explorer.drawn.controls['tv'].value, "
    "'inverted': explorer.inverted is not None and explorer.inverted.controls['layer'].value, "
    "'index': explorer.index is not None, 'error': repr(explorer.drawn.error)})"
)
ALL_DRAWN = """() => [...document.querySelectorAll(".vizkit-explorer .vizkit-transport")]
  .every(({ dataset }) => dataset.state !== "running")"""


@dataclass
class Visitor:
    """Clicks through the explorer that cell `shown` of `lab` shows; cell `asked` is `ASK`, `saved` saves the page.

    `look(name)` is called after each step. Waiting ends after `patience` seconds.
    """

    lab: Notebook
    shown: int
    asked: int
    saved: int
    look: Callable[[str], None] = lambda name: None
    patience: float = 60
    errors: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page = self.lab.page
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def visit(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every step by its name, and what a cell says after it."""
        for step in (self.open, self.to_layer, self.to_unit, self.dial, self.pick, self.lasso, self.invert, self.save):
            step()
            told = self.told()
            self.look(step.__name__)
            yield step.__name__, told

    def told(self) -> dict[str, Any]:
        """What `ASK` prints."""
        self.run(self.asked)
        return ast.literal_eval(self.lab.output(self.asked).strip())

    def open(self) -> None:
        """Show it, and wait until it has drawn, looked at the pictures, and laid them out."""
        self.page.evaluate("() => { jupyterapp.commands.execute('application:toggle-left-area'); }")
        self.lab.run_cell(self.shown)
        self.painted(self.part("What it likes").locator(".vizkit-live"))
        self.look("opening")
        self.page.wait_for_function("document.querySelector('.vizkit-map')?.dataset.points > 0", timeout=self.limit)
        self.settle()

    def to_layer(self) -> None:
        """Two rows up in the list."""
        rows = self.page.locator(".vizkit-explorer-layers .vizkit-roster-row")
        at = rows.evaluate_all("(rows) => rows.findIndex((row) => row.ariaSelected === 'true')")
        rows.nth(at - 2).click()
        self.settle()

    def to_unit(self) -> None:
        """Two units on, by keys on the slider."""
        handle = self.page.locator(".vizkit-explorer-choice").get_by_role("slider", name="unit")
        handle.focus()
        for _ in range(2):
            self.page.keyboard.press("ArrowRight")
        self.settle()

    def dial(self) -> None:
        """Twice as much total variation or more, by keys, while it draws."""
        part = self.part("What it likes")
        part.get_by_role("button", name="Run").click()
        part.locator(".vizkit-explorer-kept .noUi-handle").focus()
        for _ in range(3):
            self.page.keyboard.press("ArrowRight")
        self.settle()

    def pick(self) -> None:
        """The second of the real pictures."""
        self.part("Real pictures").locator(".vizkit-live-cell").nth(1).click()
        self.page.locator(".vizkit-explorer-picture img").wait_for(timeout=self.limit)
        self.settle()

    def lasso(self) -> None:
        """Everything in the left half of the map."""
        self.page.get_by_role("radio", name="Lasso").click()
        area = self.page.locator(".vizkit-map-over").first
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        assert box is not None
        left, top, bottom = box["x"] + 3, box["y"] + 3, box["y"] + box["height"] - 3
        middle = box["x"] + box["width"] / 2
        self.page.mouse.move(left, top)
        self.page.mouse.down()
        for x, y in ((middle, top), (middle, bottom), (left, bottom)):
            self.page.mouse.move(x, y, steps=4)
        self.page.mouse.up()
        self.page.wait_for_function("document.querySelector('.vizkit-map').dataset.selected > 1", timeout=self.limit)
        self.settle()

    def invert(self) -> None:
        """The picture that was picked."""
        self.page.get_by_role("button", name="Invert it").click()
        self.painted(self.page.locator(".vizkit-explorer > .vizkit-below .vizkit-live"))
        self.page.locator(".vizkit-explorer > .vizkit-below").get_by_role("button", name="Stop").click()
        self.settle()

    def save(self) -> None:
        """The page."""
        self.run(self.saved)

    def run(self, cell: int) -> None:
        """Run a cell and wait for its end."""
        self.lab.run_cell(cell)
        self.page.wait_for_timeout(200)
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'", timeout=self.limit
        )
        self.page.wait_for_timeout(100)

    def settle(self) -> None:
        """Until nothing runs."""
        self.page.wait_for_timeout(400)
        self.page.wait_for_function(ALL_DRAWN, timeout=self.limit)

    def part(self, title: str) -> Locator:
        """The section under a title."""
        named = self.page.locator(".vizkit-explorer-title", has_text=title)
        return self.page.locator(".vizkit-explorer-section").filter(has=named).first

    def painted(self, live: Locator) -> None:
        """Until a picture is there."""
        live.locator("img").first.wait_for(timeout=self.limit)

    @property
    def limit(self) -> float:
        """Milliseconds."""
        return 1000 * self.patience
