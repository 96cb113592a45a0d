"""Reading layers: the right numbers, gradients, no more work than needed, and no trace."""

import threading

import pytest
import torch
from torch import nn

import vizkit
from tests.zoo import zoo
from vizkit.nets.read import Reader
from vizkit.nets.twin import at_rest

ZOO = zoo()


def pictures(net, n=2, seed=0, **options):
    return torch.rand(n, net.channels, *net.size, generator=torch.Generator().manual_seed(seed), **options)


def by_hand(net, x):
    """Every output of every call, cloned at once by hooks of our own on the user's module."""
    seen, calls, handles = {}, {}, []

    def keep(path):
        def hook(part, args, output):
            calls[path] = calls.get(path, 0) + 1
            name = (path or "output") + (f"@{calls[path]}" if calls[path] > 1 or path == "output" else "")
            if torch.is_tensor(output):
                seen[name] = output.clone()

        return hook

    with at_rest(net.module), torch.no_grad():
        for path, part in net.module.named_modules():
            handles.append(part.register_forward_hook(keep(path)))
        net.module(net.prepare(x))
    for handle in handles:
        handle.remove()
    return seen


@pytest.mark.parametrize("name", ZOO)
def test_every_layer_reads_as_it_was_when_it_finished(name):
    net, x = ZOO[name], pictures(ZOO[name])
    expected = by_hand(net, x)
    together = vizkit.activations(net, x, vizkit.layers(net).names)
    for layer in set(expected) & set(together):
        torch.testing.assert_close(together[layer], expected[layer], equal_nan=True)
        alone = vizkit.activations(net, x, [layer])[layer]
        torch.testing.assert_close(alone, expected[layer], equal_nan=True)
    assert set(expected) & set(together)


@pytest.mark.parametrize("name", ZOO)
def test_all_listed_layers_can_be_read_and_have_the_listed_shape(name):
    net = ZOO[name]
    with torch.no_grad():
        found = vizkit.activations(net, pictures(net, 3), vizkit.layers(net).names)
    assert {layer: tuple(a.shape) for layer, a in found.items()} == {
        layer.name: (3, *layer.shape) for layer in vizkit.layers(net)
    }


def test_further_tensors_are_found_by_position_key_or_field():
    for kind, key in [("tuple", "1"), ("dict", "map"), ("dataclass", "map")]:
        net = ZOO[f"{kind} output"]
        found = vizkit.activations(net, pictures(net), ["pair", "pair[1]", "output", f"output[{key}]"])
        assert torch.equal(found["pair"][:, :, ::2, ::2], found["pair[1]"].relu())
        assert torch.equal(found["pair[1]"], found[f"output[{key}]"])
        assert found["output"].shape == (2, 4)


def test_gradients_are_those_of_the_module_by_autograd():
    net = ZOO["residual"]
    x = pictures(net, requires_grad=True)
    (ours,) = torch.autograd.grad(vizkit.activations(net, x, ["stem", "relu@2"])["relu@2"].square().sum(), x)
    y = net.module.stem(x).relu()
    (plain,) = torch.autograd.grad((net.module.conv(y) + y).relu().square().sum(), x)
    torch.testing.assert_close(ours, plain)
    assert all(p.grad is None for p in net.module.parameters())


def test_before_and_after_an_in_place_relu_are_told_apart():
    net = ZOO["in-place relu"]
    found = vizkit.activations(net, pictures(net), ["0", "1"])
    assert found["0"].min() < 0
    assert torch.equal(found["0"].relu(), found["1"])


def test_nothing_after_the_last_wanted_call_runs():
    ran = []

    class Note(nn.Module):
        def forward(self, x):
            ran.append(len(ran))
            return x + 1

    note = Note()
    net = vizkit.wrap(nn.Sequential(note, nn.Identity(), note, nn.Identity(), note), 4)
    vizkit.layers(net)  # all of it, once
    ran.clear()
    vizkit.activations(net, torch.rand(1, 3, 4, 4), ["0@2", "1"])
    assert len(ran) == 2
    vizkit.activations(net, torch.rand(1, 3, 4, 4), ["0", "output"])
    assert len(ran) == 5


def test_a_module_that_catches_exceptions_does_not_catch_the_stop():
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x):
            try:
                return self.inner(x)
            except Exception as error:
                raise AssertionError("the stop was caught") from error

    net = vizkit.wrap(Careful(), 4)
    x = torch.rand(1, 3, 4, 4)
    assert torch.equal(vizkit.activations(net, x, ["inner"])["inner"], x)


def test_reading_inside_a_hook_of_another_reading_stops_only_the_inner_one():
    net = ZOO["in-place relu"]
    x = pictures(net)
    inner = []
    outer = vizkit.edited(net, {"1": lambda a: (inner.append(vizkit.activations(net, x, ["0"])["0"]), a)[1]})
    found = vizkit.activations(outer, x, ["4"])["4"]
    assert torch.equal(found, vizkit.activations(net, x, ["4"])["4"])
    assert len(inner) == 1


