"""Rows that stand below each other on a phone say of every cell which column it belongs to; wide ones do not."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import WIDE
from tests.browser.pages import admin_pages
from tests.browser.test_journeys import SMALLEST, has_room
from tests.browser.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LISTS = [
    *("admin-tokenevent-list", "admin-issuedcode-list", "admin-failedattempt-list", "admin-codebatch-list"),
    *("admin-batchitem-list", "admin-logentry-list", "admin-apiclient-list", "admin-user-list", "admin-group-list"),
    *("admin-opendoor-list", "admin-miniprogram-list", "admin-health"),
]
# of the cells of tables with text in them: the headings that are shown before them
HEADINGS = """() => [...document.querySelectorAll('main td, #result_list td, #result_list th, .token-table td')]
  .filter(cell => cell.closest('tbody') && cell.textContent.trim() && !cell.matches('.action-checkbox'))
  .map(cell => getComputedStyle(cell, '::before').content)"""


def headings(page: Page) -> list[str]:
    found: list[str] = page.evaluate(HEADINGS)
    assert found
    return found


def test_every_cell_has_its_heading_on_a_phone(new_page: Callable[..., Page], log_in: Any, world: World) -> None:
    page = new_page(viewport=SMALLEST)
    log_in(page)
    addresses = {name: admin_pages(world)[name] for name in LISTS}
    addresses["failures"] = f"/batches/{world.batches['done'].pk}/"
    for name, address in addresses.items():
        page.goto(address)
        without = [each for each in headings(page) if each in ("none", "normal", '""')]
        assert (name, without, has_room(page)) == (name, [], True)


def test_the_problems_of_a_batch_have_them_too_in_the_readers_language(
    new_page: Callable[..., Page], log_in_chinese: Any, world: World
) -> None:
    page = new_page(viewport=SMALLEST, locale="zh-CN")
    log_in_chinese(page)
    page.goto("/batches/new/")
    page.get_by_label("粘贴").check()
    page.locator("#id_text").fill("a b\nok=1")
    page.get_by_role("button", name="检查数据").click()
    assert headings(page) == ['"行号"', '"列"', '"值"', '"处理办法"']


def test_a_wide_table_has_them_above_its_columns_only(page: Page, log_in: Any, world: World) -> None:
    page.set_viewport_size(WIDE)
    log_in(page)
    page.goto(admin_pages(world)["admin-tokenevent-list"])
    assert set(headings(page)) == {"none"}
