"""A network as a folder of pages."""

import html
import io
import json
import random
import re
import shutil
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import vizkit
from tests.save.sites import HOSTILE, LAYERS, QUICK, built, files, labelled, network, peaks, scanned, stamps
from tests.zoo import zoo
from vizkit.save.files import replacing
from vizkit.save.pictures import to_uint8
from vizkit.save.site import folder as folders
from vizkit.save.site import tiles
from vizkit.save.site.build import Built, building
from vizkit.save.site.invented import run_of
from vizkit.save.site.markup import Markup, joined, tag
from vizkit.save.site.plan import planned
from vizkit.save.site.recipes import without_paths


@pytest.fixture(scope="module")
def net():
    return network()


@pytest.fixture(scope="module")
def index(net):
    return scanned(net)


@pytest.fixture(scope="module")
def whole(net, index, tmp_path_factory):
    """A site that nothing interrupted; not to be changed."""
    out = tmp_path_factory.mktemp("site") / "whole"
    built(net, index, out)
    return out


class Page(HTMLParser):
    """The elements of a page: names and attributes."""

    def __init__(self, path: Path):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


class Killed(BaseException):
    """The process ends here."""


def dying(after: int):
    """A `replacing` that is killed at its `after`-th file, whose draft stays behind."""
    left = after

    @contextmanager
    def draft(path):
        nonlocal left
        left -= 1
        if left == 0:
            (path.parent / ".0123456789ab.webp").write_bytes(b"half of a file")
            raise Killed
        with replacing(path) as found:
            yield found

    return draft


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_site_goes_on_and_ends_equal_to_an_uninterrupted_one(net, index, whole, tmp_path, monkeypatch, seed):
    chance, kills = random.Random(seed), 0
    for _ in range(100):
        monkeypatch.setattr(folders, "replacing", dying(chance.randint(5, 50)))
        try:
            built(net, index, tmp_path / "site")
            break
        except Killed:
            kills += 1
    assert kills > 2
    assert files(tmp_path / "site") == files(whole)


def test_closing_the_iterator_stops_a_site_that_goes_on(net, index, whole, tmp_path):
    for told in building(net, None, tmp_path / "site", index=index, **QUICK):
        if told.done >= 12:
            break
    assert not json.loads((tmp_path / "site" / "manifest.json").read_text())["complete"]
    again = [told for told in building(net, None, tmp_path / "site", index=index, **QUICK) if isinstance(told, Built)]
    assert again[-1].complete
    assert again[-1].fresh <= 30 - 12 + QUICK["together"]
    assert files(tmp_path / "site") == files(whole)


def test_a_site_that_is_there_is_left_as_it_is(net, index, tmp_path):
    built(net, index, tmp_path / "site")
    before = stamps(tmp_path / "site")
    told = list(building(net, None, tmp_path / "site", index=index, **QUICK))
    assert [(one.done, one.of, one.fresh, one.complete) for one in told] == [(30, 30, 0, True)]
    assert stamps(tmp_path / "site") == before


def changed(before: dict, after: dict) -> set[str]:
    """Which pictures of units were written again: `made` and `real`."""
    names = {name for name in before.keys() & after.keys() if before[name] != after[name] and name.endswith(".webp")}
    names = {name for name in names if "strip" not in name}  # which units stand there follows the real pictures
    return {"real" if "real" in name.rsplit("/", 1)[1] else "made" for name in names}


def test_only_what_changed_is_made_anew(net, index, tmp_path):
    out = tmp_path / "site"
    built(net, index, out)
    before = stamps(out)
    built(net, index, out, steps=3)
    other_steps = stamps(out)
    assert changed(before, other_steps) == {"made"}
    built(net, scanned(net, "world/test/30"), out, steps=3)
    assert changed(other_steps, stamps(out)) == {"real"}
    built(net, index, out, steps=3, credit="By nobody.")
    built(net, index, tmp_path / "fresh", steps=3, credit="By nobody.")
    assert files(out) == files(tmp_path / "fresh")


def test_another_network_is_noticed(net, tmp_path):
    out, other = tmp_path / "site", vizkit.load("world-b", device="cpu")
    built(net, scanned(net), out)
    before = files(out)
    built(other, scanned(other), out)
    built(other, scanned(other), tmp_path / "fresh")
    assert files(out) == files(tmp_path / "fresh")
    assert before["layers/stem/1.webp"] != files(out)["layers/stem/1.webp"]


def test_what_is_no_longer_shown_goes(net, index, tmp_path):
    out = tmp_path / "site"
    built(net, index, out)
    built(net, index, out, layers=["output"], units=[3, 7])
    built(net, index, tmp_path / "fresh", layers=["output"], units=[3, 7])
    assert files(out) == files(tmp_path / "fresh")
    assert {path.name for path in (out / "layers").iterdir()} == {"output"}


