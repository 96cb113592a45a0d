"""Adam, against PyTorch's."""

import pytest
import torch

from vizkit.maximize.adam import Adam
from vizkit.maximize.chance import streams, uniform


def both(rates):
    """Two tensors after a step at each of `rates`, turned by ours and by PyTorch's."""
    start = [uniform((4, 3), streams([0, 1])), uniform((5,), streams([2, 3])).to(memory_format=torch.contiguous_format)]
    ours, theirs = [[t.clone().requires_grad_() for t in start] for _ in range(2)]
    adam, other = Adam(ours, 1.0), torch.optim.Adam(theirs, lr=1.0)
    for rate in rates:
        adam.rate.fill_(rate)
        other.param_groups[0]["lr"] = rate
        adam.step(torch.autograd.grad(cost(ours), ours))
        for parameter, gradient in zip(theirs, torch.autograd.grad(cost(theirs), theirs), strict=True):
            parameter.grad = gradient
        other.step()
    return ours, theirs


def cost(tensors):
    return sum(((t - 0.3) ** 2 + t.sin()).sum() for t in tensors)


@pytest.mark.parametrize("rates", [[0.1], [0.1] * 50, [0.5 / (i + 1) for i in range(200)]], ids=len)
def test_it_goes_where_pytorchs_goes(rates):
    for ours, theirs in zip(*both(rates), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gradients_may_lie_otherwise_in_memory():
    plain, turned = (torch.zeros(3, 4, requires_grad=True) for _ in range(2))
    gradient = torch.arange(12.0).view(3, 4) - 5
    Adam([plain], 0.1).step([gradient])
    Adam([turned], 0.1).step([gradient.T.contiguous().T])
    assert torch.equal(plain, turned)
    assert bool(plain.detach().any())


def test_what_a_step_reads_stays_where_it_is():
    parameter = torch.ones(3, requires_grad=True)
    adam = Adam([parameter], 0.1)
    before = [t.data_ptr() for t in (parameter, adam.rate, adam._count, *adam._first, *adam._second)]
    adam.step([torch.ones(3)])
    assert before == [t.data_ptr() for t in (parameter, adam.rate, adam._count, *adam._first, *adam._second)]
    assert float(adam._count) == 1
    assert parameter.requires_grad
