"""Tests here make modules and pictures with torch's global random numbers; the check outside sees none of it."""

import pytest
import torch


@pytest.fixture(autouse=True)
def random_numbers_of_its_own(leaves_nothing_behind):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield
