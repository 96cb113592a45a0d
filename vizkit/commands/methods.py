"""`vizkit methods`: the catalogue, a line each."""

import argparse
import sys
from collections.abc import Sequence

from vizkit import methods


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("vizkit methods", description="List the methods `vizkit run` can play.")
    parser.parse_args(words)
    sys.stdout.write(f"{methods!r}\n")
    return 0
