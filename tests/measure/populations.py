"""Activations (pictures, units, positions) with ties, zeros and now and then no number, cut into parts at random."""

import itertools
import random

import torch
from hypothesis import strategies as st


@st.composite
def populations(draw, odd=True):
    """Activations of a few pictures, and two ways to part and order them."""
    pictures, units, positions = draw(st.integers(1, 14)), draw(st.integers(1, 4)), draw(st.integers(1, 7))
    chance = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    batch = torch.randn(pictures, units, positions, generator=chance) * 10 ** draw(st.sampled_from([-6, 0, 3]))
    if draw(st.booleans()):
        batch = (batch * 2).round() / 2  # many equal values, and both zeros
    if odd and draw(st.booleans()):
        batch[torch.rand(pictures, units, generator=chance) < 0.2, 0] = draw(st.sampled_from([torch.nan, torch.inf]))
    ids = torch.randperm(1000, generator=chance)[:pictures].sort().values
    return batch, ids, draw(st.integers(0, 2**16))


def parted(batch, ids, seed):
    """The pictures in batches of any sizes, in any order."""
    chance = random.Random(seed)
    order = list(range(len(ids)))
    chance.shuffle(order)
    cuts = sorted({0, len(order), *(chance.randrange(len(order)) for _ in range(3))})
    return [(batch[order[a:b]], ids[order[a:b]]) for a, b in itertools.pairwise(cuts)]


def in_any_order(statistic, states, seed):
    """The states merged two by two, as they come."""
    chance = random.Random(seed)
    states = list(states)
    while len(states) > 1:
        chance.shuffle(states)
        states.append(statistic.merge(states.pop(), states.pop()))
    return states[0]
