"""A network is a value: it says what it takes, and leaves the module it was made of alone."""

import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from torch import nn

import vizkit
from tests.zoo import zoo
from vizkit.nets.twin import at_rest, copied

ZOO = zoo()


def test_pictures_are_normalized_per_channel():
    net = vizkit.wrap(nn.Identity(), 4, channels=2, mean=(0.5, 0.25), std=(0.5, 2.0))
    x = torch.rand(3, 2, 4, 4, dtype=torch.float64)
    expected = torch.stack([(x[:, 0] - 0.5) / 0.5, (x[:, 1] - 0.25) / 2], 1)
    torch.testing.assert_close(net.prepare(x), expected.to(net.dtype))


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_what_is_prepared_never_shares_memory_with_the_picture(mean):
    x = torch.rand(1, 3, 4, 4)
    kept = x.clone()
    vizkit.wrap(nn.Identity(), 4, mean=mean).prepare(x).zero_()
    assert torch.equal(x, kept)


def test_a_network_that_starts_in_place_leaves_the_picture_alone():
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    vizkit.activations(vizkit.wrap(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 1, 3)), 4), x, ["0", "output"])
    assert x.grad_fn is None


def test_pictures_take_the_type_of_the_weights():
    net = vizkit.wrap(nn.Conv2d(3, 2, 3).double(), 4)
    assert net.prepare(torch.rand(1, 3, 4, 4)).dtype == torch.float64


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (torch.rand(3, 4, 4), ValueError, r"Add x\[None\]"),
        (torch.rand(1, 1, 4, 4), ValueError, r"expand"),
        (torch.rand(1, 4, 4, 3), ValueError, r"movedim"),
        (torch.rand(1, 5, 4, 4), ValueError, r"channels=5"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), TypeError, r"/ 255"),
        ([[0.5]], TypeError, r"not list"),
    ],
)
def test_a_wrong_picture_is_answered_with_what_to_type(x, error, says):
    with pytest.raises(error, match=says):
        vizkit.wrap(nn.Identity(), 4).prepare(x)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"size": 0}, ValueError, "size"),
        ({"size": (4, 4, 4)}, ValueError, "height, width"),
        ({"size": 4, "channels": 0}, ValueError, "channels=0"),
        ({"size": 4, "mean": (0.5, 0.5)}, ValueError, "2 values for 3 channels"),
        ({"size": 4, "channels": 1, "std": (1, 1, 1)}, ValueError, "3 values for 1 channels"),
        ({"size": 4, "std": 0.0}, ValueError, "above 0"),
        ({"size": 4, "std": float("nan")}, ValueError, "above 0 and finite"),
        ({"size": None}, ValueError, "size=None"),
        ({"size": 4.5}, ValueError, "size=4.5"),
        ({"size": "ab"}, ValueError, "height, width"),
        ({"size": 4, "labels": "cat"}, TypeError, r"Try \['cat'\]"),
    ],
)
def test_settings_that_do_not_fit_are_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        vizkit.wrap(nn.Identity(), **arguments)


def test_only_modules_with_weights_in_place_are_wrapped():
    with pytest.raises(TypeError, match=r"Identity\(\)"):
        vizkit.wrap(nn.Identity, 4)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="not dict"):
        vizkit.wrap({}, 4)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="no shape yet"):
        vizkit.wrap(nn.LazyConv2d(2, 3), 4)


@pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning", "ignore:`torch.jit:DeprecationWarning")
def test_a_script_module_is_refused_and_a_compiled_one_is_taken_apart():
    module = nn.Sequential(nn.Conv2d(3, 2, 3))
    with pytest.raises(TypeError, match="Python module it was made from"):
        vizkit.wrap(torch.jit.trace(module, torch.rand(1, 3, 8, 8)), 8)
    assert vizkit.wrap(torch.compile(module, backend="eager"), 8).module is module


def test_wrapping_runs_nothing():
    class Never(nn.Module):
        def forward(self, x):
            raise AssertionError

    assert vizkit.wrap(Never(), 4).name == "Never"


def test_it_says_what_it_is():
    assert repr(ZOO["one channel"]) == ("InPlace for 28 × 28 pictures of 1 channel, 536 parameters, 4 labels, on cpu")


def test_its_origin_makes_it_again():
    net = vizkit.wrap(nn.Identity(), (4, 6), channels=2, mean=0.5)
    assert net.origin.startswith("vizkit.wrap(Identity(), size=(4, 6), channels=2, mean=(0.5, 0.5))  # weights ")
    again = eval(net.origin, {"vizkit": vizkit, "Identity": nn.Identity})
    assert (again.size, again.channels, again.mean, again.std) == (net.size, 2, net.mean, net.std)


def test_the_hash_is_sha256_over_names_types_shapes_and_numbers():
    module = nn.Linear(2, 1)
    parts = sorted(module.state_dict().items())
    data = b"".join(f"{n} {t.dtype} {tuple(t.shape)}".encode() + t.numpy().tobytes() for n, t in parts)
    assert vizkit.wrap(module, 4).weight_hash == hashlib.sha256(data).hexdigest()[:12]


def test_the_hash_follows_training():
    module = nn.Linear(2, 1)
    net = vizkit.wrap(module, 4)
    before = net.weight_hash
    with torch.no_grad():
        module.bias.add_(1)
    assert net.weight_hash != before


@pytest.mark.parametrize("size", [np.int64(4), np.array([4, 4]), torch.Size([4, 4]), torch.tensor([4, 4]), [4, 4]])
def test_a_size_may_be_of_any_kind_of_whole_number(size):
    assert vizkit.wrap(nn.Identity(), size, mean=np.float32(0.5), labels=None).size == (4, 4)


def test_a_network_is_not_wrapped_twice():
    with pytest.raises(TypeError, match="wrapped already"):
        vizkit.wrap(ZOO["residual"], 20)


def test_pictures_that_do_not_fit_the_module_are_answered_with_what_to_say():
    with pytest.raises(ValueError, match=r"1 × 20 × 20: .*channels.*Wrap it with the size and channels") as caught:
        vizkit.layers(vizkit.wrap(ZOO["residual"].module, 20, channels=1))
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("name", [name for name in ZOO if name != "cannot be copied"])
def test_the_twin_computes_what_the_module_computes_and_shares_its_numbers(name):
    net = ZOO[name]
    twins = dict(net.twin.named_parameters())
    assert all(twins[n].data_ptr() == p.data_ptr() for n, p in net.module.named_parameters())
    assert not any(p.requires_grad for p in net.twin.parameters())
    assert not any(part.training for part in net.twin.modules())
    x = net.prepare(torch.rand(2, net.channels, *net.size, generator=torch.Generator().manual_seed(1)))
    with at_rest(net.module):
        expected = net.module(x.clone())
    torch.testing.assert_close(first(net.twin(x.clone())), first(expected), equal_nan=True)


def first(output):
    """The scores, however they are packed."""
    if isinstance(output, dict):
        return output["scores"]
    return output[0] if isinstance(output, tuple) else getattr(output, "scores", output)


def test_the_hash_passes_over_what_is_no_tensor():
    class Extra(nn.BatchNorm1d):
        def get_extra_state(self):
            return {"seen": 3}

    plain, extra = vizkit.wrap(nn.BatchNorm1d(2).bfloat16(), 4), vizkit.wrap(Extra(2).bfloat16(), 4)
    assert extra.weight_hash == plain.weight_hash


def test_training_on_shows_in_the_twin():
    net = vizkit.wrap(nn.Linear(2, 1), 4)
    twin = net.twin
    torch.optim.SGD(net.module.parameters(), 1.0).step(lambda: _backward(net.module))
    assert net.twin is twin
    assert torch.equal(twin.get_parameter("bias"), net.module.get_parameter("bias"))


def _backward(module) -> float:
    loss = module(torch.ones(1, 2)).sum()
    loss.backward()
    return float(loss.detach())


@pytest.mark.parametrize(
    "change",
    [
        lambda module: module.double(),
        lambda module: module.__setitem__(0, nn.Conv2d(3, 2, 1)),
        lambda module: module.append(nn.ReLU()),
        lambda module: module[0].register_forward_hook(lambda part, args, output: output + 1),
        lambda module: setattr(module[0], "weight", nn.Parameter(torch.zeros(2, 3, 1, 1))),
    ],
    ids=["type", "replaced", "appended", "hook", "weight"],
)
def test_a_changed_module_gets_a_new_twin(change):
    module = nn.Sequential(nn.Conv2d(3, 2, 1))
    net = vizkit.wrap(module, 4)
    before = net.twin
    assert net.twin is before
    change(module)
    assert net.twin is not before
    x = torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(vizkit.activations(net, x, ["output"])["output"], module(x.to(net.dtype)))


def test_tied_weights_and_tensors_that_are_no_parameters_are_shared_too():
    module = nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))
    module.tied, module.scale = module.bias, torch.ones(3) * module.bias
    twin = copied(module)
    assert twin.tied is twin.bias
    assert twin.scale.data_ptr() == module.scale.data_ptr()
    assert not twin.scale.requires_grad
    torch.testing.assert_close(twin(torch.eye(3)), module(torch.eye(3)))


def test_inside_at_rest_a_module_evaluates_and_after_it_is_as_before_even_if_it_fails():
    module = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2), nn.Linear(2, 2))
    module[1].eval()
    module[2].weight.requires_grad_(False)
    before = [m.training for m in module.modules()], [p.requires_grad for p in module.parameters()]
    inside = []

    def fail():
        with at_rest(module):
            inside.append(any(m.training for m in module.modules()))
            inside.append(any(p.requires_grad for p in module.parameters()))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert inside == [False, False]
    assert ([m.training for m in module.modules()], [p.requires_grad for p in module.parameters()]) == before


def test_a_copy_of_the_value_has_a_twin_of_its_own():
    net = ZOO["residual"]
    assert dataclasses.replace(net, name="other").twin is not net.twin


def test_the_twin_made_in_inference_mode_still_gives_gradients():
    net = zoo()["in-place relu"]
    with torch.inference_mode():
        vizkit.activations(net, torch.rand(1, 3, 20, 20), ["output"])
        vizkit.layers(net)
    x = torch.rand(1, 3, 20, 20, requires_grad=True)
    vizkit.activations(net, x, ["output"])["output"].sum().backward()
    assert x.grad is not None


def test_a_module_made_in_inference_mode_gives_gradients_too():
    with torch.inference_mode():
        net = vizkit.wrap(nn.Conv2d(3, 2, 3), 8)
    x = torch.rand(1, 3, 8, 8, requires_grad=True)
    vizkit.activations(net, x, ["output"])["output"].sum().backward()
    assert x.grad is not None
    assert x.grad.any()
