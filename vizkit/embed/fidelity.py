"""How far maps of the same data can be trusted: what is known of the data is worked out once."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vizkit.embed.neighbours import nearest
from vizkit.embed.quality import kept, trustworthiness
from vizkit.embed.remembering import remembered

NEAR = 10  # neighbors
ASKED = 2000  # points, evenly spread over the numbering, where there are more


@dataclass(frozen=True, eq=False)
class Fidelity:
    """What maps of `rows` (n, d) keep of their neighborhoods, asked of at most 2000 points.

    >>> Fidelity(x).kept(xy)
    """

    rows: Tensor

    @property
    def near(self) -> int:
        """How many neighbors are asked for: 10, or fewer where there are few points."""
        return max(1, min(NEAR, (len(self.rows) - 1) // 2))

    @property
    def asked(self) -> Tensor:
        """The numbers of the points that are asked."""
        n = len(self.rows)
        return torch.arange(0, n, -(-n // ASKED), device=self.rows.device)

    def kept(self, xy: Tensor) -> Tensor:
        """The share of each point's nearest rows that are among its nearest on the map `xy` (n, 2), 0-d."""
        before = remembered(self.rows, "nearest to those asked", lambda: self._neighbors(self.rows))
        return kept(before, self._neighbors(xy.to(self.rows.device)))

    def trustworthiness(self, xy: Tensor) -> Tensor:
        """How near in the data the map's neighbors are, in [0, 1] (Venna & Kaski 2001), 0-d."""
        return trustworthiness(self.rows, xy.to(self.rows.device), self.near, rows=ASKED)

    def _neighbors(self, x: Tensor) -> Tensor:
        """The numbers (asked, near) of the rows that are nearest to those asked, without themselves."""
        found = nearest(x[self.asked], self.near + 1, among=x).ids
        own = found == self.asked[:, None]
        own[:, -1] |= ~own.any(1)  # hidden behind copies of itself
        return found[~own].view(-1, self.near)
