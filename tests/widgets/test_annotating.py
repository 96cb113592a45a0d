"""Naming units without a page: what is saved, what comes next, what is refused and left as it is."""

import json

import pytest
import torch

import vizkit
from tests.widgets.toy import until
from tests.zoo import zoo
from vizkit.measure.words import Word, open_words
from vizkit.widgets.annotating import Annotating, annotate

PICTURES = torch.rand(30, 3, 20, 20, generator=torch.Generator().manual_seed(4))


@pytest.fixture(scope="module")
def net():
    return zoo()["in-place relu"]


@pytest.fixture(scope="module")
def index(net):
    return vizkit.scan(net, [(picture, n % 3) for n, picture in enumerate(PICTURES)], ["0", "3"])


@pytest.fixture
def make(net, index, tmp_path):
    """Open the same file again and again; closed at the end."""
    made = []

    def make(layer="3", path="words.json", **arguments) -> Annotating:
        made.append(annotate(net, layer, index=index, path=tmp_path / path, count=4, **arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


def page(one, **message):
    """What the page's form sends."""
    one.form._handle_custom_msg(message, [])


def save(one, word, category):
    page(one, do="save", unit=one.unit, word=word, category=category)


def step(one, by, word="", category=""):
    page(one, do="step", by=by, unit=one.unit, word=word, category=category)


# Saved


def test_each_unit_is_saved_when_it_is_named_with_what_it_is_about(make, net, index, tmp_path):
    one = make()
    save(one, " street  lamp", "object")
    saved = open_words(tmp_path / "words.json")
    assert saved.units == {0: Word("street lamp", "object")}
    assert (saved.subject.net, saved.subject.weights) == (net.name, net.weight_hash)
    assert (saved.subject.layer, saved.subject.k, saved.annotator) == ("3", 4, "me")
    assert saved.subject.python == index.recipe
    assert (one.unit, one.form.unit, one.form.word, one.form.named) == (1, 1, "", 1)
    assert one.form.status == "Saved unit 0 in words.json."


def test_it_goes_on_where_it_ended_when_it_is_opened_again(make):
    one = make()
    save(one, "red", "color")
    save(one, "", "unclear")
    again = make()
    assert again.unit == 2
    again.step(-1)
    assert (again.form.word, again.form.category, again.form.named) == ("", "unclear", 2)
    again.step(-1)
    assert (again.form.word, again.form.category) == ("red", "color")


def test_nothing_is_written_before_something_is_named(make, tmp_path):
    one = make()
    step(one, 1, "half a wor", "")
    save(one, "", "")
    assert list(tmp_path.iterdir()) == []
    assert one.unit == 2


def test_a_name_that_is_emptied_is_forgotten(make, tmp_path):
    one = make()
    save(one, "red", "color")
    step(one, -1)
    save(one, " ", "")
    assert open_words(tmp_path / "words.json").units == {}
    assert one.form.named == 0


def test_a_word_without_a_category_stays_in_the_form_with_what_to_do(make, tmp_path):
    one = make()
    save(one, "lamp", "")
    assert "no category yet" in one.form.problem
    assert one.unit == 0
    save(one, "lamp", "object")
    assert (one.form.problem, one.unit) == ("", 1)


def test_what_was_typed_and_not_saved_is_there_again_on_the_way_back(make, tmp_path):
    one = make()
    step(one, 1, "la", "object")
    assert (one.form.word, one.form.category) == ("", "")
    step(one, -1)
    assert (one.form.word, one.form.category) == ("la", "object")
    save(one, "lamp", "object")
    step(one, -1)
    assert one.form.word == "lamp"
    assert list(open_words(tmp_path / "words.json").units) == [0]


def test_a_form_that_shows_another_unit_names_nothing(make, tmp_path):
    one = make()
    page(one, do="save", unit=3, word="lamp", category="object")
    assert (one.unit, list(tmp_path.iterdir())) == (0, [])
    assert one.form.answers == 1


def test_every_message_is_answered_once_and_nonsense_is_not(make):
    one = make(units=[5])
    for message in ({"do": "save"}, {"do": "dance", "unit": 5, "word": "", "category": ""}, {}):
        page(one, **message)
    assert one.form.answers == 0
    save(one, "a", "animal")
    step(one, 1)
    assert one.form.answers == 2


# Around


def test_it_stays_at_both_ends_and_says_so(make):
    one = make(units=[4, 2])
    step(one, -1)
    assert (one.unit, one.form.status) == (4, "There is no other unit in this direction.")
    save(one, "a", "part")
    save(one, "b", "part")
    assert (one.unit, one.form.status) == (2, "Saved unit 2 in words.json. All of them are named.")


def test_only_those_without_a_name_are_visited_when_asked_and_the_way_is_round(make):
    one = make(units=4)
    save(one, "a", "part")
    one.go(2)
    one.form.unnamed_only = True
    save(one, "c", "part")
    assert one.unit == 3
    save(one, "d", "part")
    assert one.unit == 1
    save(one, "b", "part")
    assert one.form.status.endswith("All of them are named.")
    assert one.form.named == one.form.total == 4


def test_units_are_those_that_are_asked_for_in_their_order(make):
    assert make(units=[7, 3, 7]).units == (7, 3)
    assert make(units=3).units == (0, 1, 2)
    assert make().units == tuple(range(8))
    for units in ([], [8], [-1], 9):
        with pytest.raises(ValueError, match=r"none of this layer's\. Give numbers from 0 to 7"):
            make(units=units)
    with pytest.raises(ValueError, match="Unit 5 is none of the 2"):
        make(units=[7, 3]).go(5)


# Shown


def test_pictures_appear_when_it_is_seen_and_follow_the_unit(make, net, index):
    one = make()
    assert one.player.state == "idle"
    page(one, view="a", ready=True)
    until(lambda: one.picture.last)
    save(one, "a", "part")
    until(lambda: one.player.state == "done" and one.player.last.result.run.arguments["unit"] == 1)
    one.picture.chosen = [0]
    assert one.picture.selection == (int(index.top("3").ids[1, 0]),)


def test_what_the_pictures_are_called_is_hidden_unless_it_is_asked_for(make):
    one, told = make(), make(labels=True)
    for frame in one.run:
        one._frame_made(frame)
        told._frame_made(frame)
    assert (one.picture.captions, one.picture.sources, one.picture.profile) == ([], [], {})
    assert told.picture.captions
    assert told.picture.profile


def test_a_key_in_the_pictures_asks_the_form_to_step(make, monkeypatch):
    one, sent = make(), []
    monkeypatch.setattr(one.form, "send", sent.append)
    one.picture._handle_custom_msg({"view": "a", "step": -1}, [])
    assert sent == [{"step": -1}]


def test_a_run_that_fails_says_why(make, monkeypatch):
    one = make()
    monkeypatch.setattr(Annotating, "run", property(lambda self: broken()))
    one.go(1)
    until(lambda: one.form.problem == "the disk is gone")
    assert isinstance(one.error, OSError)


def broken():
    raise OSError("the disk is gone")
    yield


# Refused, and left as it is


@pytest.mark.parametrize("text", ["", "{", '{"format": "vizkit words", "version": 1}', "\x00" * 50])
def test_a_damaged_file_is_refused_and_never_overwritten(make, tmp_path, text):
    (tmp_path / "words.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"words\.json.* cannot be read"):
        make()
    assert (tmp_path / "words.json").read_text("utf-8") == text


def test_a_file_of_somebody_else_or_about_something_else_is_refused(make, tmp_path):
    one = make(annotator="you")
    save(one, "a", "part")
    before = (tmp_path / "words.json").read_bytes()
    with pytest.raises(ValueError, match="is by 'you'"):
        make()
    with pytest.raises(ValueError, match=r"is about 3 of .* and this is 0 of"):
        make(layer="0", annotator="you")
    assert (tmp_path / "words.json").read_bytes() == before


def test_a_file_that_was_changed_meanwhile_is_left_as_it_is(make, tmp_path):
    one = make()
    save(one, "a", "part")
    (tmp_path / "words.json").write_text("mine now", "utf-8")
    save(one, "b", "part")
    assert "was changed meanwhile" in one.form.problem
    assert (tmp_path / "words.json").read_text("utf-8") == "mine now"
    assert one.unit == 1


def test_a_folder_that_is_gone_is_told_and_the_word_stays_in_the_form(make, tmp_path):
    (tmp_path / "sub").mkdir()
    one = make(path="sub/words.json")
    (tmp_path / "sub").rmdir()
    save(one, "a", "part")
    assert "There is no folder" in one.form.problem
    assert (one.unit, one.words.units) == (0, {})


def test_a_folder_that_is_not_there_is_told_at_once(make):
    with pytest.raises(FileNotFoundError, match="Make it first"):
        make(path="none/words.json")


def test_an_index_of_another_network_or_without_the_layer_is_refused(make, index):
    with pytest.raises(ValueError, match="This index is of"):
        annotate(zoo()["residual"], "conv", index=index)
    with pytest.raises(LookupError, match="no layer 'layr'"):
        make(layer="layr")


def test_more_pictures_may_be_shown_of_a_file_that_was_begun_with_fewer(make, net, index, tmp_path):
    save(make(), "a", "part")
    more = annotate(net, "3", index=index, path=tmp_path / "words.json", count=9)
    assert more.form.named == 1
    more.close()


def test_what_it_is_is_said_in_a_sentence_and_the_file_is_plain_json(make, tmp_path):
    one = make()
    save(one, "lamp", "object")
    assert repr(one).endswith("1 of 8 units named")
    told = json.loads((tmp_path / "words.json").read_text("utf-8"))
    assert told["words"] == {"0": {"word": "lamp", "category": "object"}}
