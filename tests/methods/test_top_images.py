"""Top-activating pictures: what brute force finds, cut out as by hand, the same from an index and from a scan."""

import gc
import threading
import weakref

import numpy as np
import pytest
import torch
from PIL import Image

import vizkit
from tests.zoo import zoo
from vizkit.data.collections import as_collection
from vizkit.data.decoding import Unreadable
from vizkit.data.remembered import Remembered, Shelf
from vizkit.measure.crops import LEAST, Maps, averaged, boxes, cell_size, cropped, heat, heated, outlined
from vizkit.measure.honesty import honesty_of, judge_of
from vizkit.measure.looking import STEP, Look, Memory, looking, numbers
from vizkit.measure.picking import Pick, candidates, commonest, folded
from vizkit.measure.sites import Site
from vizkit.nets.receptive_field import Axis, Field

NET = zoo()["in-place relu"]  # 20 by 20; layer "0" sees 3 pixels, "3" 8 of them in steps of 2
COUNT = 30
PICTURES = torch.rand(COUNT, 3, 20, 20, generator=torch.Generator().manual_seed(4))
LABELED = [(picture, number % 3) for number, picture in enumerate(PICTURES)]


def top(**arguments):
    return vizkit.run("top_images", NET, **{"layer": "3", "unit": 6, "pictures": PICTURES.clone(), **arguments})


def last(run):
    *_, frame = run
    return frame


def peaks(layer="3", unit=6, pictures=PICTURES):
    """Values and flat positions of the strongest answers, in one batch."""
    return vizkit.activations(NET, pictures, [layer])[layer][:, unit].reshape(len(pictures), -1).max(1)


def shrunk(cells, size):
    """Cells without the repetition of their pixels."""
    times = cells.shape[2] // size
    return cells[:, :, ::times, ::times]


def close(a, b):
    return torch.allclose(a, b, rtol=1e-5, atol=1e-5)


# Which pictures


def test_the_strongest_are_those_of_sorting_all_activations():
    values = peaks().values
    frame = last(top(count=7))
    assert close(frame.scalars["activation"], values.sort(descending=True).values[:7])
    names = [caption.split(" · ")[0] for caption in frame.result.captions]
    assert names == [str(n) for n in values.argsort(descending=True)[:7].tolist()]


def test_the_weakest_are_those_of_sorting_all_activations():
    assert close(last(top(count=7, spread="bottom")).scalars["activation"], peaks().values.sort().values[:7])


def test_deciles_are_evenly_spaced_from_the_strongest_to_the_weakest():
    frame = last(top(count=11, spread="deciles", pictures=PICTURES[:21].clone()))
    ranked = peaks(pictures=PICTURES[:21]).values.sort(descending=True).values
    assert close(frame.scalars["activation"], ranked[::2])
    assert [caption.split(" · ")[-1] for caption in frame.result.captions[:2]] == ["above 100 %", "above 90 %"]


def test_classes_are_the_strongest_picture_of_each():
    frame = last(top(spread="classes", pictures=LABELED))
    values = peaks().values
    wanted = torch.stack([values[label::3].max() for label in range(3)]).sort(descending=True).values
    assert close(frame.scalars["activation"], wanted)


def test_every_frame_is_the_answer_for_the_pictures_so_far():
    frames = list(top(count=5))
    assert [frame.step for frame in frames] == [8, 16, 24, 30]
    for frame in frames:
        ranked = peaks(pictures=PICTURES[: frame.step]).values.sort(descending=True).values
        assert close(frame.scalars["activation"], ranked[:5])
        assert "pictures looked at" in frame.said or frame.last


def test_several_units_are_rows_as_each_is_alone():
    both = last(top(unit=[2, 6], count=4)).result
    assert both.columns == 4
    for number, unit in enumerate((2, 6)):
        alone = last(top(unit=unit, count=4)).result
        assert torch.equal(both.pixels[4 * number :][:4], alone.pixels)
        assert both.captions[4 * number] == f"unit {unit} · {alone.captions[0]}"


