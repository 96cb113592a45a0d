"""Gradient through dead ReLUs, against lucid's rule written out for one number."""

import torch
import torch.nn.functional as F
from torch import nn

from vizkit.maximize.awake import Awake


def gradient(function, x, push):
    x = x.clone().requires_grad_()
    with Awake():
        y = function(x)
    (g,) = torch.autograd.grad((y * push).sum(), x)
    return g


DEAD = torch.tensor([[-1.0, -2.0], [-1.0, 2.0]])


def test_values_are_those_of_relu():
    with Awake():
        assert torch.equal(F.relu(DEAD), DEAD.clamp(min=0))
        assert torch.equal(nn.ReLU6()(9 * DEAD), (9 * DEAD).clamp(0, 6))


def test_a_dead_picture_lets_pass_what_pushes_it_up_and_a_live_one_is_left_alone():
    push = torch.tensor([[1.0, -1.0], [1.0, -1.0]])  # of a score: 1 asks for more, −1 for less
    assert gradient(F.relu, DEAD, push).tolist() == [[1.0, 0.0], [0.0, -1.0]]


def test_a_saturated_relu6_lets_pass_what_pushes_it_down():
    x, push = torch.tensor([[7.0, 8.0]]), torch.tensor([[-1.0, 1.0]])
    assert gradient(nn.ReLU6(), x, push).tolist() == [[-1.0, 0.0]]


def test_an_in_place_relu_still_overwrites_its_input():
    x = (DEAD * 1).requires_grad_()
    y = x * 2
    with Awake():
        z = nn.ReLU(inplace=True)(y)
    assert z is y
    assert torch.equal(y.detach(), (2 * DEAD).clamp(min=0))
    (g,) = torch.autograd.grad(z.sum(), x)
    assert g.tolist() == [[2.0, 2.0], [0.0, 2.0]]


def test_nothing_changes_outside():
    x = DEAD.clone().requires_grad_()
    with Awake():
        pass
    (g,) = torch.autograd.grad(F.relu(x).sum(), x)
    assert g.tolist() == [[0.0, 0.0], [0.0, 1.0]]
