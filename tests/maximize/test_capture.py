"""A captured step gives what the eager step gives. The graph itself needs CUDA; the way back to eager does not."""

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.core.dials import Dial
from vizkit.maximize.capture import captured

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def frames(device: str, steps: int = 24, **arguments):
    net = zoo()["in-place relu"]
    net.module.to(device)
    return list(vizkit.run("activation_maximization", net, layer="4", unit=[0, 3], steps=steps, **arguments))


def test_without_cuda_the_step_is_itself():
    def step():
        return ()

    assert captured(step, torch.device("cpu")) is step


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_graph_is_captured_and_gives_what_the_cpu_gives(dropout):
    graphs = []
    original = torch.cuda.graph.__enter__

    def counted(self):
        graphs.append(self)
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda.graph, "__enter__", counted)
        there = frames("cuda", dropout=dropout)
    here = frames("cpu", dropout=dropout)
    assert graphs
    torch.testing.assert_close(there[-1].result.pixels.cpu(), here[-1].result.pixels, atol=2e-2, rtol=0)


@pytest.mark.gpu
@needs_cuda
def test_a_dial_acts_inside_a_captured_step():
    dial = Dial(0.0)
    net = zoo()["in-place relu"]
    net.module.to("cuda")
    for frame in vizkit.run("activation_maximization", net, layer="4", unit=0, steps=200, gray=dial):
        if frame.step == 100:
            before, dial.value = frame.result.pixels, 1e3
    assert (frame.result.pixels - 0.5).abs().mean() < 0.5 * (before - 0.5).abs().mean()


@pytest.mark.gpu
@needs_cuda
def test_a_network_that_cannot_be_captured_runs_all_the_same():
    class Asks(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(x) * (1.0 if float(x.mean()) > -9 else 2.0)  # a host copy: never capturable

    net = zoo()["in-place relu"]
    asking = vizkit.wrap(Asks(net.module).to("cuda"), size=net.size)
    result = vizkit.run("activation_maximization", asking, layer="output", unit=1, steps=24).result()
    assert result.pixels.isfinite().all()
