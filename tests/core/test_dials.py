import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizkit.core.dials import Dial, now

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def test_a_dial_that_nobody_turns_is_its_number():
    dial = Dial(0.25)
    assert [dial.at(step) for step in (0, 1, 99)] == [0.25] * 3
    assert float(dial) == dial.value == 0.25


def test_a_turn_takes_effect_at_the_next_step_that_looks_and_is_written_down():
    dial = Dial(0.1)
    assert dial.at(0) == 0.1
    dial.value = 0.5
    assert dial.value == 0.5
    assert dial.turns == {0: 0.1}  # no run has seen it yet
    assert dial.at(7) == 0.5
    assert dial.turns == {0: 0.1, 7: 0.5}


def test_only_the_last_of_several_turns_between_two_steps_counts():
    dial = Dial(0.0)
    for value in (1, 2, 3):
        dial.value = value
    assert dial.at(4) == 3
    assert dial.turns == {0: 0.0, 4: 3.0}


def test_a_performance_repeats():
    dial = Dial(0.0)
    heard = []
    for step in range(10):
        if step in {3, 6}:
            dial.value = step
        heard.append(dial.at(step))
    assert [dial.at(step) for step in range(10)] == heard
    assert [Dial(dial.turns).at(step) for step in range(10)] == heard


def test_a_turn_while_playing_again_replaces_what_followed():
    dial = Dial({0: 0.0, 5: 5.0, 8: 8.0})
    dial.value = 3
    assert dial.at(3) == 3
    assert dial.turns == {0: 0.0, 3: 3.0}


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.integers(1, 1000), st.floats(allow_nan=False, allow_infinity=False), max_size=6), st.floats(0, 1)
)
def test_its_repr_is_python_that_rebuilds_it(turns, start):
    dial = Dial({**turns, 0: start})
    again = eval(repr(dial), {"Dial": Dial})
    assert again.turns == dial.turns
    assert all(again.at(step) == dial.at(step) for step in (0, 1, 500, 2000))


def test_a_dial_without_a_start_is_refused():
    with pytest.raises(ValueError, match="step 0"):
        Dial({5: 1.0})


def test_now_reads_dials_and_leaves_the_rest_as_it_is():
    assert now(Dial({0: 1, 5: 2}), 6) == 2
    assert now(0.5, 6) == 0.5
    assert now([1, 2], 6) == [1, 2]
