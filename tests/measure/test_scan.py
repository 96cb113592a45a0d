"""A scan against brute force; and the same index whatever the shards, the folder, the processes, the accidents."""

import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import vizkit
from tests.zoo import zoo
from vizkit.maximize.objectives import positions_last
from vizkit.measure import census, scan
from vizkit.measure.peaks import places
from vizkit.measure.statistic import scattered
from vizkit.nets.read import Reader

LAYERS = ("stem", "conv")


class Small(nn.Module):
    """Two convolutions, an in-place ReLU and a head, in batches of any size the same."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 5, 3, 2), nn.Conv2d(5, 6, 3)
        self.relu, self.head = nn.ReLU(inplace=True), nn.Linear(6, 4)

    def forward(self, x):
        return self.head(self.conv(self.relu(self.stem(x))).mean((2, 3)))


@pytest.fixture
def net():
    return made(0)


def made(seed):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return vizkit.wrap(Small(), 20, name="small")


@pytest.fixture
def pixels():
    return torch.rand(37, 3, 20, 20, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def photos(tmp_path, pixels):
    """Twelve files in two folders, one of them damaged and one no picture."""
    for i, picture in enumerate(pixels[:12]):
        folder = tmp_path / "photos" / ("cat" if i % 3 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((picture.permute(1, 2, 0).numpy() * 255).astype(np.uint8)).save(folder / f"{i:02}.png")
    (tmp_path / "photos" / "cat" / "04.png").write_bytes((tmp_path / "photos" / "cat" / "05.png").read_bytes()[:300])
    (tmp_path / "photos" / "dog" / "03.png").write_text("no picture")
    return tmp_path / "photos"


def differences(a, b) -> list[str]:
    """In what two indexes differ, bit for bit: nothing where they say the same."""
    assert a.layers.names == b.layers.names
    found = [] if torch.equal(a.labels, b.labels) else ["labels"]
    found += [] if a.unreadable == b.unreadable else ["unreadable"]
    for name in a.layers.names:
        for ask in ("top", "spread", "histogram", "moments", "odd"):
            both = (getattr(index, ask)(name) for index in (a, b))
            one, other = ((t,) if torch.is_tensor(t) else t for t in both)
            alike = (torch.equal(x.nan_to_num(7e7), y.nan_to_num(7e7)) for x, y in zip(one, other, strict=True))
            found += [] if all(alike) else [f"{ask} of {name}"]
    return found


# -- what it finds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in zoo() if name != "nan weights"])
def test_every_kind_of_network_is_scanned_as_its_activations_say(name):
    net = zoo()[name]
    pixels = torch.rand(9, net.channels, *net.size, generator=torch.Generator().manual_seed(2))
    index = vizkit.scan(net, pixels, k=4, batch=9, histograms="all")
    seen = vizkit.activations(net, pixels, index.layers.names)
    for layer in index.layers.names:
        flat = positions_last(seen[layer]).detach().float()
        peaks = flat.amax(2)
        values, ids, positions = index.top(layer)
        torch.testing.assert_close(values, peaks.T.sort(dim=1, descending=True).values[:, :4], rtol=0, atol=0)
        for unit in range(flat.shape[1]):
            assert ids[unit].tolist() == sorted(range(9), key=lambda i: (-peaks[i, unit], i))[:4]
            assert positions[unit].tolist() == [int(flat[i, unit].argmax()) for i in ids[unit]]
        everything = flat.transpose(0, 1).flatten(1).double()
        torch.testing.assert_close(index.moments(layer).mean, everything.mean(1), rtol=1e-4, atol=1e-6)
        assert int(index.histogram(layer).counts.sum()) == everything.numel()
        torch.testing.assert_close(index.sparsity(layer).positive, (everything > 0).double().mean(1).float())


def test_without_layers_every_convolution_linear_map_and_the_panels_default_are_read(net, pixels):
    assert vizkit.scan(net, pixels[:2]).layers.names == ("stem", "relu", "conv", "head")  # a panel opens on relu
    world = vizkit.load("world", device="cpu")
    assert vizkit.layers(world).default in vizkit.scan(world, "world/test/2").layers.names


def test_a_layer_answers_to_its_other_names(net, pixels):
    index = vizkit.scan(net, pixels, k=3)
    assert all(torch.equal(a, b) for a, b in zip(index.top("output"), index.top("head"), strict=True))


def test_histograms_look_at_the_same_places_whatever_the_shards(net, pixels):
    index = vizkit.scan(net, pixels, ["stem"], histograms=5, batch=37)
    seen = vizkit.activations(net, pixels, ["stem"])["stem"].detach().flatten(2)
    chosen = places(scattered(torch.arange(37)), seen.shape[2], 5).places
    some = seen.gather(2, chosen[:, None].expand(-1, 5, -1))
    torch.testing.assert_close(index.moments("stem").mean, some.mean((0, 2)).double(), rtol=1e-5, atol=1e-6)
    assert index.histogram("stem").counts.sum(1).tolist() == [37 * 5] * 5


def test_embeddings_are_the_pooled_activations(net, pixels, tmp_path):
    seen = vizkit.activations(net, pixels, LAYERS)
    index = vizkit.scan(net, pixels, pooled={"stem": "mean", "conv": "max"}, batch=37)
    kept = vizkit.scan(net, pixels, pooled={"stem": "mean", "conv": "max"}, batch=37, out=tmp_path / "index")
    for found in (index, kept):
        np.testing.assert_allclose(found.embeddings("stem"), seen["stem"].detach().mean((2, 3)), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(found.embeddings("conv"), seen["conv"].detach().amax((2, 3)))
    with pytest.raises(LookupError, match=r"pooled={'head': 'mean'}"):
        kept.embeddings("head")


def test_pairs_of_units_are_counted_where_both_are_positive(net, pixels):
    found = vizkit.scan(net, pixels, together=["conv"], histograms="all").together("conv")
    active = (vizkit.activations(net, pixels, ["conv"])["conv"].detach() > 0).double().movedim(1, 0).flatten(1)
    assert torch.equal(found.counts, (active @ active.T).long())


def test_what_is_not_a_number_is_told_and_never_on_top(pixels):
    net = zoo()["nan weights"]
    index = vizkit.scan(net, pixels, ["0"], k=3)
    assert index.odd("0").tolist() == [37] * 6
    assert index.top("0").ids.eq(-1).all()
    assert index.moments("0").pictures.sum() == 0


def test_half_precision_is_near_single(net, pixels):
    a, b = (vizkit.scan(net, pixels, k=1, precision=p).top("conv").values for p in ("float32", "bfloat16"))
    assert not torch.equal(a, b)
    torch.testing.assert_close(a, b, rtol=0.03, atol=0.03)


# -- the same, however ----------------------------------------------------------------------------------------------


def test_shards_folder_threads_and_cache_change_nothing(net, photos, tmp_path):
    plain = vizkit.scan(net, photos, batch=2, workers=0)
    for settings in (
        {"shard": 4},
        {"shard": 4, "out": tmp_path / "index"},
        {"workers": 3},
        {"cache": tmp_path / "cache"},
        {"cache": tmp_path / "cache", "workers": 2},  # now from the cache
    ):
        assert not differences(vizkit.scan(net, photos, batch=2, **settings), plain)


def test_ranks_that_share_a_folder_make_the_index_together(net, pixels, tmp_path):
    out = tmp_path / "index"
    first = vizkit.scan(net, pixels, out=out, shard=5, batch=5, share=(0, 3))
    assert not (out / "results.safetensors").exists()
    assert first.top("stem").ids.max() < 37
    vizkit.scan(net, pixels, out=out, shard=5, batch=5, share=(2, 3))
    last = vizkit.scan(net, pixels, out=out, shard=5, batch=5, share=(1, 3))
    assert not differences(last, vizkit.scan(net, pixels, batch=5))
    assert not differences(vizkit.open_index(out, pixels), last)
    assert not (out / "shards").exists()


def test_a_stopped_scan_goes_on_and_reads_no_picture_twice(net, pixels, tmp_path):
    out = tmp_path / "index"
    told = scan.scanning(net, pixels, out=out, shard=8, batch=4)
    for scanned in told:
        if scanned.done >= 20:  # in the middle of the third shard
            break
    told.close()
    rest = list(scan.scanning(net, pixels, out=out, shard=8, batch=4))
    assert (rest[0].done, rest[-1].done, rest[-1].fresh) == (16, 37, 21)
    assert not differences(rest[-1].index(), vizkit.scan(net, pixels, batch=4))
    assert [s.done for s in scan.scanning(net, pixels, out=out)] == [37, 37]  # nothing left to do


_KILLED = """
import sys, torch
torch.set_num_threads(1)
import vizkit
from vizkit.measure.scan import scanning
from tests.measure.test_scan import made
print("scanning", flush=True)
for scanned in scanning(made(0), "world/test/60", out=sys.argv[1], shard=6, batch=3, pooled="max"):
    print(scanned.done, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_at_random_moments_and_called_again_it_ends_with_the_very_same_index(tmp_path):
    out, chance = tmp_path / "index", random.Random(0)
    words = [sys.executable, "-c", _KILLED, str(out)]
    for after in sorted(chance.sample(range(4, 55), 3)):
        running = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
        assert running.stdout is not None
        for line in running.stdout:
            if line.strip().isdecimal() and int(line) >= after:
                time.sleep(chance.random() * 0.02)
                break
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert not (out / "results.safetensors").exists()
    index = vizkit.scan(made(0), "world/test/60", out=out, pooled="max")
    plain = vizkit.scan(made(0), "world/test/60", batch=3, pooled="max")
    assert not differences(index, plain)
    np.testing.assert_array_equal(index.embeddings("conv"), plain.embeddings("conv"))
    assert sorted(p.name for p in out.iterdir()) == [
        "contents.json",
        "embeddings",
        "results.safetensors",
        "unreadable.json",
    ]


def test_a_damaged_shard_is_read_again(net, pixels, tmp_path):
    out = tmp_path / "index"
    list(zip(scan.scanning(net, pixels, out=out, shard=8, batch=8), range(4), strict=False))
    shards = sorted((out / "shards").iterdir())
    shards[0].write_bytes(shards[0].read_bytes()[:200])
    shards[1].write_bytes(b"")
    assert not differences(vizkit.scan(net, pixels, out=out), vizkit.scan(net, pixels, batch=8))


def test_memory_that_runs_out_halves_the_batch_and_loses_nothing(net, pixels, monkeypatch):
    plain = vizkit.scan(net, pixels, batch=2)
    sizes, real = [], census.Census._forward

    def forward(self, some, ids):
        sizes.append(len(ids))
        if len(ids) > 2:
            real(self, some, ids)  # as far as the last layer, and then
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, some, ids)

    monkeypatch.setattr(census.Census, "_forward", forward)
    assert not differences(vizkit.scan(net, pixels, batch=16), plain)
    assert sizes[:4] == [16, 8, 4, 2]
    assert max(sizes[4:]) == 2


