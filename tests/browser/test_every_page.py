"""Every page of a full installation is opened once: it stands still, fits a phone, obeys its policy, keeps nobody out.

That the browser complained about nothing and asked nobody else is seen by the watch (conftest.py).
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page
from redis import Redis

from tests.browser.conftest import NARROW, WIDE, forget_rows
from tests.browser.looking import look
from tests.browser.pages import ACTIONS, admin_pages, gallery_pages, has_room, open_pages, press
from tests.browser.standing import in_parts, moves
from tests.browser.tables import wrong_headings
from tests.browser.world import World, make_world
from tests.integration.gallery.staff import make_staff

pytestmark = pytest.mark.browser
# of the admin: those that show more than Django's own templates do
OURS = [
    *("admin", "admin-health", "admin-miniprogram-list", "admin-miniprogram-add", "admin-miniprogram-change"),
    *("admin-miniprogram-well", "admin-tokenevent-list", "admin-issuedcode-list"),
    *("admin-failedattempt-list", "admin-codebatch-list", "admin-codebatch-change", "admin-logentry-list"),
]


@pytest.fixture(scope="module")
def world(database: None, sandbox_process: Any, _redis_connection: Redis) -> Iterator[World]:
    """No test of this module changes anything."""
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
    """What is wrong with the page that is open, in a wide window and on phones."""
    if page.viewport_size == WIDE:
        return [*look(page), *on_the_other_phone(page)]
    return [*on_the_other_phone(page), *look(page)]


def on_the_other_phone(page: Page) -> list[str]:
    page.set_viewport_size(NARROW)
    return [] if has_room(page) else ["wider than 390 px"]


def moving(page: Page, parts: list[str]) -> list[str]:
    return [*moves(page, parts, WIDE), *moves(page, parts, NARROW)]


def test_the_ways_in(page: Page) -> None:
    found: dict[str, list[str]] = {}
    for name, address in open_pages().items():
        text = visit(page, address)
        found[name] = [*wrong_with(page), *moving(page, in_parts(text))]
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_gallery(page: Page, log_in: Any, world: World) -> None:
    log_in(page)
    found: dict[str, list[str]] = {}
    for name, address in gallery_pages(world).items():
        text = visit(page, address)
        found[name] = [*wrong_with(page), *wrong_headings(page), *moving(page, in_parts(text))]
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("is_list", [True, False], ids=["lists", "forms"])
def test_the_admin(page: Page, log_in: Any, world: World, is_list: bool) -> None:
    log_in(page)
    found: dict[str, list[str]] = {}
    for name, address in admin_pages(world).items():
        if is_list != name.endswith("-list"):
            continue
        text = visit(page, address)
        found[name] = wrong_with(page)
        if is_list:
            found[name] += wrong_headings(page)
        if name in OURS:
            # Django writes what stands beside a list after it: its pages are compared once they are whole
            found[name] += moving(page, [text])
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_what_the_buttons_of_the_admin_ask(page: Page, log_in: Any, world: World) -> None:
    log_in(page)
    found: dict[str, list[str]] = {}
    for name in ACTIONS:
        press(page, world, name)
        found[name] = wrong_with(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_what_a_page_of_the_gallery_asks(page: Page, log_in: Any, world: World, watch: Any) -> None:
    watch.expected = ("400 (Bad Request)",)
    log_in(page)
    page.goto(f"/codes/{world.code.pk}/")
    page.get_by_text("Label and tags…", exact=True).click()
    found = wrong_with(page)
    page.get_by_text("1280 px…", exact=True).click()
    found += wrong_with(page)
    page.goto(f"/selections/{world.selection.pk}/")
    page.get_by_label("Edge in mm").fill("wide")
    page.get_by_role("button", name="Sheets PDF").click()
    page.get_by_text("look at the marked fields").wait_for()
    found += wrong_with(page)
    assert found == []


def test_a_script_in_a_page_would_be_refused(page: Page, log_in: Any, world: World, watch: Any) -> None:
    watch.expected = ("Content Security Policy",)
    log_in(page)
    page.goto("/")
    page.evaluate(
        """() => { const script = document.createElement('script'); script.textContent = 'window.ran = true'
                   document.body.append(script) }"""
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in watch.complaints)


def test_a_field_without_a_label_would_be_found(page: Page) -> None:
    page.goto("/login/")
    page.evaluate("document.querySelector('label[for=id_username]').remove()")
    found = look(page)
    assert [line for line in found if "label at" in line] == found != []


def test_what_moves_would_be_seen(new_page: Callable[..., Page]) -> None:
    page = new_page(bypass_csp=True)
    text = visit(page, "/login/")
    # as the login once was: each line that comes pushes those before it up
    centred = "<style>.plain { justify-content: center !important; padding-top: 0 !important; }</style></head>"
    for viewport in WIDE, NARROW:
        found = moves(page, in_parts(text.replace("</head>", centred)), viewport)
        assert [move for move in found if move.startswith("after part ") and "div.panel" in move]
    # and a script that comes late
    late = "setTimeout(() => document.querySelector('main').prepend(document.querySelector('form.stack')), 50)"
    script = f"<script>addEventListener('load', () => {late})</script></body>"
    found = moves(page, [text.replace("</body>", script)], WIDE)
    assert [move for move in found if move.startswith("when all was there: ") and "form.stack" in move]
    assert moves(page, [text], WIDE) == []
