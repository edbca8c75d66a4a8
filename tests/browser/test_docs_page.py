"""The page of the API's documentation: it looks like the others, works on a phone, and under a policy."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import SMALLEST
from tests.browser.pages import has_room

pytestmark = pytest.mark.browser


def test_operations_are_shown_and_tried_out_and_an_answer_is_not_offered_as_a_file(page: Page, watch: Any) -> None:
    # trying one out without a key is refused
    watch.expected = ("401 (Unauthorized)",)
    with page.expect_response("**/api/schema/") as schema:
        answer = page.goto("/api/docs/")
    assert schema.value.ok
    assert answer is not None and "script-src 'self';" in answer.headers["content-security-policy"]
    expect(page.locator(".opblock-post").first).to_be_visible()
    operation = page.locator("#operations-codes-list_codes")
    operation.locator(".opblock-summary-control").first.click()
    operation.locator(".try-out__btn").click()
    with page.expect_response("**/api/v1/codes/*") as asked:
        operation.locator(".execute").click()
    assert asked.value.headers["content-disposition"] == 'attachment; filename="api.json"'
    shown = operation.locator(".live-responses-table")
    shown.get_by_text("not_authenticated").first.wait_for()
    expect(shown.get_by_text("Download file")).to_have_count(0)


def test_an_open_operation_does_not_widen_the_page_on_a_phone(page: Page) -> None:
    page.set_viewport_size(SMALLEST)
    page.goto("/api/docs/")
    page.locator("#operations-codes-issue_code .opblock-summary-control").first.click()
    page.locator("#operations-codes-issue_code .try-out__btn").click()
    page.locator("#operations-codes-issue_code .execute").wait_for()
    assert has_room(page)


def test_it_is_dark_with_the_others_and_asks_for_one_key(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/api/docs/")
    ground = "each => getComputedStyle(each).backgroundColor"
    text = "each => getComputedStyle(each).color"
    description = page.locator("#operations-codes-list_codes .opblock-summary-description")
    assert page.locator("#swagger-ui > .swagger-ui").evaluate(ground) == "rgba(0, 0, 0, 0)"
    in_the_dark = description.evaluate(text)
    page.emulate_media(color_scheme="light")
    # a script hears of the change, a moment later
    expect(description).not_to_have_css("color", in_the_dark)
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.locator(".auth-container input")).to_have_count(1)


def test_a_chinese_reader_sees_what_each_operation_does_in_chinese(new_page: Callable[..., Page]) -> None:
    page = new_page(locale="zh-CN")
    page.goto("/api/docs/")
    expect(page.locator("#operations-codes-issue_code").get_by_text("生成小程序码；")).to_be_visible()
    expect(page.locator("#operations-tag-codes").get_by_text("小程序码")).to_be_visible()
    expect(page.get_by_text("沿 next 读取列表")).to_be_visible()


def test_staff_try_out_the_example_as_it_is(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    log_in(page)
    page.goto("/api/docs/")
    operation = page.locator("#operations-codes-issue_code")
    operation.locator(".opblock-summary-control").first.click()
    operation.locator(".try-out__btn").click()
    operation.locator(".execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("201")
    assert IssuedCode.objects.get().miniprogram == miniprogram
