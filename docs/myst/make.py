"""Write the components that `index.md` embeds into `live/`, from the recordings of the methods' pages."""

import sys
from pathlib import Path

from vizkit.save.recordings import open_recording

HERE = Path(__file__).parent
NAMES = ("activation_maximization", "feature_inversion")


def main(folder: Path = HERE / "live", recordings: Path = HERE.parent / "recordings") -> dict[str, str]:
    """Write the files; returns the directive of each, as it stands in `index.md`."""
    return {name: open_recording(recordings / f"{name}.vizkit").to_myst(folder, name) for name in NAMES}


if __name__ == "__main__":
    sys.stdout.write("\n".join(main().values()))