def test_no_memory_for_one_picture_is_said_so(net, pixels, monkeypatch):
    def forward(self, some, ids):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(census.Census, "_forward", forward)
    with pytest.raises(MemoryError, match="not enough memory for one picture"):
        vizkit.scan(net, pixels)


def test_other_errors_are_the_networks_own(pixels):
    class Broken(Small):
        def forward(self, x):
            if len(x) > 1:
                raise RuntimeError("my own mistake")
            return super().forward(x)

    with torch.random.fork_rng(devices=[]):
        net = vizkit.wrap(Broken(), 20)
    with pytest.raises(RuntimeError, match="my own mistake"):
        vizkit.scan(net, pixels)


# -- pictures --------------------------------------------------------------------------------------------------------


def test_unreadable_files_are_listed_and_the_rest_is_scanned(net, photos, tmp_path):
    index = vizkit.scan(net, photos, out=tmp_path / "index", k=12, pooled="max")
    assert list(index.unreadable) == ["cat/04.png", "dog/03.png"]
    numbers = [index.collection.names.index(name) for name in index.unreadable]
    ranked = set(index.top("stem").ids.flatten().tolist())
    assert ranked == (set(range(12)) - set(numbers)) | {-1}
    assert np.isnan(index.embeddings("stem")[numbers]).all()
    assert [index.label_names[label] for label in index.labels if label >= 0].count("dog") == 3
    assert vizkit.open_index(tmp_path / "index").unreadable == index.unreadable