@pytest.mark.parametrize("name", ["stem/made.json", "stem/3.webp", "stem/real-0.webp", "stem/3.html"])
@pytest.mark.parametrize("damage", [b"", b"{", b'{"3 made": {"key": 1, "files": {"../../x": "y"}}}', None])
def test_what_is_damaged_is_made_again(net, index, whole, tmp_path, name, damage):
    out = tmp_path / "site"
    shutil.copytree(whole, out)
    path = out / "layers" / name
    path.unlink() if damage is None else path.write_bytes(damage)
    built(net, index, out)
    assert files(out) == files(whole)


def test_a_damaged_manifest_is_written_again(net, index, whole, tmp_path):
    out = tmp_path / "site"
    shutil.copytree(whole, out)
    text = (out / "manifest.json").read_bytes()
    (out / "manifest.json").write_bytes(text[: len(text) // 2])
    built(net, index, out)
    assert files(out) == files(whole)


@pytest.mark.parametrize("there", ["thesis.tex", "manifest.json"])
def test_a_folder_with_something_else_is_refused_and_stays(net, index, tmp_path, there):
    (tmp_path / there).write_text('{"name": "another program"}')
    with pytest.raises(FileExistsError, match="no site of vizkit"):
        built(net, index, tmp_path)
    assert list(files(tmp_path)) == [there]


def test_every_link_and_picture_of_every_page_is_a_file_of_the_site(whole):
    count = 0
    for path in whole.rglob("*.html"):
        for _, words in Page(path).found:
            for key in ("href", "src", "data-real", "data-search"):
                if link := words.get(key):
                    assert (path.parent / link).resolve().is_relative_to(whole.resolve())
                    assert (path.parent / link).is_file(), f"{path.name} has {key}={link}"
                    count += 1
    assert count > 500


def test_every_file_is_reached_from_the_first_page(whole):
    reached, left = set(), [whole / "index.html"]
    while left:
        path = left.pop()
        if path in reached:
            continue
        reached.add(path)
        links = [w.get(k) for _, w in Page(path).found for k in ("href", "src", "data-real", "data-search")]
        near = [(path.parent / link).resolve() for link in links if link]
        reached.update(one for one in near if one.suffix != ".html")
        left += [one for one in near if one.suffix == ".html"]
    apart = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()}
    apart -= {path.resolve().relative_to(whole.resolve()).as_posix() for path in reached}
    assert {name.rsplit("/", 1)[-1] for name in apart} == {"manifest.json", "made.json"}


def test_pages_hold_no_script_style_or_handler_of_their_own(whole):
    pages = list(whole.rglob("*.html"))
    assert len(pages) > 3
    for path in pages:
        found = Page(path).found
        assert "style" not in [name for name, _ in found]
        assert all(words.get("src") for name, words in found if name == "script")
        assert not [key for _, words in found for key in words if key == "style" or key.startswith("on")]
        policy = next(words for _, words in found if words.get("http-equiv") == "Content-Security-Policy")
        assert policy["content"].startswith("default-src 'none'")


def test_no_path_of_this_machine_is_in_a_site(tmp_path):
    secret = tmp_path / "secret place"
    for label in ("cat", "dog"):
        (secret / label).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (40, 40), (40 * number, 90, 60)).save(secret / label / f"{label} {number}.png")
    vizkit.load("world", device="cpu").module.state_dict()
    weights = secret / "weights.pth"
    torch.save(vizkit.load("world", device="cpu").module.state_dict(), weights)
    net = vizkit.load("world", weights=weights, device="cpu")
    out = tmp_path / "site"
    vizkit.site(net, secret, out, ["output"], units=2, size=32, steps=1, seed=0)
    assert (tmp_path / "site-index").is_dir()
    for name, data in files(out).items():
        assert str(tmp_path).encode() not in data, name
        assert b"secret place/" not in data, name
    page = (out / "layers" / "output" / "0.html").read_text()
    assert "weights=&#x27;weights.pth&#x27;" in page
    assert "cat 0" in page or "dog 0" in page


def test_paths_in_an_expression_are_cut_to_their_last_name():
    assert without_paths("vizkit.load('a', weights='/x/y.pth')") == "vizkit.load('a', weights='y.pth')"
    assert without_paths(r"f('C:\\Users\\me\\y.pth', size=3)") == "f('y.pth', size=3)"
    assert without_paths("f(") == "...  # a network that only Python can make"


def test_the_recipe_of_a_page_makes_its_picture_again(net, whole):
    page = (whole / "layers" / "stage3" / "7.html").read_text()
    recipe = html.unescape(page.split("<pre")[1].split(">", 1)[1].split("</pre>")[0])
    names: dict = {}
    exec(recipe, names)
    with Image.open(whole / "layers" / "stage3" / "7.webp") as image:
        shown = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1) / 255
    again = names["result"].pixels[0]
    assert again.shape == shown.shape
    assert (again - shown).abs().mean() < 0.03


