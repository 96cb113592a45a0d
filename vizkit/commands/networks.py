"""The network a command is given, by the options `--net`, `--weights` and `--device`."""

import argparse

import torch

from vizkit.nets.load import load
from vizkit.nets.network import Network


def add_network(parser: argparse._ActionsContainer) -> None:
    """Give `parser` the options that name a network."""
    parser.add_argument("--net", required=True, metavar="NAME", help='"world", or a classifier of torchvision')
    parser.add_argument("--weights", metavar="FILE", help='.pth or .safetensors, or "random" for an untrained network')
    parser.add_argument("--device", metavar="DEVICE", help=f"where to compute (default: {best_device()})")


def network(options: argparse.Namespace) -> Network:
    """The network that parsed options name, on its device."""
    net = load(options.net, options.weights)
    net.module.to(options.device or best_device())
    return net


def best_device() -> str:
    """The fastest kind of device there is: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
