"""What an index answers, and what it refuses to believe."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import vizkit
from tests.measure.test_scan import differences, made
from vizkit.data import world
from vizkit.measure.selectivity import concepts, selectivity
from vizkit.measure.top import Ranking


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A complete index of 24 pictures of the world, with everything in it."""
    out = tmp_path_factory.mktemp("scanned") / "index"
    vizkit.scan(made(0), "world/test/24", out=out, k=6, pooled={"conv": "max"}, together=["conv"], shard=10)
    return out


@pytest.fixture
def out(scanned, tmp_path):
    return shutil.copytree(scanned, tmp_path / "index")


# -- answers ---------------------------------------------------------------------------------------------------------


def test_opened_again_it_says_the_same(scanned):
    assert not differences(vizkit.open_index(scanned), vizkit.scan(made(0), "world/test/24", k=6, shard=10))


def test_quantiles_come_for_one_share_or_several(scanned):
    index = vizkit.open_index(scanned)
    one, several = index.quantile("conv", 0.9), index.quantile("conv", [0.1, 0.9])
    assert (one.shape, several.shape) == ((6,), (2, 6))
    assert torch.equal(several[1], one)
    assert (several[0] <= several[1]).all()


def test_layers_are_the_networks_own(scanned):
    index, known = vizkit.open_index(scanned), vizkit.layers(made(0))
    assert all(index.layers[name] == known[name] for name in index.layers.names)
    assert index.is_of(made(0))
    assert not index.is_of(made(1))


def test_a_crop_is_where_the_unit_sees(scanned):
    """Outside of it the picture may be anything."""
    index, net = vizkit.open_index(scanned), made(0)
    crop = index.crop("conv", 2, 1)
    picture = index.picture(crop.picture)
    top, left, bottom, right = crop.box
    covered = torch.zeros_like(picture)
    covered[:, top:bottom, left:right] = picture[:, top:bottom, left:right]
    seen = vizkit.activations(net, covered[None], ["conv"])["conv"].flatten(2)[0, 2, crop.position]
    assert float(seen) == pytest.approx(crop.value, rel=1e-5)
    with pytest.raises(LookupError, match="at most 6 pictures"):
        index.crop("conv", 2, 6)


def test_boxes_of_many_positions_are_those_of_each(scanned):
    index = vizkit.open_index(scanned)
    positions = index.top("conv").positions
    boxes = index.boxes("conv", positions)
    assert boxes.shape == (6, 6, 4)
    assert tuple(boxes[2, 1].tolist()) == index.crop("conv", 2, 1).box
    small = index.boxes("conv", positions, reach=(3, 3))
    assert ((small[..., 2] - small[..., 0]) <= 3).all()


def test_pictures_of_a_folder_are_paths_and_others_tensors(scanned, tmp_path):
    index = vizkit.open_index(scanned)
    assert index.pictures[7].shape == index.picture(7).shape == (3, 20, 20)
    (tmp_path / "a").mkdir()
    Image.new("RGB", (30, 30)).save(tmp_path / "a" / "x.png")
    vizkit.scan(made(0), tmp_path / "a", out=tmp_path / "index")
    opened = vizkit.open_index(tmp_path / "index")
    assert opened.pictures[0] == (tmp_path / "a" / "x.png").resolve()
    assert opened.pictures[torch.tensor(0)] == opened.pictures[-1]
    with pytest.raises(IndexError, match="pictures 0 to 0, not 1"):
        opened.pictures[1]


