"""Networks by name: bundled, torchvision's, from a file, untrained; and what is said where that fails."""

import json
import pickle
import urllib.error
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

import vizkit
from vizkit.nets import load as loading

DATA = Path(__file__).parents[2].parent / "shared/data"
WEIGHTS = DATA / "weights"

shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not WEIGHTS.is_dir(), reason=f"needs the evaluation data in {DATA}"),
]


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """An empty cache of torch's, and no way to fill it from the net."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def fail(url, *args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    return tmp_path / "hub" / "checkpoints"


def file_of(network, path, **options):
    """Weights of torchvision's `network`, all filled with its position in the file, at `path`."""
    module = models.get_model(network, weights=None, **options)
    state = {name: torch.full_like(tensor, i) for i, (name, tensor) in enumerate(module.state_dict().items())}
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
    return state


@pytest.mark.parametrize("name", loading.BUNDLED)
def test_the_bundled_networks_know_their_classes_and_their_pictures(name):
    net = vizkit.load(name)
    assert (net.name, net.size, net.channels) == (name, (96, 96), 3)
    scores = vizkit.activations(net, torch.rand(2, 3, 96, 96), ["output"])["output"]
    assert scores.shape == (2, len(net.labels))
    assert net.origin == f"vizkit.load({name!r})  # weights {net.weight_hash}"


def test_filters_lie_as_pictures_come():
    filters = [p for p in vizkit.load("world").module.parameters() if p.ndim == 4]
    assert filters
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in filters)


def test_the_two_bundled_networks_are_not_the_same():
    assert vizkit.load("world").weight_hash != vizkit.load("world-b").weight_hash
    assert vizkit.load("world").labels == vizkit.load("world-b").labels


def test_torchvisions_default_weights_come_from_its_cache(offline):
    offline.mkdir(parents=True)
    default = models.get_model_weights("squeezenet1_1").DEFAULT
    state = file_of("squeezenet1_1", offline / default.url.rsplit("/", 1)[-1])
    net = vizkit.load("squeezenet1_1")
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.module.state_dict().items())
    assert (net.mean, net.std, net.size) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), (224, 224))
    assert net.labels == tuple(default.meta["categories"])
    assert net.origin.startswith("vizkit.load('squeezenet1_1')  # weights ")


def test_offline_it_says_which_file_to_put_where(offline):
    with pytest.raises(FileNotFoundError) as caught:
        vizkit.load("squeezenet1_1")
    for word in ("squeezenet1_1-b8a52dc0.pth", str(offline), "no route to host", "weights='random'", "'world'"):
        assert word in str(caught.value)


@pytest.mark.parametrize("ending", [".pth", ".pt", ".safetensors"])
def test_a_file_of_weights_needs_no_download(ending, tmp_path, offline):
    path = tmp_path / f"mine{ending}"
    state = file_of("squeezenet1_1", path)
    net = vizkit.load("squeezenet1_1", weights=path)
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.module.state_dict().items())
    assert (net.size, len(net.labels)) == ((224, 224), 1000)
    assert f"weights={str(path)!r}" in net.origin


def test_a_checkpoint_around_the_weights_is_opened(tmp_path):
    state = file_of("squeezenet1_1", tmp_path / "inner.pth")
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "outer.pth")
    assert vizkit.load("squeezenet1_1", weights=tmp_path / "outer.pth").module.state_dict().keys() == state.keys()