@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_the_callers_grad_mode_decides(mode):
    net = ZOO["residual"]
    with mode():
        x = pictures(net, requires_grad=mode is torch.enable_grad)
        assert vizkit.activations(net, x, ["relu"])["relu"].requires_grad is (mode is torch.enable_grad)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        (["rellu"], r"Residual has no layer 'rellu'\. Did you mean 'relu'.*lists all 6\."),
        (["relu@3"], r"'relu@3'.*Did you mean"),
        (["conv[1]"], r"no layer 'conv\[1\]'"),
        (["stem", "head.weight"], r"no layer 'head.weight'"),
    ],
)
def test_a_wrong_layer_is_answered_with_the_nearest(layers, says):
    with pytest.raises(LookupError, match=says):
        vizkit.activations(ZOO["residual"], pictures(ZOO["residual"]), layers)


@pytest.mark.parametrize("layer", [3, None, ["stem"]])
def test_a_layer_that_is_no_name_is_answered_with_a_sentence(layer):
    with pytest.raises(TypeError, match=r"is no name\. Give one of"):
        vizkit.activations(ZOO["residual"], pictures(ZOO["residual"]), [layer])


def test_one_string_is_no_list_of_layers():
    with pytest.raises(TypeError, match=r"Try \['relu'\]"):
        vizkit.activations(ZOO["residual"], pictures(ZOO["residual"]), "relu")


@pytest.mark.parametrize(("scale", "says"), [(255.0, r"/ 255"), (-3.0, "normalizes them itself")])
def test_values_far_outside_are_refused_except_in_a_loop(scale, says):
    net = ZOO["residual"]
    with pytest.raises(ValueError, match=says):
        vizkit.activations(net, pictures(net) * scale, ["stem"])
    assert Reader(net, ["stem"])(pictures(net) * scale)["stem"].shape == (2, 6, 9, 9)


def test_the_same_layer_twice_is_read_once():
    net = ZOO["residual"]
    assert list(vizkit.activations(net, pictures(net), ["relu", "stem", "relu"])) == ["relu", "stem"]


def state(module):
    return {
        "forward hooks": [list(m._forward_hooks) for m in module.modules()],
        "other hooks": [[*m._forward_pre_hooks, *m._backward_hooks] for m in module.modules()],
        "training": [m.training for m in module.modules()],
        "asking": [p.requires_grad for p in module.parameters()],
        "gradients": [p.grad for p in module.parameters()],
        "versions": [t._version for t in module.state_dict(keep_vars=True).values()],
        "attributes": [sorted(vars(m)) for m in module.modules()],
    }


@pytest.mark.parametrize("name", ZOO)
def test_no_trace_is_left_on_the_module(name):
    net = zoo()[name]
    before, random = state(net.module), torch.get_rng_state()
    layers = vizkit.layers(net)
    found = vizkit.activations(net, pictures(net, requires_grad=True), layers.names)
    found[layers.default].sum().backward()
    assert [list(m._forward_hooks) for m in net.twin.modules()] == before["forward hooks"]
    assert state(net.module) == before
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("copyable", [True, False])
def test_an_error_inside_comes_out_unchanged_and_leaves_nothing(copyable):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)
            self.lock = None if copyable else threading.Lock()

        def forward(self, x):
            self.conv(x)
            raise ZeroDivisionError("as the user wrote it")

    net = vizkit.wrap(Broken(), 8)
    before = state(net.module)
    with pytest.raises(ZeroDivisionError, match="as the user wrote it"):
        vizkit.activations(net, torch.rand(1, 3, 8, 8), ["conv", "output"])
    assert state(net.module) == before
    assert not any(part._forward_hooks for part in net.twin.modules())
    assert (net.twin is net.module) is not copyable


@pytest.mark.parametrize("name", ["residual", "cannot be copied"])
def test_threads_reading_different_layers_at_once_get_their_own(name):
    net = ZOO[name]
    layers = [n for n in vizkit.layers(net).names if n != "output"][:4]
    expected = {layer: vizkit.activations(net, pictures(net, seed=i), [layer]) for i, layer in enumerate(layers)}
    wrong, start, modes = [], threading.Barrier(len(layers)), state(net.module)

    def work(i, layer):
        reader, x = Reader(net, [layer]), pictures(net, seed=i)
        start.wait()
        for _ in range(30):
            found = reader(x)
            if list(found) != [layer] or not torch.equal(found[layer], expected[layer][layer]):
                wrong.append(layer)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(layers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert state(net.module) == modes


def test_the_users_hook_counts_and_is_not_called_for_the_user():
    net = ZOO["user's own hook"]
    x = pictures(net)
    found = vizkit.activations(net, x, ["0", "1"])
    assert torch.equal(found["1"], 2 * found["0"].relu())


def test_a_transformer_reads_the_same_with_and_without_gradients():
    net = ZOO["transformer"]
    names = vizkit.layers(net).names
    with torch.no_grad():
        fast = vizkit.activations(net, pictures(net), names)
    slow = vizkit.activations(net, pictures(net, requires_grad=True), names)
    for name in names:
        torch.testing.assert_close(fast[name], slow[name])
