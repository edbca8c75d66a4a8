"""A real Chromium against a real server: every page is watched for console errors and requests to anywhere else."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.world import batches as batches
from tests.browser.world import codes as codes
from tests.browser.world import world as world
from tests.integration.gallery.staff import PASSWORD, make_staff

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Watch:
    """What the browser complained about, and whom it asked besides our server."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        # a page that answers 4xx or 5xx on purpose is written to the console as well
        self.expected: tuple[str, ...] = ()

    def attach(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._see)

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(known in text for known in self.expected)]

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _see(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.strangers.append(request.url)


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: Any) -> None:
    """What a page shows of Redis is this test's."""


@pytest.fixture
def watch(live_server: Any) -> Watch:
    return Watch(live_server.url)


@pytest.fixture
def new_page(chromium: Browser, live_server: Any, watch: Watch) -> Iterator[Callable[..., Page]]:
    """`new_page(viewport=NARROW)`: a page of a browser without memory; at the end nothing may have gone wrong in it."""
    contexts = []

    def open_page(**options: Any) -> Page:
        defaults = {"viewport": WIDE, "base_url": live_server.url, "locale": "en-GB", "timezone_id": "Asia/Shanghai"}
        context = chromium.new_context(**(defaults | options))
        context.set_default_timeout(10_000)
        watch.attach(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert watch.unexpected() == []
    assert watch.strangers == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture
def staff(transactional_db: None) -> Any:
    return make_staff(password=PASSWORD)


@pytest.fixture
def log_in(staff: Any) -> Callable[[Page], None]:
    """Through the login page, as a person does."""

    def enter(page: Page) -> None:
        page.goto("/login/")
        page.get_by_label("Username").fill(staff.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")

    return enter


@pytest.fixture
def log_in_chinese(staff: Any) -> Callable[[Page], None]:
    """The same in a browser whose locale is zh-CN."""

    def enter(page: Page) -> None:
        page.goto("/login/")
        page.get_by_label("用户名").fill(staff.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/")

    return enter
