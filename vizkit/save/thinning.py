"""Fewer frames of a run, evenly spaced. Frames in, frames out, none held but the newest."""

from collections.abc import Iterable, Iterator

from vizkit.core.frames import Frame


def thinned(frames: Iterable[Frame], most: int) -> Iterator[Frame]:
    """At most `most` of `frames`, evenly spaced over the steps; the first and the last are always among them.

    Raises:
        ValueError: `most` is below 2, or there is no frame.
    """
    if most < 2:
        raise ValueError(f"{most} frames cannot hold both the first and the last. Ask for 2 or more.")
    frame = kept = None
    due = spacing = 0.0
    for frame in frames:
        if kept is None:
            due, spacing = frame.step, max((frame.of - frame.step) / (most - 1), 1e-9)
        if frame.step >= due and not frame.last:
            kept = frame
            yield frame
            due += spacing * ((frame.step - due) // spacing + 1)
    if frame is None:
        raise ValueError("There is no frame to save: the run yielded none.")
    if frame is not kept:
        yield frame