def test_more_than_there_are_shows_all_of_them():
    assert len(last(top(count=64)).result) == COUNT


def test_equal_answers_stand_in_the_order_of_their_pictures():
    same = PICTURES[:1].expand(5, -1, -1, -1).clone()
    for spread in ("top", "bottom"):
        frame = last(top(pictures=same, fold=False, spread=spread))
        assert [caption.split(" · ")[0] for caption in frame.result.captions] == list("01234")


# Where in them


def test_crops_are_slices_at_the_strongest_position():
    values, positions = peaks("0", 1)
    frame = last(top(layer="0", unit=1, count=12, fold=False))
    compared = 0
    for cell, number in zip(frame.result.pixels, values.argsort(descending=True).tolist(), strict=False):
        i, j = divmod(int(positions[number]), 20)
        if 0 < i < 19 and 0 < j < 19:  # not cut off
            by_hand = PICTURES[number, :, i - 1 : i + 2, j - 1 : j + 2]
            assert torch.equal(shrunk(cell[None], 3)[0], by_hand)
            compared += 1
    assert compared > 3


def test_cells_are_all_of_one_size_and_no_smaller_than_96():
    for layer in ("0", "3", "output"):
        assert max(last(top(layer=layer, unit=1)).result.pixels.shape[2:]) >= LEAST


