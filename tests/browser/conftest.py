"""A real Chromium against a real server: every page is watched for console errors and requests to anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.templatetags.static import static
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer
from redis import Redis

from apps.batches import engine
from apps.miniprograms.models import MiniProgram
from tests.integration.gallery.staff import PAGE, PASSWORD, make_staff
from tests.parts import make_miniprogram
from wxcode.celery import app

WIDE, NARROW, SMALLEST = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 360, "height": 740}
# a busy machine may be slow: what is waited for ends as soon as it is there
PATIENCE_MILLISECONDS = 60_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)


class Watch:
    """What the browser complained about, and whom it asked besides our server."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        # a page that answers 4xx or 5xx on purpose is written to the console as well
        self.expected: tuple[str, ...] = ()
        self._listeners: dict[Any, Any] = {"console": self._hear, "weberror": self._fail, "request": self._see}

    def attach(self, context: BrowserContext) -> None:
        for event, listen in self._listeners.items():
            context.on(event, listen)

    def detach(self, context: BrowserContext) -> None:
        for event, listen in self._listeners.items():
            context.remove_listener(event, listen)

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(known in text for known in self.expected)]

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _fail(self, error: Any) -> None:
        self.complaints.append(str(error.error))

    def _see(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.strangers.append(request.url)


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What a test stores is committed at once, since the server's threads read it."""
    with django_db_blocker.unblock():
        yield
        connection.close()


def forget_rows() -> None:
    # numbers are not used again: the browser keeps pictures by them
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


@pytest.fixture(autouse=True)
def transactional_db(database: None, redis_client: Redis) -> Iterator[None]:
    """In place of pytest-django's: a module may have one world for all of its tests, in a fixture of this name."""
    yield
    forget_rows()


@pytest.fixture
def watch(live_server: LiveServer) -> Iterator[Watch]:
    """Over all pages of the test: at the end nothing may have gone wrong in them."""
    watch = Watch(live_server.url)
    yield watch
    assert watch.unexpected() == []
    assert watch.strangers == []


def open_context(chromium: Browser, live_server: LiveServer, **options: Any) -> BrowserContext:
    defaults = {"viewport": WIDE, "base_url": live_server.url, "locale": "en-GB", "timezone_id": "Asia/Shanghai"}
    context = chromium.new_context(**(defaults | options))
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    return context


@pytest.fixture
def new_page(
    chromium: Browser, live_server: LiveServer, watch: Watch, transactional_db: None
) -> Iterator[Callable[..., Page]]:
    """`new_page(locale="zh-CN")`: a page of a browser of its own."""
    contexts = []

    def open_page(**options: Any) -> Page:
        context = open_context(chromium, live_server, **options)
        watch.attach(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def _kept_page(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    with open_context(chromium, live_server) as context:
        yield context.new_page()


@pytest.fixture
def page(_kept_page: Page, live_server: LiveServer, watch: Watch, transactional_db: None) -> Iterator[Page]:
    """A page of a browser without memory; it is one for the run, since a new one costs as much as three addresses."""
    page = _kept_page
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    watch.attach(page.context)
    yield page
    watch.detach(page.context)
    page.unroute_all(behavior="ignoreErrors")
    # of the same origin, so that its process stays
    page.goto(static("gallery/mark.svg"))
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
    page.context.clear_cookies()
    page.context.clear_permissions()


@pytest.fixture
def staff(transactional_db: None) -> User:
    return make_staff(password=PASSWORD)


@pytest.fixture
def log_in(staff: User, live_server: LiveServer) -> Callable[..., None]:
    """`log_in(page)`: anna's session, or that of `user`, in its browser."""

    def enter(page: Page, user: User = staff) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return enter


@pytest.fixture
def miniprogram(sandbox: Any, transactional_db: None) -> MiniProgram:
    return make_miniprogram(sandbox, name="Lantern Tea House", default_page=PAGE)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Callable[[], None]]:
    """`worker()`: does what the pages have left to a worker; work on batches goes on in threads of its own."""

    def take_tasks() -> None:
        queue_name = app.conf.task_default_queue
        with (
            app.connection_for_read() as broker,
            closing(broker.SimpleQueue(queue_name)) as queue,
            suppress(queue.Empty),
        ):
            while message := queue.get(block=False):
                message.ack()
                args, options, _embedded = message.payload
                app.tasks[message.headers["task"]](*args, **options)

    yield take_tasks
    engine.stop_runs()
    engine.wait_for_runs(PATIENCE_MILLISECONDS / 1000)
    engine._is_stopping.clear()
