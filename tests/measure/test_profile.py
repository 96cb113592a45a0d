"""What is told beside top pictures: the counts of the histogram in even bins, classes by counting, and where from."""

import numpy as np
import pytest
import torch

import vizkit
import vizkit.data.collections
from tests.zoo import zoo
from vizkit.measure.histogram import Histogram, Histograms
from vizkit.measure.index import open_index
from vizkit.measure.looking import looking
from vizkit.measure.picking import candidates
from vizkit.measure.places import one_line
from vizkit.measure.profile import GROUPS, breakdown, evenly, profile

NET = zoo()["in-place relu"]  # 20 by 20; layer "3" sees 8 pixels in steps of 2
PICTURES = torch.rand(30, 3, 20, 20, generator=torch.Generator().manual_seed(4))
LABELED = [(picture, number % 3) for number, picture in enumerate(PICTURES)]


def seen(pictures=LABELED, layer="3"):
    *_, found = looking(NET, layer, pictures)
    return found


def histograms(values):
    """As a scan counts them, of one unit."""
    counted = Histogram(1)
    return counted.finalize(counted.update(counted.zero(), values[None, None], torch.zeros(1)))


# Even bins


def test_no_answer_is_lost_and_none_is_added():
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(0)) * 3
    counts, edges = evenly(histograms(values), 0, torch.tensor([20.0]), bins=17)
    assert float(counts.sum()) == pytest.approx(10_000)
    assert len(edges) == 18
    assert float(edges[-1]) == 20.0


def test_bins_are_those_of_numpy_but_for_answers_near_an_edge():
    values = torch.rand(50_000, generator=torch.Generator().manual_seed(1)) * 7 + 1
    counts, edges = evenly(histograms(values), 0, torch.tensor([]), bins=10)
    wanted = np.histogram(values.numpy(), edges.numpy())[0]
    assert np.abs(counts.numpy() - wanted).max() < 0.02 * 50_000 / 10


def test_exact_zeros_are_in_the_bin_that_holds_zero():
    values = torch.cat([torch.zeros(90), torch.tensor([-3.9, 3.9])])
    counts, edges = evenly(histograms(values), 0, torch.tensor([]), bins=8)
    at = int((edges <= 0).sum()) - 1
    assert float(counts[at]) == pytest.approx(90)


def test_a_unit_that_always_answers_the_same_and_one_that_never_did_are_drawn():
    counts, edges = evenly(histograms(torch.zeros(5)), 0, torch.tensor([]))
    assert float(counts.sum()) == 5
    assert float(edges[-1]) > float(edges[0])
    nothing = evenly(Histograms(torch.zeros(1, 3, dtype=torch.int64), torch.arange(4.0)), 0, torch.tensor([torch.nan]))
    assert [len(part) for part in nothing] == [0, 0]


# Classes


def test_classes_are_counted_among_the_strongest_and_among_all():
    found = seen()
    groups, first = breakdown(found, "3", 6)
    top = [pick.picture % 3 for pick in candidates(found, "3", 6)[:first]]
    assert first == 30 // 4
    assert {word: count for word, count, _ in groups} == {f"label {n}": top.count(n) for n in sorted(set(top))}
    assert [count for _, count, _ in groups] == sorted((count for _, count, _ in groups), reverse=True)
    assert [usual for _, _, usual in groups] == pytest.approx([1 / 3] * len(groups))


def test_of_many_classes_the_rest_is_put_together():
    many = [(picture, number) for number, picture in enumerate(PICTURES)]
    groups, first = breakdown(seen(many), "3", 6)
    assert len(groups) == min(GROUPS, first)
    assert sum(count for _, count, _ in groups) == first
    assert groups[-1][0] == f"{first - GROUPS + 1} others"


def test_pictures_without_classes_have_a_histogram_only():
    told = profile(seen(PICTURES.clone()), "3", 6, torch.tensor([1.0]))
    assert told.groups == ()
    assert len(told.counts)
    assert "strongest" not in told.alt


def test_a_profile_is_told_in_words():
    told = profile(seen(), "3", 6, torch.tensor([0.5, torch.nan, 0.25]))
    assert "The shown: 0.25 to 0.5." in told.alt
    assert "Of the 7 strongest: label" in told.alt


# Where from


def top(**arguments):
    return vizkit.run("top_images", NET, layer="3", unit=6, count=6, fold=False, **arguments).result()


def test_the_python_of_a_cell_makes_that_very_crop():
    pictures = PICTURES.clone()
    found, compared = top(pictures=pictures), 0
    for cell, source in zip(found.pixels, found.sources, strict=True):
        *imports, made = source.split("\n")[1].split("; ")
        names = {"pictures": pictures}
        exec("; ".join(imports), names)
        crop = eval(made, names)
        if crop.shape[1:] == (8, 8):
            assert torch.equal(crop, cell[:, :: cell.shape[1] // 8, :: cell.shape[2] // 8])
            compared += 1
    assert compared > 1


def test_from_an_index_it_is_the_indexs_own_picture_and_a_path_with_braces_stays_one(tmp_path):
    path = tmp_path / "an {index}"
    vizkit.scan(NET, "world/test/12", ["3"], out=path)
    found = top(index=str(path))
    name, made = found.sources[0].split("\n")
    assert name.startswith(f"# world/test/{found.numbers[0]}: unit 6 of 3 answers ")
    crop = eval(made, {"vizkit": vizkit})
    picture = open_index(path).picture(found.numbers[0])
    assert crop.shape[1:] <= picture.shape[1:]
    assert made.startswith(f"vizkit.open_index({str(path)!r}).picture({found.numbers[0]})[:, ")


def test_numbers_are_those_of_the_collection_and_a_mean_has_none():
    found = top(pictures=PICTURES.clone(), mean=True)
    values = vizkit.activations(NET, PICTURES, ["3"])["3"][:, 6].amax((1, 2))
    assert found.numbers == (-1, *values.argsort(descending=True)[:6].tolist())
    assert found.sources[0] == ""


def test_a_whole_picture_is_told_without_a_box():
    assert not top(pictures=PICTURES.clone(), show="whole").sources[0].endswith("]]")
    assert top(pictures=PICTURES.clone(), show="whole").sources[0].endswith(f"[{peak()}]")


def peak():
    return int(vizkit.activations(NET, PICTURES, ["3"])["3"][:, 6].amax((1, 2)).argmax())


def test_a_name_cannot_end_its_comment():
    assert one_line("a\nimport os\r\u2028b") == "a\ufffdimport os\ufffd\ufffdb"


def test_several_units_have_no_profile_and_one_has():
    run = vizkit.run("top_images", NET, layer="3", unit=[1, 6], pictures=PICTURES.clone(), count=3)
    assert run.result().profile is None
    found = top(pictures=PICTURES.clone())
    assert found.profile().marks.tolist() == pytest.approx(sorted(found.profile().marks.tolist(), reverse=True))
