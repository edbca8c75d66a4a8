"""A full installation whose pages are opened once each: what holds for all of them, and its rows, which stay.

That the browser complained about nothing and asked nobody else is seen by the watch (conftest.py).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page
from redis import Redis

from tests.browser.conftest import NARROW, WIDE, forget_rows
from tests.browser.looking import look
from tests.browser.pages import has_room
from tests.browser.standing import moves
from tests.browser.world import World, make_world
from tests.integration.gallery.staff import make_staff


@pytest.fixture(scope="module")
def world(database: None, sandbox_process: Any, _redis_connection: Redis) -> Iterator[World]:
    """Made once for the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "SANDBOX_URL", sandbox_process.url)
        sandbox_process.reset()
        _redis_connection.flushall()
        yield make_world(sandbox_process, make_staff(), scale=0.02)
    forget_rows()


@pytest.fixture(autouse=True)
def transactional_db(world: World) -> None:
    """The world's rows, which stay."""


@pytest.fixture
def staff(world: World) -> User:
    return world.staff


def visit(page: Page, address: str) -> str:
    """Opens it; the answer's text. What holds for all pages is asserted here."""
    answer = page.goto(address)
    assert answer is not None and answer.status == 200, address
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy, address
    return answer.text()


def wrong_with(page: Page) -> list[str]:
    """What is wrong with the page that is open, on phones and in a wide window."""
    page.set_viewport_size(NARROW)
    found = [] if has_room(page) else ["wider than 390 px"]
    return [*found, *look(page)]


def moving(page: Page, parts: list[str]) -> list[str]:
    return [*moves(page, parts, WIDE), *moves(page, parts, NARROW)]
