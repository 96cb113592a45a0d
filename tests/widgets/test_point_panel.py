"""A panel of a method that makes a map of points: the view, what is chosen in it, and what follows from a choice."""

from typing import Annotated

import pytest
import torch
from torch import Tensor

from tests.widgets.toy import until
from tests.zoo import zoo
from vizkit.core.controls import LayerName, Range
from vizkit.core.dials import Dial, now
from vizkit.core.follows import Follow
from vizkit.core.frames import Frame, Frames
from vizkit.core.results import Images, Points
from vizkit.core.runs import Run
from vizkit.data.collections import as_collection
from vizkit.nets.describe import layers
from vizkit.nets.network import Network
from vizkit.views.live_image import LiveImage
from vizkit.views.point_map import PointMap

COUNT = 12


def scatter(
    net: Network,
    layer: Annotated[str, LayerName()],
    *,
    pull: Annotated[float | Dial, Range(0.0, 1.0)] = 0.1,
    steps: Annotated[int, Range(1, 64)] = 3,
    pictures: object = None,
    start: Tensor | None = None,
) -> Frames[Points]:
    """Pull points on a line together."""
    xy = torch.arange(COUNT).float()[:, None].repeat(1, 2) if start is None else start.clone()
    for step in range(1, steps + 1):
        xy = xy * (1 - now(pull, step))
        names = [f"photo {i}" for i in range(COUNT)]
        yield Frame(step, steps, Points(xy, names=names, pictures=pictures), {"spread": xy.std()})


def alone(run: Run, result: Points, numbers) -> Run:
    net = run.arguments["net"]
    return Run.of(scatter, net, layers(net).names[0], start=result.xy[numbers].mean(0).expand(COUNT, 2))


@pytest.fixture
def net():
    return zoo()["one channel"]


@pytest.fixture
def one(make, net):
    """A panel of the toy, with pictures, played to its end."""
    made = make(net, method=scatter, pictures=as_collection(torch.rand(COUNT, 1, 16, 16, generator=_chance())))
    made.play()
    until(lambda: made.transport.state == "done")
    return made


def _chance() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_a_method_that_says_it_makes_points_has_a_map(make, net):
    assert isinstance(make(net, method=scatter).view, PointMap)


def test_a_method_that_says_nothing_gets_its_view_with_its_first_frame(make, net):
    def silent(net, *, bins: int = 3):
        yield Frame(1, 1, Points(torch.zeros(4, 2)))

    one = make(net, method=silent)
    before = one.view
    assert isinstance(before, LiveImage)
    one.play()
    until(lambda: one.transport.state == "done")
    assert isinstance(one.view, PointMap)
    assert one.view in one._stage.children
    assert before not in one._stage.children
    assert before.comm is None, "the view that was is closed"


def test_the_map_shows_and_keeps_the_last_frame(one):
    assert one.view.count == COUNT
    assert torch.frombuffer(bytearray(one.view.xy), dtype=torch.float32).view(-1, 2).tolist() == one.result.xy.tolist()
    assert one.judging is None


def test_what_is_chosen_in_the_map_is_the_panels_selection(one):
    one.view.selection = [3, 1]
    assert one.selection.tolist() == [1, 3]


def test_a_dial_turned_after_the_end_goes_on_from_the_points_that_are_there(one):
    ended = one.result.xy
    one.controls["pull"].value = 0.5
    until(lambda: one.result.xy.abs().sum() == pytest.approx(float(0.5**3 * ended.abs().sum()), rel=1e-5))
    assert torch.equal(one.result.run.arguments["start"], ended)


def test_a_notebook_without_the_widget_still_has_a_picture_of_the_map(one):
    bundle = one._repr_mimebundle_()
    assert bundle["text/html"].startswith("<img alt=")
    assert bundle["text/plain"].endswith("12 points")


def offered(panel) -> list[str]:
    return [button.description for button in panel.following.children if button.layout.display != "none"]


def test_buttons_say_what_can_be_done_with_what_is_chosen(one):
    assert offered(one) == []
    assert one.following.layout.display == "none"
    one.view.selection = [2]
    assert offered(one) == ["Invert this picture"]
    one.view.selection = [2, 5, 7]
    assert offered(one) == ["Top images of these 3"]
    one.view.selection = []
    assert offered(one) == []


def test_the_pictures_of_some_points_become_those_of_top_images(one):
    one.view.selection = [2, 5, 7]
    one.following.press("Top images of these")
    opened = one.opened
    assert opened.method.__name__ == "top_images"
    assert [opened.given["pictures"].name(i) for i in range(3)] == ["2", "5", "7"]
    assert opened.controls["layer"].value == one.controls["layer"].value
    assert one._below.children[0].children[0].value == "3 of 12"


def test_the_picture_of_a_point_becomes_that_of_an_inversion(one):
    one.view.selection = [4]
    one.follow("Invert this picture")
    assert one.opened.method.__name__ == "feature_inversion"
    shown = one.opened.controls["image"].pictures[0]
    assert torch.allclose(shown.mean(), one.result.pictures[4].mean(), atol=0.02)
    assert one._below.children[0].children[0].value == "photo 4"
    one.view.selection = [4, 5]
    with pytest.raises(LookupError, match="'Invert this picture' is not offered for 2 chosen, but Top images of these"):
        one.follow("Invert this picture")


def test_a_method_may_offer_what_it_likes(make, net):
    def offering(net: Network, *, steps: int = 1) -> Frames[Points]:
        yield Frame(1, 1, Points(torch.arange(8.0).view(4, 2)))

    offering.follows = (Follow("Gather here", alone, one=True),)
    one = make(net, method=offering)
    one.play()
    until(lambda: one.transport.state == "done")
    one.view.selection = [3]
    assert offered(one) == ["Gather here"]
    one.follow("Gather here")
    assert one.opened.method is scatter
    assert one.opened._first["start"][0].tolist() == [6, 7]


def test_pictures_that_are_chosen_in_a_grid_can_be_followed_too(make, net):
    def pictures(net: Network, *, steps: int = 1) -> Frames[Images]:
        yield Frame(1, 1, Images(torch.zeros(3, 3, 8, 8), ("a", "b", "c")))

    pictures.follows = (Follow("Compare", lambda run, result, numbers: Run.of(scatter, net, "")),)
    one = make(net, method=pictures)
    one.play()
    until(lambda: one.transport.state == "done")
    one.view.chosen = [0, 2]
    assert offered(one) == ["Compare 2"]


def test_points_without_pictures_or_without_a_network_offer_nothing(make, net):
    one = make(net, method=scatter)
    one.play()
    until(lambda: one.transport.state == "done")
    one.view.selection = [2]
    assert offered(one) == []
