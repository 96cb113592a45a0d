"""Pictures that kill whoever reads number 13 for the first time, as a machine that goes down does."""

import os
from pathlib import Path

from vizkit.data.world.dataset import World


class Deadly:
    """Forty pictures of the world, labelled; `marker` says whether someone has died already."""

    def __init__(self, marker: Path, deaths: int = 1):
        self.marker, self.deaths, self.world = marker, deaths, World("test", 40)

    def __len__(self) -> int:
        return 40

    def __getitem__(self, number: int):
        died = len(self.marker.read_text()) if self.marker.exists() else 0
        if number == 13 and died < self.deaths and os.environ.get("RAY_RAYLET_PID"):
            self.marker.write_text("x" * (died + 1))
            os._exit(1)
        return self.world[number]