def test_labels_of_a_dataset_are_kept(net, pixels, tmp_path):
    pairs = [(picture, i % 3) for i, picture in enumerate(pixels)]
    vizkit.scan(net, pairs, out=tmp_path / "index", shard=10)
    assert vizkit.open_index(tmp_path / "index").labels.tolist() == [i % 3 for i in range(37)]


def test_nothing_to_scan_is_a_mistake(net, tmp_path):
    with pytest.raises(ValueError, match="holds no picture"):
        vizkit.scan(net, tmp_path)


# -- what has changed -------------------------------------------------------------------------------------------------


def test_another_network_is_noticed(net, pixels, tmp_path):
    vizkit.scan(net, pixels, out=tmp_path / "index")
    with pytest.raises(
        ValueError, match=r"another network: small with weights .* and this is small with weights .* delete"
    ):
        vizkit.scan(made(1), pixels, out=tmp_path / "index")
    changed = vizkit.edited(net, {"stem": lambda a: 2 * a})
    with pytest.raises(ValueError, match=r"\(edited\)"):
        vizkit.scan(changed, pixels, out=tmp_path / "index")


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "rewritten"])
def test_other_pictures_are_noticed(net, photos, tmp_path, change):
    list(zip(scan.scanning(net, photos, out=tmp_path / "index", shard=4), range(2), strict=False))
    file = photos / "cat" / "01.png"
    if change == "added":
        Image.new("RGB", (9, 9)).save(photos / "cat" / "99.png")
    if change == "removed":
        file.unlink()
    if change == "renamed":
        file.rename(photos / "cat" / "00.png")
    if change == "rewritten":
        file.write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match=r"other pictures.*added, removed, renamed or changed.*another folder"):
        vizkit.scan(net, photos, out=tmp_path / "index")


