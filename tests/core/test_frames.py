"""A frame's lazy parts: worked out once, for whoever asks, and free for everybody else."""

import torch

from vizkit.core.frames import Frame, Scalars
from vizkit.core.results import Images


def test_a_scalar_is_worked_out_when_asked_for_and_only_once():
    calls = []

    def later():
        calls.append(torch.is_inference_mode_enabled())
        return torch.tensor(2.0, requires_grad=True)

    scalars = Scalars({"later": later, "now": torch.tensor(1.0)})
    assert list(scalars) == ["later", "now"]
    assert len(scalars) == 2
    assert scalars.at_once == ("now",)
    assert not calls
    with torch.inference_mode():
        assert scalars["later"] is scalars["later"]
    assert calls == [False], "the asker's modes are kept out"
    assert not scalars["later"].requires_grad
    assert len(scalars) == 2


def test_a_remark_is_a_sentence_or_what_makes_one():
    images = Images(torch.zeros(1, 3, 4, 4))
    assert Frame(0, 1, images).said == ""
    assert Frame(0, 1, images, remark="as good as it gets").said == "as good as it gets"
    assert Frame(0, 1, images, remark=lambda: "made late").said == "made late"
