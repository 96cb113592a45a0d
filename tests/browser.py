"""Chromium for tests: found, started once per module, closed without a trace; and components and pages opened in it.

A test takes the fixture `open_page` of `tests/conftest.py`, which is `opening` in a Chromium of the test file's own.
"""

import contextlib
import io
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ipywidgets import DOMWidget
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from vizkit.views import component

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SENT = "window.sent = []; vizkit.models[0].on('sent', (message) => sent.push(message))"
BROKEN = """window.broken = [];
document.addEventListener("securitypolicyviolation", (e) => broken.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def chromium() -> str:
    """The path of Chromium; skips where there is none, and fails where the environment promises one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and (os.environ.get("CI") == "true" or os.environ.get("VIZKIT_REQUIRE_BROWSER") == "1"):
        pytest.fail("No Chromium on the path, and this run requires one. Install the package `chromium`.")
    if found is None:
        pytest.skip("no Chromium on the path; install the package `chromium` to run this test")
    return found


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium that reaches nothing but this machine."""
    path, state = chromium(), random.getstate()
    with sync_playwright() as playwright:
        random.setstate(state)  # Playwright draws from it when it starts, and tests check that nobody does
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield running
        finally:
            running.close()


@contextlib.contextmanager
def page(
    running: Browser, width: int = 900, height: int = 700, theme: str = "light", strict: bool = False
) -> Iterator[Page]:
    """An empty page; errors that its scripts throw or log fail the test.

    Where it is `strict`, pages keep the policy they set themselves, and `wait_for_function`, which evaluates text
    inside the page, waits for nothing: use `wait_until`.
    """
    size = {"width": width, "height": height}
    context = running.new_context(viewport=size, color_scheme=theme, bypass_csp=not strict)
    opened, errors = context.new_page(), []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    try:
        yield opened
    finally:
        context.close()
    assert not errors, f"the page reported {errors}"


def wait_until(opened: Page, holds: str, *arguments: object, seconds: float = 5) -> None:
    """Until the JavaScript `holds`, an expression or a function of `arguments`; asks from outside of the page."""
    limit = time.monotonic() + seconds
    while not opened.evaluate(holds, *arguments):
        assert time.monotonic() < limit, f"not within {seconds} s: {holds}"
        opened.wait_for_timeout(10)


@contextlib.contextmanager
def opening(running: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    """A function that opens components and pages; what it opened is closed, and must have reported no error.

    Its arguments: `what`, a component or the HTML of a page, and the size of the window; `theme`, "light" or "dark";
    `motion`, "reduce" for who asks for less of it; JavaScript to run `before` everything else; and what must hold
    until the page is `ready`. All that the first component sends is kept in `window.sent`. A page that is `sealed`
    has no network, keeps the policy that it sets itself, and must not try to reach beyond either.
    """
    with contextlib.ExitStack() as stack:

        def opened(
            what: DOMWidget | str,
            width: int = 900,
            height: int = 700,
            theme: str = "light",
            motion: str = "no-preference",
            before: str = "",
            ready: str = "true",
            sealed: bool = False,
        ) -> Page:
            tab = stack.enter_context(page(running, width, height, theme, strict=sealed))
            tab.emulate_media(reduced_motion=motion)
            tab.add_init_script(before)
            if sealed:
                stack.callback(_sealed(tab))
            open_html(tab, what if isinstance(what, str) else component.page(what), folder)
            wait_until(tab, ready, seconds=30)
            if not isinstance(what, str):
                tab.evaluate(SENT)
            return tab

        yield opened


def _sealed(tab: Page) -> Callable[[], None]:
    """Cut `tab` off; what to call at the end, to see that nothing in it tried to get out."""
    requests = []
    tab.set_default_timeout(5000)
    tab.context.set_offline(True)
    tab.on("request", lambda request: requests.append(request.url))
    tab.add_init_script(BROKEN)

    def nothing_asked() -> None:
        assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []
        assert tab.evaluate("window.broken") == []

    return nothing_asked


def open_html(opened: Page, html: str, folder: Path) -> None:
    """Write `html` as a file into `folder` and open it as a reader would, over file://."""
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    opened.goto(path.as_uri())


def pixel(png: bytes) -> tuple[int, ...]:
    """The color of a screenshot's first pixel, red, green, blue."""
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGB").getpixel((0, 0))