def test_pictures_that_were_in_memory_are_asked_for(tmp_path):
    pixels = torch.rand(4, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    vizkit.scan(made(0), pixels, out=tmp_path / "index")
    index = vizkit.open_index(tmp_path / "index")
    assert index.top("stem").ids.shape == (5, 4)
    with pytest.raises(LookupError, match=r"pictures=…"):
        index.pictures[0]
    assert torch.equal(vizkit.open_index(tmp_path / "index", pixels).pictures[2], pixels[2])
    with pytest.raises(ValueError, match="4 pictures, and 3 are given"):
        vizkit.open_index(tmp_path / "index", pixels[:3])


def test_an_unknown_layer_is_answered_with_the_nearest(scanned):
    with pytest.raises(LookupError, match="Did you mean 'conv'"):
        vizkit.open_index(scanned).top("convv")


def test_histograms_that_were_not_kept_are_told(tmp_path):
    index = vizkit.scan(made(0), "world/test/3", histograms=False)
    with pytest.raises(LookupError, match="histograms=True"):
        index.quantile("stem", 0.5)
    with pytest.raises(LookupError, match=r"together=\['stem'\]"):
        index.together("stem")


# -- selectivity ---------------------------------------------------------------------------------------------------


def ranking(ids):
    ids = torch.tensor(ids)
    return Ranking(ids.float(), ids, ids.int())


def test_selectivity_is_the_share_of_the_commonest_label():
    labels = torch.tensor([0, 1, 1, 2, -1])
    found = selectivity(ranking([[1, 2, 3, 0], [4, 0, -1, -1], [1, 2, 0, 3]]), labels, first=3)
    assert found.label.tolist() == [1, 0, 1]
    torch.testing.assert_close(found.share, torch.tensor([2 / 3, 1.0, 2 / 3]))
    assert found.counts[0].tolist() == [0, 2, 1]


def test_selectivity_needs_labels():
    with pytest.raises(LookupError, match="no labels"):
        selectivity(ranking([[0, 1]]), torch.tensor([-1, -1]), 2)


def test_a_crop_contains_a_thing_where_its_mask_has_pixels_in_the_box():
    there = vizkit.data.collections.as_collection("world/test/3")
    view = there.view(1)
    rows, columns = np.nonzero(view.mask("object", "tree") | view.mask("object", "house"))
    kinds = {world.OBJECTS[code - 1] for code in np.unique(view.maps["object"]) if code}
    boxes = torch.tensor([[[0, 0, 96, 96], [0, 0, 96, 96], [0, 0, 1, 1]]])
    found = concepts(there, "object", torch.tensor([[1, -1, 1]]), boxes)
    for number, word in enumerate(world.OBJECTS):
        expected = int((view.maps["object"] == number + 1).sum() >= 12) / 2  # one of the two crops that are there
        assert float(found.shares[0, number]) == expected, (word, kinds, len(rows), len(columns))
    with pytest.raises(LookupError, match="no masks of 'smell'"):
        concepts(there, "smell", torch.tensor([[1]]), boxes[:, :1])


def test_concepts_need_the_world():
    pixels = torch.rand(3, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    with pytest.raises(LookupError, match="generated world"):
        vizkit.scan(made(0), pixels).concepts("stem")


# -- what it does not believe ------------------------------------------------------------------------------------------


def changed(out, change):
    """The table of contents after `change`."""
    told = json.loads((out / "contents.json").read_text())
    change(told)
    (out / "contents.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.update(format="other"), "no vizkit index"),
        (lambda t: t.update(version=99), "update with pip install"),
        (lambda t: t.pop("plan"), "damaged"),
        (lambda t: t.update(complete=False), "not complete"),
        (lambda t: t["plan"].update(count=10**12), "no number from 1"),
        (lambda t: t["plan"].update(count=-1), "no number from 1"),
        (lambda t: t["plan"].update(k=7), "not torch.int64|is torch"),
        (lambda t: t["plan"].update(k=True), "no number"),
        (lambda t: t["plan"].update(layers=[]), "0 layers"),
        (lambda t: t["plan"]["layers"][0].update(channels=4), "is none"),
        (lambda t: t["plan"]["layers"][0].update(name="conv"), "one name"),
        (lambda t: t["plan"]["layers"].pop(), "do not match"),
        (lambda t: t["plan"]["layers"][0].update(field=[[1, [0], [2]]]), "damaged|not enough"),
        (lambda t: t["plan"]["sites"][0].update(size=[2**40, 1]), "no number"),
        (lambda t: t["plan"].update(precision="x"), "none of"),
        (lambda t: t["pictures"].update(kind="pickle"), "none of"),
        (lambda t: t.update(net=7), "no text"),
        (lambda t: t.update(label_names="abc"), "no list"),
    ],
)
def test_a_changed_table_of_contents_is_refused(out, change, sentence):
    changed(out, change)
    with pytest.raises(ValueError, match=sentence):
        vizkit.open_index(out)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_a_table_of_contents_that_is_no_json_is_refused(out, text):
    (out / "contents.json").write_text(text)
    with pytest.raises(ValueError, match="cannot be opened"):
        vizkit.open_index(out)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_results_that_are_cut_off_are_refused(out, share):
    path = out / "results.safetensors"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match="cannot be opened"):
        vizkit.open_index(out)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop("0.top.ids"), "lacks '0.top.ids'"),
        (lambda t: t.update(extra=torch.zeros(1)), "should not hold 'extra'"),
        (lambda t: t.update({"0.top.ids": t["0.top.ids"].int()}), "int32"),
        (lambda t: t.update({"0.top.ids": t["0.top.ids"][:2]}), r"\(2, 6\), not"),
        (lambda t: t.update({"0.counts": torch.zeros(5, 10**4, dtype=torch.int64)}), "10000"),
        (lambda t: t.update(labels=t["labels"][:3]), "labels"),
    ],
)
def test_results_of_other_names_types_and_shapes_are_refused(out, change, sentence):
    tensors = load_file(out / "results.safetensors")
    change(tensors)
    save_file(tensors, out / "results.safetensors")
    with pytest.raises(ValueError, match=sentence):
        vizkit.open_index(out)


