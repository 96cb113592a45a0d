"""A clock that only moves when it is told."""

import pytest

from tests.views.clock import Clock


@pytest.fixture
def clock():
    return Clock()
