"""`vizkit layers --net NAME`: the table of a network's layers."""

import argparse
import sys
from collections.abc import Sequence

from vizkit.commands.networks import add_network, network
from vizkit.nets.describe import layers


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("vizkit layers", description="List the layers of a network, found by running it.")
    add_network(parser)
    sys.stdout.write(f"{layers(network(parser.parse_args(words)))}\n")
    return 0
