"""A panel as a page: what it shows now, the settings that made it, and all that moves without a kernel."""

from typing import TYPE_CHECKING

from vizkit.views.component import Part
from vizkit.views.line_chart import LineChart
from vizkit.views.live_meter import LiveMeter
from vizkit.views.pages import (
    CREDIT,
    QUALITY,
    Page,
    Shower,
    assembled,
    chart_of,
    frame_parts,
    head_of,
    heavy_of,
    settings_of,
)

if TYPE_CHECKING:
    from vizkit.widgets.panel import Panel


def panel_page(panel: "Panel", *, title: str = "", credit: str = CREDIT, quality: int = QUALITY) -> Page:
    """The newest frame of `panel`, its curve, and its honesty meter where that has something to say.

    Raises:
        ValueError: the panel has shown nothing yet.
    """
    frame = panel.frame
    if frame is None:
        raise ValueError("The panel shows nothing yet. Press Run first, or play it: for f in panel.run: panel.show(f).")
    with Shower(quality) as shower:
        parts, told = frame_parts(frame, shower)
    chart = chart_of(panel.curves)
    if chart is not None:
        parts.append(Part(LineChart, {**chart, "marked": float(frame.step)}))
    links = []
    if panel.judging and panel.judging.meter.state == "shown":
        meter = Part.of(panel.judging.meter)
        parts.append(Part(LiveMeter, {**meter.state, "can_judge": False}))
        links = [(1, "selected", len(parts), "selected"), (len(parts), "selected", 1, "selected")]
    run = frame.result.run
    heading, sentence = head_of(run, title)
    return assembled(
        heading,
        sentence,
        {},
        [parts],
        [told],
        settings=settings_of(run),
        recipe=frame.result.recipe,
        credit=credit,
        heavy=heavy_of(frame.result),
        links=links,
    )