@pytest.mark.parametrize(
    ("name", "number", "ask"),
    [
        ("0.top.ids", 24, lambda index: index.top("stem")),
        ("0.top.ids", -2, lambda index: index.top("stem")),
        ("0.top.positions", 81, lambda index: index.top("stem")),
        ("0.counts", -1, lambda index: index.histogram("stem")),
        ("0.first_bin", 10**6, lambda index: index.histogram("stem")),
    ],
)
def test_numbers_that_lead_outside_are_refused(out, name, number, ask):
    tensors = load_file(out / "results.safetensors")
    tensors[name].view(-1)[0] = number
    save_file(tensors, out / "results.safetensors")
    with pytest.raises(ValueError, match="damaged"):
        ask(vizkit.open_index(out))


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../b.png", "C:/x.png", "a\\..\\b.png", "", "."])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path, name):
    (tmp_path / "a").mkdir()
    Image.new("RGB", (30, 30)).save(tmp_path / "a" / "x.png")
    vizkit.scan(made(0), tmp_path / "a", out=tmp_path / "index")
    (tmp_path / "index" / "pictures.json").write_text(json.dumps([name]))
    with pytest.raises(ValueError, match="outside of its folder"):
        vizkit.open_index(tmp_path / "index")


@pytest.mark.parametrize("text", ['[[99, "x"]]', "[[1]]", "{", "[1]"])
def test_a_damaged_list_of_unreadable_pictures_is_refused(out, text):
    (out / "unreadable.json").write_text(text)
    with pytest.raises(ValueError, match=r"unreadable\.json"):
        vizkit.open_index(out)


def test_embeddings_of_another_shape_or_of_objects_are_refused(out):
    path = out / "embeddings" / "2.npy"
    np.save(path, np.zeros((3, 3), np.float32))
    with pytest.raises(ValueError, match="damaged"):
        vizkit.open_index(out).embeddings("conv")
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="objects"):
        vizkit.open_index(out).embeddings("conv")


def test_no_index_is_a_mistake_told_with_what_to_type(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vizkit\.scan\(net, pictures, out="):
        vizkit.open_index(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="empty"):
        vizkit.open_index(tmp_path)


def test_units_for_one_object_are_found_by_sorting_and_the_masks_say_so():
    """Of the bundled network's late units, in crops of 40 pixels; chance would be the usual share."""
    net = vizkit.load("world", device="cpu")
    index = vizkit.scan(net, "world/validation/360", ["stage4"], histograms=False)
    found = index.concepts("stage4", "object", first=20, reach=(40, 40))
    best = found.share.argsort(descending=True)[:20]
    assert (found.share[best] >= 0.9).all()
    assert (found.usual[best] < 0.5).all()
    assert len(set(found.word[best].tolist())) >= 4
