"""Unit sheets: the best crop of each unit by brute force; order, search and pages; made pictures that are kept."""

import sys
from itertools import islice

import pytest
import torch
from PIL import Image

import vizkit
from tests.test_contract import run, same, traces
from tests.zoo import zoo
from vizkit.measure.crops import PAPER, cell_size, cropped
from vizkit.measure.honesty import judge_of
from vizkit.methods.unit_sheet import HASTE, SHOWS, opens
from vizkit.nets.edit import edited

MODULE = sys.modules["vizkit.methods.unit_sheet"]  # the function has its name
NET = zoo()["in-place relu"]  # 20 by 20; layer "3" has 8 units that see 8 pixels, layer "0" 6 that see 3
COUNT = 30
PICTURES = torch.rand(COUNT, 3, 20, 20, generator=torch.Generator().manual_seed(4))
LABELED = [(picture, number % 3) for number, picture in enumerate(PICTURES)]


def sheet(net=NET, **arguments):
    arguments = {"layer": "3", "pictures": PICTURES.clone(), **arguments}
    return vizkit.run("unit_sheet", net, **arguments)


def made(net=NET, **arguments):
    arguments = {"layer": "3", "show": "optimized", "steps": 3, **arguments}
    return vizkit.run("unit_sheet", net, **arguments)


def last(run):
    *_, frame = run
    return frame


def answers(layer="3", pictures=PICTURES):
    """All answers (pictures, units, positions), in one batch."""
    found = vizkit.activations(NET, pictures, [layer])[layer]
    return found.reshape(*found.shape[:2], -1)


def shrunk(cells, size):
    times = cells.shape[2] // size
    return cells[:, :, ::times, ::times]


def dead_and_rare():
    """A network of five units of one pixel: dead, rare, usual, always and never above zero, and all its pictures."""
    conv = torch.nn.Conv2d(3, 5, 1)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[1:4, 0, 0, 0] = 1.0
        conv.bias.copy_(torch.tensor([0.0, -0.995, -0.5, 0.1, -1.0]))
    return conv


@pytest.fixture
def five():
    with torch.random.fork_rng(devices=[]):
        conv = dead_and_rare()
    pictures = torch.rand(12, 3, 10, 10, generator=torch.Generator().manual_seed(0))
    return vizkit.wrap(conv, 10), pictures


# Which crops


@pytest.mark.parametrize("layer", ["0", "3", "output"])
def test_each_cell_is_the_crop_that_sorting_all_activations_finds(layer):
    frame = last(sheet(layer=layer, show="crop"))
    seen = answers(layer)
    values, where = seen.max(2)
    assert torch.allclose(frame.scalars["activation"], values.max(0).values)
    index = vizkit.scan(NET, PICTURES, [layer])
    site = index.site(layer)
    for unit, number in enumerate(values.argmax(0).tolist()):
        box = index.boxes(layer, where[number, unit][None])
        by_hand = cropped(PICTURES[number][None], box, cell_size(site)).nan_to_num(PAPER)
        assert torch.equal(frame.result.pixels[unit], by_hand[0])
    assert frame.result.numbers == tuple(values.argmax(0).tolist())
    assert frame.result.units == tuple(range(seen.shape[1]))


def test_every_frame_is_the_answer_for_the_pictures_so_far():
    frames = list(sheet())
    assert [frame.step for frame in frames] == [8, 16, 24, 30]
    for frame in frames:
        assert torch.allclose(frame.scalars["activation"], answers(pictures=PICTURES[: frame.step]).amax((0, 2)))
        assert "pictures looked at" in frame.said or frame.last


@pytest.mark.parametrize("show", ["crop", "close-up", "whole"])
def test_index_and_scan_give_the_same_sheet(show, tmp_path):
    index = vizkit.scan(NET, LABELED, ["0", "3"], batch=8, k=COUNT, out=tmp_path / "index")
    scanned = last(sheet(pictures=LABELED, show=show, order="selectivity"))
    for known, given in ((index, None), (tmp_path / "index", LABELED)):
        (frame,) = sheet(index=known, pictures=given, show=show, order="selectivity")
        assert torch.equal(frame.result.pixels, scanned.result.pixels)
        assert frame.result.captions == scanned.result.captions
        assert frame.last


def test_a_close_up_lies_around_the_middle_of_the_crop_and_inside_of_the_picture():
    from vizkit.measure.closeups import close
    from vizkit.measure.sites import Site
    from vizkit.nets.receptive_field import Axis, Field

    site = Site((40, 40), Field(Axis(4, (-3,), (6,)), Axis(4, (-3,), (6,))), 10)  # fields of 10, middles 1.5, 5.5, …
    boxes = close(site, torch.tensor([0, 44, 99]), (6, 6)).tolist()
    assert boxes == [[0, 0, 6, 6], [14, 14, 20, 20], [34, 34, 40, 40]]


