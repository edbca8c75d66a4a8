"""Every page of the gallery stands still, fits a phone, obeys its policy, keeps nobody out; what does not is seen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE
from tests.browser.looking import LOOKS, look
from tests.browser.pages import gallery_pages, open_pages
from tests.browser.standing import in_parts, moves
from tests.browser.tables import wrong_headings
from tests.browser.visiting import moving, visit, wrong_with
from tests.browser.visiting import staff as staff
from tests.browser.visiting import transactional_db as transactional_db
from tests.browser.visiting import world as world
from tests.browser.world import World

pytestmark = pytest.mark.browser


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


def test_what_a_page_of_the_gallery_asks(page: Page, log_in: Any, world: World, watch: Any) -> None:
    watch.expected = ("400 (Bad Request)",)
    log_in(page)
    page.goto(f"/codes/{world.code.pk}/")
    page.get_by_text("Label and tags…", exact=True).click()
    found = wrong_with(page)
    page.get_by_text("1280 px…", exact=True).click()
    found += wrong_with(page)
    page.goto(f"/selections/{world.selection.pk}/")
    page.get_by_label("Code size in mm").fill("wide")
    page.get_by_role("button", name="Print sheets PDF").click()
    page.get_by_text("check the marked fields").wait_for()
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


def test_a_text_that_is_hard_to_read_would_be_found(page: Page) -> None:
    page.goto("/login/")
    page.evaluate("Object.assign(document.querySelector('h1').style, {color: '#888', background: '#777'})")
    found = look(page)
    assert [line.partition(" at ")[0] for line in found] == [
        f"/login/ ({name}): color-contrast" for name, _viewport, _scheme in LOOKS
    ]


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