def test_the_told_answer_is_that_of_the_picture(net, index, whole):
    plan = planned(net, index, ["stage3"], **QUICK)
    record = json.loads((whole / "layers" / "stage3" / "made.json").read_text())["5 made"]
    pixels = run_of(plan, "stage3", 5).result().pixels
    assert record["peaks"][0] == pytest.approx(float(peaks(plan.looked_at, "stage3", pixels, 5)), rel=1e-3)


def test_real_pictures_are_those_that_the_index_ranks_first(index, whole):
    told = json.loads((whole / "layers" / "output" / "made.json").read_text())["4 real"]["top"]
    values, ids, _ = index.top("output")
    assert told[0]["picture"] == int(ids[4, 0])
    assert told[0]["value"] == pytest.approx(float(values[4, 0]))
    assert told[0]["name"] == f"world/test/{int(ids[4, 0])}"
    assert [one["value"] for one in told] == sorted((one["value"] for one in told), reverse=True)


def script(out: Path) -> dict:
    text = (out / "search.js").read_text()
    assert text.isascii()
    return json.loads(text.removeprefix("window.vizkitSearch = ").removesuffix(";\n"))


def test_the_search_knows_layers_and_the_labels_that_units_agree_on(net, index, whole):
    found = script(whole)
    assert [layer[:2] for layer in found["layers"]] == [[name, f"layers/{name}"] for name in LAYERS]
    classes = {unit: found["words"][word] for layer, unit, word, *_ in found["units"] if layer == 2}
    assert classes == dict(enumerate(net.labels[:10]))
    choice = index.selectivity("stage3", 6)  # of 24 pictures, the strongest quarter
    words = {unit: (found["words"][word], percent) for layer, unit, word, percent, _ in found["units"] if layer == 1}
    for unit in range(10):
        label, share = int(choice.label[unit]), float(choice.share[unit])
        usual = float((index.labels == label).double().mean())
        agreed = share == 1 or share / (1 - share) >= 4 * usual / (1 - usual)
        expected = (index.label_names[label], round(100 * share)) if agreed and share >= 0.1 else None
        assert words.get(unit) == expected


def test_files_without_labels_are_found_by_their_names(net, tmp_path):
    (tmp_path / "pictures").mkdir()
    for number in range(5):
        Image.new("RGB", (40, 40), (50 * number, 90, 60)).save(tmp_path / "pictures" / f"tench {number}.png")
    index = vizkit.scan(net, tmp_path / "pictures", ["stage3"])
    built(net, index, tmp_path / "site")
    found = script(tmp_path / "site")
    values = index.top("stage3").ids[4, 0]
    unit = next(unit for unit in found["units"] if unit[1] == 4)
    assert found["names"][unit[4][0]] == f"tench {int(values)}"
    assert found["words"] == []


def test_labels_are_text_wherever_they_come_from(net, tmp_path):
    hostile = vizkit.wrap(net.module, 96, labels=[HOSTILE[i % 4] + str(i) for i in range(12)], name=HOSTILE[0])
    built(hostile, scanned(hostile, labelled()), tmp_path / "site", credit=HOSTILE[0])
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 3
    for path in pages:
        names = [name for name, _ in Page(path).found]
        assert names.count("script") == 1
        assert all(words.get("onerror") is None for _, words in Page(path).found)
        assert "b" not in names or "<b>bold" not in path.read_text()


def test_an_index_without_histograms_or_labels_will_do(net, tmp_path):
    index = vizkit.scan(net, noise(9, 3, 96, 96), ["stage3"], histograms=False)
    built(net, index, tmp_path / "site")
    page = (tmp_path / "site" / "layers" / "stage3" / "2.html").read_text()
    assert "Strongest real pictures" in page
    assert "How often" not in page


AWKWARD = ("one channel", "two channels", "five channels", "transformer", "reused module", "no spatial dimensions")


@pytest.mark.parametrize("name", AWKWARD)
def test_any_network_has_a_site(name, tmp_path):
    net = zoo()[name]
    page = vizkit.site(
        net, noise(8, net.channels, *net.size), tmp_path / "site", units=2, size=32, steps=1, seed=(0, 1), tv=(0.1, 0.0)
    )
    assert page.is_file()
    with Image.open(next((tmp_path / "site").rglob("1.webp"))) as image:
        assert image.size == (4 * 32, 32)


def test_pictures_are_looked_at_as_large_as_they_are_shown_where_that_runs():
    with torch.random.fork_rng(devices=[]):  # modules draw weights when they are made
        any_size = vizkit.wrap(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1)), (64, 48))
    fixed = zoo()["transformer"]
    assert planned(any_size, vizkit.scan(any_size, noise(4, 3, 64, 48)), size=32).looked_at.size == (32, 24)
    index = vizkit.scan(fixed, noise(4, 3, 16, 16))
    assert planned(fixed, index, size=16).looked_at is fixed


