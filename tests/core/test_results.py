import pytest
import torch

from vizkit.core.results import Curves, Images, Points, tensors


@pytest.mark.parametrize("shape", [(3, 8, 8), (8, 8), (1, 1, 3, 8, 8)])
def test_pictures_of_another_shape_are_refused_with_what_to_type(shape):
    with pytest.raises(ValueError, match=r"\(n, c, h, w\).*pixels\[None\]"):
        Images(torch.zeros(shape))


def test_captions_are_as_many_as_pictures_or_none():
    with pytest.raises(ValueError, match="1 captions for 2 pictures"):
        Images(torch.zeros(2, 3, 8, 8), ("one",))
    assert len(Images(torch.zeros(2, 3, 8, 8))) == 2


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (Images(torch.zeros(2, 3, 8, 9), ("unit 3", "unit 7")), "2 pictures of 9 × 8, 3 channels: unit 3 · unit 7"),
        (Images(torch.zeros(1, 1, 8, 8)), "1 picture of 8 × 8, 1 channel"),
    ],
)
def test_pictures_are_told_in_one_sentence(images, sentence):
    assert repr(images) == images.alt == images._repr_mimebundle_()["text/plain"] == sentence


def test_a_result_that_no_run_made_has_no_recipe():
    assert Images(torch.zeros(1, 3, 8, 8)).recipe == ""


def test_curves_are_told_by_their_lines_and_axis():
    assert (
        repr(Curves(torch.arange(4.0), {"a": torch.zeros(4), "b": torch.zeros(4)}, "step"))
        == "a, b over step, 4 points"
    )


def test_tensors_are_found_by_field_and_inside_mappings():
    x, line = torch.arange(3.0), torch.zeros(3)
    found = tensors(Curves(x, {"a": line}))
    assert list(found) == ["x", "lines.a"]
    assert found["x"] is x
    assert found["lines.a"] is line


def test_points_say_how_many_of_each_label_there_are():
    labels = torch.tensor([1, 0, 1, -1])
    assert repr(Points(torch.zeros(4, 2), labels, ("cat", "dog"))) == "4 points: 1 no label · 1 cat · 2 dog"
    assert repr(Points(torch.zeros(1, 2))) == "1 point"
    many = Points(torch.zeros(9, 2), torch.tensor([0, 1, 2, 3, 4, 5, 6, 7, 7]))
    assert many.alt == "9 points: 1 0 · 1 1 · 1 2 · 1 3 · 1 4 · 2 7 · and 2 more labels"


def test_numbers_of_values_have_words_where_they_are_kinds():
    points = Points(torch.zeros(4, 2), values={"answer": torch.arange(4) - 1}, words={"answer": ("cat", "dog")})
    assert [points.word("answer", int(number)) for number in points.values["answer"]] == ["none", "cat", "dog", "2"]


@pytest.mark.parametrize(
    ("shape", "told", "sentence"),
    [
        ((3, 3), {}, "takes xy"),
        ((3, 2), {"names": ("a", "b")}, "2 names for 3 points"),
        ((3, 2), {"values": {"loss": torch.zeros(4)}}, "4 loss for 3 points"),
        ((3, 2), {"maps": {"stage3": torch.zeros(4, 2)}}, r"Map stage3 has shape \(4, 2\)"),
        ((3, 2), {"measures": {"stage3": {"kl": 1.0}}}, "Measures of 'stage3', and no such map"),
        ((3, 2), {"words": {"prediction": ("cat",)}}, "Words of 'prediction', and no such values. There are none"),
    ],
)
def test_points_are_a_plane_with_as_many_of_everything(shape, told, sentence):
    with pytest.raises(ValueError, match=sentence):
        Points(torch.zeros(shape), **told)
