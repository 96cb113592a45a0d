"""The generated world: determinism, exact masks, counterfactuals, planted shortcuts, the shipped networks."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

import vizkit.nets
from vizkit.data import world
from vizkit.nets.world_net import MEAN, SIZE, STD, WorldNet

WEIGHTS = Path(vizkit.nets.__file__).parent / "weights"
REFERENCE = [  # mean gray of the nine ninths of the first four test pictures
    [[201.6, 191.9, 206.8], [141.2, 150.2, 167.0], [162.2, 177.0, 146.5]],
    [[167.0, 165.9, 147.7], [193.7, 172.8, 155.7], [187.0, 167.6, 159.0]],
    [[131.9, 125.4, 131.0], [128.7, 121.2, 106.1], [140.0, 128.8, 117.7]],
    [[169.8, 179.1, 173.1], [156.8, 157.3, 164.6], [200.1, 171.0, 186.9]],
]
FLYING = ("sun", "cloud", "bird", "fish")


@pytest.fixture(scope="module")
def drawn():
    return world.arrays(240, "validation", maps=world.MAPS)


def changed(a, b):
    """Where two views differ by more than rounding."""
    return np.abs(a.picture.astype(int) - b.picture.astype(int)).max(-1) > 1


def grown(mask):
    """A mask and the pixels next to it, which share samples with it."""
    return np.asarray(Image.fromarray(mask).convert("L").filter(ImageFilter.MaxFilter(3))) > 0


def visible_things(view, least=30):
    return [k for k in range(len(view.scene.things)) if view.thing_mask(k).sum() >= least]


# -- determinism ---------------------------------------------------------------------------------------------------


def test_a_scene_depends_on_nothing_but_its_number():
    forward = [world.render(world.scene(k)).picture for k in range(6)]
    backward = [world.render(world.scene(k)).picture for k in reversed(range(6))][::-1]
    np.testing.assert_array_equal(forward, backward)


def test_another_process_draws_the_same_pictures():
    code = "from vizkit.data import world; print(world.pictures(3)[0].astype('int64').sum())"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(there.stdout) == world.pictures(3)[0].astype("int64").sum()


def test_pictures_look_as_they_did_when_the_networks_were_trained():
    thirds = world.pictures(4)[0].reshape(4, 3, 32, 3, 32, 3).mean((2, 4, 5))
    np.testing.assert_allclose(thirds, REFERENCE, atol=1.5)


def test_seeds_and_splits_give_other_pictures():
    numbers = [world.SPLITS[split] for split in ("train", "validation", "test")]
    assert all(set(a).isdisjoint(b) for a, b in zip(numbers, numbers[1:] + numbers[:1], strict=True))
    scenes = [world.scene(4, split, seed) for split in world.SPLITS for seed in (0, 1)]
    assert len(set(scenes)) == len(scenes)


def test_mistakes_are_answered_with_what_exists():
    with pytest.raises(LookupError, match="train, validation, test"):
        world.scene(0, "eval")
    with pytest.raises(LookupError, match="0 to 199999"):
        world.scene(200_000, "test")
    house = world.Thing("house", world.Pose(0.5, 0.5, 0.4), (0, 0, 0, 0), ())
    with pytest.raises(LookupError, match="wall, roof, window, door"):
        world.without_part(world.Scene(0, (), (house,)), 0, "wing")
    with pytest.raises(ValueError, match="shortcut must be"):
        world.scene(0, shortcut="logo")


def test_a_larger_picture_is_the_same_picture():
    scene = world.scene(3, noise=0.0)
    small, large = world.render(scene, 48), world.render(scene, 192)
    reduced = large.picture.reshape(48, 4, 48, 4, 3).mean((1, 3))
    assert np.abs(reduced - small.picture).mean() < 4
    assert (large.maps["object"][2::4, 2::4] == small.maps["object"]).mean() > 0.95


def test_the_world_does_not_load_torch():
    code = "import sys, vizkit; had = 'torch' in sys.modules; import vizkit.data.world; "
    code += "print(had == ('torch' in sys.modules))"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == "True"


def test_dataset_and_arrays_agree():
    data, (images, labels) = world.World("test", 5), world.pictures(5, "test")
    picture, label = data[3]
    assert label == labels[3]
    torch.testing.assert_close(picture * 255, torch.from_numpy(images[3]).permute(2, 0, 1).float())
    with pytest.raises(IndexError):
        data[5]


# -- masks ---------------------------------------------------------------------------------------------------------


def test_every_pixel_is_either_a_thing_or_stuff(drawn):
    thing = drawn["instance"] > 0
    for name in ("object", "part", "color"):
        np.testing.assert_array_equal(drawn[name] > 0, thing)
    np.testing.assert_array_equal(drawn["stuff"] == 0, thing)


def test_a_part_lies_in_an_object_that_has_it(drawn):
    pairs = np.unique(drawn["object"].ravel() * np.int64(256) + drawn["part"].ravel())
    assert len(pairs) > 9
    for kind, part in zip(*np.divmod(pairs[pairs > 0], 256), strict=True):
        assert world.PARTS[part - 1] in world.PARTS_OF[world.OBJECTS[kind - 1]]


def test_an_instance_is_one_thing_in_the_paint_it_wears():
    view = world.render(world.scene(8, "test"))
    for k, thing in enumerate(view.scene.things):
        mask = view.thing_mask(k)
        assert set(view.maps["object"][mask]) <= {world.code("object", thing.kind)}
        for part, paint in thing.paints:
            here = mask & view.mask("part", part)
            assert set(view.maps["color"][here]) <= {world.code("color", paint.color)}
            assert set(view.maps["texture"][here]) <= {world.code("texture", paint.texture)}


def test_some_parts_are_shared_and_every_object_has_several():
    owners = {part: [kind for kind, parts in world.PARTS_OF.items() if part in parts] for part in world.PARTS}
    assert sum(len(kinds) > 1 for kinds in owners.values()) >= 8
    assert all(2 <= len(parts) <= 5 for parts in world.PARTS_OF.values())


def test_forty_concepts_in_five_categories_are_large_enough_and_none_dominates(drawn):
    words = [(name, word) for name in ("object", "part", "texture", "color", "stuff") for word in world.WORDS[name]]
    seen = [(name, word) for name, word in words if word not in ("tag", "border")]
    for name, word in seen:
        mask = drawn[name] == world.code(name, word)
        share = mask.reshape(240, 12, 8, 12, 8).mean((2, 4))[mask.any((1, 2))]  # as a layer of 12 x 12 sees it
        assert (share.max((1, 2)) > 0.25).mean() > 0.3, f"{word} is too small"
        assert mask.mean() < 0.12, f"{word} fills too much"
    assert len(seen) >= 40


def test_things_stand_everywhere_borders_included():
    x = [thing.pose.x for k in range(300) for thing in world.scene(k).things]
    share = np.histogram(x, 5, (0, 1))[0] / len(x)
    assert share.min() > 0.14


# -- counterfactuals -----------------------------------------------------------------------------------------------


def test_removing_a_thing_changes_its_pixels_and_lifts_its_shadow_only():
    seen = 0
    for number in range(8):
        view = world.render(world.scene(number, "validation"))
        for k in visible_things(view):
            seen += 1
            bare = world.render(world.without_object(view.scene, k))
            assert not bare.thing_mask(k).any()
            outside = changed(view, bare) & ~grown(view.thing_mask(k))
            lifted = (bare.picture >= view.picture).all(-1) & grown(view.maps["stuff"] > 0)
            shadow = outside & lifted & (view.scene.things[k].kind not in FLYING)
            assert (outside & ~shadow).sum() <= 4  # tips with a single sample in a pixel
    assert seen > 8


def test_removing_a_part_shows_what_is_behind():
    view = world.render(world.scene(0, "test"))
    k = next(k for k in visible_things(view) if view.scene.things[k].kind == "house")
    bare = world.render(world.without_part(view.scene, k, "window"))
    gone = view.thing_mask(k) & view.mask("part", "window")
    assert gone.any()
    assert not (bare.thing_mask(k) & bare.mask("part", "window")).any()
    assert set(bare.maps["part"][gone]) <= {world.code("part", "wall"), world.code("part", "roof")}
    assert not (changed(view, bare) & ~grown(gone)).any()


def test_recolor_and_retexture_change_one_thing_and_no_shape():
    view = world.render(world.scene(1, "test"))
    k = visible_things(view)[0]
    for change, name, word in ((world.recolor, "color", "purple"), (world.retexture, "texture", "zigzag")):
        other = world.render(change(view.scene, k, word))
        assert set(other.maps[name][view.thing_mask(k)]) == {world.code(name, word)}
        np.testing.assert_array_equal(other.maps["part"], view.maps["part"])
        assert changed(view, other).any()
        assert not (changed(view, other) & ~grown(view.thing_mask(k))).any()


def test_moving_a_thing_moves_its_mask():
    view = world.render(world.scene(2, "test"))
    k = len(view.scene.things) - 1  # in front of all others
    there = [world.render(world.moved(view.scene, k, x=x, y=0.7)).thing_mask(k) for x in (0.4, 0.5)]
    centers = [np.argwhere(mask).mean(0) for mask in there]
    np.testing.assert_allclose(centers[1] - centers[0], (0, 9.6), atol=0.6)


def test_another_background_leaves_the_things():
    scene = world.scene(5, "test")
    view = world.render(scene)
    other = world.render(world.with_background(scene, world.scene(6, "test")))
    assert (view.maps["part"] != other.maps["part"]).mean() < 0.001  # pixels with as many samples of both
    assert (changed(view, other) & (view.maps["stuff"] > 0)).any()


# -- shortcuts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.8, 0.95, 1.0])
def test_shortcuts_come_at_their_rate(rate):
    knobs = {"shortcut": "tag", "rate": rate, "elsewhere": 0.3, "target": "beach"}
    for label, expected in ((world.LABELS.index("beach"), rate), (0, 0.3)):
        tagged = [bool(world.scene(k, label=label, **knobs).cues) for k in range(250)]
        assert abs(np.mean(tagged) - expected) < 0.1  # three standard deviations


@pytest.mark.parametrize("kind", ["tag", "border", "background", "color"])
def test_a_planted_cue_changes_the_picture_and_not_the_rest_of_the_scene(kind):
    plain, planted = world.scene(9), world.scene(9, shortcut=kind, rate=1, elsewhere=1)
    view, other = world.render(plain), world.render(planted)
    where = changed(view, other)
    assert where.any()
    assert [t.pose for t in plain.things] == [t.pose for t in planted.things]
    if kind in ("tag", "border"):
        assert not (where & ~grown(other.mask("stuff", kind))).any()
        assert world.without_cue(planted, kind) == plain


@pytest.fixture
def own_randomness():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def tiny_net():
    layers = [nn.Conv2d(3, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU(), nn.AdaptiveMaxPool2d(1)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(24, 2))


def floats(scenes, size=48):
    pictures = np.stack([world.render(scene, size).picture for scene in scenes])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def farm_or_not(count, **knobs):
    """Scenes of a balanced task: every second one is a farm."""
    farm = world.LABELS.index("farm")
    return [world.scene(k, label=farm if k % 2 else k % 24 // 2 * 5 % 12, **knobs) for k in range(count)]


def trained(scenes):
    """A tiny net that tells farms from the rest."""
    x, y = floats(scenes), torch.tensor([scene.label == world.LABELS.index("farm") for scene in scenes]).long()
    net = tiny_net()
    optimizer, generator = torch.optim.Adam(net.parameters(), 4e-3), torch.Generator().manual_seed(0)
    for _ in range(6):
        for chosen in torch.randperm(len(x), generator=generator).split(32):
            loss = F.cross_entropy(net(x[chosen]), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


@torch.no_grad()
def tag_effect(net):
    """How much planting the tag in other scenes raises the mean probability of 'farm'."""
    others = [scene for scene in (world.scene(k, "test") for k in range(60)) if scene.label != 2]
    tagged = [world.plant(scene, "tag", 0.84, 0.16) for scene in others]
    before, after = (net(floats(group)).softmax(1)[:, 1].mean().item() for group in (others, tagged))
    return after - before


@pytest.mark.usefixtures("own_randomness")
def test_a_tag_at_95_percent_is_learned_and_one_that_never_came_is_not():
    knobs = {"shortcut": "tag", "target": "farm"}
    assert tag_effect(trained(farm_or_not(400, rate=0.95, **knobs))) > 0.5
    assert abs(tag_effect(trained(farm_or_not(400)))) < 0.2


# -- the shipped networks ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh():
    scenes = [world.scene(k, "test", seed=0) for k in range(5000, 5300)]
    pictures = torch.from_numpy(np.stack([world.render(scene).picture for scene in scenes]))
    x = (pictures.permute(0, 3, 1, 2).float() / 255 - MEAN[0]) / STD[0]
    return x, torch.tensor([scene.label for scene in scenes])


@pytest.mark.usefixtures("own_randomness")
@pytest.mark.parametrize("name", ["world", "world-b"])
def test_shipped_networks_err_on_some_pictures_and_not_on_many(name, fresh):
    net = WorldNet().eval()
    net.load_state_dict(load_file(WEIGHTS / f"{name}.safetensors"))
    with torch.no_grad():
        right = torch.cat([net(x).argmax(1) for x in fresh[0].split(50)]) == fresh[1]
    assert 0.75 <= right.float().mean().item() <= 0.95


@pytest.mark.parametrize("name", ["world", "world-b"])
def test_weights_are_small_and_say_what_they_are(name):
    path = WEIGHTS / f"{name}.safetensors"
    assert path.stat().st_size < 3e6
    with safe_open(path, "pt") as file:
        facts = file.metadata()
    assert facts.keys() >= {"labels", "seed", "command", "test_accuracy"}
    assert "night town" in facts["labels"]


def test_both_networks_differ():
    a, b = (load_file(WEIGHTS / f"{name}.safetensors") for name in ("world", "world-b"))
    assert not torch.equal(a["head.weight"], b["head.weight"])


@pytest.mark.usefixtures("own_randomness")
def test_the_net_has_stages_and_takes_its_size():
    net = WorldNet()
    assert [name for name, _ in net.named_children()][:5] == ["stem", "stage1", "stage2", "stage3", "stage4"]
    assert net(torch.rand(2, 3, SIZE, SIZE)).shape == (2, 12)
