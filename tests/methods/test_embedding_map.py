"""The map of embeddings: openTSNE's own numbers, vectors by brute force, and what is said where it cannot be made."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

import vizkit
from tests.zoo import zoo
from vizkit.core.dials import Dial
from vizkit.core.results import Points
from vizkit.embed import engines, open_tsne, tsne
from vizkit.embed.affinities import Graph
from vizkit.embed.descent import start as first_map
from vizkit.embed.fidelity import Fidelity
from vizkit.embed.remembering import remembered

NET = zoo()["in-place relu"]  # 20 by 20; layer "3" has 8 channels of 10 by 10 positions
COUNT = 150


def rand(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


PICTURES = rand(COUNT, 3, 20, 20)
GROUPS = 6


def clusters(n=240, d=12, seed=0):
    """Six clouds, and of which each row is."""
    chance = torch.Generator().manual_seed(seed)
    of = torch.arange(n) % GROUPS
    return torch.randn(n, d, generator=chance) + 5 * torch.randn(GROUPS, d, generator=chance)[of], of


def mapped(**arguments):
    given = {"perplexity": 10.0, "steps": 60, **arguments}
    return vizkit.run("embedding_map", **given)


def of_net(**arguments):
    return mapped(**{"net": NET, "layer": "3", "pictures": PICTURES.clone(), **arguments})


def last(run):
    *_, frame = run
    return frame


# The descent


def test_a_map_by_opentsne_is_the_one_that_it_fits_itself():
    opentsne = pytest.importorskip("openTSNE")
    x, _ = clusters()
    frame = last(mapped(features=x, steps=120, seed=3, engine="openTSNE"))
    begin = first_map(x, seed=3).double().numpy()
    own = opentsne.TSNE(
        perplexity=10, initialization=begin, early_exaggeration_iter=40, n_iter=80, random_state=3,
        initial_momentum=0.8, negative_gradient_method="bh",
    ).fit(x.numpy())  # fmt: skip
    assert np.array_equal(frame.result.xy.numpy(), np.array(own).astype(np.float32))
    assert float(frame.scalars["kl"]) == pytest.approx(own.kl_divergence, abs=1e-6)


def test_our_engine_goes_down_as_far_as_opentsne():
    pytest.importorskip("openTSNE")
    x, _ = clusters()
    found = {
        engine: float(last(mapped(features=x, steps=400, engine=engine)).scalars["kl"])
        for engine in ("openTSNE", "exact")
    }
    assert found["exact"] < 1.03 * found["openTSNE"]


@pytest.mark.parametrize(("points", "engine"), [(240, "exact"), (engines.EXACT_UP_TO["cpu"] + 1, "fft")])
def test_the_engine_is_ours_unless_another_is_asked_for(points, engine, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openTSNE", None)
    x, _ = clusters(points)
    assert tsne.chosen("auto", x) == engine
    assert tsne.chosen("openTSNE", x) == "openTSNE"
    assert last(mapped(features=x, steps=3)).scalars["kl"].isfinite()


def test_the_divergence_is_that_of_the_frames_own_points():
    x, _ = clusters(90)
    measured = [frame for frame in mapped(features=x, steps=30, engine="exact") if frame.scalars]
    for frame in measured:
        told = tsne.divergence(x, frame.result.xy, perplexity=10.0, engine="exact")
        assert float(frame.scalars["kl"]) == pytest.approx(float(told), rel=1e-5)
    assert measured


def test_clouds_lie_apart():
    x, of = clusters()
    xy = mapped(features=x, labels=of, steps=250).result().xy
    near = torch.cdist(xy, xy).fill_diagonal_(torch.inf).topk(5, largest=False).indices
    assert (of[near] == of[:, None]).float().mean() > 0.98


@pytest.mark.parametrize(("engine", "kind"), [("auto", Graph), ("openTSNE", open_tsne.OpenGraph)])
def test_another_perplexity_in_flight_goes_on_from_the_map_in_hand_and_seeks_no_neighbors(engine, kind, monkeypatch):
    if engine == "openTSNE":
        pytest.importorskip("openTSNE")
    sought, real = [], kind.of
    monkeypatch.setattr(kind, "of", lambda *args, **kw: sought.append(args) or real(*args, **kw))
    x, _ = clusters(320)
    dial, maps = Dial(8.0), []
    for frame in mapped(features=x, perplexity=dial, steps=300, engine=engine):
        maps.append(frame.result.xy)
        if frame.step == 200:
            dial.value = 40.0
    assert len(sought) == 1
    assert dial.turns == {0: 8.0, 200: 40.0}
    moved = [float((b - a).norm(dim=1).mean() / a.norm(dim=1).mean()) for a, b in pairwise(maps[-11:])]
    assert max(moved) < 0.5
    turned = tsne.divergence(x, maps[-1], perplexity=40.0, engine=engine)
    assert turned < 1.1 * last(mapped(features=x, perplexity=40.0, steps=300, engine=engine)).scalars["kl"]
    assert torch.equal(maps[-1], last(mapped(features=x, perplexity=dial, steps=300, engine=engine)).result.xy)


def test_a_dial_is_turned_no_further_than_the_points_allow():
    x, _ = clusters(60)
    dial = Dial(5.0)
    for frame in mapped(features=x, perplexity=dial, steps=30):
        dial.value = 90.0
        assert frame.result.xy.isfinite().all()
    assert "Perplexity is 19.7, the most that 60 points allow" in frame.said
    most = tsne.divergence(x, frame.result.xy, perplexity=59 / 3)
    assert float(frame.scalars["kl"]) == pytest.approx(float(most), rel=1e-4)


def test_a_map_in_hand_is_gone_on_from():
    x, _ = clusters()
    begin = mapped(features=x, steps=300).result()
    first, *_, frame = mapped(features=x, steps=60, start=begin)
    assert torch.equal(first.result.xy, begin.xy)
    moved = (frame.result.xy - begin.xy).norm(dim=1).mean() / begin.xy.norm(dim=1).mean()
    assert moved < 0.4
    again = mapped(features=x, steps=60, start=begin.xy).result()
    assert torch.equal(again.xy, frame.result.xy)


# Not by descent


def test_principal_components_are_those_of_numpy():
    x, _ = clusters(80)
    frame = last(mapped(features=x, projection="PCA"))
    centered = x.double().numpy() - x.double().numpy().mean(0)
    scores = np.linalg.svd(centered, full_matrices=False)[0][:, :2]
    for ours, theirs in zip(frame.result.xy.T, scores.T, strict=True):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) > 0.999  # but for a faint noise
    assert (frame.step, frame.of, set(frame.scalars)) == (1, 1, {"kept neighbors", "trustworthiness"})


def test_umap_lays_clouds_apart():
    pytest.importorskip("umap", exc_type=ImportError)
    x, of = clusters()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own
        frame = last(mapped(features=x, projection="UMAP"))
    near = torch.cdist(frame.result.xy, frame.result.xy).fill_diagonal_(torch.inf).topk(5, largest=False).indices
    assert (of[near] == of[:, None]).float().mean() > 0.98
    assert "kl" not in frame.scalars


@pytest.mark.parametrize(
    ("arguments", "missing", "sentence"),
    [
        ({"projection": "UMAP"}, "umap", r'pip install "vizkit\[umap\]"'),
        ({"engine": "openTSNE"}, "openTSNE", r'pip install "vizkit\[maps\]"'),
    ],
)
def test_an_extra_that_is_missing_is_told_with_what_to_type(arguments, missing, sentence, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=sentence):
        mapped(features=clusters()[0], **arguments).result()


# How far to trust it


def test_kept_neighbors_are_counted_as_by_hand_and_trust_is_that_of_scikit_learn():
    manifold = pytest.importorskip("sklearn.manifold")
    x, _ = clusters(100)
    frame = last(mapped(features=x))
    before, after = (
        np.argsort(torch.cdist(each.double(), each.double()).numpy(), 1)[:, 1:11] for each in (x, frame.result.xy)
    )
    kept = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(before, after, strict=True)])
    assert float(frame.scalars["kept neighbors"]) == pytest.approx(kept, abs=1e-6)
    told = manifold.trustworthiness(x.numpy(), frame.result.xy.numpy(), n_neighbors=10)
    assert float(frame.scalars["trustworthiness"]) == pytest.approx(told, abs=1e-6)
    assert f"{100 * kept:.0f} % of each point's 10 nearest" in frame.said


def test_of_many_points_a_sample_is_asked_and_told():
    x = rand(4100, 3, seed=1)
    trust = Fidelity(x)
    assert len(trust.asked) <= 2000
    assert float(trust.kept(x[:, :2])) == pytest.approx(float(Fidelity(x[:2000]).kept(x[:2000, :2])), abs=0.1)
    frame = last(mapped(features=x, projection="PCA"))
    assert "asked of 2,000 points" in frame.said


def test_copies_are_their_own_neighbors():
    x = torch.cat([torch.zeros(30, 4), rand(10, 4)])
    assert 0 <= float(Fidelity(x).kept(x[:, :2])) <= 1


# What it is a map of


@pytest.mark.parametrize("pool", ["mean", "max", "flat"])
def test_vectors_of_a_layer_are_its_activations_pooled(pool):
    maps = vizkit.activations(NET, PICTURES, ["3"])["3"]
    wanted = {"mean": maps.mean((2, 3)), "max": maps.amax((2, 3)), "flat": maps.flatten(1)}[pool]
    ours = of_net(pool=pool, projection="PCA").result()
    theirs = mapped(features=wanted, projection="PCA").result()
    assert torch.allclose(ours.xy, theirs.xy, atol=1e-2 * float(theirs.xy.std()))
    assert torch.allclose(ours.values["length"], wanted.norm(dim=1), rtol=1e-4)


def test_a_map_of_places_has_a_point_for_each_and_shows_what_the_layer_sees_there():
    points = of_net(pool="positions", places=3, pictures=PICTURES[:40].clone(), steps=20).result()
    assert len(points) == 120
    assert points.names[4].startswith("1 at ")
    top, left = map(int, points.names[4].split(" at ")[1].split(", "))
    crop = points.pictures[4]
    h, w = crop.shape[1:]
    assert torch.equal(crop, PICTURES[1, :, top : top + h, left : left + w])
    assert max(h, w) <= 8
    assert len(set(points.names[:3])) == 3
    assert torch.equal(points.pictures.subset([4])[0], crop)


def test_vectors_that_a_scan_kept_are_a_map_without_reading():
    index = vizkit.scan(NET, PICTURES, ["3"], pooled="mean")
    ours = mapped(index=index, projection="PCA").result()
    theirs = of_net(projection="PCA").result()
    assert torch.allclose(ours.xy, theirs.xy, atol=1e-2 * float(theirs.xy.std()))
    with pytest.raises(LookupError, match="pooled"):
        mapped(index=vizkit.scan(NET, PICTURES, ["3"])).result()
    with pytest.raises(ValueError, match="Load that network"):
        mapped(net=zoo()["residual"], index=index).result()


def test_points_tell_what_the_network_answers():
    logits = vizkit.activations(NET, PICTURES, ["output"])["output"]
    values = of_net(projection="PCA").result().values
    assert torch.equal(values["prediction"], logits.argmax(1))
    assert torch.allclose(values["confidence"], logits.softmax(1).amax(1), atol=1e-5)


def test_where_the_classes_have_names_points_tell_them_and_whether_the_network_is_right():
    net = vizkit.load("world")
    points = vizkit.run("embedding_map", net, "pool", pictures="world/test/24", projection="PCA").result()
    assert points.words == {"prediction": net.labels, "right": ("wrong", "right")}
    assert torch.equal(points.values["right"] == 1, points.values["prediction"] == points.labels)
    unlabeled = of_net(net=vizkit.wrap(NET.module, 20, labels=["a", "b", "c"]), projection="PCA").result()
    assert unlabeled.words == {"prediction": ("a", "b", "c")}
    assert "right" not in unlabeled.values


def test_labels_are_those_of_the_pictures_or_those_that_are_given():
    labeled = [(picture, number % 3) for number, picture in enumerate(PICTURES)]
    assert of_net(pictures=labeled, projection="PCA").result().labels.tolist() == [i % 3 for i in range(COUNT)]
    assert of_net(projection="PCA").result().labels is None
    words = ["cat" if i % 4 else "dog" for i in range(COUNT)]
    named = of_net(labels=words, projection="PCA").result()
    assert named.label_names == ("cat", "dog")
    assert [named.label(int(number)) for number in named.labels] == words
    numbers = mapped(features=np.random.default_rng(0).normal(size=(8, 3)), labels=np.arange(8), perplexity=2, steps=5)
    assert numbers.result().labels.tolist() == list(range(8))


def test_while_pictures_are_read_those_that_are_not_lie_in_the_middle():
    frames = list(of_net(steps=20))
    drafts = [frame for frame in frames if not frame.scalars]
    assert [frame.step for frame in frames] == [1, 2, 3, 13, 23]
    assert "64 of 150 pictures read" in drafts[0].said
    assert (drafts[0].result.xy[64:] == 0).all()
    assert not (drafts[0].result.xy[:64] == 0).all(1).any()
    assert {len(frame.result) for frame in frames} == {COUNT}
    assert set(frames[-1].scalars) == {"kl", "kept neighbors", "trustworthiness"}


def test_pictures_are_read_once_for_all_maps_of_a_layer(monkeypatch):
    from vizkit.embed import reading

    seen, real = [], reading.Reading._look
    monkeypatch.setattr(reading.Reading, "_look", lambda self, *args: seen.append(self) or real(self, *args))
    pictures = PICTURES.clone()
    of_net(pictures=pictures).result()
    assert seen
    seen.clear()
    of_net(pictures=pictures, perplexity=7.0, seed=4).result()
    assert not seen
    of_net(pictures=pictures, pool="max").result()
    assert seen


def test_a_file_that_cannot_be_read_is_left_out_and_told(tmp_path):
    for number in range(12):
        Image.fromarray((rand(20, 20, 3, seed=number) * 255).byte().numpy()).save(tmp_path / f"{number:02}.png")
    (tmp_path / "05.png").write_bytes(b"no picture")
    frame = last(of_net(pictures=tmp_path, perplexity=3, steps=10))
    assert len(frame.result) == 11
    assert frame.result.names[5] == "06.png"
    assert torch.equal(frame.result.pictures[5], vizkit.data.collections.as_collection(tmp_path).at((20, 20), 3)[6])
    assert "1 unreadable pictures are left out" in frame.said


# What it is used for


def test_a_selection_of_points_becomes_the_pictures_of_another_method():
    points = of_net(steps=20).result()
    chosen = [3, 77, 12, 140]
    images = vizkit.run("top_images", NET, "3", 6, pictures=points.pictures.subset(chosen), count=4).result()
    strongest = vizkit.activations(NET, PICTURES[chosen], ["3"])["3"][:, 6].flatten(1).amax(1).argsort(descending=True)
    assert [int(caption.split(" · ")[0]) for caption in images.captions] == [chosen[i] for i in strongest]
    assert torch.equal(points.pictures[77], PICTURES[77])


def test_copies_are_placed_where_the_originals_lie():
    x, _ = clusters()
    points = mapped(features=x, steps=250).result()
    placed = vizkit.place(points, x[:20] + 1e-4, labels=["new"] * 20)
    assert ((placed.xy - points.xy[:20]).norm(dim=1).median() / points.xy.norm(dim=1).mean()) < 0.2
    assert placed.label_names == ("new",)
    pictures = of_net(steps=250).result()
    assert vizkit.place(pictures, PICTURES[:2].clone()).xy.shape == (2, 2)
    with pytest.raises(ValueError, match="12 numbers, and these have 5"):
        vizkit.place(points, x[:4, :5])
    with pytest.raises(ValueError, match='Only a result of "embedding_map"'):
        vizkit.place(Points(torch.zeros(4, 2)), x)


def test_a_panel_of_vectors_needs_no_network_and_has_no_layer_to_pick():
    x, of = clusters()
    panel = vizkit.panel("embedding_map", features=x, labels=of, steps=50)
    assert "layer" not in panel.controls
    assert panel.run.arguments["steps"] == 50
    for frame in panel.run:
        panel.show(frame)
    assert torch.equal(panel.result.xy, frame.result.xy)
    panel.close()
    panel = vizkit.panel("embedding_map", NET, pictures=PICTURES)
    assert panel.controls["layer"].value == vizkit.layers(NET).default
    panel.close()


# What is refused


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"features": torch.zeros(8)}, ValueError, r"\(8,\).*rows \(n, d\)"),
        ({"features": torch.zeros(8, 2, 2)}, ValueError, r"flatten\(1\)"),
        ({"features": torch.zeros(3, 2)}, ValueError, "3 rows make no map. Give 4"),
        ({"features": torch.tensor([[1.0], [2.0], [float("nan")], [3.0]])}, ValueError, "Row 2 of features"),
        ({"features": torch.zeros(8, 2), "labels": [1, 2]}, ValueError, "2 labels for 8 rows"),
        ({"features": torch.zeros(8, 2), "labels": [0.5] * 8}, ValueError, "whole number or a word"),
        ({"features": torch.zeros(8, 2), "pictures": PICTURES}, ValueError, "150 pictures for 8 rows"),
        ({"features": clusters()[0], "perplexity": 100.0}, ValueError, "=100 for 240 points.*Give perplexity=30"),
        ({"features": clusters()[0], "perplexity": 0.5}, ValueError, "from 1 to a third"),
        ({"features": clusters()[0], "steps": 0}, ValueError, "steps=0 moves nothing"),
        ({"features": clusters()[0], "start": torch.zeros(3, 2)}, ValueError, "no map of these 240 points"),
        ({"features": clusters()[0], "projection": "LDA"}, ValueError, "none of t-SNE, PCA, UMAP"),
        ({"features": clusters()[0], "engine": "gpu"}, ValueError, "none of auto, openTSNE, exact, fft"),
        ({}, ValueError, "nothing to make a map of"),
        ({"net": NET, "layer": "33"}, LookupError, "no layer '33'"),
        ({"net": NET, "layer": "3", "pool": "median", "pictures": PICTURES}, ValueError, "none of mean, max"),
        ({"net": NET, "layer": "3", "pictures": PICTURES[:2]}, ValueError, "2 pictures make no map"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        mapped(**arguments).result()


@pytest.mark.parametrize("engine", ["auto", "fft", "openTSNE"])
def test_vectors_that_are_all_the_same_make_a_map(engine):
    frame = last(mapped(features=torch.ones(40, 6), engine=engine, steps=30))
    assert frame.result.xy.isfinite().all()
    assert all(value.isfinite() for value in frame.scalars.values())


def test_what_is_remembered_of_a_tensor_is_forgotten_when_it_is_written_into():
    x, made = torch.zeros(3), []
    for _ in range(2):
        remembered(x, "sum", lambda: made.append(1) or x.sum())
    x += 1
    assert remembered(x, "sum", lambda: made.append(1) or x.sum()) == 3
    assert len(made) == 2
