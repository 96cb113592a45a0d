"""A step recorded once and replayed: on CUDA a graph, elsewhere the step itself."""

from collections.abc import Callable

import torch
from torch import Tensor

Step = Callable[[], tuple[Tensor, ...]]


def captured(step: Step, device: torch.device) -> Step:
    """`step` as a CUDA graph, or `step` where there is no CUDA or the network cannot be captured.

    The step must have run eagerly before (that is its warm-up), read its inputs from tensors that stay
    where they are, and create no new shapes.
    """
    if device.type != "cuda":
        return step
    graph = torch.cuda.CUDAGraph()
    try:
        torch.cuda.synchronize(device)
        with torch.cuda.graph(graph):
            outputs = step()
    except RuntimeError:  # a data-dependent shape, a host copy, an operation that cannot be captured
        torch.cuda.synchronize(device)
        return step

    def replay() -> tuple[Tensor, ...]:
        graph.replay()
        return tuple(output.clone() for output in outputs)

    return replay