def test_folders_of_layers_are_told_apart_on_any_disk():
    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.con, self.a, self.A = (torch.nn.Conv2d(3, 3, 1) for _ in range(3))

        def forward(self, x):
            return {"../../up": self.A(self.a(self.con(x)))}

    with torch.random.fork_rng(devices=[]):
        net = vizkit.wrap(Odd(), 8)
    index = vizkit.scan(net, noise(2, 3, 8, 8), vizkit.layers(net).names)
    places = list(planned(net, index).places.values())
    assert len({place.lower() for place in places}) == len(places) == len(vizkit.layers(net))
    assert all(re.fullmatch(r"layers/\w[\w.-]*", place) for place in places)
    assert "layers/con" not in places


def test_the_pictures_of_a_unit_do_not_depend_on_how_many_units_are_shown(net, index, whole, tmp_path):
    built(net, index, tmp_path / "site", units=4)
    few, all_of_them = files(tmp_path / "site"), files(whole)
    assert few["layers/stage3/3.webp"] == all_of_them["layers/stage3/3.webp"]


@pytest.mark.parametrize(
    ("settings", "kind", "sentence"),
    [
        ({"layers": ["stag3"]}, LookupError, "Did you mean 'stage3'"),
        ({"units": [9999]}, LookupError, "units=.9999. are in none"),
        ({"units": 0}, ValueError, "units=0 shows nothing"),
        ({"size": 4}, ValueError, "16 to 512 pixels"),
        ({"seed": range(9)}, ValueError, "1 to 8 pictures"),
        ({"steps": 0}, ValueError, "steps=0 turns nothing"),
    ],
)
def test_a_mistake_is_told(net, index, tmp_path, settings, kind, sentence):
    with pytest.raises(kind, match=sentence):
        built(net, index, tmp_path / "site", **settings)


def test_another_way_to_scan_has_an_index_of_its_own(net, tmp_path, monkeypatch):
    """As after an upgrade that looks at fewer answers: the scan that is there is left, not refused."""
    pictures, site = torch.rand(6, net.channels, *net.size, generator=torch.Generator()), tmp_path / "site"
    vizkit.site(net, pictures, site, ["stem"], **QUICK)
    monkeypatch.setattr("vizkit.measure.plan.SAMPLED", 7)
    vizkit.site(net, pictures, site, ["stem"], **QUICK)
    assert len(list(tmp_path.glob("site-index/*/"))) == 2


def test_a_site_without_real_pictures_is_refused(net, tmp_path):
    with pytest.raises(ValueError, match="needs real pictures"):
        vizkit.site(net, None, tmp_path / "site")


# -- parts -------------------------------------------------------------------------------------------------------------


def test_strings_are_escaped_and_elements_are_not():
    assert tag("p", "a < b", tag("b", 0), title='"', hidden=True, id=None, data_unit=0, lang=False) == (
        '<p title="&quot;" hidden data-unit="0">a &lt; b<b>0</b></p>'
    )
    assert joined("<", [Markup("<i>"), None]) == "&lt;<i>"
    assert tag("img", alt="x") == '<img alt="x">'


def test_a_sheet_holds_its_tiles_in_rows():
    colors = torch.linspace(0, 1, 10)[:, None, None, None].expand(10, 3, 16, 16)
    with Image.open(io.BytesIO(tiles.sheet(colors, across=4))) as image:
        assert image.size == (64, 48)
        shown = torch.from_numpy(np.array(image.convert("L"))).float() / 255
    centers = shown[8::16, 8::16].flatten()[:10]
    assert torch.allclose(centers, colors[:, 0, 0, 0], atol=0.03)
    first = tiles.first_tile(tiles.sheet(colors[3:]), 16)
    assert first.size == (16, 16)
    assert abs(first.getpixel((8, 8))[0] / 255 - float(colors[3, 0, 0, 0])) < 0.03


@pytest.mark.parametrize("shape", [(3, 3), (16, 16), (10, 20), (40, 30)])
def test_a_tile_is_square_with_the_picture_in_its_middle(shape):
    found = tiles.squared(torch.zeros(1, 3, *shape), 16)
    assert found.shape == (1, 3, 16, 16)
    h, w = (round(16 * side / max(shape)) for side in shape)
    assert int((found[0, 0] == 0).sum()) == h * w
    assert to_uint8(found)[0, 8, 8, 0] == 0


def test_small_crops_keep_their_pixels():
    picture = torch.tensor([[0.0, 1.0], [1.0, 0.0]])[None, None]
    assert tiles.squared(picture, 16).unique().tolist() == [0.0, 1.0]
