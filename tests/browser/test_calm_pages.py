"""Every page of the gallery and the admin stands still while it loads, fits a phone, and obeys a strict policy."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE
from tests.browser.pages import admin_pages, gallery_pages, open_pages
from tests.browser.test_journeys import SMALLEST, has_room
from tests.browser.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIMIT = 0.01
LOADS = 5
# of the admin: those that show more than Django's own templates do
OURS = [
    *("admin", "admin-health", "admin-miniprogram-list", "admin-miniprogram-add", "admin-miniprogram-change"),
    *("admin-miniprogram-well", "admin-tokenevent-list", "admin-issuedcode-list"),
    *("admin-failedattempt-list", "admin-codebatch-list", "admin-codebatch-change", "admin-logentry-list"),
]
WATCH_SHIFTS = """
  window.shifted = 0
  new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shifted += entry.value })
    .observe({type: 'layout-shift', buffered: true})
"""
# once it is painted
MOVE = """
  addEventListener('load', () => requestAnimationFrame(() => setTimeout(
    () => document.querySelector('main').prepend(document.querySelector('form.stack')), 50)))
"""


def shift_of(page: Page, address: str) -> float:
    # a batch that runs is asked about again and again: the network is never idle for long
    page.goto(address, wait_until="load")
    page.wait_for_timeout(250)
    return float(page.evaluate("shifted"))


def least_shift(page: Page, address: str) -> float:
    """What moves by itself moves each time; a busy machine may paint between two parts of a page, once or twice."""
    shifts = []
    while not shifts or (min(shifts) >= LIMIT and len(shifts) < LOADS):
        shifts.append(shift_of(page, address))
    return min(shifts)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_moves_while_a_page_loads(
    new_page: Callable[..., Page], log_in: Any, world: World, viewport: Any
) -> None:
    page = new_page(viewport=viewport)
    page.add_init_script(WATCH_SHIFTS)
    moved = {"login": least_shift(page, "/login/")}
    log_in(page)
    admin = admin_pages(world)
    for name, address in (gallery_pages(world) | {name: admin[name] for name in OURS}).items():
        moved[name] = least_shift(page, address)
    assert {name: shift for name, shift in moved.items() if shift >= LIMIT} == {}


def test_a_page_that_moves_would_be_seen(page: Page, staff: Any) -> None:
    page.add_init_script(WATCH_SHIFTS)
    page.add_init_script(MOVE)
    assert least_shift(page, "/login/") >= LIMIT


@pytest.mark.parametrize("viewport", [SMALLEST, NARROW], ids=["360", "390"])
def test_the_admin_fits_a_phone(new_page: Callable[..., Page], log_in: Any, world: World, viewport: Any) -> None:
    page = new_page(viewport=viewport)
    log_in(page)
    admin = admin_pages(world)
    wide = []
    for name in OURS:
        page.goto(admin[name])
        if not has_room(page):
            wide.append(name)
    assert wide == []


def test_every_page_of_the_gallery_forbids_what_is_inline(page: Page, log_in: Any, world: World) -> None:
    # that nothing was refused under the policy is seen by the watch over the console (conftest.py)
    for address in open_pages()["login"], *gallery_pages(world).values():
        if address == "/":
            log_in(page)
        answer = page.goto(address)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, address
        assert "unsafe" not in policy and "*" not in policy, address


def test_a_script_in_a_page_would_be_refused(page: Page, log_in: Any, world: World, watch: Any) -> None:
    watch.expected = ("Content Security Policy",)
    log_in(page)
    page.evaluate(
        """() => { const script = document.createElement('script'); script.textContent = 'window.ran = true'
                   document.body.append(script) }"""
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in watch.complaints)
