"""Pictures that are read before they are asked for."""

import threading

from vizkit.data.collections import as_collection
from vizkit.data.remembered import AHEAD, Ahead, Remembered


def threads():
    return [thread for thread in threading.enumerate() if thread.name == AHEAD]


def test_what_will_be_wanted_soon_is_read_by_one_thread_that_ends():
    world = as_collection("world").at((16, 16), 3)
    pictures = Remembered(world, size=(16, 16), channels=3)
    pictures.soon([5, 3, 5, 9])
    for thread in threads():
        thread.join(20)
    assert not threads()
    assert [number in pictures._shelf for number in (3, 5, 9, 4)] == [True, True, True, False]
    pictures.soon([3, 9])  # at hand already: no thread is started
    assert not threads()


def test_a_later_wish_replaces_what_is_left_of_the_last_and_needs_no_other_thread():
    begun, go, done = threading.Event(), threading.Event(), []

    def one(number):
        begun.set()
        assert go.wait(20)
        done.append(number)

    ahead = Ahead(one)
    ahead.ask(range(100))
    assert begun.wait(20)
    ahead.ask([7, 8])
    assert len(threads()) == 1
    go.set()
    for thread in threads():
        thread.join(20)
    assert done == [0, 7, 8]


def test_a_picture_that_cannot_be_read_does_not_stop_the_others(tmp_path):
    (tmp_path / "a.png").write_bytes(b"nothing")
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    pictures = Remembered(as_collection(tmp_path).at((8, 8), 3), size=(8, 8), channels=3)
    pictures.soon([0, 1])
    for thread in threads():
        thread.join(20)
    assert [number in pictures._shelf for number in (0, 1)] == [False, True]
