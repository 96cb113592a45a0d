from collections.abc import Sequence
from typing import Annotated, Literal

import pytest

from vizkit.core.controls import (
    Choice,
    LayerName,
    Number,
    Range,
    Seed,
    Switch,
    Unit,
    argument_docs,
    controls,
    given,
    summary,
)
from vizkit.core.dials import Dial


def method(
    net: object,
    image: int,
    layer: Annotated[str, LayerName()],
    unit: Annotated[int, Unit(of="layer")] = 3,
    *,
    strength: Annotated[float | Dial | Sequence[float], Range(0.1, 1.0)] = 0.5,
    kind: Literal["a", "b"] = "a",
    mirror: bool = True,
    count: int = 2,
    share: float = 0.5,
    seed: int = 7,
    tensor: dict | None = None,
):
    """Do a thing that takes
    two lines. And more.

    A paragraph with a colon: it is no argument.

    Args:
        layer: Where to look: in here.
        unit: One of them,
            or several.
        strength: How hard.

    Raises:
        ValueError: never.
    """
    yield


def test_hints_and_plain_keyword_types_are_controls_and_the_rest_is_given():
    found = {name: control.hint for name, control in controls(method).items()}
    assert found == {
        "layer": LayerName(),
        "unit": Unit("layer"),
        "strength": Range(0.1, 1.0),
        "kind": Choice("a", "b"),
        "mirror": Switch(),
        "count": Number(whole=True),
        "share": Number(),
        "seed": Seed(),
    }
    assert list(given(method)) == ["net", "image", "tensor"]


def test_defaults_sentences_and_dials_come_with_them():
    found = controls(method)
    assert (found["layer"].default, found["unit"].default, found["mirror"].default) == (None, 3, True)
    assert found["unit"].doc == "One of them, or several."
    assert found["kind"].doc == ""
    assert [name for name, control in found.items() if control.dial] == ["strength"]


def test_argument_docs_are_only_those_of_the_args_section():
    assert argument_docs(method) == {
        "layer": "Where to look: in here.",
        "unit": "One of them, or several.",
        "strength": "How hard.",
    }


def test_a_docstring_without_arguments_has_none():
    assert argument_docs(test_a_docstring_without_arguments_has_none) == {}


def test_the_summary_is_the_first_paragraph_on_one_line():
    assert summary(method) == "Do a thing that takes two lines. And more"


def test_a_label_has_no_underscores():
    def other(*, batch_size: int = 3): ...

    assert controls(other)["batch_size"].label == "batch size"


@pytest.mark.parametrize(
    ("hint", "words", "value"),
    [
        (Range(1, 9), ["3"], 3),
        (Range(0.1, 9), ["3"], 3.0),
        (Range(0.1, 9), ["1e-2", "3"], (0.01, 3.0)),
        (Number(), ["-2.5"], -2.5),
        (Number(whole=True), ["-2"], -2),
        (Seed(), ["5"], 5),
        (Seed(), ["5", "6"], (5, 6)),
        (Unit(), ["3", "7", "11"], (3, 7, 11)),
        (Choice("deep prior", "pixels"), ["deep", "prior"], "deep prior"),
        (Choice("deep prior", "pixels"), ["Deep-Prior"], "deep prior"),
        (Choice("deep prior", "pixels"), ["paint"], "paint"),  # the method answers that with a sentence
        (Switch(), [], True),
        (Switch(), ["No"], False),
        (Switch(), ["1"], True),
        (LayerName(), ["layer1"], "layer1"),
        (LayerName(), ["layer1", "layer2"], ("layer1", "layer2")),
    ],
)
def test_words_become_values(hint, words, value):
    parsed = hint.parse(words)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("hint", "word", "sentence"),
    [
        (Range(1, 9), "2.5", "not a whole number"),
        (Range(0.1, 9), "much", "'much' is not a number"),
        (Unit(), "three", "not a whole number. Type one like 8"),
        (Switch(), "maybe", "neither on nor off"),
    ],
)
def test_a_word_that_means_nothing_is_answered_with_a_sentence(hint, word, sentence):
    with pytest.raises(ValueError, match=sentence):
        hint.parse([word])


@pytest.mark.parametrize(
    ("hint", "ends"),
    [
        (Range(1, 9), (1, 9)),
        (Range(0.1, 9, zero=True), (0, 0.1, 9)),
        (Choice("a", "b"), ("a", "b")),
        (Switch(), (False, True)),
        (Unit(), ()),
        (LayerName(), ()),
    ],
)
def test_ends_are_the_extremes_a_contract_test_tries(hint, ends):
    assert hint.ends() == ends


def test_every_end_of_a_seed_is_one_torch_takes():
    import torch

    for end in Seed().ends():
        assert torch.Generator().manual_seed(end).initial_seed() == end


@pytest.mark.parametrize("ends", [(1, 1), (2, 1)])
def test_an_empty_range_is_refused(ends):
    with pytest.raises(ValueError, match="lower end first"):
        Range(*ends)


def test_a_log_range_cannot_start_at_zero():
    with pytest.raises(ValueError, match="zero=True"):
        Range(0, 1, log=True)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (Range(1, 9), "1 to 9"),
        (Range(0.001, 1.0, log=True, zero=True), "0, or 0.001 to 1 (log)"),
        (Choice("a", "b"), "a · b"),
        (Unit("where"), "unit of `where`, or several"),
        (Number(whole=True), "whole number"),
    ],
)
def test_a_hint_says_what_it_allows(hint, words):
    assert str(hint) == words