@pytest.mark.parametrize("settings", [{"k": 3}, {"layers": ["stem"]}, {"histograms": False}, {"precision": "bfloat16"}])
def test_other_settings_are_noticed(net, pixels, tmp_path, settings):
    vizkit.scan(net, pixels, out=tmp_path / "index")
    with pytest.raises(ValueError, match=r"holds a scan with .* and this has"):
        vizkit.scan(net, pixels, out=tmp_path / "index", **settings)


def test_a_folder_with_something_else_is_left_alone(net, pixels, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="no index"):
        vizkit.scan(net, pixels, out=tmp_path)


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"layers": ["stm"]}, LookupError, "Did you mean 'stem'"),
        ({"layers": "stem"}, TypeError, r"Try \['stem'\]"),
        ({"layers": []}, ValueError, "names no layer"),
        ({"k": 0}, ValueError, "whole number from 1"),
        ({"batch": 0}, ValueError, "whole number from 1"),
        ({"precision": "int8"}, ValueError, "float32, bfloat16"),
        ({"histograms": "some"}, ValueError, "'all'"),
        ({"pooled": "median"}, ValueError, "'mean' or 'max'"),
        ({"layers": ["stem"], "pooled": {"conv": "mean"}}, LookupError, "Add it to layers"),
        ({"share": (2, 2)}, ValueError, "first of four"),
        ({"share": 2}, ValueError, "first of four"),
        ({"together": "stem"}, TypeError, r"Try \['stem'\]"),
        ({"k": 2.5}, ValueError, "whole number from 1"),
    ],
)
def test_mistakes_are_told_in_a_sentence(net, pixels, settings, error, sentence):
    with pytest.raises(error, match=sentence):
        vizkit.scan(net, pixels, **settings)


def test_counts_may_be_whole_numbers_of_numpy(net, pixels, tmp_path):
    vizkit.scan(net, pixels, ["stem"], k=np.int64(2), batch=np.int32(3), shard=np.int64(4), out=tmp_path / "index")
    assert vizkit.open_index(tmp_path / "index", pixels).top("stem").ids.shape[1] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_with_bytes_that_are_no_text_is_scanned_like_any_other(net, tmp_path):
    (tmp_path / "photos").mkdir()
    for name, gray in ((b"a.png", 60), (b"b\xff.png", 200)):
        Image.new("RGB", (20, 20), (gray, gray, gray)).save(tmp_path / "photos" / os.fsdecode(name))
    index = vizkit.scan(net, tmp_path / "photos", ["stem"], out=tmp_path / "index")
    assert index.unreadable == {}
    again = vizkit.open_index(tmp_path / "index")
    assert [again.collection.name(i) for i in range(2)] == ["a.png", "b?.png"]
    assert again.collection[1].mean() == pytest.approx(200 / 255)
    vizkit.run("top_images", net, layer="stem", unit=0, index=again).result().to_html(tmp_path / "top.html")


