"""A world that stands still."""

import pytest

from apps.sandbox.world import World
from tests.unit.sandbox.weixin import make_world, register


@pytest.fixture
def world() -> World:
    """One app is registered; the clock moves only when it is told to."""
    world = make_world()
    register(world)
    return world
