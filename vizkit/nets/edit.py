"""Change what a layer says before the rest of the network hears it. An edit maps its tensor to the new one."""

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from vizkit.nets.calls import Edit
from vizkit.nets.describe import channels_last, layers, units_second
from vizkit.nets.network import Network


def edited(net: Network, edits: Mapping[str, Edit]) -> Network:
    """A network like `net` in which the output of each layer of `edits` is replaced by a function of it.

    A new value: `net` and its module stay as they are, and every tool takes the edited one. The function gets the
    layer's tensor, batch first and then its units, as `vizkit.layers` has it, and should return one of the same
    shape; gradients flow through it. Several edits of one layer act in the order in which they were made.

    Raises:
        LookupError: a layer does not exist; the message names the nearest ones.
        TypeError: the module cannot be copied.

    >>> blind = edited(net, {"layer4": lambda a: a * keep[:, None, None]})
    >>> activations(blind, x, ["output"])
    """
    known, last = layers(net), channels_last(net)
    together = dict(net.edits)
    for name, change in edits.items():
        layer = known[name].name
        change = _units_second(change) if layer in last else change
        together[layer] = _after(together[layer], change) if layer in together else change
    made = replace(net, edits=together, made_by=_call(net, edits))
    made.twin  # noqa: B018 - a module that cannot be copied fails here, not at first use
    made.once("channels last", lambda: last)  # an edit keeps shapes: no need to look again, of each of many
    return made


def _units_second(change: Edit) -> Edit:
    """The same change of maps that come with their channels last."""

    def changed(tensor: Tensor) -> Tensor:
        new = change(units_second(tensor, True))
        return new.movedim(1, -1) if isinstance(new, Tensor) else new

    return changed


def _after(first: Edit, then: Edit) -> Edit:
    return lambda tensor: then(first(tensor))


def _call(net: Network, edits: Mapping[str, Edit]) -> str:
    words = ", ".join(f"{name!r}: {getattr(change, '__name__', '…')}" for name, change in edits.items())
    return f"vizkit.edited({net.code}, {{{words}}})"
