"""What is given several times, and what is refused before a search begins."""

import numpy as np
import pytest
import torch

from vizkit.maximize.cells import check_loop, several
from vizkit.maximize.chance import streams


@pytest.mark.parametrize("value", [[3, 5], (3, 5), torch.tensor([3, 5]), np.array([3, 5]), range(3, 6, 2)])
def test_several_values_may_come_in_any_kind_of_list(value):
    assert several(value) == [3, 5]


@pytest.mark.parametrize("value", [3, np.int64(3), torch.tensor(3), np.array(3)])
def test_one_value_is_a_list_of_one(value):
    assert several(value) == [3]


@pytest.mark.parametrize(("steps", "sentence"), [(0, "turns nothing"), (1.5, "is no whole number")])
def test_steps_that_cannot_be_counted_are_refused(steps, sentence):
    with pytest.raises(ValueError, match=rf"steps={steps} {sentence}\. Give 1 or more"):
        check_loop(steps, 1.0, "float32")


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, None, "a"])
def test_a_seed_that_is_none_is_answered_with_a_sentence(seed):
    with pytest.raises(ValueError, match="whole number of 64 bits"):
        streams([seed])


def test_negative_and_large_seeds_have_streams_of_their_own():
    drawn = [torch.rand(2, generator=stream).tolist() for stream in streams([-1, 0, 2**63 + 5, np.int64(7)])]
    assert len({tuple(pair) for pair in drawn}) == 4