# -- while it goes on ------------------------------------------------------------------------------------------------


def test_it_tells_how_far_it_is_and_what_is_known_so_far(net, pixels):
    told = []
    vizkit.scan(net, pixels, shard=16, batch=8, progress=lambda s: told.append((s.done, s.of, s.fresh, s.index())))
    assert [t[0] for t in told] == [0, 8, 16, 24, 32, 37, 37]
    for done, _, fresh, index in told:
        assert fresh == done
        if done:
            first = vizkit.scan(net, pixels[:done], shard=16, batch=8)
            ids = index.top("stem").ids
            assert torch.equal(ids[:, :done], first.top("stem").ids)
            assert (ids[:, done:] == -1).all()


def test_what_was_known_stays_as_it_was_when_the_scan_goes_on(net, pixels):
    told = scan.scanning(net, pixels, batch=8, histograms="all")
    next(told)
    early = next(told).index()
    counts = early.histogram("stem").counts.sum(1)
    list(told)
    assert torch.equal(vizkit.scan(net, pixels[:8], histograms="all").histogram("stem").counts.sum(1), counts)


def test_rate_and_time_left():
    scanned = scan.Scanned(30, 100, 20, 4.0, 0, False, lambda: None)
    assert (scanned.rate, scanned.left) == (5, 14)
    assert scan.Scanned(0, 100, 0, 0.0, 0, False, lambda: None).left is None


def test_a_closed_scan_leaves_no_thread_and_no_hook(photos):
    net = made(0)
    told = scan.scanning(net, photos, workers=2, batch=2)
    next(told), next(told)
    assert torch.is_grad_enabled()
    told.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("vizkit")]
    assert not any(part._forward_hooks for part in net.module.modules())


def test_what_a_pass_made_is_gone_without_the_garbage_collector(net, pixels):
    """Else memory grows with the number of batches, until the collector comes by."""
    made_by = []
    look = Reader(net, LAYERS, each=lambda name, output: made_by.append(weakref.ref(output)))
    gc.disable()
    try:
        look(pixels[:2])
        left = [there for there in made_by if there() is not None]
    finally:
        gc.enable()
    assert len(made_by) == 2
    assert not left


def test_the_recipe_makes_it_again(photos, tmp_path):
    with torch.random.fork_rng(devices=[]):
        world = vizkit.load("world", device="cpu")
    index = vizkit.scan(world, "world/validation/5", ["stage4"], out=tmp_path / "index", histograms=3, pooled="mean")
    there: dict = {}
    exec(vizkit.open_index(tmp_path / "index").recipe, there)
    assert not differences(there["index"], index)


def test_contents_say_what_was_scanned(net, pixels, tmp_path):
    vizkit.scan(net, pixels, out=tmp_path / "index")
    told = json.loads((tmp_path / "index" / "contents.json").read_text())
    assert (told["format"], told["complete"], told["weights"]) == ("vizkit index", True, net.weight_hash)


def test_equal_peaks_in_shards_that_come_in_any_order_keep_their_positions(tmp_path):
    """Two levels of gray, so that nearly all peaks are equal; shards of the last process first."""
    chance = torch.Generator().manual_seed(5)
    pixels = torch.randint(0, 2, (40, 3, 20, 20), generator=chance)[:, :, :1, :1].expand(-1, -1, 20, 20).float()
    net, out = made(0), tmp_path / "index"
    for rank in (2, 1, 0):
        index = vizkit.scan(net, pixels, out=out, shard=4, batch=4, k=6, share=(rank, 3))
    assert not differences(index, vizkit.scan(net, pixels, shard=40, batch=4, k=6))
    assert (index.top("stem").positions >= 0).all()