def test_a_crop_at_the_border_fills_its_cell_as_far_as_it_can_and_the_rest_is_paper():
    picture = torch.rand(1, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    (cell,) = cropped(picture, torch.tensor([[0, 0, 50, 100]]), (100, 100))
    assert torch.equal(cell[:, 25:75], picture[0, :, :50, :100])
    assert cell[:, :25].isnan().all()
    assert cell[:, 75:].isnan().all()


def test_a_field_larger_than_the_picture_is_the_whole_picture():
    site = Site((20, 20), Field(Axis(2, (-30,), (30,)), Axis(2, (-30,), (30,))), 10)
    assert cell_size(site) == (20, 20)
    assert boxes(site, torch.tensor([0, 99])).tolist() == [[0, 0, 20, 20]] * 2


def test_a_layer_without_places_shows_whole_pictures():
    frame = last(top(layer="output", unit=1, count=3))
    chosen = peaks("output", 1).values.argsort(descending=True)[:3]
    assert torch.equal(shrunk(frame.result.pixels, 20), PICTURES[chosen])


def test_whole_pictures_differ_from_theirs_only_on_the_outline():
    pictures = torch.full((1, 3, 96, 96), 0.5)
    (cell,) = outlined(pictures, torch.tensor([[10, 20, 40, 60]]))
    assert (cell[:, 10, 20:60] == 1).all()
    assert (cell[:, 11, 21:59] == 0).all()
    assert (cell[:, 12:38, 22:58] == 0.5).all()
    cell[:, 10:40, 20:60] = 0.5
    assert torch.equal(cell, pictures[0])


def test_a_whole_picture_has_no_outline():
    pictures = torch.rand(2, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    assert torch.equal(outlined(pictures, torch.tensor([[0, 0, 96, 96]] * 2)), pictures)


def test_heat_is_strongest_in_the_middle_of_the_field_of_the_strongest_answer():
    site = Site((40, 40), Field(Axis(4, (-3,), (6,)), Axis(4, (-3,), (6,))), 10)  # middles at 1.5, 5.5, …
    answers = torch.zeros(2, 100)
    answers[0, 3 * 10 + 6], answers[1, 0] = 2.0, 1.0
    found = heat(answers, site)
    assert found[0].flatten().topk(4).indices.sort().values.tolist() == [r * 40 + c for r in (13, 14) for c in (25, 26)]
    assert found[0, 13, 25] == pytest.approx(0.875**2)  # an eighth of a step beside the middle, both ways
    assert found[1, 0, 0] == pytest.approx(0.5)  # half of the other's, and as far as to the border


def test_heat_leaves_light_where_the_unit_is_active_and_takes_it_where_it_is_silent():
    pictures = torch.full((1, 1, 96, 96), 0.5)
    active = torch.zeros(1, 96, 96)
    active[:, :48] = 1
    cell = heated(pictures, active)[0, 0]
    assert (cell[:48] >= 0.5).all()
    assert (cell[48:] < 0.25).all()


def test_maps_ask_the_network_for_new_pictures_only():
    maps, asked = Maps(NET, "3"), []
    ask = maps._reader
    maps._reader = lambda x: asked.append(len(x)) or ask(x)
    first = maps.of(6, [1, 2], PICTURES[[1, 2]])
    assert torch.equal(maps.of(6, [2, 7], PICTURES[[2, 7]])[0], first[1])
    assert asked == [2, 1]
    assert close(first, vizkit.activations(NET, PICTURES[[1, 2]], ["3"])["3"][:, 6].flatten(1))


def test_tokens_have_their_patches():
    net = zoo()["transformer"]  # 16 patches of 4 by 4 after a class token
    pictures = torch.rand(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    run = vizkit.run("top_images", net, layer="blocks.0", unit=3, pictures=pictures, count=12, fold=False)
    values, tokens = vizkit.activations(net, pictures, ["blocks.0"])["blocks.0"][:, :, 3].max(1)
    cells, compared = shrunk(last(run).result.pixels, 4), 0
    for cell, number in zip(cells, values.argsort(descending=True).tolist(), strict=True):
        row, column = divmod(int(tokens[number]) - 1, 4)
        if tokens[number] > 0:
            assert torch.equal(cell, pictures[number, :, 4 * row :, 4 * column :][:, :4, :4])
            compared += 1
    assert compared > 3


# Mean and folding


def test_the_mean_is_that_of_the_cells():
    frame = last(top(layer="output", unit=1, count=4, mean=True))
    assert frame.result.captions[0] == "mean of 4"
    assert close(frame.result.pixels[0], frame.result.pixels[1:].mean(0))
    assert close(frame.scalars["activation"][0], frame.scalars["activation"][1:].mean())


def test_where_a_crop_is_cut_off_the_mean_is_that_of_the_others():
    pictures = torch.rand(2, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    cells = cropped(pictures, torch.tensor([[0, 0, 50, 100], [50, 50, 150, 150]]), (100, 100))
    (mean,) = averaged(cells)
    assert torch.equal(mean[:, :25], cells[1, :, :25])
    assert close(mean[:, 25:75], cells[:, :, 25:75].mean(0))


def test_copies_are_folded_into_the_first_and_counted():
    twice = torch.cat([PICTURES[:4], PICTURES[:4], PICTURES[:2]])
    frame = last(top(pictures=twice, count=10))
    values = peaks(pictures=PICTURES[:4]).values.sort(descending=True)
    assert close(frame.scalars["activation"], values.values)
    copies = ["3 alike" if number < 2 else "2 alike" for number in values.indices.tolist()]
    assert [caption.split(" · ")[-1] for caption in frame.result.captions] == copies
    assert len(last(top(pictures=twice, count=10, fold=False)).result) == 10


def test_a_nearly_equal_picture_is_folded_and_another_is_not():
    noisy = (PICTURES[0] + 0.02).clamp(0, 1)
    collection = as_collection(torch.stack([PICTURES[0], noisy, PICTURES[1]])).at((20, 20), 3)
    found = folded([Pick(n, 3.0 - n, 0) for n in range(3)], collection, 5)
    assert [(pick.picture, pick.copies) for pick in found] == [(0, 2), (2, 1)]


# From an index, and again


def settings():
    grids = [{}, {"show": "whole"}, {"show": "overlay"}, {"mean": True}, {"spread": "classes"}, {"spread": "bottom"}]
    return [*grids, {"layer": "0", "unit": 1}, {"unit": [1, 4], "count": 3}, {"spread": "deciles", "count": 5}]


@pytest.mark.parametrize("changes", settings(), ids=str)
def test_index_and_scan_give_the_same_grid(changes, tmp_path):
    index = vizkit.scan(NET, LABELED, ["0", "3"], batch=STEP, k=COUNT, out=tmp_path / "index")
    scanned = last(top(pictures=LABELED, **changes))
    opened = vizkit.open_index(tmp_path / "index", LABELED)
    for known, given in ((index, None), (opened, None), (tmp_path / "index", LABELED)):
        (frame,) = top(index=known, **{"pictures": given, **changes})
        assert torch.equal(frame.result.pixels, scanned.result.pixels)
        assert frame.result.captions == scanned.result.captions
        assert torch.equal(frame.scalars["activation"], scanned.scalars["activation"])
        assert frame.last


def test_an_index_that_ranks_the_strongest_only_gives_the_rest_from_its_even_sample():
    many = torch.rand(300, 3, 20, 20, generator=torch.Generator().manual_seed(7))
    index = vizkit.scan(NET, many, ["3"], k=8)
    sample = index.spread("3")
    for spread, wanted in (("bottom", sample.values[6].flip(0)[:4]), ("deciles", sample.values[6][[0, 42, 85, 127]])):
        (frame,) = top(pictures=None, index=index, spread=spread, count=4)
        assert torch.equal(frame.scalars["activation"], wanted)
        assert "128 pictures drawn evenly from 300" in frame.said
    (frame,) = top(pictures=None, index=index, count=4)
    assert "drawn evenly" not in frame.said
    assert torch.equal(frame.scalars["activation"], index.top("3").values[6, :4])


def test_an_index_of_another_network_is_refused():
    index = vizkit.scan(zoo()["residual"], PICTURES, ["conv"])
    with pytest.raises(ValueError, match="This index is of Residual"):
        top(pictures=None, index=index).result()


def test_an_index_whose_pictures_are_elsewhere_says_what_to_give(tmp_path):
    vizkit.scan(NET, PICTURES, ["3"], out=tmp_path / "index")
    with pytest.raises(LookupError, match="does not hold its pictures"):
        top(pictures=None, index=tmp_path / "index").result()
    assert len(top(pictures=PICTURES, index=str(tmp_path / "index")).result()) == 16


def test_another_unit_of_the_same_pictures_is_there_at_once():
    pictures = PICTURES.clone()
    assert len(list(top(pictures=pictures))) == 4
    (frame,) = top(pictures=pictures, unit=2)
    assert torch.equal(frame.result.pixels, last(top(unit=2)).result.pixels)


def test_another_unit_goes_on_where_a_scan_was_left():
    pictures = PICTURES.clone()
    frames = iter(top(pictures=pictures))
    assert [next(frames).step, next(frames).step] == [8, 16]
    frames.close()
    assert [frame.step for frame in top(pictures=pictures, unit=2)] == [16, 24, 30]


def test_weights_changed_in_place_are_looked_at_anew():
    net, pictures = zoo()["in-place relu"], PICTURES.clone()
    before = vizkit.run("top_images", net, layer="3", unit=6, pictures=pictures).result().pixels
    with torch.no_grad():
        net.module[3].weight.data.neg_()
    frames = list(vizkit.run("top_images", net, layer="3", unit=6, pictures=pictures))
    assert len(frames) == 4
    assert not torch.equal(frames[-1].result.pixels, before)


def test_a_picture_added_to_a_folder_is_looked_at(tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.png", PICTURES[number])
    assert len(top(pictures=str(tmp_path)).result()) == 3
    write(tmp_path / "3.png", PICTURES[3])
    assert len(top(pictures=str(tmp_path)).result()) == 4


def test_an_array_changed_in_place_is_looked_at_anew():
    pictures = PICTURES.clone()
    before = last(top(pictures=pictures, count=1))
    pictures.copy_(PICTURES.flip(2))
    assert not torch.equal(last(top(pictures=pictures, count=1)).result.pixels, before.result.pixels)


def test_what_is_remembered_goes_with_the_network():
    net, pictures = zoo()["in-place relu"], PICTURES.clone()
    vizkit.run("top_images", net, layer="3", pictures=pictures).result()
    there, net = weakref.ref(net), None
    gc.collect()
    assert there() is None


def test_a_memory_keeps_what_was_asked_for_last():
    memory, made = Memory(2), []
    for key in "abacab":
        memory.once(key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "b"]


def test_two_threads_share_a_scan_and_both_see_its_end():
    pictures, ends = PICTURES.clone(), []

    def play(unit):
        ends.append((unit, last(top(pictures=pictures, unit=unit)).result.pixels))

    threads = [threading.Thread(target=play, args=(unit,)) for unit in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(unit for unit, _ in ends) == [1, 2]
    for unit, pixels in ends:
        assert torch.equal(pixels, last(top(unit=unit)).result.pixels)


def test_a_step_is_taken_once_for_all_who_ask():
    look = Look(NET, "3", as_collection(PICTURES).at((20, 20), 3))
    look.go_on(0)
    look.go_on(0)
    assert look.seen.done == 8


# Pictures and memory


def write(path, picture):
    Image.fromarray((255 * picture).byte().permute(1, 2, 0).numpy()).save(path)


def test_the_pictures_given_are_not_changed():
    pictures = PICTURES.clone()
    for show in ("crop", "whole", "overlay"):
        top(pictures=pictures, show=show, mean=True).result()
    assert torch.equal(pictures, PICTURES)


def test_an_unreadable_file_is_passed_over_and_told(tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.png", PICTURES[number])
    (tmp_path / "1.png").write_bytes(b"no picture")
    frame = last(top(pictures=tmp_path))
    assert {caption.split(" · ")[0] for caption in frame.result.captions} == {"0", "2"}
    assert "1 picture could not be read." in frame.said


def test_a_file_that_is_gone_since_the_scan_leaves_the_others(tmp_path):
    for number in range(4):
        write(tmp_path / f"{number}.png", PICTURES[number])
    index = vizkit.scan(NET, tmp_path, ["3"])
    (tmp_path / "2.png").unlink()
    (frame,) = top(pictures=None, index=index)
    assert {caption.split(" · ")[0] for caption in frame.result.captions} == {"0", "1", "3"}


def test_a_shelf_holds_no_more_than_its_bytes():
    shelf = Shelf(2500)
    for number in (0, 1, 0, 2):
        shelf.put(number, (torch.zeros(1000, dtype=torch.uint8), number))
    assert (len(shelf), shelf.bytes) == (2, 2000)
    assert shelf.get(1) is None
    assert shelf.get(0)[1] == 0


def test_a_remembered_picture_is_read_once(monkeypatch):
    world = as_collection("world/test/4").at((16, 16), 3)
    pictures, asked = Remembered(world, size=(16, 16), channels=3), []
    found = type(world).found
    monkeypatch.setattr(type(world), "found", lambda self, number: asked.append(number) or found(self, number))
    assert torch.equal(pictures[2], pictures[2])
    assert torch.equal(pictures[2], world[2])
    assert asked == [2, 2]  # the second is the world's own
    assert pictures.at((16, 16), 3) is pictures
    assert pictures.at((8, 8), 3)[2].shape == (3, 8, 8)


def test_pictures_read_ahead_are_there_and_unreadable_ones_are_told_later(tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.png", PICTURES[number])
    (tmp_path / "1.png").write_bytes(b"no picture")
    pictures = Remembered(as_collection(tmp_path), channels=3)
    pictures.ahead([0, 1, 2])
    assert [number in pictures._shelf for number in range(3)] == [True, False, True]
    with pytest.raises(Unreadable):
        pictures[1]


def test_a_networks_numbers_differ_where_one_weight_does():
    net = zoo()["one channel"]
    before = numbers(net)
    assert numbers(net) == before
    net.module[0].weight.data[0, 0, 0, 0] += 1e-3
    assert numbers(net) != before


def test_the_default_is_the_world_and_a_network_of_photographs_is_told_so():
    with torch.random.fork_rng(devices=[]):
        net = vizkit.wrap(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)), size=16)
    frame = next(iter(vizkit.run("top_images", net, layer="0", count=2)))
    assert frame.of == 480
    assert "was not made for" in frame.said
    world = next(iter(vizkit.run("top_images", vizkit.load("world"), layer="stem", count=2)))
    assert "was not made for" not in world.said


def test_a_seed_draws_other_pictures_of_the_world():
    net = vizkit.load("world")
    one, other = (next(iter(vizkit.run("top_images", net, layer="stem", count=2, seed=seed))) for seed in (0, 1))
    assert not torch.equal(one.result.pixels, other.result.pixels)


# What is said


def test_the_commonest_label_is_that_of_counting():
    (*_, seen) = looking(NET, "3", [(picture, int(number < 8)) for number, picture in enumerate(PICTURES)])
    order = peaks().values.argsort(descending=True)[:7]  # a quarter of 30
    ones = int((order < 8).sum())
    label, share, usual, first = commonest(seen, "3", 6)
    assert label == ("label 1" if ones > 3 else "label 0")
    assert share == pytest.approx(max(ones, 7 - ones) / 7)
    assert usual == pytest.approx((8 if ones > 3 else 22) / 30)
    assert first == 7


def test_the_remark_compares_the_strongest_answer_with_the_usual_one():
    values = peaks().values
    times = values.max() / values.sort().values[14:16].mean()
    assert f"{times:.1f} times that of a usual picture" in last(top()).said


def test_a_unit_that_no_picture_takes_above_zero_is_said_to_be_so():
    assert peaks(unit=5).values.max() < 0
    assert "No picture takes it above zero" in last(top(unit=5)).said


def test_candidates_of_a_whole_scan_are_all_pictures():
    (*_, seen) = looking(NET, "3", PICTURES.clone())
    assert len(candidates(seen, "3", 6)) == COUNT


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"layer": "laier"}, LookupError, "has no layer 'laier'"),
        ({"unit": 8}, LookupError, "3 has 8 units, 0 to 7; there is no unit 8"),
        ({"unit": -1}, LookupError, "there is no unit -1"),
        ({"unit": []}, ValueError, "names no unit"),
        ({"count": 0}, ValueError, "count=0 shows nothing"),
        ({"show": "half"}, ValueError, "show='half' is none of crop, whole, overlay"),
        ({"spread": "middle"}, ValueError, "spread='middle' is none of top, deciles, bottom, classes"),
        ({"spread": "classes"}, LookupError, "These pictures have no labels"),
        ({"pictures": np.zeros((0, 3, 20, 20), np.uint8)}, ValueError, "holds no picture"),
        ({"pictures": "no such folder"}, FileNotFoundError, "There is no folder"),
        ({"index": "no such index"}, FileNotFoundError, "There is no index"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        top(**wrong).result()


def test_real_pictures_are_not_judged_as_fakes():
    assert judge_of(vizkit.methods.find("top_images")) is None
    with pytest.raises(ValueError, match="top_images does not say how it is judged"):
        honesty_of(top().result())


def test_five_channels_need_pictures_of_their_own():
    with pytest.raises(ValueError, match="pictures of 5 channels, and the bundled world has none"):
        vizkit.run("top_images", zoo()["five channels"], layer="3").result()


def test_the_command_takes_a_folder_and_an_index(tmp_path):
    from vizkit.commands.run import bound, parser
    from vizkit.methods import top_images

    vizkit.scan(vizkit.load("world"), "world/test/8", ["stem"], out=tmp_path / "index")
    words = ["--net", "world", "--layer", "stem", "--unit", "3", "--index", str(tmp_path / "index")]
    (frame,) = bound(top_images, parser(top_images).parse_args(words))
    assert len(frame.result) == 8
    write(tmp_path / "one.png", PICTURES[0])
    words = ["--net", "world", "--layer", "stem", "--pictures", str(tmp_path)]
    (frame,) = bound(top_images, parser(top_images).parse_args(words))
    assert frame.result.captions[0].startswith("one · ")
