"""Answers of all units to all pictures, what a picture excites, and which units of two networks go together."""

import numpy as np
import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.measure.answers import answers, answers_known, answers_looked_at, excited, excited_each, matched

NET = zoo()["in-place relu"]
LAYER = vizkit.layers(NET).default
PICTURES = torch.rand(12, NET.channels, *NET.size, generator=torch.Generator().manual_seed(2))


def test_an_answer_is_the_peak_over_positions():
    seen = vizkit.activations(NET, PICTURES, [LAYER])[LAYER]
    assert torch.allclose(answers(NET, LAYER, PICTURES), seen.flatten(2).amax(2), atol=1e-6)


def test_an_index_with_peaks_is_not_scanned_again():
    index = vizkit.scan(NET, PICTURES, [LAYER], pooled="max")
    known = answers(NET, LAYER, index=index)
    assert torch.equal(known, torch.from_numpy(index.embeddings(LAYER)))
    other = vizkit.scan(NET, PICTURES, [LAYER], pooled="mean")
    assert torch.allclose(answers(NET, LAYER, PICTURES, other), known)


def test_answers_are_remembered_with_the_network():
    assert answers(NET, LAYER, PICTURES) is answers(NET, LAYER, PICTURES)


def test_without_pictures_there_are_no_answers():
    with pytest.raises(LookupError, match="which pictures"):
        answers(NET, LAYER)


def test_units_that_a_picture_excites_stand_out_from_their_own_usual_answer():
    known = torch.tensor([[9.0, 0.0, 1.0], [9.5, 0.1, 1.0], [9.0, 3.0, 1.0], [10.0, 0.0, 1.0]])
    found = excited(known, 2)
    assert found.units.tolist() == [1]  # unit 0 is always strong, unit 2 always the same
    assert found.answers.tolist() == [3.0]
    assert found.above.tolist() == [0.75]


def test_an_unreadable_picture_excites_nothing():
    known = torch.tensor([[1.0, 2.0], [torch.nan, torch.nan], [3.0, 0.0]])
    assert len(excited(known, 1).units) == 0
    assert excited(known, 2).units.tolist() == [0]


def test_what_each_picture_excites_among_some_units_is_what_it_excites_among_all():
    known = torch.randn(30, 9, generator=torch.Generator().manual_seed(5)) * torch.arange(1, 10)
    known[:, 4], known[11] = 2.0, torch.nan  # a constant unit, an unreadable picture
    units = [8, 2, 4, 5]
    found = excited_each(known, units, 3)
    for picture in range(30):
        one = excited(known, picture, 9)
        expected = [] if picture == 11 else [unit for unit in one.units.tolist() if unit in units][:3]
        kept = found.units[picture] >= 0
        assert [units[k] for k in found.units[picture][kept].tolist()] == expected
        places = [one.units.tolist().index(unit) for unit in expected]
        assert torch.equal(found.answers[picture][kept], one.answers[places])
        assert torch.allclose(found.above[picture][kept], one.above[places])


def test_of_fewer_units_than_asked_for_there_are_fewer():
    assert excited_each(torch.rand(6, 3, generator=torch.Generator().manual_seed(0)), [1], 5).units.shape == (6, 1)


def test_answers_are_known_once_they_were_looked_at_and_a_look_tells_how_far_it_is():
    net = zoo()["in-place relu"]  # its own, which remembers no answers
    assert answers_known(net, LAYER, PICTURES) is None
    told = [(one.done, one.of) for one in answers_looked_at(net, LAYER, PICTURES)]
    assert told[0][0] == 0
    assert told[-1] == (len(PICTURES), len(PICTURES))
    assert torch.equal(answers_known(net, LAYER, PICTURES), answers(net, LAYER, PICTURES))
    next(net.module.parameters()).data.mul_(2)
    assert answers_known(net, LAYER, PICTURES) is None, "of other weights"


@pytest.mark.parametrize("picture", [-1, 12])
def test_a_picture_that_is_not_there_is_told(picture):
    with pytest.raises(IndexError, match="0 to 11"):
        excited(torch.zeros(12, 2), picture)


def test_matches_are_those_of_numpys_correlation():
    draw = torch.Generator().manual_seed(4)
    one, other = torch.randn(40, 5, generator=draw), torch.randn(40, 7, generator=draw)
    other[:, 3] = 2 * one[:, 1] + 5
    expected = np.corrcoef(one.T.numpy(), other.T.numpy())[:5, 5:]
    found = matched(one, other)
    assert found.units.tolist() == expected.argmax(1).tolist()
    assert np.allclose(found.correlation, expected.max(1), atol=1e-5)
    assert found.units[1] == 3
    assert found.correlation[1] == pytest.approx(1)


def test_a_network_matches_itself_unit_by_unit():
    known = answers(NET, LAYER, PICTURES)
    alive = known.std(0) > 0
    assert (matched(known, known).units == torch.arange(known.shape[1]))[alive].all()


def test_a_constant_unit_goes_with_nothing():
    constant, other = torch.ones(6, 1), torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    assert matched(constant, other).correlation.tolist() == [0.0]


def test_answers_to_other_pictures_are_not_compared():
    with pytest.raises(ValueError, match="6 and 5 pictures"):
        matched(torch.zeros(6, 1), torch.zeros(5, 1))
