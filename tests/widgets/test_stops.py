"""The numbers sliders stop at: readable, rising, and never without the ends."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizkit.core.controls import Range
from vizkit.widgets.stops import readable, stops, strip


@st.composite
def ranges(draw):
    log, whole = draw(st.booleans()), draw(st.booleans())
    low = draw(st.integers(1 if log else -50, 100)) if whole else draw(st.sampled_from([0.001, 0.03, 0.5, 2.0]))
    span = draw(st.integers(1, 5000)) if whole else draw(st.sampled_from([0.1, 0.4, 7.0, 900.0]))
    return Range(low, round(low + span, 3), log=log, zero=draw(st.booleans()) and low > 0)


def test_a_log_slider_of_whole_numbers_stops_at_powers_of_two_and_halfway():
    assert stops(Range(1, 32, log=True)) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]


def test_a_log_slider_has_ten_stops_a_decade():
    assert stops(Range(0.1, 1.0, log=True)) == [0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]


def test_an_even_slider_stops_at_round_numbers():
    assert stops(Range(0.0, 0.25)) == pytest.approx([0.005 * k for k in range(51)])
    assert stops(Range(0, 5)) == [0, 1, 2, 3, 4, 5]


def test_off_is_the_first_stop():
    assert stops(Range(0.01, 1.0, log=True, zero=True))[:2] == [0.0, 0.01]


@given(ranges(), st.floats(-10, 10))
def test_stops_rise_hold_both_ends_and_what_else_is_shown(span, also):
    found = stops(span, also)
    assert all(a < b for a, b in pairwise(found))
    assert {span.low, span.high, also} <= set(found)
    assert len(found) < 110


@given(ranges())
def test_no_two_stops_read_the_same(span):
    words = [readable(number, span) for number in stops(span)]
    assert len(set(words)) == len(words)


@given(ranges())
def test_a_strip_lies_inside_the_range_to_two_digits(span):
    low, high = (0 if span.zero else span.low), span.high
    slack = 0.05 * max(abs(low), abs(high)) + 0.5 * span.whole
    assert all(low - slack <= strength <= high + slack for strength in strip(span))
    assert 2 <= len(strip(span)) <= 7


def test_a_log_strip_grows_by_one_ratio_and_starts_with_off():
    off, *strengths = strip(Range(0.001, 1.0, log=True, zero=True), count=5)
    assert off == 0
    assert strengths == [0.001, 0.01, 0.1, 1.0]


def test_numbers_read_as_a_person_would_write_them():
    weight, count = Range(0.001, 10.0, log=True, zero=True), Range(32, 512, log=True, zero=True)
    assert [readable(n, weight) for n in (0.0, 0.001, 0.25, 8.0)] == ["off", "0.001", "0.25", "8"]
    assert [readable(n, count) for n in (0, 512)] == ["0", "512"]
    assert readable(math.pi, weight) == "3.14159"
