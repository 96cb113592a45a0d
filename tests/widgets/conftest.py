"""A small network, and panels that are closed after the test."""

import pytest

from tests.widgets.toy import Gate, toy
from tests.zoo import zoo
from vizkit.widgets.panel import panel


@pytest.fixture
def net():
    return zoo()["one channel"]


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def make(net, gate):
    """Make panels of the toy method; closed, and the gate opened, at the end."""
    made = []

    def make(*args, method=toy, **arguments):
        made.append(panel(method, *(args or (net, gate)), **arguments))
        return made[-1]

    yield make
    gate.open = True
    gate.let(1)
    for one in made:
        one.close()
