"""What a panel reads of each frame it shows."""

import torch

from vizkit.core.frames import Frame, Scalars
from vizkit.core.results import Images
from vizkit.widgets.history import History


def shown(scalars) -> History:
    history = History(None)
    history.add(Frame(1, 1, Images(torch.zeros(2, 3, 4, 4)), scalars))
    return history


def test_the_first_scalar_is_read_and_those_that_cost_nothing():
    asked = []

    def working(name):
        return lambda: asked.append(name) or torch.tensor([1.0, 3.0])

    history = shown(Scalars({"first": working("first"), "second": torch.tensor(5.0), "third": working("third")}))
    assert asked == ["first"]
    assert history.value == 2.0
    assert {name: line.tolist() for name, line in history.curves.lines.items()} == {"first": [2.0], "second": [5.0]}


def test_of_plain_scalars_all_are_read():
    assert list(shown({"a": torch.tensor(1.0), "b": torch.tensor(2.0)}).curves.lines) == ["a", "b"]


def test_a_method_without_scalars_has_no_value():
    assert shown({}).value is None


def test_where_the_number_of_pictures_changes_the_lines_begin_anew():
    history = History(None)
    for step, count in enumerate((2, 2, 3, 3)):
        scalars = {"activation": torch.full((count,), float(step))}
        history.add(Frame(step + 1, 4, Images(torch.zeros(count, 3, 4, 4)), scalars))
    assert history.table == [[3, 2.0, 2.0, 2.0], [4, 3.0, 3.0, 3.0]]
    assert history.curves.lines["activation"].tolist() == [0.0, 1.0, 2.0, 3.0]
