"""The network a command is given, by the options `--net`, `--weights` and `--device`."""

import argparse

from vizkit.nets.load import best_device, load
from vizkit.nets.network import Network


def add_network(parser: argparse._ActionsContainer, required: bool = True) -> None:
    """Give `parser` the options that name a network."""
    parser.add_argument("--net", required=required, metavar="NAME", help='"world", or a classifier of torchvision')
    parser.add_argument("--weights", metavar="FILE", help='.pth or .safetensors, or "random" for an untrained network')
    parser.add_argument("--device", metavar="DEVICE", help=f"where to compute (default: {best_device()})")


def network(options: argparse.Namespace) -> Network:
    """The network that parsed options name, on its device."""
    return load(options.net, options.weights, device=options.device)
