"""Write the frames that `index.md` embeds into `live/`, or the folder named, from the methods' recordings."""

import sys
from pathlib import Path

from vizkit.save.recordings import open_recording

HERE = Path(__file__).parent
HEIGHTS = {"activation_maximization": 940, "feature_inversion": 880}  # pixels, so that nothing scrolls


def main(folder: Path = HERE / "live", recordings: Path = HERE.parent / "recordings") -> list[Path]:
    """Write one file for each recording; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [written(folder / f"{name}.html", recordings / f"{name}.vizkit", HEIGHTS[name]) for name in HEIGHTS]


def written(path: Path, recording: Path, height: int) -> Path:
    """The recording as a frame `height` pixels tall that holds all it needs."""
    path.write_text(open_recording(recording).to_iframe(height)._repr_html_(), encoding="utf-8")
    return path


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
