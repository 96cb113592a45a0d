"""What is read off outputs in every layout, against numpy."""

import numpy as np
import pytest
import torch

from vizkit.measure.peaks import peaks, places, samples
from vizkit.measure.statistic import scattered

SHAPES = [(2, 5), (3, 7, 4), (2, 3, 5, 6), (2, 48, 4, 6), (2, 144, 6, 4), (2, 64, 3, 3), (2, 3, 1, 1), (2, 3, 2, 3, 4)]


def outputs():
    for shape in SHAPES:
        plain = torch.randint(-9, 9, shape, generator=torch.Generator().manual_seed(1)).float()  # many ties
        yield pytest.param(plain, id=f"{shape}")
        if len(shape) == 4:
            yield pytest.param(plain.contiguous(memory_format=torch.channels_last), id=f"{shape} channels last")
            yield pytest.param(torch.cat([plain, plain], 1)[:, : shape[1]], id=f"{shape} a view")
        yield pytest.param(plain.to(torch.bfloat16), id=f"{shape} bfloat16")


def flat(output):
    """(n, units, positions) as numpy."""
    output = output.to(torch.float32, copy=True)
    output = (
        output[:, :, None] if output.ndim == 2 else output.transpose(1, 2) if output.ndim == 3 else output.flatten(2)
    )
    return output.numpy()


@pytest.mark.parametrize("output", list(outputs()))
def test_peaks_are_the_largest_value_and_its_first_position(output):
    values, positions = peaks(output)
    np.testing.assert_array_equal(values, flat(output).max(2))
    np.testing.assert_array_equal(positions, flat(output).argmax(2))
    assert (values.dtype, positions.dtype) == (torch.float32, torch.int32)


@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
def test_a_nan_anywhere_is_the_peak(format):
    output = torch.zeros(1, 2, 4, 4)
    output[0, 1, 2, 3] = torch.nan
    values, _ = peaks(output.contiguous(memory_format=format))
    assert values.isnan().tolist() == [[False, True]]


@pytest.mark.parametrize("output", list(outputs()))
def test_samples_are_the_answers_at_the_places_that_were_chosen(output):
    whole = flat(output)
    chosen = places(scattered(torch.tensor([5, 900, 33]))[: len(output)], whole.shape[2], min(3, whole.shape[2]))
    found = samples(output, chosen).transpose(1, 2)
    np.testing.assert_array_equal(found, np.take_along_axis(whole, chosen.places.numpy()[:, None], 2))
    everything = samples(output, None)
    output.zero_()  # as the next layer may
    np.testing.assert_array_equal(everything.transpose(1, 2), whole)


@pytest.mark.parametrize("positions", [1, 2, 9, 49, 196, 12321])
def test_places_are_distinct_depend_on_the_picture_and_reach_every_position(positions):
    count = min(positions, 7)
    found = places(scattered(torch.arange(20_000 if positions < 200 else 2000)), positions, count).places
    assert all(len(set(row)) == count for row in found[:200].tolist())
    hits = torch.bincount(found.flatten(), minlength=positions)
    if positions < 200:
        expected = found.numel() / positions
        assert (hits - expected).abs().max() < 6 * expected**0.5