def test_another_page_of_the_same_pictures_is_there_at_once():
    pictures = PICTURES.clone()
    assert len(list(sheet(pictures=pictures, count=4))) == 4
    (frame,) = sheet(pictures=pictures, count=4, page=2)
    assert frame.result.units == (4, 5, 6, 7)


def test_a_picture_that_is_gone_is_replaced_by_the_next_best(tmp_path):
    for number, picture in enumerate(PICTURES[:6]):
        Image.fromarray((255 * picture).byte().permute(1, 2, 0).numpy()).save(tmp_path / f"{number}.png")
    index = vizkit.scan(NET, tmp_path, ["3"])
    best = int(index.top("3").ids[2, 0])
    (tmp_path / f"{best}.png").unlink()
    (frame,) = sheet(pictures=None, index=index)
    assert frame.result.numbers[2] == int(index.top("3").ids[2, 1])


# Order, search, pages


def test_orders_are_those_of_sorting_by_hand():
    seen = answers()
    strongest = seen.amax((0, 2))
    assert last(sheet(order="number")).result.units == tuple(range(8))
    assert last(sheet(order="activation")).result.units == tuple(strongest.argsort(descending=True).tolist())
    active = (seen > 0).float().mean((0, 2))
    active[strongest <= 0] = 2.0
    index = vizkit.scan(NET, PICTURES, ["3"], histograms="all")
    assert last(sheet(order="sparsity", index=index)).result.units == tuple(active.argsort(stable=True).tolist())


def test_selectivity_is_the_share_of_a_label_beyond_what_is_usual():
    labels = torch.tensor([0] * 18 + [1] * 6 + [2] * 6)
    pictures = [(picture, int(label)) for picture, label in zip(PICTURES, labels, strict=True)]
    seen, first = answers().amax(2), 7  # a quarter of 30
    best = []
    for unit in range(8):
        top = labels[seen[:, unit].argsort(descending=True)[:first]]
        shares = torch.bincount(top, minlength=3) / first
        usual = torch.bincount(labels) / COUNT
        best.append(float(((shares - usual) / (1 - usual)).clamp(min=0).max()))
    order = sorted(range(8), key=lambda unit: -best[unit])
    assert last(sheet(pictures=pictures, order="selectivity")).result.units == tuple(order)


def test_captions_say_what_a_unit_is_about_or_what_the_order_goes_by():
    assert last(sheet(order="activation", find="6")).result.captions[0].startswith("unit 6 · ")
    half = answers().amax(2)[:, 2] > answers().amax(2)[:, 2].median()
    pictures = [(picture, int(high)) for picture, high in zip(PICTURES, half, strict=True)]
    assert last(sheet(pictures=pictures, find="2")).result.captions == ("unit 2 · label 1 100 %",)
    assert "active" in last(sheet(order="sparsity")).result.captions[0]


def test_a_search_by_words_finds_the_units_whose_captions_name_them():
    half = answers().amax(2)[:, 2] > answers().amax(2)[:, 2].median()
    pictures = [(picture, int(high)) for picture, high in zip(PICTURES, half, strict=True)]
    whole = last(sheet(pictures=pictures))
    wanted = tuple(u for u, caption in enumerate(whole.result.captions) if "label 1" in caption)
    found = last(sheet(pictures=pictures, find="LABEL 1"))
    assert found.result.units == wanted
    assert f"{len(wanted)} of 8 units" in found.said
    assert "found by “LABEL 1”" in found.said


@pytest.mark.parametrize(
    ("find", "units"), [("5", (5,)), ("1 3, 0", (0, 1, 3)), ("2-4", (2, 3, 4)), ("2–3 7", (2, 3, 7))]
)
def test_a_search_by_number_finds_these_units(find, units):
    assert last(sheet(find=find)).result.units == units


def test_units_of_the_output_are_found_by_their_class():
    net = zoo()["one channel"]  # its classes are called 0 to 3
    object.__setattr__(net, "labels", ("cat", "night town", "dog", "elk"))
    frame = last(vizkit.run("unit_sheet", net, "output", find="town", show="optimized", steps=1, pictures=gray()))
    assert frame.result.units == (1,)
    assert frame.result.captions[0].startswith("night town")


def gray():
    return torch.rand(9, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def test_pages_take_turns_and_beyond_the_last_is_the_last():
    pages = [last(sheet(count=3, page=page)) for page in (1, 2, 3, 9)]
    assert [page.result.units for page in pages] == [(0, 1, 2), (3, 4, 5), (6, 7), (6, 7)]
    assert "page 1 of 3" in pages[0].said
    assert "There is no page 9; this is the last, 3 of 3." in pages[3].said


def test_dead_rare_and_silent_units_are_told_and_have_no_picture_of_their_own(five):
    net, pictures = five
    index = vizkit.scan(net, pictures, ["output"], histograms="all")
    frame = last(vizkit.run("unit_sheet", net, "output", index=index, order="sparsity"))
    assert frame.result.units == (1, 2, 3, 0, 4)
    told = dict(zip(frame.result.units, frame.result.captions, strict=True))
    assert told[0] == "unit 0 · dead"
    assert told[4] == "unit 4 · below zero"
    share = 100 * float((pictures[:, 0] > 0.995).float().mean())
    assert told[1] == f"unit 1 · active {share:.2g} %"
    assert frame.result.numbers[3] == -1
    assert (frame.result.pixels[3] == PAPER).all()
    for sentence in ("1 is dead", "No picture takes 1 of them above zero", "1 is above zero at fewer than 1 %"):
        assert sentence in frame.said


def test_units_that_answer_with_nan_only_leave_the_others():
    net = edited(NET, {"3": lambda a: torch.cat([a[:, :1] * torch.nan, a[:, 1:]], 1)})
    frame = last(sheet(net))
    assert frame.result.captions[0] == "unit 0 · no number"
    assert (frame.result.pixels[0] == PAPER).all()
    assert frame.scalars["activation"].isfinite().all()
    assert "1 gives no number, only NaN or infinity." in frame.said


# The world, by its masks


def test_in_the_world_a_sheet_is_there_before_its_words_are_and_they_are_remembered():
    net = vizkit.load("world")
    asked = vizkit.run("unit_sheet", net, "stem", pictures="world/test/16", count=4, order="selectivity")
    frames = list(asked)
    assert [frame.step for frame in frames] == [8, 16, 17]
    assert frames[-1].of == 17
    (again,) = asked
    assert again.result.captions == frames[-1].result.captions


def test_words_of_the_world_are_those_of_its_masks_in_the_close_up():
    from vizkit.measure.closeups import close, reach
    from vizkit.measure.looking import looking
    from vizkit.measure.naming import masked

    net = vizkit.load("world")
    (*_, seen) = looking(net, "stage2", "world/test/24")
    words, ranking = masked(net, seen, "stage2"), seen.index.top("stage2")
    boxes = close(seen.index.site("stage2"), ranking.positions, reach(net, seen, "stage2"))
    from vizkit.data.world import WORDS

    word, first = "umbrella", 6  # a quarter of 24
    have, maps = torch.zeros(48, first), [seen.pictures.kept.view(number).maps["object"] for number in range(24)]
    for unit in range(48):
        for rank in range(first):
            top, left, bottom, right = boxes[unit, rank].tolist()
            inside = maps[int(ranking.ids[unit, rank])][top:bottom, left:right] == 1 + WORDS["object"].index(word)
            have[unit, rank] = float(inside.sum() >= 12)
    shares = have.mean(1)
    told = [unit for unit in range(48) if words.words[int(words.word[unit])] == word]
    assert told
    for unit in told:
        assert float(words.share[unit]) == pytest.approx(float(shares[unit]))
        assert float(words.usual[unit]) == pytest.approx(float(shares.mean()))


# Made pictures


def test_a_made_cell_is_the_picture_that_the_search_alone_makes():
    frame = last(made())
    alone = vizkit.run("activation_maximization", NET, "3", unit=list(range(8)), steps=3, **HASTE).result()
    assert torch.equal(shrunk(frame.result.pixels, 20), (255 * alone.pixels).round() / 255)
    assert "made, not real" in frame.said


def test_frames_of_made_pictures_count_up_and_the_cells_to_come_are_empty(monkeypatch):
    monkeypatch.setattr(MODULE, "AT_ONCE", 3)
    frames = list(made(zoo()["in-place relu"]))
    assert [frame.step for frame in frames] == list(range(1, 13))  # three batches of four looks
    assert {frame.of for frame in frames} == {12}
    first = frames[0]
    assert (first.result.pixels[3:] == PAPER).all()
    assert (first.scalars["objective"][3:] == 0).all()
    assert "0 of 8 are made." in first.said
    assert "3 of 8 are made." in frames[3].said
    assert all(frame.scalars["objective"].isfinite().all() for frame in frames)


@pytest.mark.parametrize("where", ["memory", "folder"])
def test_a_sheet_that_was_stopped_goes_on_and_ends_as_one_that_was_not(where, tmp_path, monkeypatch):
    monkeypatch.setattr(MODULE, "AT_ONCE", 3)
    cache = {"cache": tmp_path / "kept"} if where == "folder" else {}
    whole = last(made(zoo()["in-place relu"])).result
    net = zoo()["in-place relu"]
    frames = iter(made(net, **cache))
    assert len(list(islice(frames, 6))) == 6  # in the second batch
    frames.close()
    rest = list(made(net if where == "memory" else zoo()["in-place relu"], **cache))
    assert len(rest) == 8  # two batches of four looks
    assert torch.equal(rest[-1].result.pixels, whole.pixels)
    (again,) = made(net if where == "memory" else zoo()["in-place relu"], **cache)
    assert torch.equal(again.result.pixels, whole.pixels)
    assert again.last


@pytest.mark.parametrize("damage", ["half", "empty", "other", "flipped"])
def test_a_damaged_file_is_not_believed_and_made_anew(damage, tmp_path):
    whole = last(made(cache=tmp_path)).result.pixels
    files = sorted(tmp_path.rglob("*.safetensors"))
    assert len(files) == 8
    good = files[5].read_bytes()
    bad = {"half": good[: len(good) // 2], "empty": b"", "other": files[4].read_bytes()}
    files[5].write_bytes(bad.get(damage, good[:-1] + bytes([good[-1] ^ 1])))
    frames = list(made(cache=tmp_path))
    assert len(frames) == 4
    assert torch.equal(frames[0].result.pixels[[0, 1, 2, 3, 4, 6, 7]], whole[[0, 1, 2, 3, 4, 6, 7]])
    assert torch.allclose(frames[-1].result.pixels, whole, atol=2 / 255)  # alone, rounded otherwise
    assert len(list(made(cache=tmp_path))) == 1


def test_only_whole_files_are_left_by_a_sheet_that_is_killed(tmp_path, monkeypatch):
    def killed(tensors, path, told):
        path.write_bytes(b"half")
        raise ZeroDivisionError

    monkeypatch.setattr("vizkit.maximize.gallery.save_file", killed)
    with pytest.raises(ZeroDivisionError):
        last(made(cache=tmp_path))
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_other_settings_layers_and_weights_have_pictures_of_their_own(tmp_path):
    for changes in ({}, {"seed": 1}, {"steps": 2}, {"layer": "0"}):
        assert len(list(made(cache=tmp_path, **changes))) > 1
    net = zoo()["in-place relu"]
    with torch.no_grad():
        net.module[3].weight.neg_()
    assert len(list(made(net, cache=tmp_path))) > 1
    assert len(list(tmp_path.iterdir())) == 2


def test_weights_changed_in_place_make_other_pictures():
    net = zoo()["in-place relu"]
    before = last(made(net)).result.pixels
    with torch.no_grad():
        net.module[3].weight.neg_()
    frames = list(made(net))
    assert len(frames) > 1
    assert not torch.equal(frames[-1].result.pixels, before)


def test_made_pictures_need_no_real_ones_unless_order_or_search_ask_for_them(monkeypatch):
    asked = []
    monkeypatch.setattr(MODULE, "looking", lambda *args: asked.append(args) or iter(()))
    last(made(zoo()["five channels"]))
    last(made(zoo()["five channels"], find="0-3"))
    assert not asked
    for changes in ({"order": "sparsity"}, {"find": "dog"}, {"pictures": PICTURES}):
        with pytest.raises(AssertionError, match="somebody looked"):
            last(made(**changes))
    assert len(asked) == 3


def test_made_pictures_in_the_order_of_real_ones():
    frames = list(made(order="activation", pictures=PICTURES.clone()))
    assert frames[-1].result.units == tuple(answers().amax((0, 2)).argsort(descending=True).tolist())
    plain = last(made()).result.pixels
    assert torch.allclose(frames[-1].result.pixels, plain[list(frames[-1].result.units)], atol=3 / 255)
    steps = [frame.step for frame in frames]
    assert steps == sorted(set(steps))
    assert steps[-1] == frames[-1].of


def test_of_a_small_field_the_middle_of_the_picture_is_shown():
    net = vizkit.load("world")
    frame = next(iter(vizkit.run("unit_sheet", net, "stem", show="optimized", count=2, steps=1)))
    alone = next(iter(vizkit.run("activation_maximization", net, "stem", unit=[0, 1], steps=1, **HASTE)))
    assert torch.equal(frame.result.pixels[:, :, ::2, ::2], alone.result.pixels[:, :, 24:72, 24:72])


# Awkward networks


@pytest.mark.parametrize("name", [name for name in zoo() if "nan" not in name])
@pytest.mark.parametrize("show", ["close-up", "whole", "optimized"])
def test_every_network_has_its_sheet_and_keeps_no_trace_of_it(name, show):
    net = zoo()[name]
    before = traces(net)
    frames = iter(run("unit_sheet", net, show=show, order="selectivity", steps=2))
    for frame in frames:
        assert same(before, traces(net)), "a paused run shows"
        assert frame.result.pixels.min() >= 0
        assert frame.result.pixels.max() <= 1
        assert frame.scalars[next(iter(frame.scalars))].isfinite().all()
    assert frame.last
    again = run("unit_sheet", zoo()[name], show=show, order="selectivity", steps=2).result()
    assert torch.equal(again.pixels, frame.result.pixels)


# One alone, and mistakes


@pytest.mark.parametrize("show", SHOWS)
def test_a_cell_opens_as_its_unit_alone(show):
    asked = sheet(show=show, order="activation", count=3, page=2, steps=2)
    result = last(asked).result
    alone = opens(asked, 1, result)
    assert alone.arguments["unit"] == result.units[1]
    assert alone.method.__name__ == ("activation_maximization" if show == "optimized" else "top_images")
    if show in ("crop", "whole"):
        assert torch.equal(alone.using(count=1).result().pixels[0], result.pixels[1])
    if show == "optimized":
        assert torch.allclose(alone.result().pixels[0], shrunk(result.pixels, 20)[1], atol=3 / 255)
    assert opens(asked, 1).arguments["unit"] == result.units[1]
    with pytest.raises(LookupError, match="3 cells, 0 to 2"):
        opens(asked, 3, result)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"layer": "laier"}, LookupError, "has no layer 'laier'"),
        ({"show": "half"}, ValueError, "show='half' is none of crop, close-up, whole, optimized"),
        ({"order": "beauty"}, ValueError, "order='beauty' is none of number, sparsity, selectivity, activation"),
        ({"count": 0}, ValueError, "count=0 shows nothing"),
        ({"page": 0}, ValueError, "page=0 is before the first"),
        ({"order": "selectivity"}, LookupError, "have no labels to be selective for"),
        ({"find": "dog"}, LookupError, "Nobody knows what the units of 3 are about"),
        ({"find": "dog", "pictures": LABELED, "layer": "output"}, LookupError, "No unit of output is about 'dog'"),
        ({"find": "9"}, LookupError, "3 has 8 units, 0 to 7; there is no unit 9"),
        ({"find": "-3"}, LookupError, "'-3' is no unit"),
        ({"pictures": "no such folder"}, FileNotFoundError, "There is no folder"),
        ({"index": "no such index"}, FileNotFoundError, "There is no index"),
        ({"show": "optimized", "steps": 0}, ValueError, "steps=0 turns nothing"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        sheet(**wrong).result()


def test_a_cache_that_is_a_file_and_one_of_an_edited_network_are_refused(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(NotADirectoryError, match="is a file"):
        made(cache=tmp_path / "file").result()
    with pytest.raises(ValueError, match="cannot tell one edit from another"):
        made(edited(NET, {"0": lambda a: 2 * a}), cache=tmp_path).result()


def test_an_index_without_histograms_cannot_be_sorted_by_sparsity():
    index = vizkit.scan(NET, PICTURES, ["3"], histograms=False)
    assert len(sheet(index=index, pictures=None).result()) == 8
    with pytest.raises(LookupError, match="no histograms, which tell how sparse"):
        sheet(index=index, pictures=None, order="sparsity").result()


def test_real_crops_are_not_judged_as_fakes():
    assert judge_of(vizkit.methods.find("unit_sheet")) is None


def test_the_command_takes_words_pages_and_folders(tmp_path):
    from vizkit.commands.run import bound, parser
    from vizkit.methods import unit_sheet

    words = ["--net", "world", "--layer", "stem", "--order", "activation", "--pictures", "world/test/8"]
    words += ["--find", "3", "4", "7-9", "--count", "2", "--page", "2", "--cache", str(tmp_path)]
    asked = bound(unit_sheet, parser(unit_sheet).parse_args(words))
    assert asked.arguments["find"] == "3 4 7-9"
    assert len(last(asked).result) == 2
