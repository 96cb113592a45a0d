"""The world as a torch dataset: item i is a picture (3, h, w) float in [0, 1] and its label, drawn when asked for."""

import torch
from torch import Tensor
from torch.utils.data import Dataset

from vizkit.data.world.rendering import View, render
from vizkit.data.world.sampling import scene
from vizkit.data.world.vocabulary import SCENES


class World(Dataset[tuple[Tensor, int]]):
    """The first `count` scenes of a split. Keywords are the fields of `Knobs`; nothing is stored.

    >>> picture, label = World("test", 24)[5]
    >>> picture.shape, World.classes[label]
    (torch.Size([3, 96, 96]), 'harbor')
    """

    classes = SCENES

    def __init__(self, split: str = "train", count: int = 6000, size: int = 96, seed: int = 0, **knobs) -> None:
        self.split, self.count, self.size, self.seed, self.knobs = split, count, size, seed, knobs
        if count:
            scene(count - 1, split, seed, **knobs)  # a wrong split, count or knob fails here, not in a worker

    def __len__(self) -> int:
        return self.count

    def view(self, index: int) -> View:
        """The picture with its label maps."""
        return render(scene(index, self.split, self.seed, **self.knobs), self.size)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if not 0 <= index < self.count:
            raise IndexError(f"This world has pictures 0 to {self.count - 1}, not {index}.")
        view = self.view(index)
        return torch.from_numpy(view.picture).permute(2, 0, 1).float() / 255, view.label
