"""A world that stands still, and callers over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.sandbox.world import World
from tests.unit.sandbox.weixin import APPID, SECRET, Caller, make_world, register


@pytest.fixture
def world() -> World:
    """One app is registered; the clock moves only when it is told to."""
    world = make_world()
    register(world)
    return world


@pytest.fixture
def caller(sandbox: Any) -> Iterator[Caller]:
    """Over HTTP to the shared sandbox process, with the app registered."""
    sandbox.register(APPID, SECRET)
    caller = Caller(sandbox.url)
    yield caller
    caller.session.close()
