"""Every page of the admin fits a phone, obeys its policy, keeps nobody out; those of our making stand still."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.pages import ACTIONS, admin_pages, press
from tests.browser.tables import wrong_headings
from tests.browser.visiting import moving, visit, wrong_with
from tests.browser.visiting import staff as staff
from tests.browser.visiting import transactional_db as transactional_db
from tests.browser.visiting import world as world
from tests.browser.world import World

pytestmark = pytest.mark.browser
# of the admin: those that show more than Django's own templates do
OURS = [
    *("admin", "admin-health", "admin-miniprogram-list", "admin-miniprogram-add", "admin-miniprogram-change"),
    *("admin-miniprogram-well", "admin-tokenevent-list", "admin-issuedcode-list"),
    *("admin-failedattempt-list", "admin-codebatch-list", "admin-codebatch-change", "admin-logentry-list"),
]


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
