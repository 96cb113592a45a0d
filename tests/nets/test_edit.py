"""Edited networks: what the rest of the network hears is what the edit says."""

import pytest
import torch
from torch import nn

import vizkit
from tests.zoo import zoo

ZOO = zoo()


def pictures(net, **options):
    return torch.rand(2, net.channels, *net.size, generator=torch.Generator().manual_seed(0), **options)


def test_an_edit_acts_on_everything_after_it():
    net = ZOO["residual"]
    keep = torch.tensor([1.0, 0, 1, 0, 1, 1])[:, None, None]
    found = vizkit.activations(
        vizkit.edited(net, {"relu": lambda a: a * keep}), pictures(net), ["stem", "relu", "output"]
    )
    m, x = net.module, pictures(net)
    with torch.no_grad():
        y = m.stem(x).relu() * keep
        expected = m.head((m.conv(y) + y).relu().mean((2, 3)))
    torch.testing.assert_close(found["relu"], y)
    torch.testing.assert_close(found["output"], expected)
    torch.testing.assert_close(found["stem"], m.stem(x).detach())


def test_one_call_of_a_reused_module_is_edited_alone():
    net = ZOO["reused module"]
    changed = vizkit.edited(net, {"conv@2": torch.zeros_like})
    found = vizkit.activations(changed, pictures(net), ["conv", "conv@2", "output"])
    assert found["conv"].any()
    assert not found["conv@2"].any()
    torch.testing.assert_close(found["output"], net.module.head.bias.detach().expand(2, -1))
    again = vizkit.activations(changed, pictures(net), ["conv", "output"])
    assert torch.equal(again["output"], found["output"])


def test_calls_are_counted_anew_after_a_pass_that_stopped_early():
    net = ZOO["reused module"]
    changed = vizkit.edited(net, {"conv@2": torch.zeros_like})
    vizkit.activations(changed, pictures(net), ["conv"])
    assert vizkit.activations(changed, pictures(net), ["conv"])["conv"].any()


@pytest.mark.parametrize("kind", ["tuple", "dict", "dataclass"])
def test_one_of_several_tensors_is_replaced(kind):
    net = ZOO[f"{kind} output"]
    known = vizkit.layers(net).names
    plain = vizkit.activations(net, pictures(net), known)
    found = vizkit.activations(vizkit.edited(net, {"pair": lambda a: -a}), pictures(net), known)
    assert torch.equal(found["pair"], -plain["pair"])
    assert torch.equal(found["pair[1]"], plain["pair[1]"])
    last = vizkit.activations(vizkit.edited(net, {known[-1]: lambda a: 3 * a}), pictures(net), known)
    assert torch.equal(last[known[-1]], 3 * plain[known[-1]])
    assert torch.equal(last["output"], plain["output"])


def test_named_tuples_and_other_mappings_keep_their_kind():
    from collections import OrderedDict, namedtuple

    from vizkit.nets.calls import with_leaf

    pair = namedtuple("pair", "a b")(torch.zeros(1), [torch.ones(1), 7])
    changed = with_leaf(pair, "[1][0]", lambda t: t + 1)
    assert type(changed) is type(pair)
    assert changed.b == [torch.full((1,), 2.0), 7]
    assert pair.b == [torch.ones(1), 7]
    assert type(with_leaf(OrderedDict(a=torch.zeros(1)), "", lambda t: t)) is OrderedDict


def test_gradients_flow_through_an_edit():
    net = ZOO["in-place relu"]
    x = pictures(net, requires_grad=True)
    doubled = vizkit.activations(vizkit.edited(net, {"4": lambda a: 2 * a}), x, ["4"])["4"].sum()
    plain = vizkit.activations(net, x, ["4"])["4"].sum()
    (a,), (b,) = torch.autograd.grad(doubled, x), torch.autograd.grad(plain, x)
    torch.testing.assert_close(a, 2 * b)


def test_edits_of_edits_act_in_the_order_they_were_made():
    net = ZOO["residual"]
    twice = vizkit.edited(vizkit.edited(net, {"relu": lambda a: a + 1}), {"relu": lambda a: 2 * a, "stem": lambda a: a})
    plain = vizkit.activations(net, pictures(net), ["relu"])["relu"]
    torch.testing.assert_close(vizkit.activations(twice, pictures(net), ["relu"])["relu"], 2 * (plain + 1))


def test_the_network_that_was_edited_stays_as_it_was():
    net = ZOO["residual"]
    before = vizkit.activations(net, pictures(net), ["output"])["output"]
    changed = vizkit.edited(net, {"stem": torch.zeros_like})
    vizkit.activations(changed, pictures(net), ["output"])
    assert torch.equal(vizkit.activations(net, pictures(net), ["output"])["output"], before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.module.modules())
    assert changed.module is net.module


def test_an_edited_network_says_so():
    changed = vizkit.edited(ZOO["residual"], {"stem": torch.zeros_like})
    assert repr(changed).endswith("edited at stem")
    assert changed.origin.startswith(
        "vizkit.edited(vizkit.wrap(Residual(), size=(20, 20)), {'stem': zeros_like})  # weights "
    )


def test_a_wrong_layer_is_answered_before_anything_runs():
    with pytest.raises(LookupError, match="Did you mean 'stem'"):
        vizkit.edited(ZOO["residual"], {"steam": torch.zeros_like})


def test_an_edit_that_returns_nothing_is_answered_with_a_sentence():
    net = vizkit.edited(ZOO["residual"], {"stem": lambda a: None})
    with pytest.raises(TypeError, match="edit of 'stem' gave NoneType"):
        vizkit.activations(net, pictures(net), ["output"])


def test_a_module_that_cannot_be_copied_cannot_be_edited():
    with pytest.raises(TypeError, match=r"Uncopied cannot be edited.*_thread\.lock"):
        vizkit.edited(ZOO["cannot be copied"], {"0": torch.zeros_like})


def test_any_tool_takes_an_edited_network():
    net = vizkit.edited(vizkit.wrap(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), 8), {"0": lambda a: a[:, :2]})
    assert vizkit.layers(net)["1"].shape == (2, 6, 6)