def test_missing_weights_are_named_and_stay_random_only_when_asked(tmp_path):
    path = tmp_path / "part.pth"
    state = file_of("squeezenet1_1", path)
    part = {name: tensor for name, tensor in state.items() if not name.startswith("classifier")}
    torch.save(part, path)
    with pytest.raises(ValueError, match=r"lacks 'classifier.1.weight', 'classifier.1.bias' .*partial=True"):
        vizkit.load("squeezenet1_1", weights=path)
    net = vizkit.load("squeezenet1_1", weights=path, partial=True)
    untrained = vizkit.load("squeezenet1_1", weights="random").module.state_dict()
    for name, tensor in net.module.state_dict().items():
        assert torch.equal(tensor, part.get(name, untrained[name]))
    assert net.labels == ()
    assert "partial=True" in net.origin


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    file_of("squeezenet1_0", path)
    with pytest.raises(ValueError, match=r"squeezenet1_1"):
        vizkit.load("squeezenet1_1", weights=path, partial=True)
    torch.save({"extra": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r"has 'extra', which squeezenet1_1 has not"):
        vizkit.load("squeezenet1_1", weights=path, partial=True)


def test_other_classes_are_pointed_to_wrap(tmp_path):
    path = tmp_path / "ten.pth"
    file_of("resnet18", path, num_classes=10)
    with pytest.raises(ValueError, match=r"'fc.weight' is \(10, 512\).*\(1000, 512\).*vizkit.wrap"):
        vizkit.load("resnet18", weights=path)


class Trap:
    ran = False

    def __reduce__(self):
        return (setattr, (Trap, "ran", True))


@pytest.mark.parametrize("how", ["torch", "pickle", "garbage", "empty"])
def test_code_in_a_file_of_weights_never_runs(how, tmp_path):
    path = tmp_path / "trap.pth"
    if how == "torch":
        torch.save({"conv.weight": Trap()}, path)
    else:
        path.write_bytes({"pickle": pickle.dumps(Trap(), protocol=2), "garbage": b"not weights", "empty": b""}[how])
    with pytest.raises(ValueError, match="never run as code"):
        vizkit.load("squeezenet1_1", weights=path)
    assert not Trap.ran


def test_a_damaged_safetensors_file_is_refused(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"\0" * 40)
    with pytest.raises(ValueError, match="damaged"):
        vizkit.load("squeezenet1_1", weights=tmp_path / "x.safetensors")


def test_what_is_no_weights_by_name_is_refused(tmp_path):
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(ValueError, match="no weights by name"):
        vizkit.load("squeezenet1_1", weights=tmp_path / "list.pth")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.pth"):
        vizkit.load("squeezenet1_1", weights=tmp_path / "none.pth")


@pytest.mark.parametrize(
    ("name", "near"), [("worlds", "'world'"), ("resnet_18", "'resnet18'"), ("vit_b16", "'vit_b_16'")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name, near):
    with pytest.raises(LookupError, match=f"Did you mean .*{near}.*vizkit.wrap"):
        vizkit.load(name)


def test_an_untrained_network_is_the_same_each_time_and_touches_no_random_numbers():
    before = torch.get_rng_state()
    one = vizkit.load("squeezenet1_1", weights="random")
    torch.rand(1)
    torch.set_rng_state(before)
    assert vizkit.load("squeezenet1_1", weights="random").weight_hash == one.weight_hash
    assert torch.equal(torch.get_rng_state(), before)
    assert one.labels == ()


def test_transformers_are_built_for_the_size_of_their_default_weights():
    net = vizkit.load("vit_b_32", weights="random")
    assert net.size == (224, 224)
    assert vizkit.layers(net)["output"].channels == 1000


def test_inception_normalizes_in_its_own_way_and_has_no_heads_for_training(tmp_path):
    path = tmp_path / "full.pth"
    state = file_of("inception_v3", path, aux_logits=True, init_weights=False)
    net = vizkit.load("inception_v3", weights=path)
    assert net.module.transform_input
    assert net.size == (299, 299)
    assert not any(name.startswith("AuxLogits") for name in net.module.state_dict())
    assert torch.equal(net.module.fc.bias.detach(), state["fc.bias"])


def test_older_names_in_densenet_files_are_understood(tmp_path):
    path = tmp_path / "old.pth"
    state = file_of("densenet121", path)
    old = {name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): tensor for name, tensor in state.items()}
    assert set(old) != set(state)
    torch.save(old, path)
    loaded = vizkit.load("densenet121", weights=path).module.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in state.items())


def test_labels_are_read_from_the_bundled_file(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors", {"labels": json.dumps(["a", "<b>"])})
    assert loading._labels(tmp_path / "w.safetensors") == ("a", "<b>")
    with pytest.raises(FileNotFoundError, match="incomplete"):
        loading._labels(tmp_path / "none.safetensors")


@pytest.mark.parametrize("name", ["squeezenet1_0", "squeezenet1_1", "mobilenet_v2"])
@pytest.mark.parametrize("part", [pytest.param(None, marks=shared)])
def test_real_networks_name_real_pictures(name, part):
    from PIL import Image
    from torchvision.transforms.functional import center_crop, pil_to_tensor, resize

    net = vizkit.load(name, weights=WEIGHTS / f"{name}.pth")
    files = sorted((DATA / "images/imagenet-sample").glob("*.jpg"))
    chosen = range(0, 1000, 40)
    x = torch.stack([center_crop(resize(pil_to_tensor(Image.open(files[i])), 256), 224) for i in chosen]) / 255
    with torch.no_grad():
        scores = vizkit.activations(net, x, ["output"])["output"]
    right = scores.argmax(1) == torch.tensor(chosen)
    assert right.float().mean() > 0.5  # SOURCES.md: 62, 61 and 82 % of all 1000


@pytest.mark.parametrize(("name", "layer"), [pytest.param("inception_v3", "Mixed_7a", marks=shared)])
def test_the_partial_inception_matches_its_file(name, layer):
    path = WEIGHTS / "inception_v3_partial.pth"
    with pytest.raises(ValueError, match=r"'Mixed_7b.*partial=True"):
        vizkit.load(name, weights=path)
    net = vizkit.load(name, weights=path, partial=True)
    file = torch.load(path, weights_only=True)
    loaded = net.module.state_dict()
    assert all(torch.equal(loaded[key], tensor.to(loaded[key])) for key, tensor in file.items())
    assert vizkit.layers(net)[layer].shape == (1280, 8, 8)


def test_a_loaded_module_is_an_ordinary_one():
    assert isinstance(vizkit.load("squeezenet1_1", weights="random").module, nn.Module)
