"""What another unit will ask for is read once a unit's own pictures have been taken, and not before."""

import threading

import vizkit
from tests.zoo import zoo
from vizkit.data.remembered import AHEAD, Remembered


def test_pictures_of_the_next_units_are_read_only_after_the_frame_was_taken(monkeypatch):
    net = zoo()["in-place relu"]
    index = vizkit.scan(net, "world/test/12", k=4)
    layer, asked = index.layers.names[0], []
    monkeypatch.setattr(Remembered, "soon", lambda self, numbers: asked.append(list(numbers)))
    frames = iter(vizkit.run("top_images", net, layer=layer, unit=1, index=index, count=4, fold=False))
    assert next(frames).last
    assert asked == [], "the frame would wait for the thread that reads"
    assert next(frames, None) is None
    ids = index.top(layer).ids
    assert asked == [[*ids[2].tolist(), *ids[0].tolist(), *ids[3].tolist(), *ids[4].tolist()]]
    assert not [thread for thread in threading.enumerate() if thread.name == AHEAD]
