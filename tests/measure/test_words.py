"""Words for units: kept whole, believed only when checked, compared by the formulas of others."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizkit.measure.words import ALL, MOST_BYTES, UNCLEAR, Subject, Word, Words, agreement, kappa, open_words

SUBJECT = Subject("Net", "abc123", "0123456789ab", "stage3", 80, 16, "import vizkit")


def words(annotator="me", subject=SUBJECT, **units):
    named = {int(unit[1:]): Word(*told) for unit, told in units.items()}
    return Words(subject, annotator, named)


# What a word is


def test_a_word_is_on_one_line_and_white_space_around_it_goes():
    assert Word("  street \n lamp\t", "object").word == "street lamp"
    assert Word("می\u200cشود", "part").word == "می\u200cشود"


@pytest.mark.parametrize(
    ("word", "category", "sentence"),
    [
        ("lamp", "", "no category yet. Choose color, texture"),
        ("lamp", "animal", "'animal' is no category"),
        ("", "object", "What is the object called"),
        ("a" * 201, "object", "up to 200 letters"),
        ("a\x00b", "object", "is no word"),
        ("left \u202e right", "object", "is no word"),
        ("\ud800", "object", "is no word"),
    ],
)
def test_what_is_no_word_is_refused_with_what_to_do(word, category, sentence):
    with pytest.raises(ValueError, match=sentence):
        Word(word, category)


def test_only_unclear_goes_without_a_word():
    assert Word("", UNCLEAR).word == ""


# Kept


@given(
    st.dictionaries(
        st.integers(0, 79),
        st.tuples(st.text("aé漢<>&\"'\\ 🦓", min_size=1, max_size=9), st.sampled_from(ALL)),
        max_size=5,
    )
)
def test_what_is_read_is_what_was_written(units):
    told = {unit: Word(word if word.strip() else "a", category) for unit, (word, category) in units.items()}
    ours = Words(SUBJECT, "<b>me</b>", told)
    assert Words.from_json(ours.to_json()) == ours


def test_a_file_is_written_whole_and_read_again(tmp_path):
    ours = words(u7=("lamp", "object")).named(3, Word("red", "color"))
    ours.save(tmp_path / "words.json")
    assert open_words(tmp_path / "words.json") == ours
    assert [path.name for path in tmp_path.iterdir()] == ["words.json"]
    assert list(json.loads((tmp_path / "words.json").read_text("utf-8"))["words"]) == ["3", "7"]


def test_a_name_can_be_taken_back():
    assert words(u7=("lamp", "object")).named(7, None).units == {}


GOOD = json.loads(words(u7=("lamp", "object")).to_json())
HOSTILE = {
    "not JSON": ("{", "cannot be read"),
    "another file": ("[1, 2]", "holds no words"),
    "another format": (json.dumps({**GOOD, "format": "vizkit index"}), "holds no words"),
    "a newer one": (json.dumps({**GOOD, "version": 2}), "reads 1; update"),
    "true for a version": (json.dumps({**GOOD, "version": True}), "has format True"),
    "no subject": (json.dumps({**GOOD, "about": None}), "does not say what it is about"),
    "endless units": (json.dumps({**GOOD, "about": {**GOOD["about"], "units": 10**12}}), "no number of units"),
    "words that are none": (json.dumps({**GOOD, "words": [1]}), "damaged"),
    "a number for a word": (json.dumps({**GOOD, "words": {"7": {"word": 3, "category": "object"}}}), "is no text"),
    "no category": (json.dumps({**GOOD, "words": {"7": {"word": "lamp"}}}), "damaged"),
    "a unit that is none": (json.dumps({**GOOD, "words": {"80": GOOD["words"]["7"]}}), "no unit from 0 to 79"),
    "a long number": (json.dumps({**GOOD, "words": {"9" * 5000: GOOD["words"]["7"]}}), "no unit"),
    "one unit in two spellings": (json.dumps({**GOOD, "words": {"07": GOOD["words"]["7"]}}), "no unit"),
    "one unit twice": (words(u7=("a", "part")).to_json().replace('"words": {', '"words": {"7": {},'), "twice"),
    "infinity": (json.dumps(GOOD).replace("16", "Infinity"), "Infinity is no number"),
    "a well": ("[" * 200_000, "cannot be read"),
    "markup in an annotator's place": (json.dumps({**GOOD, "annotator": ["<b>"]}), "is no text"),
}


@pytest.mark.parametrize(("text", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_its_name_and_what_is_wrong(text, sentence, tmp_path):
    (tmp_path / "words.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=sentence) as refused:
        open_words(tmp_path / "words.json")
    assert "words.json" in str(refused.value)


def test_bytes_that_are_no_text_and_a_file_that_is_too_large_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"a\.json"):
        open_words(tmp_path / "a.json")
    with (tmp_path / "b.json").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ValueError, match="larger than 32 MiB"):
        open_words(tmp_path / "b.json")


def test_a_file_that_is_not_there_says_what_makes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vizkit\.annotate"):
        open_words(tmp_path / "none.json")


# Compared


@pytest.mark.parametrize(  # sklearn.metrics.cohen_kappa_score of scikit-learn 1.9.1
    ("first", "second", "value"),
    [
        (
            "object object part scene texture color unclear object",
            "object part part scene texture texture unclear scene",
            0.5555555555555556,
        ),
        ("color color texture part", "texture color part texture", -0.09090909090909083),
        ("object object object object object scene", "object object object object object object", 0.0),
        ("a b c a b c", "a b c a b c", 1.0),
        ("object object object", "object object object", math.nan),
    ],
)
def test_kappa_is_scikit_learns(first, second, value):
    assert kappa(first.split(), second.split()) == pytest.approx(value, nan_ok=True)
    assert kappa(second.split(), first.split()) == pytest.approx(value, nan_ok=True)


def test_agreement_is_of_the_units_that_both_named():
    mine = words(
        u1=("Lamp", "object"), u2=("red", "color"), u3=("", "unclear"), u4=("roof", "part"), u9=("sky", "scene")
    )
    yours = words(
        "you",
        u1=("lamp", "object"),
        u2=("red", "color"),
        u3=("sand", "texture"),
        u4=("wall", "part"),
        u5=("", "unclear"),
    )
    found = agreement(mine, yours)
    assert found.units == (1, 2, 3, 4)
    assert found.worded == (1, 2, 4)
    assert (found.category, found.exact, found.folded) == pytest.approx((3 / 4, 1 / 3, 2 / 3))
    assert found.kappa == pytest.approx((3 / 4 - 3 / 16) / (1 - 3 / 16))
    assert (found.only_first, found.only_second) == (1, 1)
    assert str(found) == (
        "Both named 4 units. Same category: 75 %, kappa 0.69. Same word: 33 % of 3, 67 % apart from case."
    )


def test_those_who_named_other_units_agree_on_nothing():
    found = agreement(words(u1=("a", "part")), words("you", u2=("b", "part")))
    assert found.units == ()
    assert all(math.isnan(value) for value in (found.category, found.kappa, found.exact, found.folded))
    assert str(found).startswith("No unit was named by both; 1 by the first only")


def test_files_are_compared_as_what_they_hold(tmp_path):
    paths = [words(name, u1=("a", "part")).save(tmp_path / f"{name}.json") for name in ("me", "you")]
    assert agreement(*paths).category == 1


def test_words_about_two_layers_are_not_compared_and_about_two_indexes_are_and_it_says_so():
    other = Subject("Net", "abc123", "0123456789ab", "stage4", 80, 16)
    with pytest.raises(ValueError, match="two layers, stage3 with 80 and stage4 with 80"):
        agreement(words(), words(subject=other))
    again = Subject("Net", "abc123", "ba9876543210", "stage3", 80, 8)
    found = agreement(words(u1=("a", "part")), words(subject=again, u1=("a", "part")))
    assert not found.same_pictures
    assert "two indexes" in str(found)
